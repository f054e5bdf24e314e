// Agents through Backstage's own MCP server: every action, allowed and denied, with right and wrong
// inputs. What fails must reach the model as the result of its call, with our message.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import Ajv from 'ajv';

import {
  OTHER_PREFIX, PREFIX, TITLES, castOf, connect, entitiesOf, textOf,
} from './agents.mjs';
import { inputsFor, wrongInputs } from './agents-inputs.mjs';
import {
  EXTERNAL, INSTANCES, PERMISSIONS, USERS, eventually, policyTable, refOf, startAll,
} from './harness.mjs';

process.env.LOG_LEVEL = 'debug'; // the service writes all it has to write

const LIST = '/api/spectrocloud/.backstage/actions/v1/actions';
const HEALTH = 'get_spectrocloud_health_for_cluster';

// Of what is offered: to everybody by Backstage's configuration, or at one server of its.
const FILTER = { include: [{ id: 'spectrocloud:*_{clusters,projects}' }, { id: '*:get_*',
  attributes: { readOnly: true, destructive: false } }], exclude: [{ id: '*:*virtual*' }] };
const SOURCES = ['catalog', 'spectrocloud'];

// All that there is; what changes something has to be named.
const ALL_TOOLS = {
  toolsets: ['core', 'operations', 'packs', 'tags'],
  include: ['*', 'update_spectrocloud_cluster_tags', 'update_spectrocloud_profile_tags'],
};

const COLUMNS = ['ok', 'wrong input', 'not found', 'denied', 'Palette fails'];

let all;
let actions;
let inputs;
let ada;
let refs; // of the entities of a title
const table = new Map();
const kubeconfigs = [];

before(async () => {
  all = await startAll({
    environments: 2,
    settings: { mcp: ALL_TOOLS },
    entitiesOf: worlds => entitiesOf(worlds, INSTANCES),
    extra: {
      backend: { actions: { pluginSources: SOURCES } },
      mcpActions: { servers: { some: { name: 'Some', filter: FILTER } } },
    },
  });
  const { service, worlds } = all;
  const entities = entitiesOf(worlds, INSTANCES);
  refs = title => entities.filter(({ metadata }) => metadata.title === title)
    .map(({ kind, metadata }) => `${kind.toLowerCase()}:default/${metadata.name}`);
  await ingested();
  ({ json: { actions } } = await service.request('GET', LIST));
  inputs = inputsFor(worlds[0], await anyPack());
  ada = await connectAs('ada');
});

beforeEach(() => allow());

after(async () => {
  print();
  await ada?.close();
  await all?.stop();
});

const connectAs = (name, server = '') =>
  connect(`${all.backstage.url}/api/mcp-actions/v1${server}`, { token: all.backstage.tokens[name] });

async function ingested() {
  const count = entitiesOf(all.worlds, INSTANCES).length;
  await eventually(`${count} entities are in the catalog`, 60,
    async () => await all.backstage.ingested() === count);
}

async function anyPack() {
  const answer = await all.service.request('POST',
    `${LIST}/spectrocloud%3Asearch_spectrocloud_packs/invoke`, { body: '{"limit":1}' });
  return answer.json.output.packs[0].registries[0].latestPackUid;
}

// Everything but those.
const allow = (...withheld) => all.backstage.setPolicy({ 'catalog.entity.read': 'ALLOW',
  ...policyTable('ALLOW'), ...policyTable('DENY', withheld) });

function note(action, column, what) {
  if (!table.has(action)) table.set(action, {});
  table.get(action)[column] = what;
}

function print() {
  const line = (name, cells) => console.log(name.padEnd(50) + cells.map(cell => cell.padEnd(16)).join(''));
  console.log();
  line('action', COLUMNS);
  for (const [name, cells] of table) line(name, COLUMNS.map(column => String(cells[column] ?? '-')));
}

const call = (action, input) => ada.call(`spectrocloud.${action.name}`, input);

// The faults of a test are told all at once: one action that fails hides no other.
async function eachAction(column, run) {
  const faults = [];
  for (const action of actions) {
    try {
      note(action.name, column, await run(action, inputs[action.name]));
    } catch (error) {
      note(action.name, column, 'FAILS');
      faults.push(`${action.name}: ${error.message}`);
    }
  }
  assert.equal(faults.length, 0, `${faults.length} faults\n${faults.join('\n')}`);
}

// What a model is told: an error by one of the names, about this.
function assertTold(result, names, about, what) {
  const text = textOf(result);
  assert.equal(result.isError, true, `${what}: ${text.slice(0, 300)}`);
  const [, name, message] = /^(\w+): ([\s\S]+)$/.exec(text) ?? [];
  assert.ok(names.includes(name), `${what}: ${text}`);
  assert.doesNotMatch(message, /Request failed with/, what);
  assert.ok(message.includes(about), `${what}: ${text}`);
}

const ajv = new Ajv({ strict: true, allErrors: true });
const isOurs = ({ permission }) => permission.startsWith('spectrocloud.');

// ---- the list ----

test('tools/list has what our registry has', async () => {
  const tools = (await ada.tools()).filter(({ name }) => name.startsWith('spectrocloud.'));
  assert.deepEqual(tools.map(({ name }) => name).sort(),
    actions.map(({ name }) => `spectrocloud.${name}`).sort());
  for (const action of actions) {
    const tool = tools.find(({ name }) => name === `spectrocloud.${action.name}`);
    const { title, description, attributes, schema } = action;
    assert.deepEqual([tool.description, tool.annotations], [description, {
      title, readOnlyHint: attributes.readOnly, destructiveHint: attributes.destructive,
      idempotentHint: attributes.idempotent, openWorldHint: false,
    }]);
    assert.deepEqual(tool.inputSchema.properties ?? {}, schema.input.properties);
    assert.deepEqual(tool.inputSchema.required ?? [], schema.input.required ?? []);
  }
});

test('these tests have inputs for every action', () => {
  assert.deepEqual(actions.map(({ name }) => name).filter(name => !inputs[name]), []);
});

// ---- calls ----

test('allowed: the answer is what the action declares', async () => {
  await eachAction('ok', async (action, { good, permission, local }) => {
    const validate = ajv.compile(action.schema.output);
    for (const input of good) {
      const what = JSON.stringify(input);
      await all.forget();
      const result = await call(action, input);
      const { upstream, asked } = await all.seen();
      assert.ok(!result.isError, `${what}: ${textOf(result)}`);
      const { kubeconfig, ...rest } = result.structuredContent;
      if (kubeconfig) kubeconfigs.push(kubeconfig);
      assert.ok(validate(result.structuredContent), `${what}: ${ajv.errorsText(validate.errors)}`);
      assert.ok(textOf(result).includes(JSON.stringify(Object.values(rest)[0]).slice(0, 20)), what);
      assert.deepEqual(asked.filter(isOurs).map(entry => [entry.permission, entry.user, entry.principal.actor]),
        [[permission, refOf('ada'), { type: 'service', subject: 'plugin:spectrocloud' }]], what);
      assert.equal(upstream > 0, !local, `${what}: ${upstream} calls to Palette`);
    }
    return `${good.length} inputs`;
  });
});

test('wrong inputs: told which and why', async () => {
  await eachAction('wrong input', async (action, { good }) => {
    const wrong = wrongInputs(action.schema.input, good.at(0));
    await all.forget();
    await Promise.all(wrong.map(async ([member, input]) =>
      assertTold(await call(action, input), ['InputError'], member, JSON.stringify(input))));
    assert.equal((await all.seen()).upstream, 0, 'something went to Palette');
    return `${wrong.length} inputs`;
  });
});

test('what is not there: told so', async () => {
  await eachAction('not found', async (action, { absent }) => {
    if (!absent) return '-';
    const result = await call(action, absent);
    assertTold(result, ['NotFoundError'], '', JSON.stringify(absent));
    return 'NotFoundError';
  });
});

test('denied: told so, and nothing goes to Palette', async () => {
  for (const permission of Object.keys(PERMISSIONS)) {
    await allow(permission);
    for (const action of actions.filter(({ name }) => inputs[name].permission === permission)) {
      await all.forget();
      const result = await call(action, inputs[action.name].good.at(-1));
      note(action.name, 'denied', textOf(result).split(':')[0]);
      assertTold(result, ['NotAllowedError'], '', action.name);
      assert.equal((await all.seen()).upstream, 0, `${action.name}: something went to Palette`);
    }
  }
});

test('Palette fails: told so', async () => {
  const faults = [{ fault: 'status', status: 500 }, { fault: 'status', status: 401 },
    { fault: 'status', status: 429 }, { fault: 'garbage' }];
  await eachAction('Palette fails', async (action, { good, local }) => {
    if (local) return '-';
    for (const fault of faults) {
      await all.simulator.fault({ match: { pathPrefix: '/v1' }, ...fault });
      const result = await call(action, good[0]);
      await all.simulator.heal();
      assertTold(result, ['ServiceUnavailableError'], '', JSON.stringify(fault));
    }
    return `${faults.length} ways`;
  });
});

test('Backstage itself fails: told so, and nothing goes to Palette', async () => {
  for (const [name, permission, error] of [
    [HEALTH, 'catalog.entity.read', 'ServiceUnavailableError'],
    ['list_spectrocloud_projects', 'spectrocloud.cluster.view-info', 'NotAllowedError'],
  ]) {
    await all.backstage.setPolicy({ ...policyTable('ALLOW'), 'catalog.entity.read': 'ALLOW',
      [permission]: 'THROW' });
    await all.forget();
    const result = await ada.call(`spectrocloud.${name}`, inputs[name].good.at(-1));
    assertTold(result, [error], 'could not be', name);
    assert.equal((await all.seen()).upstream, 0, `${name}: something went to Palette`);
  }
  await new Promise(resolve => { setTimeout(resolve, 1100); }); // a question that failed is held back
});

// ---- kubeconfigs ----

const KUBECONFIGS = ['get_spectrocloud_kubeconfig_for_cluster', 'get_spectrocloud_kubeconfig_for_virtual_cluster'];

function inputsWithCredentials() {
  const { withSecret, virtualWithSecret } = castOf(all.worlds[0]);
  return [
    [KUBECONFIGS[0], { clusterName: TITLES.keyed }, `/clusters/${withSecret.uid}/kubeconfig`],
    [KUBECONFIGS[1], { virtualClusterUid: virtualWithSecret.uid, projectUid: virtualWithSecret.project },
      `/virtualclusters/${virtualWithSecret.uid}/kubeconfig`],
  ];
}

test('a kubeconfig with a credential is for people, unless the configuration says otherwise', async () => {
  for (const [name, input, route] of inputsWithCredentials()) {
    const result = await ada.call(`spectrocloud.${name}`, input);
    assertTold(result, ['NotAllowedError'], route, name);
    assert.ok(!textOf(result).includes('sim-secret'), name);
  }
  await all.restartService({ mcp: { ...ALL_TOOLS, kubeconfig: 'full' } });
  for (const [name, input] of inputsWithCredentials()) {
    const result = await ada.call(`spectrocloud.${name}`, input);
    assert.match(result.structuredContent?.kubeconfig ?? textOf(result), /token: sim-secret/, name);
    kubeconfigs.push(result.structuredContent.kubeconfig);
  }
  await all.restartService({ mcp: { ...ALL_TOOLS, kubeconfig: 'off' } });
  for (const name of KUBECONFIGS)
    assertTold(await ada.call(`spectrocloud.${name}`, inputs[name].good[0]), ['NotAllowedError'],
      'spectrocloud.mcp.kubeconfig', name);
  await all.restartService();
});

// ---- by title, in the catalog ----

const uidOf = result => {
  assert.ok(!result.isError, textOf(result));
  return result.structuredContent.cluster.uid;
};

const health = (input, client = ada) => client.call(`spectrocloud.${HEALTH}`, input);

function catalogTest(name, run) {
  test(name, async t => {
    if (!actions.some(action => action.name === HEALTH)) t.skip(`${HEALTH} is not offered`);
    else await run(...all.worlds.map(castOf));
  });
}

catalogTest('a title with commas and quotes is found', async ({ cluster }) => {
  const result = await health({ clusterName: TITLES.odd });
  assert.equal(uidOf(result), cluster.uid);
  assert.equal(result.structuredContent.cluster.entityRef, refs(TITLES.odd)[0]);
});

catalogTest('a title that several have: all are named, and one more input decides', async (cast, second) => {
  const clusterName = TITLES.twins;
  const result = await health({ clusterName });
  assert.equal(refs(clusterName).length, 3);
  for (const ref of refs(clusterName)) assertTold(result, ['InputError'], ref, 'twins');
  const [one, two, other] = refs(clusterName);
  for (const [decision, expected] of [
    [{ entityRef: one }, cast.cluster], [{ entityRef: two }, cast.elsewhere],
    [{ entityRef: other }, second.cluster],
    [{ projectUid: cast.cluster.project }, cast.cluster],
    [{ projectUid: cast.elsewhere.project }, cast.elsewhere],
    [{ projectUid: second.cluster.project }, second.cluster],
    [{ instanceName: 'second' }, second.cluster],
    [{ instanceName: 'first', projectUid: cast.elsewhere.project }, cast.elsewhere],
  ])
    assert.equal(uidOf(await health({ clusterName, ...decision })), expected.uid, JSON.stringify(decision));

  const fewer = await health({ clusterName, instanceName: 'first' });
  for (const ref of [one, two]) assertTold(fewer, ['InputError'], ref, 'twins of the first');
  assert.ok(!textOf(fewer).includes(other));
  const contrary = await health({ clusterName, entityRef: one, projectUid: cast.elsewhere.project });
  assertTold(contrary, ['NotFoundError'], 'projectUid', 'contrary');
});

catalogTest('an environment that is not configured', async () => {
  const result = await health({ clusterName: TITLES.lost });
  for (const about of [refs(TITLES.lost)[0], 'first, second'])
    assertTold(result, ['InputError'], about, 'lost');
});

catalogTest('another annotation prefix', async ({ cluster }) => {
  assertTold(await health({ clusterName: TITLES.branded }), ['InputError'], `${PREFIX}/cluster-id`, 'branded');
  await all.restartService({ annotationPrefix: OTHER_PREFIX });
  try {
    assert.equal(uidOf(await health({ clusterName: TITLES.branded })), cluster.uid);
    assertTold(await health({ clusterName: TITLES.odd }), ['InputError'], `${OTHER_PREFIX}/cluster-id`, 'odd');
  } finally {
    await all.restartService();
  }
});

catalogTest('what the catalog does not show a person is not there for their agent', async ({ cluster }) => {
  const bob = await connectAs('bob');
  const notThere = async (clusterName, client) =>
    assertTold(await health({ clusterName }, client), ['NotFoundError'], clusterName, clusterName);
  await all.backstage.setPolicy({ ...policyTable('ALLOW'), 'catalog.entity.read': 'DENY' });
  await all.forget();
  await notThere(TITLES.odd);
  await notThere(TITLES.twins);
  await all.backstage.setPolicy({ ...policyTable('ALLOW'), 'catalog.entity.read': 'OWNED' });
  await notThere(TITLES.odd);
  await notThere(TITLES.owned, bob);
  assert.equal((await all.seen()).upstream, 0, 'something went to Palette');
  assert.equal(uidOf(await health({ clusterName: TITLES.owned })), cluster.uid);
  await bob.close();
});

// ---- others than people ----

test('a service acts for itself, a restricted one is offered nothing, nobody is refused', async () => {
  await all.backstage.setPolicy(policyTable('DENY'));
  const address = `${all.backstage.url}/api/mcp-actions/v1`;
  const service = await connect(address, { token: EXTERNAL.unrestricted });
  const { cluster } = castOf(all.worlds[0]);
  assert.equal(uidOf(await health({ clusterName: TITLES.odd }, service)), cluster.uid);
  await service.close();
  const viewer = await connect(address, { token: EXTERNAL.viewer }).catch(() => null);
  assert.deepEqual((await viewer?.tools() ?? []).filter(({ name }) => name.startsWith('spectrocloud.')), []);
  await viewer?.close();
  await assert.rejects(connect(address));
});

// ---- what it costs, and what is hidden ----

const listed = () => all.service.log().split('registry.list').length - 1;

test('Backstage reads the list once for each call', async () => {
  const before = listed();
  const begun = Date.now();
  for (let i = 0; i < 20; i++) await ada.call('spectrocloud.list_spectrocloud_projects', { limit: 1 });
  const took = Date.now() - begun;
  const each = (listed() - before) / 20;
  console.log(`a call of a tool: ${each} requests for the list, ${took / 20} ms`);
  assert.equal(each, 1);
});

const FITS = /:(?!.*virtual)(.*_(clusters|projects)$|get_)/;

// The tools of ours that a client is offered; what is not among them cannot be called either.
async function toolsOf(client) {
  const names = (await client.tools()).map(({ name }) => name).filter(name => name.startsWith('spectrocloud.'));
  const hidden = actions.find(({ name }) => !names.includes(`spectrocloud.${name}`));
  assertTold(await client.call(`spectrocloud.${hidden.name}`, {}), ['NotFoundError'], hidden.name, 'hidden');
  await client.close();
  return names.map(name => name.replace('.', ':')).sort();
}

test('one of several servers, with a filter', async () => {
  assert.deepEqual(await toolsOf(await connectAs('ada', '/some')),
    actions.map(({ id }) => id).filter(id => FITS.test(id)).sort());
});

test('a filter is the same for Backstage and for the service', async () => {
  const { backstage } = all;
  const { actions: ours, ...others } = backstage.config.backend;
  backstage.configure({ backend: { actions: { ...ours, filter: FILTER } } });
  await backstage.restart();
  await allow();
  await all.restartService({}, { backend: others });
  const byBackstage = await toolsOf(await connectAs('ada'));
  await all.restartService();
  const byService = (await all.service.request('GET', LIST)).json.actions.map(({ id }) => id).sort();
  assert.deepEqual(byBackstage, byService);
  assert.deepEqual(byBackstage, actions.map(({ id }) => id).filter(id => FITS.test(id)).sort());
  assert.deepEqual(await toolsOf(await connectAs('ada')), byService);
});

// ---- at the end ----

test('no secret is in what the service has written', () => {
  const log = all.log();
  assert.ok(log.includes('registry.invoke') || log.includes('agent.list_clusters'), log.slice(0, 1000));
  const lines = kubeconfigs.flatMap(text => text.split('\n')).map(line => line.trim())
    .filter(line => line.length >= 30);
  for (const secret of [...USERS.map(name => all.backstage.tokens[name]), 'sim-secret', 'sim-key', 'eyJ',
    'client-key-data', 'certificate-authority-data', ...lines])
    assert.ok(!log.includes(secret), `the log has ${secret.slice(0, 40)}`);
});
