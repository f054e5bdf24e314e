// Backstage's registry of actions: who may see the list and what it costs, what a configuration hides, and the ways in
// which an action is invoked.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { LIST, PASSED_ON, assertErrorBody, invoke, invokePath, listActions } from './actions.mjs';
import { assertConforms } from './conforms.mjs';
import {
  OTHER_PLUGIN, RESTRICTED, TOKEN, TRUSTED, actionId, configuration, startService, startSimulator,
} from './harness.mjs';

const PROJECTS = 'list_spectrocloud_projects';
const ID = actionId(PROJECTS);

let simulator;
let service;

before(async () => {
  simulator = await startSimulator('--seed', '17', '--projects', '5', '--clusters', '20');
  service = await startService(configuration([simulator], { upstream: { attempts: 1, timeout: '2s' } }));
});

after(async () => {
  assert.equal(await service.stop(), 0, service.log());
  await simulator.stop();
});

const upstream = async () => (await simulator.requests()).length;

// Runs with a service of another configuration.
async function withService(change, run) {
  const config = configuration([simulator]);
  change(config);
  const other = await startService(config);
  await run(other);
  assert.equal(await other.stop(), 0, other.log());
}

const namesOf = async (of, options) => (await listActions(of, options)).map(a => a.name);

// ---- the list ----

test('the list is for whoever has a credential', async () => {
  await simulator.forget();
  for (const [token, status] of [[null, 401], ['wrong', 401], [OTHER_PLUGIN, 403], [TOKEN, 200], [TRUSTED, 200],
    [RESTRICTED, 200]]) {
    const answer = await service.request('GET', LIST, { token });
    assert.equal(answer.status, status, `${token}: ${answer.text}`);
  }
  assert.equal(await upstream(), 0);
});

test('each action is described as Backstage reads it', async () => {
  const actions = await listActions(service);
  assert.ok(actions.length >= 7);
  for (const action of actions) {
    assert.deepEqual(Object.keys(action),
      ['id', 'name', 'title', 'description', 'pluginId', 'attributes', 'schema'], action.name);
    assert.equal(action.id, `spectrocloud:${action.name}`);
    assert.equal(action.pluginId, 'spectrocloud');
    assert.match(action.name, /^[a-z_]+$/);
    assert.ok(action.title && action.description);
    assert.deepEqual(Object.keys(action.attributes), ['destructive', 'idempotent', 'readOnly']);
    const { destructive, idempotent, readOnly } = action.attributes;
    assert.ok(!(readOnly && destructive) && (!readOnly || idempotent), action.name);
    for (const part of ['input', 'output']) {
      const schema = action.schema[part];
      assert.equal(schema.type, 'object', action.name);
      assert.equal(schema.additionalProperties, false, action.name);
      assert.throws(() => assertConforms(schema, { noSuchMember: 1 }, action.name), /must NOT have additional/);
    }
  }
  assert.equal(new Set(actions.map(a => a.name)).size, actions.length);
});

test('the list is the same each time and costs Palette nothing', async () => {
  await simulator.forget();
  const first = await service.request('GET', LIST);
  for (let i = 0; i < 100; i++) assert.equal((await service.request('GET', LIST)).text, first.text);
  assert.equal(await upstream(), 0);
  assert.equal((await service.request('POST', LIST)).status, 405);
});

test('the list is answered while every worker waits for Palette', () => withService(
  config => { config.spectrocloud.server = { workers: 1 }; }, async other => {
    await simulator.fault({ match: { pathPrefix: '/v1' }, times: -1, fault: 'slow-headers', ms: 3000 });
    const busy = [invoke(other, PROJECTS), invoke(other, PROJECTS)];
    await new Promise(done => setTimeout(done, 300));
    const started = Date.now();
    for (let i = 0; i < 20; i++) await listActions(other);
    const took = Date.now() - started;
    await simulator.heal();
    await Promise.all(busy);
    assert.ok(took < 1500, `${took} ms`);
  }));

// ---- what is hidden ----

async function assertHidden(of, name) {
  for (const version of ['v1', 'v2']) {
    const answer = await of.request('POST', invokePath(actionId(name), version), { body: '{}' });
    assert.equal(answer.status, 404, answer.text);
    assert.equal(answer.json.error.message, `Action "${actionId(name)}" not found`);
    assert.equal(answer.json.error.name, 'NotFoundError');
  }
}

const rules = filter => config => { config.backend.actions = { filter }; };

test('pluginSources without this plugin: nothing is offered', () => withService(
  config => { config.backend.actions = { pluginSources: ['catalog'] }; }, async other => {
    assert.deepEqual(await listActions(other), []);
    await assertHidden(other, PROJECTS);
  }));

test('pluginSources with this plugin: all is', () => withService(
  config => { config.backend.actions = { pluginSources: ['catalog', 'spectrocloud'] }; }, async other => {
    assert.deepEqual(await namesOf(other), await namesOf(service));
    assert.equal((await invoke(other, PROJECTS)).status, 200);
  }));

test('included by id', () => withService(
  rules({ include: [{ id: 'spectrocloud:*_projects' }, { id: 'catalog:*' }] }), async other => {
    assert.deepEqual(await namesOf(other), [PROJECTS]);
    assert.equal((await invoke(other, PROJECTS)).status, 200);
    await assertHidden(other, 'list_spectrocloud_clusters');
  }));

test('excluded by id', () => withService(
  rules({ exclude: [{ id: '*:list_spectrocloud_{projects,clusters}' }] }), async other => {
    const hidden = [PROJECTS, 'list_spectrocloud_clusters'];
    assert.deepEqual(await namesOf(other), (await namesOf(service)).filter(n => !hidden.includes(n)));
    for (const name of hidden) await assertHidden(other, name);
  }));

test('by attributes', async () => {
  const all = await listActions(service);
  const where = condition => all.filter(a => condition(a.attributes)).map(a => a.name);
  for (const [filter, wanted] of [
    [{ include: [{ attributes: { readOnly: true } }] }, where(a => a.readOnly)],
    [{ include: [{ attributes: { readOnly: false } }] }, where(a => !a.readOnly)],
    [{ include: [{ attributes: { destructive: false, idempotent: true } }] },
      where(a => !a.destructive && a.idempotent)],
    [{ exclude: [{ attributes: { readOnly: true } }] }, where(a => !a.readOnly)],
    [{ exclude: [{ id: '*projects', attributes: { readOnly: false } }] }, where(a => a)],
    [{ include: [{ id: '*' }], exclude: [{ id: '*projects', attributes: { readOnly: true } }] },
      where(a => a).filter(n => n !== PROJECTS)],
  ])
    await withService(rules(filter), async other => assert.deepEqual(await namesOf(other), wanted));
});

test('an action of another toolset is not there', () => withService(
  config => { config.spectrocloud.mcp = { toolsets: ['tags'] }; }, async other => {
    assert.ok(!(await namesOf(other)).includes(PROJECTS));
    await assertHidden(other, PROJECTS);
  }));

// ---- invoking ----

const projects = answer => {
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(Object.keys(answer.json), ['output']);
  assert.ok(Array.isArray(answer.json.output.projects));
  return answer.json.output.projects.length;
};
const post = (path, body, headers) => service.request('POST', path, { body, headers });

test('an id percent-encoded or plain', async () => {
  for (const version of ['v1', 'v2'])
    for (const id of [ID, ID.replace(':', '%3A'), ID.replace(':', '%3a'), ID.replace('list', '%6Cist')])
      assert.equal(projects(await post(`${LIST.replace('v1', version)}/${id}/invoke`, '{}')), 5);
});

test('no body is an empty input', async () => {
  for (const version of ['v1', 'v2']) {
    assert.equal(projects(await post(invokePath(ID, version), undefined, { 'content-length': '0' })), 5);
    assert.equal(projects(await post(invokePath(ID, version), undefined,
      { 'content-length': '0', 'content-type': 'application/json' })), 5);
    assert.equal(projects(await post(invokePath(ID, version), ' \n')), 5);
    assert.equal(projects(await post(invokePath(ID, version), '{}')), 5);
  }
});

test('the input is the body, or in v2 a part of it', async () => {
  assert.equal(projects(await post(invokePath(ID), '{"limit":2}')), 2);
  assert.equal(projects(await post(invokePath(ID, 'v2'), '{"input":{"limit":2}}')), 2);
  assert.equal(projects(await post(invokePath(ID, 'v2'), '{"input":{"limit":2},"secrets":{}}')), 2);
  assert.equal(projects(await post(invokePath(ID, 'v2'), '{"secrets":null,"input":{"limit":2}}')), 2);
  // The other version's form is no input.
  assertRefused(await post(invokePath(ID), '{"input":{"limit":2}}'), 400, 'InputError',
    `Invalid input to action "${ID}"; caused by InputError: input (in the input) is not a parameter here`);
});

function assertRefused(answer, status, name, message) {
  assert.equal(answer.status, status, answer.text);
  assertErrorBody(answer, answer.text);
  assert.equal(answer.json.error.name, name);
  if (message instanceof RegExp) assert.match(answer.json.error.message, message);
  else assert.equal(answer.json.error.message, message);
}

test('bodies that are no input', async () => {
  for (const version of ['v1', 'v2'])
    for (const [body, pattern] of [
      ['{', /not valid JSON/], ['{} x', /not valid JSON/], ["{'a':1}", /not valid JSON/], ['[]', /JSON object/],
      ['[{}]', /JSON object/], ['null', /JSON object/], ['"{}"', /JSON object/], ['7', /JSON object/],
      ['{"a":"\ud800"}', version === 'v1' ? /is not a parameter|not valid JSON/ : /./],
      [`${'{"a":'.repeat(200)}1${'}'.repeat(200)}`, /not valid JSON/],
    ]) {
      const answer = await post(invokePath(ID, version), body);
      if (answer.status === 200 && version === 'v2') continue; // members beside input are nobody's
      assertRefused(answer, 400, 'InputError', pattern);
    }
  for (const input of ['[]', 'null', '7', '"x"', 'true'])
    assertRefused(await post(invokePath(ID, 'v2'), `{"input":${input}}`), 400, 'InputError', /input .*JSON object/);
});

test('bad input says which action and what about it', async () => {
  for (const [version, body] of [['v1', '{"limit":0}'], ['v2', '{"input":{"limit":0}}']]) {
    const answer = await post(invokePath(ID, version), body);
    assertRefused(answer, 400, 'InputError',
      `Invalid input to action "${ID}"; caused by InputError: limit (in the input) must be a whole number ` +
      'from 1 to 500');
    assert.equal(answer.json.error.faults[0].field, 'limit');
  }
});

test('secrets, where none are taken', async () => {
  await simulator.forget();
  for (const secrets of ['{"token":"secret-of-a-caller"}', '[]', '"x"', 'true', '0']) {
    const answer = await post(invokePath(ID, 'v2'), `{"input":{},"secrets":${secrets}}`);
    assertRefused(answer, 400, 'InputError', `Action "${ID}" does not accept secrets`);
  }
  // There must be such an action.
  assertRefused(await post(invokePath('spectrocloud:nothing', 'v2'), '{"secrets":{"token":"secret-of-a-caller"}}'),
    404, 'NotFoundError', 'Action "spectrocloud:nothing" not found');
  assert.equal(await upstream(), 0);
  assert.ok(!service.log().includes('secret-of-a-caller'));
});

test('actions that there are not', async () => {
  for (const version of ['v1', 'v2'])
    for (const id of ['spectrocloud:nothing', `catalog:${PROJECTS}`, PROJECTS, 'spectrocloud:',
      `:${PROJECTS}`, `${ID}:x`, ID.toUpperCase(), `${ID} `, 'registry.invoke', 'spectrocloud:registry.invoke', 'x',
      'ä/ö?', '..']) {
      const answer = await post(invokePath(id, version), '{}');
      assertRefused(answer, 404, 'NotFoundError', `Action "${id}" not found`);
    }
});

test('whoever has no credential, where none is needed, runs no action', () => withService(
  config => { config.backend.auth.dangerouslyDisableDefaultAuthPolicy = true; }, async other => {
    await simulator.forget();
    for (const version of ['v1', 'v2'])
      for (const id of [ID, 'spectrocloud:nothing']) {
        const answer = await other.request('POST', invokePath(id, version), { token: null, body: '{}' });
        assertRefused(answer, 403, 'NotAllowedError', /known callers/);
      }
    assert.equal(await upstream(), 0);
  }));

test('an action asks for its own permission', async () => {
  await simulator.forget();
  const answer = await invoke(service, PROJECTS, {}, { token: RESTRICTED });
  assertRefused(answer, 403, 'NotAllowedError', /spectrocloud\.cluster\.view-info/);
  assert.equal(await upstream(), 0);
  assert.match(service.log(), /audit .*operation="?agent\.list_projects"?.*tests-restricted/);
});

// ---- errors that a model is told of ----

test('every failure has a name that is passed on', async () => {
  for (const fault of [{ status: 400 }, { status: 401 }, { status: 403 }, { status: 404 }, { status: 409 },
    { status: 413 }, { status: 422 }, { status: 429 }, { status: 500 }, { status: 502 }, { status: 503 },
    { status: 504 }, { fault: 'slow-headers', ms: 3000 }, { fault: 'garbage' }, { fault: 'oversized', bytes: 80 << 20 },
    { fault: 'reset' }, { fault: 'html' }]) {
    await simulator.fault({ match: { pathPrefix: '/v1' }, times: -1, fault: 'status', ...fault });
    const answer = await invoke(service, PROJECTS);
    await simulator.heal();
    assert.ok(answer.status >= 400, JSON.stringify(fault));
    assertErrorBody(answer, JSON.stringify(fault));
    if (answer.status === 503) assert.ok(Number(answer.headers['retry-after']) > 0);
  }
  assert.ok(PASSED_ON.includes('ServiceUnavailableError'));
});

test('a user whose session is gone is told to sign in', async () => {
  const answer = await invoke(service, PROJECTS, {}, { headers: { 'X-SpectroCloud-Token': 'no-such-session' } });
  assertRefused(answer, 401, 'AuthenticationError', /./);
  assert.equal(answer.json.requiresReAuth, true);
  assert.equal(answer.headers['x-spectrocloud-reauth-required'], 'true');
});
