// Replicas share Palette's rate limits where their sessions are in PostgreSQL: together they stay below them, whoever
// is busy has more than the others, and none waits for the database.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { TOKEN, configuration, configurationOfTenants, startService, startSimulator } from './harness.mjs';
import { startPostgres, startRelay } from './postgres.mjs';
import { newKey, newPassword } from './replicas.mjs';

const PROJECTS = 200;
const REPLICAS = 3;
const RATE = 8; // a second: 80 % of what is published
const DATABASE = 'budget';
const everyProject = Array.from({ length: PROJECTS }, (_, i) => i + 1).join(',');
const password = newPassword();
const encryptionKey = newKey();
const sleep = ms => new Promise(done => setTimeout(done, ms));

let postgres;
let relay;
let simulator;
let world;

before(async () => {
  [postgres, simulator] = await Promise.all([startPostgres(), startSimulator('--seed', '5', '--projects',
    `${PROJECTS}`, '--clusters', '600', '--api-key', `member:projects=${everyProject}`)]);
  await postgres.makeDatabase(DATABASE, password);
  relay = await startRelay(postgres.port);
  world = await simulator.world();
});

after(async () => {
  await simulator?.stop();
  relay?.stop();
  await postgres?.remove();
});

const AT_ONCE = 100; // hosts that a statement takes
// Those that count: who could not take its row away is forgotten after some seconds.
const rows = (of = 'DISTINCT replica', database = DATABASE) => postgres.sql(`SELECT count(${of}) FROM spectrocloud_budget
  WHERE seen_ms > extract(epoch FROM now()) * 1000 - 5000`, database).then(Number);

async function until(condition, what) {
  const end = Date.now() + 60000;
  while (!await condition()) {
    assert.ok(Date.now() < end, what);
    await sleep(100);
  }
}

// The apiToken has every project and nothing of the tenant, so that each project is asked for by itself.
async function startReplicas(t, upstream = {}) {
  const config = configuration([simulator], {
    upstream: { ratePercent: 80, ...upstream },
    server: { requestTimeout: '5m' },
    tokenStore: { connection: postgres.url(DATABASE, password, relay.port), encryptionKey },
  });
  config.spectrocloud.environments[0].apiToken = 'member';
  await simulator.control('POST', '/rates', { mode: 'published' }); // with full budgets
  await simulator.forget();
  const replicas = [];
  for (let i = 0; i < REPLICAS; i++) {
    const service = await startService(config);
    replicas.push(service);
    t.after(async () => assert.equal(await service.stop(), 0, service.log()));
  }
  await until(async () => await rows() === REPLICAS, 'they do not meet');
  await sleep(3000); // each has read that the others are there
  return replicas;
}

async function list(service, signal) {
  const response = await fetch(`http://127.0.0.1:${service.port}/api/spectrocloud/clusters`,
    { headers: { authorization: `Bearer ${TOKEN}` }, signal });
  return { status: response.status, text: await response.text() };
}

function assertComplete({ status, text }) {
  assert.equal(status, 200, text.slice(0, 300));
  const wanted = world.clusters.filter(c => !c.deleted && c.project !== null).map(c => c.uid).sort();
  const answer = JSON.parse(text);
  assert.deepEqual(answer.clusters.map(c => c.metadata.uid).sort(), wanted);
  assert.equal(answer.warnings, undefined);
}

const refused = async () => (await simulator.requests()).filter(r => r.status === 429).length;

test('three replicas list all projects at once: complete, and without a single 429', async t => {
  const replicas = await startReplicas(t);
  const start = performance.now();
  const answers = await Promise.all(replicas.map(service => list(service)));
  const seconds = (performance.now() - start) / 1000;
  answers.forEach(assertComplete);
  assert.equal(await refused(), 0);
  t.diagnostic(`${REPLICAS * PROJECTS} requests in ${seconds.toFixed(1)} s`);
});

test('who is busy has more than its third; who ends is gone', async t => {
  const replicas = await startReplicas(t);
  const leave = new AbortController();
  const ended = list(replicas[0], leave.signal).catch(() => {});
  await sleep(10000); // what it had at once is used up, and its share has grown
  const from = { count: (await simulator.requests()).length, at: performance.now() };
  await sleep(8000);
  const count = (await simulator.requests()).length - from.count;
  const rate = count * 1000 / (performance.now() - from.at);
  t.diagnostic(`${rate.toFixed(2)} requests a second of ${RATE}`);
  leave.abort();
  await ended;
  assert.ok(rate > RATE / 2, `${rate.toFixed(2)} a second`);
  assert.equal(await refused(), 0);
  assert.equal(await replicas[2].stop(), 0);
  assert.equal(await rows(), REPLICAS - 1);
});

test('no request waits for a database that is silent', async t => {
  const replicas = await startReplicas(t);
  relay.stall();
  t.after(() => relay.restore());
  const { uid, project } = world.clusters.find(c => !c.deleted && c.project !== null);
  for (let i = 0; i < 3; i++) {
    const start = performance.now();
    const answer = await replicas[i].request('GET', `/api/spectrocloud/clusters/${uid}?projectUid=${project}`);
    assert.equal(answer.status, 200, answer.text);
    t.diagnostic(`${Math.round(performance.now() - start)} ms`);
  }
  await until(() => replicas.every(service => service.log().includes('budget.alone')), 'they go on as before');
  relay.restore();
  await until(() => replicas.every(service => service.log().includes('budget.shared')), 'they do not meet again');
});

test('a host that is new while the database is silent is divided like the others', async t => {
  const replicas = await startReplicas(t);
  const other = await startSimulator('--seed', '6', '--projects', '2');
  t.after(() => other.stop());
  relay.stall();
  t.after(() => relay.restore());
  await until(() => replicas.every(service => service.log().includes('budget.alone')), 'they go on as before');
  for (const service of replicas) {
    const config = JSON.parse(readFileSync(service.file, 'utf8'));
    config.spectrocloud.environments.push({ name: 'new', url: other.url, tenant: 'sim', apiToken: 'sim-key' });
    writeFileSync(service.file, JSON.stringify(config));
    process.kill(service.pid, 'SIGHUP');
  }
  const most = async service => {
    const answer = await service.request('GET', '/api/spectrocloud/projects?instance=new',
      { headers: { 'cache-control': 'no-cache' } });
    assert.equal(answer.status, 200, answer.text);
    const status = await service.request('GET', '/api/spectrocloud/status',
      { headers: { accept: 'application/json' } });
    return status.json.environments.find(({ name }) => name === 'new').budget[0].most;
  };
  await until(() => replicas.every(service => service.log().includes('config.reloaded')), 'they read it');
  await sleep(11000); // longer than shares stay without the database
  for (const service of replicas) assert.equal(await most(service), Math.floor(RATE * 5 / REPLICAS));
});

test('a further signal ends a stop that waits for a silent database', async t => {
  const [service] = await startReplicas(t);
  relay.stall();
  t.after(() => relay.restore());
  let ended = false;
  const end = service.ended().finally(() => { ended = true; });
  while (!ended) {
    try { process.kill(service.pid, 'SIGTERM'); } catch { break; } // it has ended just now
    await sleep(20);
  }
  assert.equal(await end, 0, service.log());
  assert.match(service.log(), / stopping /);
  assert.doesNotMatch(service.log(), / stopped/, 'it waited');
});

test('replicas meet at 250 hosts with three statements a second each', async t => {
  const database = 'many_hosts';
  await postgres.makeDatabase(database, password);
  const config = configurationOfTenants(250, { upstream: { ratePercent: 80 },
    tokenStore: { connection: postgres.url(database, password), encryptionKey } });
  for (let i = 0; i < 2; i++) {
    const service = await startService(config);
    t.after(async () => assert.equal(await service.stop(), 0, service.log()));
  }
  const fresh = () => rows('*', database);
  await until(async () => await fresh() === 500, 'they do not meet everywhere');
  const meetings = () => (postgres.log().match(/LOG: .*INSERT INTO spectrocloud_budget/g) ?? []).length;
  const from = { count: meetings(), at: performance.now() };
  await sleep(6000); // longer than a row counts
  const seconds = (performance.now() - from.at) / 1000;
  const each = (meetings() - from.count) / 2;
  t.diagnostic(`${each} statements of each in ${seconds.toFixed(1)} s`);
  assert.ok(each >= 3, 'they no longer meet');
  assert.ok(each <= Math.ceil(250 / AT_ONCE) * (seconds + 1), 'more than one for a hundred hosts and second');
  assert.equal(await fresh(), 500);
});
