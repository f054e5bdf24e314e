// From the start to the end: requests wait until the keys of users are there, and go on being answered while the
// service says that it leaves.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
  assertNoTokenIn, assertRefused, beside, gate, moods, readiness, sleep, startBackstage, startBeside, stopBeside, until,
  userToken,
} from './backstage.mjs';
import { TOKEN, configuration, startService, startSimulator } from './harness.mjs';

const JWKS = '/api/spectrocloud/.backstage/auth/v1/jwks.json';
const NOT_STARTED = { message: 'Backend has not started yet', status: 'error' };
const LEAVING = { message: 'Backend is shutting down', status: 'error' };

let simulator;
let backstage;

before(async () => {
  simulator = await startSimulator('--seed', '3', '--clusters', '4');
  backstage = await startBackstage();
});

after(async () => {
  await backstage.stop();
  await simulator.stop();
});

// lifecycle: Backstage's own settings.
function config(lifecycle, more = {}) {
  const made = beside(backstage, configuration([simulator], more));
  made.backend.lifecycle = lifecycle;
  return made;
}

const get = (service, path, token = null) => service.request('GET', path, { token });
const projects = (service, token = TOKEN) => get(service, '/api/spectrocloud/projects', token);

async function assertAnswered(service, what, status, body) {
  const answer = await what;
  assert.equal(answer.status, status, answer.text);
  if (body) assert.deepEqual(answer.json, body);
}

// What is answered in every phase.
async function assertAlways(service) {
  assert.equal((await get(service, JWKS)).json.keys.length, 1);
  for (const path of ['/.backstage/health/v1/liveness', '/api/spectrocloud/health'])
    await assertAnswered(service, get(service, path), 200, { status: 'ok' });
}

// ---- the start ----

// Runs with a service whose start waits for the keys of users until the gate is opened.
async function starting(made, run) {
  const closed = gate();
  backstage.mood.users = closed.mood;
  backstage.serves(null);
  const service = await startService(made);
  backstage.serves(service);
  await run(service, closed);
  closed.open();
  backstage.mood.users = null;
  await stopBeside(backstage, service);
}

// Backstage fetches our keys while it answers what the start waits for.
test('however many requests wait for the start, the keys are answered', () =>
  starting(config({ startupRequestPauseTimeout: '20s' }, { server: { workers: 2 } }), async (service, closed) => {
    const pending = Array.from({ length: 8 }, () => projects(service));
    await sleep(200);
    await assertAlways(service);
    closed.open();
    for (const answer of pending) await assertAnswered(service, answer, 200);
  }));

test('while it starts, requests wait for it, and what tells so is answered', () =>
  starting(config({}), async (service, closed) => {
    await assertAnswered(service, readiness(service), 503, NOT_STARTED);
    await assertAlways(service);
    let answered = 0;
    const pending = [
      projects(service), projects(service, userToken(backstage.users[0])), projects(service, null),
      get(service, '/api/spectrocloud/no-such-route', TOKEN),
    ].map(p => p.finally(() => { answered++; }));
    await sleep(800);
    assert.equal(answered, 0);
    await assertAnswered(service, readiness(service), 503, NOT_STARTED);
    await assertAlways(service);
    closed.open();
    const statuses = (await Promise.all(pending)).map(a => a.status);
    assert.deepEqual(statuses, [200, 200, 401, 404]);
    await assertAnswered(service, readiness(service), 200, { status: 'ok' });
  }));

test('it waits no longer than startupRequestPauseTimeout', () =>
  starting(config({ startupRequestPauseTimeout: '400ms' }), async (service, closed) => {
    for (const token of [TOKEN, userToken(backstage.users[0]), null, 'a-wrong-token']) {
      const started = Date.now();
      const answer = await projects(service, token);
      const took = Date.now() - started;
      assertRefused(answer, 503, 'Service has not started up yet');
      assert.ok(Number(answer.headers['retry-after']) > 0);
      assert.ok(took >= 350 && took < 1500, `${took} ms`);
    }
    await assertAlways(service);
    closed.open();
    await until(async () => (await readiness(service)).status === 200, 'started');
    await assertAnswered(service, projects(service, userToken(backstage.users[0])), 200);
  }));

test('keys that do not come are waited for as long as for any answer of Backstage; then it serves without', () =>
  starting(config({}, { backstage: { timeout: '600ms' } }), async (service, closed) => {
    const started = Date.now();
    await assertAnswered(service, projects(service), 200);
    assert.ok(Date.now() - started < 3000, `${Date.now() - started} ms`);
    assert.match(service.log(), / warn +keys\.unavailable url="\S+\/api\/auth\/\.well-known\/jwks\.json" /);
    assertRefused(await projects(service, userToken(backstage.users[0])), 401,
      "Failed user token verification; caused by JWKSTimeout: the issuer's keys could not be fetched");
    closed.open();
    await until(async () => (await projects(service, userToken(backstage.users[0]))).status === 200, 'the keys');
  }));

test('a stop while it starts ends it', async () => {
  backstage.mood.users = moods.hangs;
  backstage.serves(null);
  const service = await startService(config({}, { backstage: { timeout: '2s' } }));
  backstage.serves(service);
  const waiting = projects(service).catch(error => error);
  await sleep(100);
  const started = Date.now();
  assert.equal(await service.stop(), 0, service.log());
  assert.ok(Date.now() - started < 4000, `${Date.now() - started} ms`);
  const answer = await waiting;
  assert.ok(answer instanceof Error || [200, 503].includes(answer.status), answer.text);
  backstage.mood.users = null;
});

// ---- the end ----

// Says that it ends; resolves with the exit status.
const leave = service => {
  process.kill(service.pid, 'SIGTERM');
  return service.ended();
};

test('during serverShutdownDelay it is not ready, and serves', async () => {
  const service = await startBeside(backstage, config({ serverShutdownDelay: '1500ms' }));
  await assertAnswered(service, projects(service, userToken(backstage.users[0])), 200);
  const started = Date.now();
  const ended = leave(service);
  await until(async () => (await readiness(service)).status === 503, 'not ready', 1000);
  let served = 0;
  while (Date.now() - started < 1200) {
    await assertAnswered(service, readiness(service), 503, LEAVING);
    await assertAlways(service);
    await assertAnswered(service, projects(service), 200);
    await assertAnswered(service, projects(service, userToken(backstage.users[0])), 200);
    // A new connection, too.
    assert.match(await service.raw('GET /api/spectrocloud/health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
      /^HTTP\/1\.1 200 /);
    served++;
  }
  assert.ok(served > 3, String(served));
  assert.equal(await ended, 0, service.log());
  const took = Date.now() - started;
  assert.ok(took >= 1400 && took < 6000, `${took} ms`);
  await assert.rejects(projects(service));
  assertNoTokenIn(service.log());
});

test('a request that is under way when the delay ends is finished', async () => {
  const service = await startBeside(backstage, config({ serverShutdownDelay: '300ms' }));
  backstage.mood.permission = moods.slow(1000);
  const pending = projects(service, userToken(backstage.users[0]));
  const ended = leave(service);
  await assertAnswered(service, pending, 200);
  assert.equal(await ended, 0, service.log());
  backstage.mood.permission = null;
});

test('a second signal during the delay ends it', async () => {
  const service = await startBeside(backstage, config({ serverShutdownDelay: '60s' }));
  const ended = leave(service);
  await until(async () => (await readiness(service)).status === 503, 'not ready', 1000);
  const started = Date.now();
  process.kill(service.pid, 'SIGTERM');
  assert.equal(await ended, 0, service.log());
  assert.ok(Date.now() - started < 3000, `${Date.now() - started} ms`);
});

test('without a delay it ends at once', async () => {
  const service = await startBeside(backstage, config({}));
  await assertAnswered(service, projects(service, userToken(backstage.users[0])), 200);
  const started = Date.now();
  assert.equal(await leave(service), 0, service.log());
  assert.ok(Date.now() - started < 2000, `${Date.now() - started} ms`);
});
