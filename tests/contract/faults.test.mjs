// Every operation that asks Palette, route or tool of agents, against everything that can go wrong on the way: at all
// requests that it makes, and at one of them alone. It ends in time, with the error that is documented or with the
// complete answer; nothing is shortened, created twice, stuck or left behind.
//
// Each cell has a lane, which is a session of its own: the simulator's rules are for one session only, so that many
// cells run at once. What writes does so in a second Palette. FAULTS_ONLY=COLUMN[:OPERATION] runs a part.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { creationsIn } from '../schema/bodies.mjs';
import { TAG_ACTIONS, assertErrorBody, entitiesOf, goodInputs, invoke, listActions, moreInputs } from './actions.mjs';
import { beside, startBackstage, startBeside, stopBeside, until } from './backstage.mjs';
import { Table, canonical, faults, inLanes, unreachable } from './faults.mjs';
import {
  TOKEN, TRUSTED, ask, asksPalette, assertErrorAnswer, configuration, goodRequests, operations, startSimulator,
} from './harness.mjs';

const LANES = 16;
const WORKERS = 24;
const SHARE = 18; // of them, of one environment: three quarters
const PROJECTS = 12; // that members of some projects have
// How long the service may take, by the service; and what a busy machine may add.
const REQUEST_TIMEOUT_MS = { patient: 40000, insistent: 40000, hasty: 4000 };
const MARGIN_MS = 10000;
const [ONLY_COLUMN, ONLY_OPERATION] = process.env.FAULTS_ONLY?.split(':') ?? [];
const CREATE = 'create_spectrocloud_cluster';
const PLAN = 'plan_spectrocloud_cluster';

// Settings of `spectrocloud` that keep what became of one cell from having a part in the next.
const INDEPENDENT = { upstream: { circuitFailures: 0 } };

const lanes = Array.from({ length: LANES }, (_, i) => ({ number: i }));
const services = {}; // patient: waits long for Palette; insistent: and asks again often; hasty: neither
let reads; // the simulators: of what reads
let writes; // and of what creates and changes
const backstages = {}; // of each service its own
let strangers;
let all = []; // the operations: see operation()
let tables;
const bodies = []; // of all answers that are errors
let made = 0;

const admins = () => lanes.flatMap(lane => ['--session-token', `admin-of-lane-${lane.number}`]);
const members = () => lanes.flatMap(lane => ['--session-token', `member-of-lane-${lane.number}:projects=` +
  Array.from({ length: PROJECTS }, (_, i) => i + 1).join(',')]);
// How the simulator calls a lane's session, and its token.
const credentialOf = (lane, member) => `session:${lane.number + (member ? LANES : 0)}`;
const tokenOf = (lane, member) => `${member ? 'member' : 'admin'}-of-lane-${lane.number}`;

function settings(name, backstage, upstream) {
  const config = configuration([reads, writes], {
    ...INDEPENDENT,
    mcp: { kubeconfig: 'full', toolsets: ['core', 'operations', 'packs', 'tags', 'create'],
      include: ['*', ...TAG_ACTIONS, CREATE] },
    server: { workers: WORKERS, requestTimeout: `${REQUEST_TIMEOUT_MS[name]}ms` },
    upstream: { attempts: 2, maxAnswerBytes: 1024 * 1024, connectionsPerHost: 8 * LANES, callsInFlight: 8 * LANES,
      ...INDEPENDENT.upstream, ...upstream },
  });
  config.spectrocloud.environments.push(...strangers.environments.map(environment =>
    ({ ...environment, tenant: 'sim', apiToken: 'sim-key' })));
  return beside(backstage, config);
}

before(async () => {
  reads = await startSimulator('--seed', '7', '--projects', '14', '--clusters', '60', '--virtual-clusters', '20',
    '--profiles', '30', '--accounts', '52', ...admins(), ...members());
  writes = await startSimulator('--seed', '8', '--projects', '2', '--clusters', '12', '--inherit-tenant-objects',
    '--provision-seconds', '600', ...admins());
  strangers = await unreachable(reads);
  const entities = entitiesOf(await reads.world());
  for (const [name, upstream] of [['patient', { timeout: '20s' }], ['insistent', { timeout: '20s', attempts: 6 }],
    ['hasty', { timeout: '600ms', connectTimeout: '400ms' }]]) {
    const backstage = backstages[name] = await startBackstage();
    backstage.entities.push(...entities);
    services[name] = await startBeside(backstage, settings(name, backstage, upstream));
  }
  all = await findOperations();
  const columns = [...faults.map(fault => fault.column), ...strangers.environments.map(e => e.name)];
  tables = { operation: new Table('operation', columns), action: new Table('action', columns) };
}, { timeout: 120000 });

after(async () => {
  tables?.operation.print();
  tables?.action.print();
  console.log(`\n${made} clusters and tags were tried; the largest the service became: ` +
    Object.entries(services).map(([name, service]) => `${name} ${peakMib(service)} MiB`).join(', '));
  for (const [name, service] of Object.entries(services)) {
    await stopBeside(backstages[name], service); // 0: nothing leaked
    await backstages[name].stop();
  }
  await strangers.stop();
  await reads.stop();
  await writes.stop();
});

// ---- the operations ----

// One that is tried: its name in the table, how it is asked, and whether it writes. member: of some projects only.
// ask(service, lane, change): change.environment, change.name of what is written.
function routes(rows, good) {
  return rows.filter(asksPalette).map(row => ({
    table: 'operation', name: row.operationId, writes: row.responses['201'] !== undefined, ok: [200, 201],
    ask: (service, lane, { environment, name, member }) => {
      const request = good[row.operationId];
      const body = name === undefined ? request.body : JSON.parse(JSON.stringify(request.body)
        .replace(/"made-by-tests[^"]*"/, JSON.stringify(name)));
      return ask(service, row, request, { body, query: environment && { instance: environment },
        headers: { 'X-SpectroCloud-Token': tokenOf(lane, member) } });
    },
    assertError: (answer, status) => assertErrorAnswer(answer, status, row.method),
  }));
}

function tools(actions, inputs, creation) {
  return actions.filter(action => inputs[action.name]).map(({ name: tool }) => ({
    table: 'action', name: tool, named: Object.keys(inputs[tool]).some(n => /^(cluster|profile)Name$/.test(n)), writes: tool === CREATE || TAG_ACTIONS.includes(tool), ok: [200],
    // A creation needs the plan of just that.
    prepare: tool !== CREATE ? undefined : async (service, lane, name) => {
      const input = creation(name);
      const plan = await invoke(service, PLAN, { ...input, instanceName: 'second' },
        { headers: { 'X-SpectroCloud-Token': tokenOf(lane) } });
      assert.equal(plan.status, 200, plan.text);
      return { ...input, planId: plan.json.output.planId };
    },
    ask: (service, lane, { environment, name, prepared, member }) => invoke(service, tool, {
      ...(prepared ?? inputs[tool]), ...(TAG_ACTIONS.includes(tool) && { add: [name], dryRun: false }),
      ...(environment && { instanceName: environment }),
    }, { headers: { 'X-SpectroCloud-Token': tokenOf(lane, member) } }),
    assertError: (answer, status) => {
      assert.equal(answer.status, status, answer.text);
      assertErrorBody(answer, tool);
    },
  }));
}

async function findOperations() {
  const world = await reads.world();
  const second = await writes.world();
  const service = services.patient;
  const { rows } = await operations(service);
  const good = goodRequests(world);
  const create = goodRequests(second);
  for (const name of ['cluster.create', 'virtual_cluster.create']) good[name] = create[name];
  const inputs = { ...goodInputs(world), ...await moreInputs(world, service) };
  const events = good['cluster.events'].path.clusterUid;
  good['cluster.events'].query.limit = 150; // three pages
  for (const uid of new Set([events, inputs.list_spectrocloud_cluster_events.clusterUid]))
    await reads.control('POST', '/world/add-events', { uid, count: 150 });
  const cluster = second.clusters.find(c => c.project && !c.deleted && c.cloudType !== 'nested');
  inputs.update_spectrocloud_cluster_tags = { clusterUid: cluster.uid, projectUid: cluster.project };
  inputs.update_spectrocloud_profile_tags = { profileUid: second.profiles.find(p => p.scope === 'tenant').uid };
  const flat = creationsIn(second).find(c => c.form === 'flat' && c.kind === 'eks');
  const creation = name => ({ cluster: flat.body(name), projectUid: second.projects[0].uid });
  inputs[PLAN] = creation('only-planned');
  inputs[CREATE] = creation('never');
  const actions = await listActions(service);
  const found = [...routes(rows, good), ...tools(actions, inputs, creation)];
  const lists = found.filter(o => /^(cluster|virtual_cluster)\.list$|^user\.projects$|^list_\w+_clusters$/.test(o.name));
  return [...found, ...lists.map(o => ({ ...o, name: `${o.name} (${PROJECTS} projects)`, member: true }))]
    .filter(o => ONLY_OPERATION === undefined || o.name.includes(ONLY_OPERATION));
}

const simulatorOf = operation => (isSecond(operation) ? writes : reads);
const isSecond = operation => operation.writes || operation.name === PLAN;
const environmentOf = operation => (isSecond(operation) ? 'second' : undefined);

// ---- without faults ----

// What an answer says. A plan has an id of its own each time; what could not be checked, or has no price, it tells.
function truthOf({ json, text }) {
  const { planId, price, warnings, ...plan } = json?.output ?? {};
  if (planId === undefined) return json === undefined ? text : canonical(json);
  assert.ok(price !== undefined || warnings?.length > 0, `neither a price nor why: ${text}`);
  return canonical(plan);
}

// The different requests of an operation in their order, each with how often it came: { method, path, project, count }.
async function requestsOf(operation, lane) {
  const seen = new Map();
  for (const { credential, method, path, project } of await simulatorOf(operation).requests()) {
    if (credential !== credentialOf(lane, operation.member)) continue;
    const key = `${method} ${path} ${project}`;
    const request = seen.get(key) ?? { method, path, project: project ?? '', count: 0 };
    request.count++;
    seen.set(key, request);
  }
  return [...seen.values()];
}

async function prepare(operation, lane) {
  const name = operation.writes ? `made-${process.pid}-${++made}` : undefined;
  const prepared = await operation.prepare?.(services.patient, lane, name);
  return { name, prepared, environment: environmentOf(operation), member: operation.member };
}

test('without faults', async t => {
  await reads.forget();
  await writes.forget();
  await inLanes(lanes.slice(0, 1), all, async (operation, lane) => {
    const change = await prepare(operation, lane);
    await simulatorOf(operation).forget();
    const answer = await operation.ask(services.patient, lane, change);
    assert.ok(operation.ok.includes(answer.status), `${operation.name}: ${answer.status} ${answer.text}`);
    assert.equal(answer.json?.warnings, undefined, operation.name);
    operation.truth = operation.writes ? undefined : truthOf(answer);
    operation.requests = await requestsOf(operation, lane);
  });
  await inLanes(lanes, all, async (operation, lane) => {
    const again = await operation.ask(services.patient, lane, await prepare(operation, lane));
    if (!operation.writes) assert.equal(truthOf(again), operation.truth, `${operation.name} differs from itself`);
  });
  const asked = all.filter(o => o.requests.length > 0);
  t.diagnostic(`${all.length} operations, ${asked.length} of which ask Palette; the most requests of one: ` +
    Math.max(...asked.map(o => o.requests.reduce((sum, r) => sum + r.count, 0))));
  all = asked;
  if (ONLY_OPERATION === undefined) {
    assert.ok(all.length > 55, `${all.length}`);
    assert.ok(all.some(o => o.requests.some(r => r.count >= 3)), 'no list has a page in the middle');
    assert.ok(all.some(o => o.requests.length >= PROJECTS), 'no list asks many projects');
  }
});

// ---- with them ----

// Where in an operation one request alone is hit. Of a list that is one project or page in the middle of several; with
// faults that are tried everywhere also the first, second, middle and last of the different requests, and the last page.
function places({ requests }, { everywhere }) {
  const pages = requests.reduce((most, r) => (r.count > most.count ? r : most));
  const last = requests.length - 1;
  const chosen = new Map(); // by what is hit: none twice
  const choose = (request, skip) => chosen.set(`${request.path} ${request.project} ${skip}`, { request, skip });
  if (pages.count > 2) choose(pages, pages.count >> 1);
  if (requests.length >= PROJECTS) choose(requests[last >> 1], 0);
  if (everywhere && (last > 0 || pages.count > 1)) {
    for (const i of [0, 1, last >> 1, last].filter(i => i <= last)) choose(requests[i], 0);
    choose(pages, pages.count - 1);
  }
  return [...chosen.values()];
}

const matchOf = ({ request: { method, path, project } }) => ({ method, pathPrefix: path, project });

// Of a cluster or a tag that was to be made: whether it is there, once.
async function assertWritten(operation, answer, { name }, where) {
  const world = await writes.world();
  if (!TAG_ACTIONS.includes(operation.name)) {
    const count = world.clusters.filter(c => c.name === name && !c.deleted).length;
    assert.ok(count <= 1, `${where}: ${count} clusters`);
    if (answer.status < 300) assert.equal(count, 1, `${where}: told of, and not there`);
    return;
  }
  if (answer.status >= 300) return;
  const tags = JSON.stringify(await taggedObjects());
  assert.ok(tags.includes(name), `${where}: the tag ${name} is not there: ${answer.text}`);
}

async function taggedObjects() {
  const texts = [];
  for (const { path, project } of new Map(all.filter(o => TAG_ACTIONS.includes(o.name)).map(o => [o.name, o.requests[0]])).values())
    texts.push(await (await fetch(writes.url + path, { headers: { ApiKey: 'sim-key', ...(project && { ProjectUid: project }) } })).json());
  return texts;
}

// wanted: statuses of routes. heals: the whole answer is right as well; then it is checked to be whole.
async function assertCell({ operation, fault, change, answer, ms, part }) {
  const where = `${operation.name}, ${fault.column}${part ? `, at ${part.request.method} ${part.request.path} ${part.skip}` : ''}`;
  const { status } = answer;
  assert.ok(ms < REQUEST_TIMEOUT_MS[fault.service] + MARGIN_MS, `${where}: ${ms} ms`);
  if (operation.writes) await assertWritten(operation, answer, change, where);
  if (operation.ok.includes(status)) {
    if (fault.fine?.test(operation.name) || (fault.column === 'short' && isCut(operation, answer))) return status;
    assert.ok(fault.heals || part, `${where}: ${status} ${answer.text.slice(0, 600)}`);
    if (!operation.writes)
      assert.equal(truthOf(answer), operation.truth, `${where}: an answer that is not whole: ${answer.text.slice(0, 2000)}`);
    return status;
  }
  bodies.push(answer.text);
  const right = operation.table === 'action' ? fault.wanted.map(() => 503) : fault.wanted; // as Backstage passes it on
  assert.ok(right.includes(status), `${where}: ${status} ${answer.text}`);
  try {
    operation.assertError(answer, status);
  } catch (error) {
    error.message = `${where}: ${error.message}`;
    throw error;
  }
  if (fault.column === '429') assert.ok(Number(answer.headers['retry-after']) > 0, where);
  return status;
}

// A file that came as long as it was said to be: nothing tells that there should have been more of it. JSON tells.
const isCut = ({ truth, name }, { text, json }) => /kubeconfig/.test(name) && (json === undefined
  ? truth.startsWith(text) : truth.includes(JSON.stringify(json.output.kubeconfig).slice(0, -1)));

async function runCell(service, lane, { operation, fault, part, environment }, rule) {
  const simulator = simulatorOf(operation);
  const credential = credentialOf(lane, operation.member);
  const change = await prepare(operation, lane);
  if (environment) change.environment = environment;
  if (rule) await simulator.fault({ ...rule, match: { ...rule.match, credential } });
  const begun = Date.now();
  const answer = await operation.ask(service, lane, change);
  const ms = Date.now() - begun;
  if (rule) await simulator.control('DELETE', `/faults?credential=${credential}`);
  const status = await assertCell({ operation, fault, change, answer, ms, part });
  tables[operation.table].note(operation.name, fault.column, status);
}

// All cells run, whatever fails; the failures are told together.
async function runCells(service, cells, ruleOf) {
  const failures = [];
  await inLanes(lanes, cells, async (cell, lane) => {
    await runCell(service, lane, cell, ruleOf?.(cell)).catch(error => failures.push(error));
  });
  if (failures.length > 0)
    assert.fail(`${failures.length} of ${cells.length} cells:\n${failures.slice(0, 30).map(e => e.message).join('\n')}`);
}

// As many requests at once as there are workers, each of which Palette holds for a moment: all of them come to
// Palette while the first is still there. So no worker is stuck, and nothing stands before them in the queue.
async function assertWell(service) {
  const health = await service.request('GET', '/api/spectrocloud/health', { token: null });
  assert.deepEqual([health.status, health.json], [200, { status: 'ok' }]);
  const held = [{ simulator: reads, environment: 'first', count: SHARE },
    { simulator: writes, environment: 'second', count: WORKERS - SHARE }];
  let delay = 100; // ms
  await until(async () => {
    delay = Math.min(delay * 2, service === services.hasty ? 400 : 3200);
    for (const { simulator } of held) {
      await simulator.forget();
      await simulator.fault({ match: { pathPrefix: '/v1', credential: 'key:0' }, fault: 'delay', ms: delay });
    }
    const asked = held.flatMap(({ environment, count }) => Array.from({ length: count }, () =>
      service.request('GET', `/api/spectrocloud/users/sshkeys?instance=${environment}`)));
    const statuses = new Set((await Promise.all(asked)).map(answer => answer.status));
    for (const { simulator } of held) await simulator.control('DELETE', '/faults?credential=key:0');
    const most = await Promise.all(held.map(async ({ simulator }) => (await simulator.stats()).maxConcurrent));
    return statuses.size === 1 && statuses.has(200) && held.every(({ count }, i) => most[i] >= count);
  }, 'all workers answer', 30000);
}

const peakMib = service => Math.round(Number(readFileSync(`/proc/${service.pid}/status`, 'latin1').match(/VmHWM:\s+(\d+)/)[1]) / 1024);

for (const fault of faults) {
  if (ONLY_COLUMN && fault.column !== ONLY_COLUMN) continue;
  test(`${fault.column}: ${JSON.stringify(fault.rule).slice(0, 60)}`, async t => {
    const service = services[fault.service];
    const cells = [];
    for (const operation of all) {
      cells.push({ operation, fault });
      for (const part of places(operation, fault)) cells.push({ operation, fault, part });
    }
    const begun = Date.now();
    try {
      await runCells(service, cells, ({ part }) => (part ? { ...fault.rule, skip: part.skip, match: matchOf(part) }
        : { ...fault.rule, match: { pathPrefix: '/v1' } }));
    } finally {
      await reads.heal();
      await writes.heal();
      t.diagnostic(`${cells.length} cells in ${Date.now() - begun} ms; the service's peak: ${peakMib(service)} MiB`);
    }
    await assertWell(service);
  });
}

test('Palettes that nobody reaches', async t => {
  if (ONLY_COLUMN && !strangers.environments.some(e => e.name === ONLY_COLUMN)) return;
  let count = 0;
  for (const { name } of strangers.environments) {
    if (ONLY_COLUMN && name !== ONLY_COLUMN) continue;
    // Where nothing is said the wait ends: for a connection usually, for the answer on a busy machine.
    const fault = name === 'handshake' ? { column: name, wanted: [502, 504], service: 'hasty' }
      : { column: name, wanted: [502], service: 'patient' };
    // What the catalog has is in one environment only, and a plan is of one.
    const cells = all.filter(o => !o.member && !o.prepare && !o.named).map(operation => ({ operation, environment: name, fault }));
    await runCells(services[fault.service], cells);
    count += cells.length;
  }
  assert.equal(strangers.asked(), 0, 'a request went to somebody who is not Palette');
  t.diagnostic(`${count} cells`);
  await assertWell(services.patient);
  await assertWell(services.hasty);
});

test('nothing of it stays', async () => {
  for (const operation of all.filter(o => !o.writes)) {
    const answer = await operation.ask(services.hasty, lanes[0], { environment: environmentOf(operation), member: operation.member });
    assert.equal(truthOf(answer), operation.truth, operation.name);
  }
  // Under the sanitizer what was freed stays for a while; an answer of 100 MiB for each lane would still be seen.
  for (const service of Object.values(services)) assert.ok(peakMib(service) < 1024, `${peakMib(service)} MiB`);
  const written = bodies.join('\n') + Object.values(services).map(service => service.log()).join('\n');
  for (const secret of ['sim-secret', 'sim-key', '-of-lane-', TOKEN, TRUSTED])
    assert.ok(!written.includes(secret), `${secret} was written`);
});
