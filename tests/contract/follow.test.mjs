// The events of a cluster, listed and followed: from its creation until it runs, fails or is gone; what becomes of
// the stream when Palette, the caller's rights, the client or the service fail meanwhile.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';

import { beside, requestLine, sleep, startBackstage, startBeside, stopBeside, until, userToken } from './backstage.mjs';
import { follow, leaveAll } from './follow.mjs';
import { RESTRICTED, TRUSTED, configuration, startService, startSimulator } from './harness.mjs';

const STEPS = ['ImageResolutionDone', 'CloudInfrastructureReady', 'BootstrappingDone', 'ControlPlaneNodeAdditionDone',
  'WorkerNodeAdditionDone', 'AddOnDeploymentDone', 'KubeConfigReady'];
const SESSION = 'session-of-ada';
const SETTINGS = { follow: { interval: '1s', keepAlive: '1s', recheck: '1s', patience: '4s' },
  upstream: { retryDelay: '1ms', attempts: 1, timeout: '2s', circuitFailures: 0 } };

let simulator;
let world;
let service;

before(async () => {
  simulator = await startSimulator('--seed', '5', '--projects', '2', '--clusters', '80', '--virtual-clusters', '4',
    '--provision-seconds', '4', '--session-token', SESSION);
  world = await simulator.world();
  service = await startService(configuration([simulator], SETTINGS));
});

after(async () => {
  assert.equal(await service.stop(), 0, service.log());
  await simulator.stop();
});

afterEach(async () => {
  leaveAll();
  await simulator.heal();
});

let made = 0;
async function create(to = service, project = world.projects[0].uid) {
  const account = world.accounts.find(a => a.type === 'aws').uid;
  const profile = world.profiles.find(p => p.project === null && p.type === 'infra') ??
    world.profiles.find(p => p.project === null);
  const answer = await to.request('POST', `/api/spectrocloud/clusters?projectUid=${project}`, { body: JSON.stringify({
    metadata: { name: `followed-${++made}` },
    spec: { cloudType: 'eks', cloudAccountUid: account, cloudConfig: { region: 'us-east-1' },
      machinepoolconfig: [{ cloudConfig: { instanceType: 't3.large', rootDeviceSize: 60 },
        poolConfig: { name: 'workers', size: 1, labels: ['worker'] } }],
      profiles: [{ uid: profile.uid }] } }) });
  assert.equal(answer.status, 201, answer.text);
  return { uid: answer.json.uid, project };
}

const existing = state => world.clusters.find(c => c.state === state && c.project && c.cloudType !== 'nested');
const events = (cluster, query = '') => service.request('GET',
  `/api/spectrocloud/clusters/${cluster.uid}/events?projectUid=${cluster.project}${query}`);
const told = async cluster => (await events(cluster, '&limit=1000')).json.events.map(e => e.metadata.uid).reverse();
const tell = (cluster, more = {}) => simulator.control('POST', '/world/add-events', { uid: cluster.uid, ...more });
const set = (cluster, change) => simulator.control('POST', '/world/set-cluster', { uid: cluster.uid, ...change });
const about = cluster => simulator.requests().then(list => list.filter(r => r.path.includes(cluster.uid)));

// One that no other test has: it stays as it is until the test says otherwise, with its 120 events.
const untouched = () => world.clusters.filter(c => c.project && c.cloudType !== 'nested' && !c.deleted).reverse();
let taken = 0;
async function still() {
  const cluster = untouched()[taken++];
  await set(cluster, { state: 'Provisioning' });
  return cluster;
}

// ---- the list ----

test('the list has the newest first, so many as are asked for', async () => {
  const cluster = existing('Running');
  const all = (await events(cluster)).json.events;
  assert.equal(all.length, 100);
  const times = all.map(e => Date.parse(e.metadata.creationTimestamp));
  assert.deepEqual(times, [...times].sort((a, b) => b - a));
  assert.deepEqual((await events(cluster, '&limit=7')).json.events, all.slice(0, 7));
  assert.equal((await events(cluster, '&limit=1000')).json.events.length, 120);
  for (const limit of ['0', '1001', 'x', '1.5', '-1']) {
    const refused = await events(cluster, `&limit=${limit}`);
    assert.equal(refused.status, 400, refused.text);
    assert.match(refused.json.error.message, /limit.*must be a whole number from 1 to 1000/);
  }
  assert.equal((await events(cluster, '&follow=maybe')).status, 400);
  assert.equal((await events(cluster, '&follow=false')).status, 200);
});

// ---- the whole life ----

test('from the creation until it runs: every step, every event, each once, in order', async () => {
  const cluster = await create();
  const stream = await follow(service, cluster);
  assert.equal(stream.headers['content-type'], 'text/event-stream');
  assert.equal(stream.headers['cache-control'], 'no-store');
  const end = await stream.end();
  assert.equal(stream.fault, undefined);
  assert.deepEqual(end, { reason: 'running', state: 'Running', message: 'The cluster runs', mayReconnect: false });
  assert.deepEqual(stream.states(), ['Provisioning', 'Running']);
  assert.deepEqual(stream.of('state')[1].previous, 'Provisioning');
  assert.equal(stream.of('state')[0].previous, null);
  assert.equal(stream.events[0].type, 'state');
  assert.equal(stream.events.at(-1).type, 'end');
  assert.deepEqual(stream.retries, [3000]);
  for (const type of STEPS) {
    const changes = stream.of('condition').filter(c => c.type === type);
    assert.equal(changes.at(-1)?.status, 'True', type);
    assert.ok(changes.length <= 2, type);
  }
  assert.deepEqual(stream.uids(), await told(cluster));
  const times = stream.of('component').map(e => Date.parse(e.time));
  assert.deepEqual(times, [...times].sort((a, b) => a - b));
  assert.ok(stream.of('component').some(e => e.message.includes('\n')), 'a message of several lines');
});

test('a cluster that runs already: the state, the conditions, the newest events, the end', async () => {
  const cluster = existing('Running');
  const stream = await follow(service, cluster, { query: '&limit=5' });
  assert.equal((await stream.end()).reason, 'running');
  assert.deepEqual([...new Set(stream.events.map(e => e.type))], ['state', 'condition', 'component', 'end']);
  assert.deepEqual(stream.uids(), (await told(cluster)).slice(-5));
});

test('whoever follows without the session that they named is told to sign in again', async () => {
  const named = { token: TRUSTED, headers: { 'x-spectrocloud-user-email': 'nobody@example.com' } };
  for (const [options, wanted] of [[named, 'true'], [{ token: TRUSTED }, undefined]]) {
    const stream = await follow(service, existing('Running'), options);
    assert.equal(stream.status, 200, stream.text);
    assert.equal(stream.headers['x-spectrocloud-reauth-required'], wanted);
    stream.leave();
  }
});

test('virtual clusters are followed by the same route', async () => {
  const cluster = world.clusters.find(c => c.cloudType === 'nested' && c.state === 'Running');
  assert.equal((await (await follow(service, cluster)).end()).reason, 'running');
});

test('a cluster that fails: its condition says why', async () => {
  const cluster = await create();
  const stream = await follow(service, cluster);
  await stream.until('condition', 1);
  await simulator.control('POST', '/world/fail-cluster', { uid: cluster.uid, reason: 'NoQuota', message: 'none "left"\n' });
  const end = await stream.end();
  assert.equal(end.reason, 'failed');
  assert.equal(end.mayReconnect, false);
  const { reason, message, status } = stream.of('condition').at(-1);
  assert.deepEqual([reason, message, status], ['NoQuota', 'none "left"\n', 'False']);
  assert.equal(stream.of('component').at(-1).reason, 'ProvisioningFailed');
});

test('a cluster that is deleted: with state Deleted, or with 404', async () => {
  for (const gone of [
    c => simulator.control('POST', '/world/delete-cluster', { uid: c.uid }),
    c => simulator.fault({ match: { pathContains: c.uid }, fault: 'status', status: 404 })]) {
    const cluster = await create();
    const stream = await follow(service, cluster);
    await set(cluster, { state: 'Deleting' });
    await until(() => stream.states().includes('Deleting'), 'Deleting');
    await gone(cluster);
    assert.deepEqual(await stream.end(), { reason: 'deleted', state: 'Deleted', message: 'The cluster is deleted',
      mayReconnect: false });
    assert.equal(stream.states().at(-1), 'Deleted');
    await simulator.heal();
  }
});

test('what fails at the start is an ordinary error', async () => {
  const cluster = existing('Running');
  const unknown = await follow(service, { ...cluster, uid: 'nosuchcluster' });
  assert.equal(unknown.status, 404, unknown.text);
  assert.equal(unknown.json.error.name, 'NotFoundError');
  assert.equal((await follow(service, cluster, { token: RESTRICTED })).status, 403);
  assert.equal((await follow(service, cluster, { query: '&instance=nosuch' })).status, 400);
  assert.equal((await follow(service, cluster, { query: '&limit=x' })).status, 400);
  const id = await follow(service, cluster, { lastEventId: 'made up' });
  assert.equal(id.status, 400);
  assert.match(id.json.error.message, /Last-Event-ID/);
  await simulator.fault({ match: { pathContains: cluster.uid }, fault: 'status', status: 500 });
  assert.equal((await follow(service, cluster)).status, 502);
  await simulator.heal();
});

// ---- each event once ----

test('whoever comes back gets what they missed, and nothing twice', async () => {
  const cluster = await still();
  const before = await told(cluster);
  const first = await follow(service, cluster, { query: '&limit=3' });
  await first.until('component', 3);
  assert.deepEqual(first.uids(), before.slice(-3));
  await tell(cluster, { count: 20 });
  await first.until('component', 23);
  first.leave();
  await tell(cluster, { count: 70, message: 'while nobody listened' }); // more than a page, of one moment
  const second = await follow(service, cluster, { lastEventId: first.id });
  await second.until('component', 70);
  await sleep(1500);
  assert.deepEqual([...first.uids(), ...second.uids()], (await told(cluster)).slice(-93));
  second.leave();
  const third = await follow(service, cluster, { lastEventId: second.id });
  await sleep(1500);
  assert.deepEqual(third.uids(), []);
  assert.deepEqual(third.states(), ['Provisioning'], 'state and conditions come at once all the same');
  third.leave();
});

test('an event that comes to light late is told, though later ones were', async () => {
  const cluster = await still();
  const stream = await follow(service, cluster, { query: '&limit=1' });
  await tell(cluster, { count: 2, message: 'in time' });
  await stream.until('component', 3);
  await tell(cluster, { count: 1, at: Date.now() - 10000, message: 'late' });
  const component = await stream.until('component', 4);
  assert.deepEqual(component.slice(1).map(e => e.message), ['in time', 'in time', 'late']);
  await sleep(1500);
  assert.equal(stream.uids().length, 4);
  stream.leave();
});

test('a time in the future hides nothing that follows', async () => {
  const cluster = await still();
  const stream = await follow(service, cluster, { query: '&limit=1' });
  await tell(cluster, { at: Date.UTC(2999, 1), message: 'from the future' });
  await until(() => stream.of('component').some(e => e.message === 'from the future'), 'the future');
  await tell(cluster, { message: 'after it' });
  await until(() => stream.of('component').some(e => e.message === 'after it'), 'after the future');
  assert.equal(new Set(stream.uids()).size, stream.uids().length);
  stream.leave();
});

// ---- Palette fails ----

test('Palette fails for a while: told once, then it goes on', async () => {
  for (const fault of [{ fault: 'status', status: 503 }, { fault: 'status', status: 429 }, { fault: 'garbage' },
    { fault: 'reset', bytes: 0 }, { fault: 'status', status: 403 }]) {
    const cluster = await still();
    const stream = await follow(service, cluster, { query: '&limit=1' });
    await stream.until('component', 1);
    await simulator.fault({ match: { pathContains: cluster.uid }, ...fault });
    await until(() => stream.of('trouble').length, `trouble of ${JSON.stringify(fault)}`, 20000);
    await simulator.heal();
    await tell(cluster, { message: 'meanwhile' });
    await until(() => stream.of('component').at(-1).message === 'meanwhile', JSON.stringify(fault));
    assert.equal(stream.of('trouble').length, 1);
    assert.equal(typeof stream.of('trouble')[0].message, 'string');
    stream.leave();
  }
});

test('Palette fails for too long: the end, and leave to come back', async () => {
  for (const fault of [{ fault: 'status', status: 502 }, { fault: 'hang' }]) {
    const cluster = await still();
    const stream = await follow(service, cluster, { query: '&limit=1' });
    await simulator.fault({ match: { pathContains: cluster.uid }, ...fault });
    const end = await stream.end();
    assert.deepEqual([end.reason, end.state, end.mayReconnect], ['unreachable', 'Provisioning', true]);
    await simulator.heal();
  }
});

// ---- the client ----

test('the client leaves: nothing is asked any more, not even what hangs', async () => {
  const cluster = await still();
  const stream = await follow(service, cluster);
  stream.leave();
  const line = await requestLine(service, stream);
  assert.match(line, /ended="left"/);
  await simulator.forget();
  await sleep(2500);
  assert.deepEqual(await about(cluster), []);

  const other = await follow(service, cluster);
  await simulator.fault({ match: { pathContains: cluster.uid }, fault: 'hang' });
  await until(async () => (await about(cluster)).some(r => r.status === 0), 'a request that hangs');
  const left = Date.now();
  other.leave();
  await requestLine(service, other);
  assert.ok(Date.now() - left < 500, `${Date.now() - left} ms`);
  await simulator.heal();
});

test('while nothing happens, comments show that the stream lives', async () => {
  const cluster = await still();
  const stream = await follow(service, cluster, { query: '&limit=1' });
  await until(() => stream.comments.length >= 3, 'three comments');
  assert.match(stream.comments[0].text, /^: /);
  stream.leave();
});

test('a client that does not read is ended', async () => {
  const cluster = await still();
  const stream = await follow(service, cluster, { query: '&limit=1', read: false });
  stream.response.pause();
  // More than waits for it and than the sockets take.
  for (let i = 0; i < 12; i++) {
    await tell(cluster, { count: 900, message: 'x'.repeat(4000) });
    await sleep(1100);
    if (service.log().includes(` request=${stream.headers['x-request-id']} operation`)) break;
  }
  assert.match(await requestLine(service, stream), /ended="left"/);
  stream.leave();
});

// ---- how many ----

test('64 follow, one more may not; plain requests are answered, and a place that is free is taken', async () => {
  const many = await startService(configuration([simulator], { ...SETTINGS, server: { workers: 2 } }));
  const cluster = await still();
  const streams = await Promise.all(Array.from({ length: 64 }, () => follow(many, cluster, { query: '&limit=1' })));
  assert.deepEqual([...new Set(streams.map(s => s.status))], [200]);
  await Promise.all(streams.map(s => s.until('component')));
  const refused = await follow(many, cluster);
  assert.equal(refused.status, 503, refused.text);
  assert.ok(Number(refused.headers['retry-after']) > 0);
  assert.match(refused.json.error.message, /spectrocloud\.follow\.most/);
  const started = Date.now();
  const plain = await many.request('GET',
    `/api/spectrocloud/clusters/${cluster.uid}/events?projectUid=${cluster.project}`);
  assert.equal(plain.status, 200);
  assert.ok(Date.now() - started < 2000);
  streams[7].leave();
  await until(async () => (await follow(many, cluster).then(s => (s.leave(), s.status))) === 200, 'a free place');

  // The end of the service: all are told, at once.
  const stopping = Date.now();
  const code = many.stop();
  const ends = await Promise.all(streams.filter((_, i) => i !== 7).map(s => s.end()));
  assert.deepEqual([...new Set(ends.map(e => `${e.reason} ${e.mayReconnect}`))], ['closing true']);
  assert.equal(await code, 0, many.log());
  assert.ok(Date.now() - stopping < 5000, `${Date.now() - stopping} ms`);
});

// ---- the caller's rights ----

async function withBackstage(run, settings = {}, options) {
  const backstage = await startBackstage();
  backstage.emails = { 'user:default/ada': 'ada@example.com' };
  const config = beside(backstage, configuration([simulator], { ...SETTINGS, permissions: { cacheTtl: '0s' }, ...settings }),
    options);
  const own = await startBeside(backstage, config);
  const user = change => userToken(backstage.users[0], { sub: 'user:default/ada', ...change });
  try {
    await run({ backstage, own, user });
  } finally {
    leaveAll();
    await stopBeside(backstage, own);
    await backstage.stop();
  }
}

test('a permission that is withdrawn ends it; one that cannot be asked for a while does not', () => withBackstage(
  async ({ backstage, own, user }) => {
    const cluster = await still();
    const stream = await follow(own, cluster, { token: user(), query: '&limit=1' });
    await stream.until('component');
    backstage.mood.permission = ({ response }) => response.destroy();
    await stream.until('trouble');
    await tell(cluster, { message: 'not for everybody' });
    await sleep(1500);
    assert.ok(!stream.text.includes('not for everybody'), 'nothing is told while nobody can say who may');
    backstage.mood.permission = null;
    await until(() => stream.text.includes('not for everybody'), 'it goes on');
    backstage.decide = () => 'DENY';
    const end = await stream.end();
    assert.deepEqual([end.reason, end.mayReconnect], ['denied', false]);
    assert.match(end.message, /denied/);
    assert.equal((await follow(own, cluster, { token: user() })).status, 403);
  }));

test('the caller\'s token ends: so does the stream', () => withBackstage(async ({ own, user }) => {
  const stream = await follow(own, await still(), { token: user({ exp: Math.floor(Date.now() / 1000) + 3 }) });
  const end = await stream.end();
  assert.deepEqual([end.reason, end.mayReconnect], ['expired', true]);
}));

test('Palette no longer takes the user\'s session, or it is ended: signed-out', () => withBackstage(
  async ({ own, user }) => {
    const email = encodeURIComponent('ada@example.com');
    const route = `/api/spectrocloud/session-tokens/${email}`;
    const put = () => own.request('PUT', route, { token: TRUSTED, body: JSON.stringify({ token: SESSION }) });
    const headers = { 'x-spectrocloud-user-email': 'ada@example.com' };
    for (const finish of [
      () => simulator.control('POST', '/world/revoke', { credential: 'session:0' }),
      () => own.request('DELETE', route, { token: TRUSTED })]) {
      await simulator.control('POST', '/world/revoke', { credential: 'session:0', revoked: false });
      assert.equal((await put()).status, 200);
      await simulator.forget();
      const cluster = await still();
      const stream = await follow(own, cluster, { token: user(), headers, query: '&limit=1' });
      await stream.until('component');
      await finish();
      const end = await stream.end();
      assert.deepEqual([end.reason, end.requiresReAuth, end.mayReconnect], ['signed-out', true, false]);
      const asked = new Set((await about(cluster)).map(r => r.credential));
      assert.deepEqual([...asked], ['session:0'], 'nothing was asked with another token');
    }
  }, {}, { permission: { enabled: false } }));
