// Clusters of all kinds in every form: the bytes that reach Palette to try, to price and to create them are what its
// published schema allows; and the same bytes with one thing wrong are not, so that a wrong field would be seen.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { configuration, startService, startSimulator } from '../contract/harness.mjs';
import { creationsIn } from './bodies.mjs';

const swaggerFile = process.env.PALETTE_SPEC ?? '';
const skip = existsSync(swaggerFile) ? false : 'PALETTE_SPEC names no Swagger file of Palette';

const PATHS = { 'cluster.create': 'clusters', 'virtual_cluster.create': 'virtualclusters' };
const STEPS = { validate: 200, rate: 200, create: 201 };

let prism;
let swagger;
let simulator;
let recorder;
let service;
let world;
let forms;
const rows = []; // { kind, form, validate, rate, create, others }: what was said of each

async function start() {
  const [{ startPrism }, { startRecorder }, { openSwagger }] = await Promise.all(
    [import('./prism.mjs'), import('./recorder.mjs'), import('./swagger.mjs')]);
  swagger = openSwagger(swaggerFile);
  simulator = await startSimulator('--seed', '13', '--inherit-tenant-objects');
  prism = await startPrism(swaggerFile);
  recorder = await startRecorder(simulator, prism);
  service = await startService(configuration([recorder]));
  world = await simulator.world();
  forms = creationsIn(world);
}

async function stop() {
  const code = await service?.stop();
  recorder?.stop();
  await simulator?.stop();
  await prism?.stop();
  if (service) assert.equal(code, 0, service.log());
}

const stepOf = record => record.target.match(/^\/v1\/spectroclusters\/\w+\/(validate|rate)\b/)?.[1] ??
  (record.method === 'POST' && /^\/v1\/spectroclusters\/\w+$/.test(record.target) ? 'create' : undefined);

// What Prism and the names in the file say against a request.
const verdictOn = async record => [...await record.verdict, ...swagger.unknownNames(record)
  .filter(name => name !== 'body.spec.cloudType')]; // required of most kinds, and declared for none

async function ask({ operation, body }, name, dryRun) {
  const from = recorder.records.length;
  const query = `projectUid=${world.projects[0].uid}${dryRun ? '&dryRun' : ''}`;
  const answer = await service.request('POST', `/api/spectrocloud/${PATHS[operation]}?${query}`,
    { body: JSON.stringify(body(name)) });
  assert.equal(answer.status, dryRun ? 200 : 201, `${name}: ${answer.text}`);
  return { answer, records: recorder.records.slice(from) };
}

// One form on its way: tried, then created. The row says of each step what was answered, or what is wrong.
async function go(creation, name) {
  const { kind, form } = creation;
  const row = { kind, form, others: 0 };
  for (const dryRun of [true, false]) {
    const { answer, records } = await ask(creation, name, dryRun);
    for (const record of records) {
      const faults = await verdictOn(record);
      assert.deepEqual(faults, [], `${kind}, ${form}: ${record.method} ${record.target}`);
      const step = stepOf(record);
      if (!step) row.others++;
      else if (!record.target.startsWith(`/v1/spectroclusters/${kind}`)) assert.fail(record.target);
      else if (record.answer.status !== STEPS[step]) assert.fail(`${record.target}: ${record.answer.status}`);
      else row[step] = record.answer.status;
    }
    if (dryRun) assert.equal(row.create, undefined, 'a dry run creates nothing');
    if (dryRun && row.rate) assert.equal(typeof answer.json.price.total, 'number', answer.text);
  }
  assert.equal(row.validate, 200);
  assert.equal(row.create, 201);
  rows.push(row);
}

// ---- the same bytes, with one thing wrong ----

const other = value => (typeof value === 'string' ? 7 : Array.isArray(value) ? {} : 'x');

// Every value below: { at, value }.
function* valuesOf(value, at = []) {
  if (at.length > 0) yield { at, value };
  if (value === null || typeof value !== 'object') return;
  for (const [name, part] of Object.entries(value)) yield* valuesOf(part, [...at, name]);
}

function changed(body, at, change) {
  const copy = structuredClone(body);
  change(at.slice(0, -1).reduce((part, name) => part[name], copy), at.at(-1));
  return copy;
}

// What wrong types and wrong names in a request's body were not noticed; how many were tried.
async function unnoticed(record) {
  const body = JSON.parse(record.body);
  const bytes = value => ({ ...record, body: Buffer.from(JSON.stringify(value)),
    headers: { ApiKey: 'x', 'Content-Type': 'application/json' } });
  const missed = [];
  let tried = 0;
  for (const { at, value } of valuesOf(body)) {
    const name = at.join('.');
    if (name === 'spec.cloudType') continue;
    const wrong = bytes(changed(body, at, (holder, key) => { holder[key] = other(value); }));
    if ((await prism.judge(wrong)).length === 0) missed.push(`${name} as ${JSON.stringify(other(value))}`);
    tried++;
    // Names are the caller's own in maps: labels, annotations.
    if (/^\d+$/.test(at.at(-1)) || /\.(labels|annotations|additional\w+)\.[^.]+$/.test(name)) continue;
    const renamed = bytes(changed(body, at, (holder, key) => { holder[`${key}X`] = holder[key]; delete holder[key]; }));
    if (swagger.unknownNames(renamed).filter(n => n !== 'body.spec.cloudType').length === 0) missed.push(`${name}X`);
    tried++;
  }
  return { missed, tried };
}

const suite = skip ? test : describe; // a suite that is left out would not be counted

suite("Palette's published schema of clusters to create", { skip }, () => {
  before(start);
  after(stop);

  test('each kind in each form: tried, priced, created', async () => {
    for (const [i, creation] of forms.entries()) await go(creation, `made-${i}`);
    print();
    for (const kind of ['eks', 'aws', 'aks', 'azure', 'vsphere', 'virtual'])
      for (const form of ['flat', 'flat in full', 'entity'])
        assert.ok(rows.some(r => r.kind === kind && r.form === form), `${kind}, ${form}`);
  });

  test('the same bytes with one thing wrong are refused', async t => {
    for (const kind of ['eks', 'aws', 'aks', 'azure', 'vsphere', 'virtual']) {
      const creation = forms.find(c => c.kind === kind && c.form === 'flat in full');
      const { records } = await ask(creation, `mutated-${kind}`, true);
      for (const record of records.filter(stepOf)) {
        const { missed, tried } = await unnoticed(record);
        t.diagnostic(`${record.target}: ${tried} wrong bodies`);
        assert.deepEqual(missed, [], record.target);
        assert.ok(tried > 40, `${record.target}: ${tried}`);
      }
    }
  });
});

function print() {
  console.log(`\n${'kind'.padEnd(10)}${'form'.padEnd(22)}${Object.keys(STEPS).map(s => s.padStart(10)).join('')}` +
    '   other requests');
  for (const row of rows)
    console.log(row.kind.padEnd(10) + row.form.padEnd(22) +
      Object.keys(STEPS).map(s => String(row[s] ?? '-').padStart(10)).join('') + String(row.others).padStart(17));
}
