// More than can be done: Palette hangs, every worker waits for it and the queue is full. Whoever comes then is told
// so at once, what needs no worker is answered throughout, and when Palette is back so is everything.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { until } from './backstage.mjs';
import { RESTRICTED, configuration, startService, startSimulator } from './harness.mjs';

const WORKERS = 4;
const QUEUE = 6;
const API = '/api/spectrocloud';
const PROJECTS = `${API}/projects`;
// Generous: a machine may be busy. Without the bounds it would be the time-out of a request.
const AT_ONCE_MS = 5000;
const TIMEOUT_MS = 20000;

let simulator;
let service;

before(async () => {
  simulator = await startSimulator('--seed', '3', '--projects', '2', '--clusters', '4');
});

after(() => simulator.stop());

const settings = { upstream: { attempts: 1, retryDelay: '1ms', timeout: '60s' },
  server: { workers: WORKERS, waiting: 0, queueLength: QUEUE, requestTimeout: `${TIMEOUT_MS}ms`, drainTimeout: '1s' } };

// Each by themselves: what is equal would be asked once.
const get = (path, token) => service.request('GET', path, { headers: { 'Cache-Control': 'no-cache' },
  ...(token !== undefined && { token }) });
const asked = async () => (await simulator.requests()).length;

// Fills every worker and the queue with requests that hang. Resolves with their answers-to-be.
async function fill() {
  await simulator.fault({ match: { pathPrefix: '/v1' }, fault: 'hang' });
  await simulator.forget();
  const working = Array.from({ length: WORKERS }, () => get(PROJECTS));
  await until(async () => await asked() === WORKERS, 'every worker waits');
  // One more than the queue holds: whichever is turned away, the others are in it.
  const more = Array.from({ length: QUEUE + 1 }, () => get(PROJECTS));
  await assertTurnedAway(Promise.race(more));
  const queued = [];
  for (const answer of more) if (await Promise.race([answer, null]) === null) queued.push(answer);
  assert.equal(queued.length, QUEUE);
  return { working, queued };
}

async function timed(answering) {
  const started = Date.now();
  const answer = await answering;
  assert.ok(Date.now() - started < AT_ONCE_MS, `it took ${Date.now() - started} ms`);
  return answer;
}

async function assertTurnedAway(answering) {
  const answer = await timed(answering);
  assert.equal(answer.status, 503, answer.text);
  assert.ok(Number(answer.headers['retry-after']) >= 1, answer.headers['retry-after']);
  assert.equal(answer.json.error.name, 'ServiceUnavailableError');
}

// All that the front answers by itself, and the keys, which have threads of their own.
const AROUND = [
  [`${API}/health`, null], ['/.backstage/health/v1/readiness', null], ['/.backstage/health/v1/liveness', null],
  [`${API}/.backstage/auth/v1/jwks.json`, null], [`${API}/.well-known/backstage/permissions/metadata`],
  [`${API}/.backstage/actions/v1/actions`], [`${API}/openapi.json`], [`${API}/auth/debug`],
];

async function assertAround() {
  for (const [path, token] of AROUND) {
    const answer = await timed(get(path, token));
    assert.equal(answer.status, 200, `${path}: ${answer.text.slice(0, 200)}`);
  }
  // Who may not ask learns that, and not that there is much to do.
  assert.equal((await timed(get(PROJECTS, null))).status, 401);
  assert.equal((await timed(get(PROJECTS, RESTRICTED))).status, 403);
}

test('a full service turns away at once, answers what needs no worker, and recovers completely', async () => {
  service = await startService(configuration([simulator], settings));
  const { working, queued } = await fill();
  for (let round = 0; round < 3; round++) {
    await Promise.all(Array.from({ length: 60 }, () => assertTurnedAway(get(PROJECTS))));
    await assertAround();
  }
  assert.equal(await asked(), WORKERS, 'Palette was asked for more than there are workers');
  await simulator.heal();
  // Those at work wait for what will not come; the others may have a turn before their own time is up.
  for (const answer of await Promise.all(working)) assert.equal(answer.status, 504, answer.text);
  for (const answer of await Promise.all(queued)) assert.ok([200, 503, 504].includes(answer.status), answer.text);
  for (let round = 0; round < 5; round++)
    for (const answer of await Promise.all(Array.from({ length: QUEUE }, () => get(PROJECTS)))) {
      assert.equal(answer.status, 200, answer.text);
      assert.equal(answer.json.projects.length, 2);
    }
  await assertAround();
  assert.equal(await service.stop(), 0, service.log());
});

test('a full service stops within its time, and says what it cut off', async () => {
  service = await startService(configuration([simulator], settings));
  const { working, queued } = await fill();
  const hanging = [...working, ...queued].map(answer => answer.then(({ status }) => status, error => error.code));
  const started = Date.now();
  process.kill(service.pid, 'SIGTERM'); // and the clients stay
  assert.equal(await service.ended(), 0, service.log());
  assert.ok(Date.now() - started < TIMEOUT_MS / 2, `it took ${Date.now() - started} ms`);
  await Promise.all(hanging);
  assert.match(service.log(), / stopping requests=10\n/);
  assert.match(service.log(), / warn +stopped drain="what had not ended was cut off"/);
  await simulator.heal();
});
