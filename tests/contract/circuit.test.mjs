// A Palette that does not answer: after some failures in a row nothing is sent there for a while, whoever asks is told
// so at once, and one request finds out whether it is back. Other environments and the service itself go on.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { configuration, freePort, goodRequests, startService, startSimulator } from './harness.mjs';

const FAILURES = 5;
const AWAY = { match: { pathPrefix: '/v1' }, fault: 'reset', bytes: 0 };

let first;
let second;
let world;
let good;

before(async () => {
  [first, second] = await Promise.all(['7', '8'].map(seed =>
    startSimulator('--seed', seed, '--projects', '12', '--clusters', '60')));
  world = await first.world();
  good = goodRequests(world);
});

after(() => Promise.all([first.stop(), second.stop()]));

async function start(t, upstream, simulators = [first, second]) {
  const service = await startService(configuration(simulators, { upstream: { attempts: 1, ...upstream } }));
  t.after(async () => assert.equal(await service.stop(), 0, service.log()));
  t.after(() => first.heal());
  await first.forget();
  return service;
}

const get = (service, path) => service.request('GET', `/api/spectrocloud${path}`);
const query = object => `?${new URLSearchParams(Object.entries(object).filter(([, v]) => v !== undefined))}`;

function readCluster(service, more = {}) {
  const { path, query: scope } = good['cluster.get'];
  return get(service, `/clusters/${path.clusterUid}${query({ ...scope, ...more })}`);
}

// A read that sends one request.
const readProjects = (service, more = {}) => get(service, `/projects${query(more)}`);

// It takes more than one thing that fails.
async function open(service) {
  for (let i = 0; i < FAILURES; i++)
    assert.equal((await (i === 0 ? readProjects(service) : readCluster(service))).status, 502);
}

function assertRefused(answer) {
  assert.equal(answer.status, 503, answer.text);
  assert.match(answer.headers['retry-after'], /^[1-9]\d*$/);
  assert.match(answer.json.error.message, /environment first/);
}

const sent = async () => (await first.requests()).length;
const times = (service, event) => service.log().split(event).length - 1;

async function until(condition, what) {
  const end = Date.now() + 30000;
  while (!await condition()) {
    assert.ok(Date.now() < end, what);
    await new Promise(done => setTimeout(done, 50));
  }
}

test('after some failures nothing is sent, and calls are answered at once', async t => {
  const service = await start(t, { circuitPause: '1h' });
  await first.fault(AWAY);
  await open(service);
  assert.equal(await sent(), FAILURES);
  for (let i = 0; i < 20; i++) assertRefused(await readCluster(service));
  const { headers } = await readProjects(service);
  assert.ok(headers['retry-after'] > 3500 && headers['retry-after'] <= 4501, headers['retry-after']);
  assertRefused(await get(service, '/clusters')); // a list is not shortened
  assert.equal(await sent(), FAILURES);
  assert.equal(times(service, 'circuit.opened'), 1);
  assert.equal(times(service, 'circuit.closed'), 0);
});

test('lists alone open it, whoever asks', async t => {
  const service = await start(t, { circuitPause: '1h' });
  await first.fault({ match: { pathPrefix: '/v1' }, fault: 'status', status: 502 });
  for (const path of ['/clusters', '/virtualclusters', '/clusters', '/users/me/projects', '/clusters'].slice(0, FAILURES))
    assert.equal((await get(service, path)).status, 502, path);
  for (const path of ['/clusters', '/projects']) assertRefused(await get(service, path));
  assertRefused(await readCluster(service));
  assert.equal(await sent(), FAILURES);
  assert.equal(times(service, 'circuit.opened'), 1);
});

test('one cluster that cannot be read opens nothing', async t => {
  const service = await start(t, { circuitPause: '1h' });
  await first.fault({ match: { pathPrefix: '/v1' }, fault: 'status', status: 502 });
  for (let i = 0; i < FAILURES * 3; i++) assert.equal((await readCluster(service)).status, 502);
  assert.equal(await sent(), FAILURES * 3);
  assert.equal(times(service, 'circuit.opened'), 0);
});

test('what was refused was certainly not done', async t => {
  const service = await start(t, { circuitPause: '1h' });
  const { query: scope, body } = good['cluster.create'];
  await first.fault(AWAY);
  await open(service);
  const answer = await service.request('POST', `/api/spectrocloud/clusters${query(scope)}`,
    { body: JSON.stringify(body) });
  assertRefused(answer);
  assert.doesNotMatch(answer.text, /may have|maybe/);
  assert.equal(await sent(), FAILURES);
});

test('another environment and the service itself are not affected', async t => {
  const service = await start(t, { circuitPause: '1h' });
  await first.fault(AWAY);
  await open(service);
  assertRefused(await readCluster(service));
  const other = await readProjects(service, { instance: 'second' });
  assert.equal(other.status, 200, other.text);
  assert.equal((await get(service, '/health')).status, 200);
  for (const name of ['readiness', 'liveness'])
    assert.equal((await service.request('GET', `/.backstage/health/v1/${name}`)).status, 200);
});

test('the next requests find out whether it is back', async t => {
  const service = await start(t, { circuitPause: '200ms' });
  await first.fault(AWAY);
  await open(service);
  await until(async () => await sent() > FAILURES + 1 || (await readCluster(service)) && false, 'nothing was tried');
  assert.equal(times(service, 'circuit.closed'), 0);
  await first.heal();
  await until(async () => (await readCluster(service)).status === 200, 'it stays open');
  for (let i = 0; i < 10; i++) assert.equal((await readCluster(service)).status, 200);
  assert.equal(times(service, 'circuit.opened'), 1);
  assert.equal(times(service, 'circuit.closed'), 1);
});

test("what Palette itself says opens nothing", async t => {
  const service = await start(t, { circuitPause: '1h' });
  for (const status of [500, 429, 404]) {
    await first.fault({ match: { pathPrefix: '/v1' }, fault: 'status', status });
    for (let i = 0; i < FAILURES + 3; i++) await readCluster(service);
    await first.heal();
    assert.equal((await readCluster(service)).status, 200);
  }
  assert.equal(times(service, 'circuit.opened'), 0);
});

test('with circuitFailures 0 all are sent', async t => {
  const service = await start(t, { circuitFailures: 0 });
  await first.fault(AWAY);
  for (let i = 0; i < FAILURES * 3; i++) assert.equal((await readCluster(service)).status, 502);
  assert.equal(await sent(), FAILURES * 3);
});

test('a Palette that is gone comes back', async t => {
  const options = ['--seed', '9', '--projects', '3', '--clusters', '9', '--listen', `127.0.0.1:${await freePort()}`];
  let simulator = await startSimulator(...options);
  t.after(() => simulator.stop());
  const service = await start(t, { circuitPause: '200ms' }, [simulator]);
  assert.equal((await readProjects(service)).status, 200);
  await simulator.stop();
  await until(async () => (await readProjects(service)).status === 503, 'it does not open');
  simulator = await startSimulator(...options);
  await until(async () => (await readProjects(service)).status === 200, 'it stays open');
});
