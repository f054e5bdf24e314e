// docs/creating-clusters.md: every body on it creates a cluster, every answer reads so, every command runs. And the
// command of docs/following-clusters.md.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { TOKEN, configuration, operations, startService, startSimulator } from './harness.mjs';

const page = name => readFileSync(new URL(`../../docs/${name}`, import.meta.url), 'utf8');
const PAGE = page('creating-clusters.md');
const KINDS = ['eks', 'aws', 'aks', 'azure', 'vsphere', 'virtual'];
const PROJECT = '65f0aa000000000000000001';

// Fenced blocks, by what stands behind the language: ```json body=eks
const blocksOf = text => [...text.matchAll(/^```(\w+) (\w+)=([\w.-]+)\n(.*?)^```$/gms)]
  .map(([, language, what, name, text]) => ({ language, what, name, text }));
const blocks = blocksOf(PAGE);
const block = (what, name) => blocks.find(b => b.what === what && b.name === name)?.text;

// The page's own table of uids: what stands for what, and where one finds it.
const uids = [...PAGE.matchAll(/^\| `([0-9a-f]{24})` \|[^|]*\| `GET ([^`]+)` \| `([^`]+)` \|$/gm)]
  .map(([, uid, path, place]) => ({ uid, path, place }));

let simulator;
let service;
let found; // the page's uid -> one of the simulator's

before(async () => {
  simulator = await startSimulator('--seed', '51', '--profiles', '120', '--inherit-tenant-objects');
  service = await startService(configuration([simulator]));
  found = new Map();
  const world = await simulator.world();
  for (const { uid, path, place } of uids) found.set(uid, await lookUp(world, filled(path), place));
});

after(async () => {
  assert.equal(await service.stop(), 0, service.log());
  await simulator.stop();
});

const filled = text => text.replaceAll(/65f0aa[0-9a-f]{18}/g, uid => found.get(uid) ??
  assert.fail(`${uid} is not in the table of the page`));

// What a person would take: the first that is usable in the project, of what the service lists.
async function lookUp(world, path, place) {
  const project = found.get(PROJECT);
  const scope = project && !path.startsWith('/projects') ? `?projectUid=${project}` : '';
  const { status, json, text } = await service.request('GET', `/api/spectrocloud${path}${scope}`);
  assert.equal(status, 200, `${path}: ${text}`);
  const values = place.split('.').reduce((parts, step) => parts.flatMap(part =>
    (step.endsWith('[]') ? part[step.slice(0, -2)] : part[step])), [json]);
  const drafts = new Set(world.profiles.flatMap(p => p.versions).filter(v => !v.published).map(v => v.uid));
  const usable = values.find(value => !drafts.has(value));
  assert.ok(usable, `${path} lists nothing that can be used`);
  return usable;
}

const send = (text, query = '', path = 'clusters') => service.request('POST',
  `/api/spectrocloud/${path}?projectUid=${found.get(PROJECT)}${query}`, { body: filled(text) });

test('the page has a body for each kind', () => {
  for (const kind of KINDS) assert.equal(JSON.parse(block('body', kind)).cloudType, kind);
  assert.ok(uids.length >= 12, `${uids.length} uids`);
  for (const { text } of blocks) for (const [uid] of text.matchAll(/\b[0-9a-f]{24}\b/g))
    assert.ok(uids.some(u => u.uid === uid), `${uid} is in no line of the table`);
});

for (const { name, text } of blocks.filter(b => b.what === 'body' && b.name !== 'faults'))
  test(`the body "${name}": as a dry run, then created`, async () => {
    const path = name === 'wrapped' ? 'virtualclusters' : 'clusters';
    const tried = await send(text, '&dryRun=true', path);
    assert.equal(tried.status, 200, tried.text);
    const flat = JSON.parse(text);
    const expected = flat.name ?? (flat.clusterConfig ?? flat).metadata.name;
    assert.equal(tried.json.entity.metadata.name, expected);
    const world = await simulator.world();
    assert.ok(!world.clusters.some(c => c.name === expected), 'a dry run created it');
    const made = await send(text, '', path);
    assert.equal(made.status, 201, made.text);
    const cluster = (await simulator.world()).clusters.find(c => c.uid === made.json.uid);
    assert.equal(cluster.name, expected);
    assert.equal(cluster.project, found.get(PROJECT));
    if (block('answer', name)) assertReads(name, made);
  });

test('the examples of the OpenAPI document create clusters, too', async () => {
  const { document } = await operations(service);
  const { examples } = document.paths['/clusters'].post.requestBody.content['application/json'];
  assert.deepEqual(Object.keys(examples), KINDS);
  for (const [kind, { value }] of Object.entries(examples)) {
    const own = JSON.parse(block('body', kind)); // the uids of this page, which are of its kind
    for (const name of ['cloudAccountUid', 'profileUids', 'clusterGroupUid'])
      if (name in value) value[name] = own[name];
    const { status, text } = await send(JSON.stringify(value), '&dryRun=true');
    assert.equal(status, 200, `${kind}: ${text}`);
  }
});

// What the page says that an answer reads: all of it, but for uids that Palette gives.
function assertReads(name, answer) {
  const documented = JSON.parse(filled(block('answer', name)).replaceAll('…', answer.json.uid ?? '…'));
  assert.deepEqual(documented, answer.json, JSON.stringify(answer.json, null, 2));
}

test('three faults at once, as the page shows them', async () => {
  const answer = await send(block('body', 'faults'));
  assert.equal(answer.status, 400, answer.text);
  assert.equal(answer.json.error.faults.length, 3);
  assertReads('faults', answer);
});

// ---- the commands ----

function run(command, folder, more) {
  return new Promise((resolve, reject) => {
    const child = spawn('bash', ['-euo', 'pipefail', '-c', command], { cwd: folder,
      env: { ...process.env, SPECTROCLOUD_CALLER_TOKEN: TOKEN, ...more } });
    const kill = setTimeout(() => child.kill('SIGKILL'), 60000);
    let stdout = '';
    let stderr = '';
    child.stdout.on('data', part => { stdout += part; });
    child.stderr.on('data', part => { stderr += part; });
    child.on('error', reject);
    child.on('close', code => { clearTimeout(kill); resolve({ code, stdout, stderr }); });
  });
}

// A command of the page, in a folder with cluster.json; ends well, or the test fails. Those of the command `cluster`
// are run by its own tests.
async function runBlock(t, name, more = {}, text = block('run', name)) {
  const folder = mkdtempSync(join(tmpdir(), 'creating-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const body = { ...JSON.parse(filled(block('body', 'eks'))), name: `by-command-${name}` };
  writeFileSync(join(folder, 'cluster.json'), JSON.stringify(body));
  const command = filled(text).replaceAll('http://127.0.0.1:7727', `http://127.0.0.1:${service.port}`);
  const { code, stdout, stderr } = await run(command, folder, more);
  assert.equal(code, 0, `${stdout}${stderr}`);
  return { stdout, stderr, body };
}

const named = async name => (await simulator.world()).clusters.filter(c => c.name === name);

test('trying it with curl', async t => {
  const { stdout, body } = await runBlock(t, 'dry-run');
  const { kind, entity, price } = JSON.parse(stdout);
  assert.equal(kind, 'eks');
  assert.equal(entity.metadata.name, body.name);
  assert.equal(typeof price.total, 'number');
  assert.deepEqual(await named(body.name), []);
});

test('creating it with curl', async t => {
  const { stdout, body } = await runBlock(t, 'create');
  assert.deepEqual((await named(body.name)).map(c => c.uid), [JSON.parse(stdout).uid]);
});

test('twice with a key is once', async t => {
  const { stdout, body } = await runBlock(t, 'again');
  assert.deepEqual((await named(body.name)).map(c => c.uid), [JSON.parse(stdout).uid]);
});

test('following it until it runs, as both pages say', async t => {
  const made = await send(JSON.stringify({ ...JSON.parse(block('body', 'eks')), name: 'followed' }));
  const other = blocksOf(page('following-clusters.md')).filter(b => b.what === 'run').map(b => b.text);
  assert.equal(other.length, 1);
  for (const text of [block('run', 'follow'), ...other]) {
    const { stdout } = await runBlock(t, 'follow', { uid: made.json.uid, project: found.get(PROJECT) }, text);
    assert.match(stdout, /^event: state$/m);
    const end = JSON.parse(stdout.match(/^event: end\ndata: (.*)$/m)[1]);
    assert.equal(end.reason, 'running');
    assert.equal(end.state, 'Running');
  }
});

test('every request of the page is sent', () => assert.deepEqual(
  blocks.filter(b => b.what === 'run' && !b.name.startsWith('shell-')).map(b => b.name),
  ['dry-run', 'create', 'again', 'follow']));
