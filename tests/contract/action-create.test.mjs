// How agents make a cluster: what it needs, a plan that creates nothing, and the creation of just that plan.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { creationsIn } from '../schema/bodies.mjs';
import { assertErrorBody, badInputs, invoke, listActions } from './actions.mjs';
import { eventsOf, legacy, send } from './agent.mjs';
import { assertConforms } from './conforms.mjs';
import { countOf, createsOf, isCreate } from './creates.mjs';
import { RESTRICTED, TRUSTED, configuration, runCommand, startService, startSimulator } from './harness.mjs';

const FIELDS = 'get_spectrocloud_cluster_fields';
const PLAN = 'plan_spectrocloud_cluster';
const CREATE = 'create_spectrocloud_cluster';
const KINDS = ['eks', 'aws', 'aks', 'azure', 'vsphere', 'virtual'];
const HOUR = 3600000;

let simulator;
let service;
let actions;
let projectUid;
let flat; // by kind: name => body
let named = 0;

const start = mcp => startService(configuration([simulator], { mcp,
  upstream: { timeout: '2s', attempts: 2, circuitFailures: 0, connectTimeout: '500ms' } }));

before(async () => {
  simulator = await startSimulator('--seed', '7', '--projects', '3', '--inherit-tenant-objects');
  const world = await simulator.world();
  projectUid = world.projects[0].uid;
  flat = Object.fromEntries(creationsIn(world).filter(c => c.form === 'flat').map(c => [c.kind, c.body]));
  service = await start({ toolsets: 'create', include: ['*', CREATE] });
  actions = new Map((await listActions(service)).map(a => [a.name, a]));
});

after(async () => {
  assert.equal(await service.stop(), 0, service.log());
  await simulator.stop();
});

const newName = () => `agent-${++named}`;
const inputOf = (kind, name) => ({ cluster: flat[kind](name), projectUid });

async function answerOf(name, input, options) {
  const answer = await invoke(service, name, input, options);
  assert.equal(answer.status, 200, `${name}: ${answer.text}`);
  assertConforms(actions.get(name).schema.output, answer.json.output, name);
  return answer.json.output;
}

async function refusal(name, input, status = 400, options = {}) {
  const answer = await invoke(service, name, input, options);
  assert.equal(answer.status, status, `${name}: ${answer.text}`);
  assertErrorBody(answer, name);
  return answer.json.error.message;
}

const planned = async (kind, name) => {
  const input = inputOf(kind, name);
  return { ...input, planId: (await answerOf(PLAN, input)).planId };
};

test('the creation is offered only where it is named, and says what it does', async () => {
  for (const [mcp, names] of [
    [{}, []], [{ toolsets: 'create' }, [FIELDS, PLAN]], [{ toolsets: 'create', include: ['*', 'create_*'] }, [FIELDS, PLAN]],
    [{ toolsets: 'create', include: CREATE }, [CREATE]], [{ include: ['*', CREATE] }, []],
    [{ toolsets: 'create', include: ['*', CREATE], readOnly: true }, [FIELDS, PLAN]]]) {
    const other = await start(mcp);
    const offered = (await listActions(other)).map(a => a.name).filter(name => [FIELDS, PLAN, CREATE].includes(name));
    assert.deepEqual(offered, names, JSON.stringify(mcp));
    assert.equal(await other.stop(), 0, other.log());
  }
  assert.deepEqual([...actions.keys()], [FIELDS, PLAN, CREATE]);
  for (const name of [FIELDS, PLAN])
    assert.deepEqual(actions.get(name).attributes, { destructive: false, idempotent: true, readOnly: true }, name);
  assert.deepEqual(actions.get(CREATE).attributes, { destructive: false, idempotent: true, readOnly: false });
});

test('the fields are those of the described API', async () => {
  const { components } = (await service.request('GET', '/api/spectrocloud/openapi.json')).json;
  for (const kind of KINDS) {
    const { fields } = await answerOf(FIELDS, { cloudType: kind });
    const schema = Object.values(components.schemas).find(s => s.properties?.cloudType?.const === kind);
    const top = fields.filter(f => !/[.[]/.test(f.name));
    assert.deepEqual(top.map(f => f.name).sort(), Object.keys(schema.properties).sort(), kind);
    assert.deepEqual(top.filter(f => f.required).map(f => f.name).sort(), [...schema.required].sort(), kind);
    for (const field of top)
      if (field.default !== undefined)
        assert.deepEqual(JSON.parse(field.default), schema.properties[field.name].default, `${kind}: ${field.name}`);
  }
});

test('each kind is planned, and made once', async () => {
  for (const kind of KINDS) {
    const name = newName();
    const input = inputOf(kind, name);
    await simulator.forget();
    const plan = await answerOf(PLAN, input);
    assert.equal(await createsOf(simulator, name), 0, kind);
    assert.equal(await countOf(simulator, name), 0, kind);
    assert.equal(plan.entity.metadata.name, name);
    assert.equal(plan.price !== undefined, kind !== 'virtual', kind);
    const first = await answerOf(CREATE, { ...input, planId: plan.planId });
    assert.equal(first.name, name);
    const again = await answerOf(CREATE, { ...input, planId: plan.planId });
    assert.deepEqual(again, first, kind);
    assert.equal(await countOf(simulator, name), 1, kind);
    const sent = (await simulator.requests()).filter(isCreate);
    assert.equal(sent.length, 1, kind);
    assert.deepEqual(typeof sent[0].body === 'string' ? JSON.parse(sent[0].body) : sent[0].body, plan.entity, kind);
    assert.match(service.log(), new RegExp(` audit .*agent.cluster_create.*${first.uid}`));
  }
});

test('a model that writes the same in another order gets the same cluster', async () => {
  const name = newName();
  const input = await planned('eks', name);
  const turned = value => (Array.isArray(value) ? value.map(turned) : value !== null && typeof value === 'object'
    ? Object.fromEntries(Object.entries(value).reverse().map(([key, member]) => [key, turned(member)])) : value);
  const first = await answerOf(CREATE, input);
  assert.deepEqual(await answerOf(CREATE, turned(input)), first);
  const other = { ...input, cluster: { ...input.cluster, description: 'another' } };
  assert.match(await refusal(CREATE, other), /This planId was used with another body/);
  assert.equal(await countOf(simulator, name), 1);
});

test('what differs from the plan is not made', async () => {
  const input = await planned('eks', newName());
  const world = await simulator.world();
  const later = input.planId.replace(/^\d+/, made => String(Number(made) + 1));
  const old = input.planId.replace(/^\d+/, made => String(Number(made) - HOUR - 1000));
  const future = input.planId.replace(/^\d+/, made => String(Number(made) + 2 * HOUR));
  await simulator.forget();
  for (const [change, message] of [
    [{ cluster: { ...input.cluster, description: 'another' } }, /another plan/],
    [{ cluster: { ...input.cluster, name: newName() } }, /another plan/],
    [{ planId: later }, /another plan/],
    [{ planId: `${input.planId}0` }, /another plan/],
    [{ planId: old }, /more than an hour old/],
    [{ planId: future }, /more than an hour old/],
    [{ planId: 'yes' }, /plan_spectrocloud_cluster has answered/],
    [{ planId: '-1-00' }, /plan_spectrocloud_cluster has answered/],
  ]) assert.match(await refusal(CREATE, { ...input, ...change }), message);
  assert.match(await refusal(CREATE, input, 400, { token: TRUSTED }), /another plan/);
  assert.equal(typeof await refusal(CREATE, { ...input, projectUid: world.projects[1].uid }), 'string');
  assert.equal((await simulator.requests()).filter(r => /spectroclusters\/eks$/.test(r.path)).length, 0);
  await answerOf(CREATE, input);
});

test('faults are told at once, with their places, and nothing is asked', async () => {
  const input = inputOf('aws', newName());
  input.cluster.machinePoolConfig[0].count = 'many';
  delete input.cluster.cloudConfig.region;
  input.cluster.colour = 'blue';
  await simulator.forget();
  for (const [name, more] of [[PLAN, {}], [CREATE, { planId: '1-2' }]]) {
    const answer = await invoke(service, name, { ...input, ...more });
    assert.equal(answer.status, 400, answer.text);
    assert.deepEqual(answer.json.error.faults.map(f => f.pointer).sort(),
      ['/cluster/cloudConfig/region', '/cluster/colour', '/cluster/machinePoolConfig/0/count']);
    for (const field of ['region', 'colour', 'count']) assert.ok(answer.json.error.message.includes(field), field);
  }
  for (const cluster of [{}, { cloudType: 'gcp' }, { cloudType: 7 }, { name: 'x' }]) {
    const answer = await invoke(service, PLAN, { cluster, projectUid });
    assert.equal(answer.status, 400, answer.text);
    assert.deepEqual(answer.json.error.faults.map(f => f.pointer), ['/cluster/cloudType'], answer.text);
  }
  for (const { name, schema } of actions.values()) {
    const good = name === FIELDS ? { cloudType: 'eks' } : { ...inputOf('eks', newName()), ...(name === CREATE && { planId: '1' }) };
    for (const [what, member, bad] of badInputs(schema.input, good))
      assert.ok((await refusal(name, bad)).includes(member), `${name}: ${what} ${member}`);
  }
  assert.deepEqual((await simulator.requests()).map(r => r.target), []);
});

test('who may not, cannot', async () => {
  const input = await planned('virtual', newName());
  await simulator.forget();
  for (const [name, more] of [[PLAN, { planId: undefined }], [CREATE, {}]])
    assert.match(await refusal(name, { ...input, ...more }, 403, { token: RESTRICTED }), /spectrocloud\.cluster\.create/);
  assert.deepEqual((await simulator.requests()).map(r => r.target), []);
});

test('an outcome that is not known is said, and nothing is made twice', async () => {
  const name = newName();
  const input = await planned('eks', name);
  await simulator.forget();
  await simulator.fault({ match: { method: 'POST', pathPrefix: '/v1/spectroclusters/eks', pathContains: '/eks' },
    times: 1, skip: 0, fault: 'reset' });
  const message = await refusal(CREATE, input, 503);
  await simulator.heal();
  assert.ok(message.includes(name) && /may have created/.test(message), message);
  const again = await refusal(CREATE, input, 409);
  assert.ok(again.includes('this planId') && again.includes(name), again);
  assert.equal(await createsOf(simulator, name), 1);
});

test('over MCP, and at a shell', async () => {
  const input = inputOf('virtual', newName());
  const { json } = await send(service, legacy(1, 'tools/call', { name: PLAN, arguments: input }));
  assert.equal(json.result.isError ?? false, false, JSON.stringify(json));
  const { planId } = json.result.structuredContent;
  const made = await send(service, legacy(2, 'tools/call', { name: CREATE, arguments: { ...input, planId } }));
  assert.equal(made.json.result.structuredContent.name, input.cluster.name, JSON.stringify(made.json));
  const config = configuration([simulator]);
  const wrong = runCommand(config, 'action', 'run', PLAN, '--arg', `cluster=${JSON.stringify({ ...input.cluster, cpuCores: 0 })}`);
  assert.equal(wrong.status, 2, wrong.stderr);
  assert.match(wrong.stderr, /^ {2}\/cluster\/cpuCores must be a whole number from/m);
});

// ---- docs/agents.md ----

test('the settings of the page offer the three tools; without include the creation is not', t => {
  const page = readFileSync(new URL('../../docs/agents.md', import.meta.url), 'utf8');
  const [, settings] = page.match(/^## Creating clusters$[^]*?^```yaml\n([^]*?)^```$/m);
  const folder = mkdtempSync(join(tmpdir(), 'agents-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const file = join(folder, 'more.yaml');
  const offered = text => {
    writeFileSync(file, text);
    const { stdout, stderr, status } = runCommand(configuration([simulator]), 'action', 'list', '--json',
      '--config', file);
    assert.equal(status, 0, stderr);
    return JSON.parse(stdout).filter(tool => tool.offeredByMcp).map(tool => tool.name);
  };
  const all = offered(settings);
  for (const name of [FIELDS, PLAN, CREATE, 'list_spectrocloud_clusters']) assert.ok(all.includes(name), name);
  assert.deepEqual(offered(settings.replace(/^ *include:.*\n/m, '')), all.filter(name => name !== CREATE));
});
