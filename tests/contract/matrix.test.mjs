// Every operation of the table against every way in which a request can be refused, here or by Palette.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import Ajv2020 from 'ajv/dist/2020.js';

import { creationsIn } from '../schema/bodies.mjs';
import {
  OTHER_PLUGIN, RESTRICTED, ask, asksPalette, assertErrorAnswer, configuration, goodRequests, operations,
  pathParameters, startService, startSimulator,
} from './harness.mjs';

const UNKNOWN_UID = 'ffffffffffffffffffffffff';
const isCreate = row => row.responses['201'] !== undefined;
const isProtected = row => row['x-backstage-permission'] !== undefined;
const needsToken = row => row.security === undefined;

let simulator;
let service;
let document;
let rows;
let good;
const table = new Map();

before(async () => {
  simulator = await startSimulator('--seed', '7', '--projects', '3', '--clusters', '40',
    '--virtual-clusters', '9');
  service = await startService(configuration([simulator], { upstream: {
    circuitFailures: 0,
    timeout: '600ms', attempts: 2, maxAnswerBytes: 2 * 1024 * 1024, connectTimeout: '500ms' } }));
  ({ document, rows } = await operations(service));
  good = goodRequests(await simulator.world());
});

after(async () => {
  print();
  assert.equal(await service.stop(), 0, service.log());
  await simulator.stop();
});

function print() {
  const names = [...new Set([...table.values()].flatMap(cells => [...cells.keys()]))];
  console.log(`\n${'operation'.padEnd(33)}${names.map(n => n.padStart(n.length + 1)).join('')}`);
  for (const [operation, cells] of table)
    console.log(operation.padEnd(33) +
      names.map(n => String(cells.get(n) ?? '-').padStart(n.length + 1)).join(''));
}

function note(row, column, status) {
  if (!table.has(row.operationId)) table.set(row.operationId, new Map());
  table.get(row.operationId).set(column, status);
}

// ---- answers against the API's own description ----

const ajv = new Ajv2020({ strict: false, allErrors: true });

function resolve(schema) {
  return { ...schema, components: document.components };
}

function assertMatches(schema, value, what) {
  const valid = ajv.validate(resolve(schema), value);
  assert.ok(valid, `${what}: ${ajv.errorsText()}`);
}

function assertSuccess(row, answer, wanted) {
  assert.equal(answer.status, wanted, `${row.operationId}: ${answer.text}`);
  const content = row.responses[String(wanted)].content;
  const type = Object.keys(content)[0];
  assert.ok(answer.headers['content-type'].startsWith(type), answer.headers['content-type']);
  assertMatches(content[type].schema, type === 'application/json' ? answer.json : answer.text,
    row.operationId);
}

function assertError(row, answer, wanted) {
  assertErrorAnswer(answer, wanted, row.method, row.operationId);
  assertMatches(document.components.schemas.Error, answer.json, row.operationId);
}

async function upstreamCalls() {
  return (await simulator.requests()).length;
}

async function untouched(row, what, wanted, change) {
  await simulator.forget();
  const answer = await ask(service, row, good[row.operationId], change);
  assertError(row, answer, wanted);
  assert.equal(await upstreamCalls(), 0, `${row.operationId}, ${what}: something went upstream`);
  note(row, what, answer.status);
  return answer;
}

async function eachRow(choose, run) {
  for (const row of rows.filter(choose)) await run(row);
}

const always = () => true;

test('the 42 routes and the description are there', () => assert.equal(rows.length, 43));

test('every operation answers as described', async () => {
  await eachRow(always, async row => {
    const answer = await ask(service, row, good[row.operationId]);
    assertSuccess(row, answer, isCreate(row) ? 201 : 200);
    note(row, 'ok', answer.status);
  });
});

test('bodies that create clusters fit the schema of their kind, and of no other', async () => {
  const { schema, examples } = document.paths['/clusters'].post.requestBody.content['application/json'];
  for (const [kind, { value }] of Object.entries(examples)) assertMatches(schema, value, `the example ${kind}`);
  for (const { kind, form, operation, body } of creationsIn(await simulator.world())) {
    if (operation !== 'cluster.create') continue;
    const flat = { ...body('demo'), ...(form.startsWith('flat') && { cloudType: kind }) };
    assertMatches(schema, flat, `${kind}, ${form}`); // oneOf: exactly one
    if (form.startsWith('flat'))
      assert.ok(!ajv.validate(resolve(schema), { ...flat, stranger: 1 }), `${kind}, ${form}: a stranger passes`);
  }
});

test('no token', () => eachRow(needsToken, async row => {
  const answer = await untouched(row, 'no token', 401, { token: null });
  assert.match(answer.headers['www-authenticate'], /^Bearer/);
}));

test('a wrong token', () => eachRow(needsToken, row =>
  untouched(row, 'wrong token', 401, { token: 'contract-token-000' })));

test('a token without the permission', () => eachRow(isProtected, row =>
  untouched(row, 'restricted', 403, { token: RESTRICTED })));

test('a token for another plugin', () => eachRow(needsToken, row =>
  untouched(row, 'other plugin', 403, { token: OTHER_PLUGIN })));

// An action's name may be any text: what there is no action for is not found.
const isFree = name => name === 'actionId';

test('an identifier that is none', () => eachRow(row => pathParameters(row).length > 0, async row => {
  for (const name of pathParameters(row)) {
    if (isFree(name)) {
      await untouched(row, 'bad identifier', 404, { path: { [name]: 'a%2Fb' } });
      continue;
    }
    const answer = await untouched(row, 'bad identifier', 400, { path: { [name]: 'a%2Fb' } });
    assert.match(answer.json.error.message, new RegExp(name));
    assert.equal(answer.json.error.faults[0].field, name);
  }
}));

test('an instance that nobody configured', () => eachRow(asksPalette, async row => {
  const answer = await untouched(row, 'unknown instance', 400, { query: { instance: 'nowhere' } });
  assert.match(answer.json.error.message, /first/);
}));

test('an object that Palette does not have', () => eachRow(
  row => pathParameters(row).some(name => name.endsWith('Uid')), async row => {
    if (row.operationId === 'project.profiles') return; // an unknown project is 403 to Palette
    const uids = Object.fromEntries(pathParameters(row).filter(n => n.endsWith('Uid'))
      .map(n => [n, UNKNOWN_UID]));
    const answer = await ask(service, row, good[row.operationId], 
      { path: uids, query: { versionUid: undefined } });
    assertError(row, answer, 404);
    note(row, 'not found', answer.status);
  }));

// ---- Palette's refusals; its failures are in faults.test.mjs ----

// Its body names an account and profiles: that Palette does not show them is the body's fault.
const namesObjects = row => row.operationId === 'cluster.create';

const faults = [
  ['401', { fault: 'status', status: 401 }, () => 502],
  ['403', { fault: 'status', status: 403 }, row => (namesObjects(row) ? 400 : 502)],
  ['404', { fault: 'status', status: 404 }, row => (isCreate(row) ? 400 : 404)],
];

for (const [column, fault, wanted] of faults) {
  test(`Palette: ${column}`, async () => {
    await eachRow(asksPalette, async row => {
      await simulator.fault({ match: { pathPrefix: '/v1' }, times: -1, ...fault });
      const answer = await ask(service, row, good[row.operationId]);
      await simulator.heal();
      assertError(row, answer, wanted(row));
      note(row, column, answer.status);
    });
  });
}

// ---- a user's own token ----

test("Palette refuses a user's token", () => eachRow(asksPalette, async row => {
  const answer = await ask(service, row, good[row.operationId],
    { headers: { 'X-SpectroCloud-Token': 'no-such-session' } });
  assertError(row, answer, 401);
  assert.equal(answer.json.requiresReAuth, true);
  assert.equal(answer.headers['x-spectrocloud-reauth-required'], 'true');
  assert.match(answer.headers['access-control-expose-headers'], /X-SpectroCloud-ReAuth-Required/i);
  note(row, 'user 401', answer.status);
}));

test("Palette denies a user's token", () => eachRow(asksPalette, async row => {
  await simulator.fault({ match: { pathPrefix: '/v1' }, times: -1, fault: 'status', status: 403 });
  const answer = await ask(service, row, good[row.operationId],
    { headers: { 'X-SpectroCloud-Token': 'no-such-session' } });
  await simulator.heal();
  assertError(row, answer, namesObjects(row) ? 400 : 403);
  note(row, 'user 403', answer.status);
}));

test('the service is still well', async () => {
  await eachRow(row => !isCreate(row), async row => {
    const answer = await ask(service, row, good[row.operationId]);
    assertSuccess(row, answer, 200);
  });
});
