// The figures for operators: each metric counts what its row says, whoever may read them does, and nothing is in them
// that says who somebody is. A metric without a case here makes the last test fail.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';
import tls from 'node:tls';

import { assertNoTokenIn, beside, moods, pluginToken, sleep, startBackstage, until, userToken } from './backstage.mjs';
import { creations, isCreate, newName } from './creates.mjs';
import { follow, leaveAll } from './follow.mjs';
import { OTHER_PLUGIN, RESTRICTED, TOKEN, TRUSTED, configuration, startService, startSimulator } from './harness.mjs';
import { startCollector } from './otlp.mjs';
import { OPENMETRICS, covered, fetchFrom, scrape, scrapes, startMonitored, withTelemetry } from './scrape.mjs';

const API = '/api/spectrocloud';
const PROMETHEUS = 'contract-token-of-prometheus';
const AWAY = { match: { pathPrefix: '/v1' }, fault: 'reset', bytes: 0 };
const SESSION = `session-of-ada-${crypto.randomBytes(16).toString('hex')}`;
const EMAIL = 'ada@example.com';

let simulator;
let world;
let backstage;
let folder;

before(async () => {
  simulator = await startSimulator('--seed', '21', '--projects', '3', '--clusters', '12', '--session-token', SESSION);
  world = await simulator.world();
  backstage = await startBackstage();
  backstage.emails = { 'user:default/ada': EMAIL };
  folder = mkdtempSync(join(tmpdir(), 'contract-metrics-'));
});

after(async () => {
  await Promise.all([simulator.stop(), backstage.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

afterEach(async () => {
  leaveAll();
  backstage.mood.permission = null;
  await simulator.heal();
});

// With a listener of its own, so that looking changes nothing.
function config(extra = {}) {
  const made = configuration([simulator], { ...extra,
    upstream: { attempts: 1, ...extra.upstream } });
  made.spectrocloud.telemetry = { listen: '127.0.0.1:0', ...extra.telemetry };
  made.backend.auth.externalAccess.push({ type: 'static', options: { token: PROMETHEUS, subject: 'prometheus' },
    accessRestrictions: [{ plugin: 'spectrocloud', permission: 'spectrocloud.metrics.view' }] });
  return made;
}

async function start(t, extra, change = made => made) {
  const service = withTelemetry(await startService(change(config(extra))));
  t.after(async () => assert.equal(await service.stop(), 0, service.log()));
  await simulator.forget();
  return service;
}

const startWithBackstage = (t, extra, permission) => startMonitored(t, backstage, config(extra), permission);

const get = (service, path, options) => service.request('GET', `${API}${path}`, options);
const anew = { headers: { 'Cache-Control': 'no-cache' } };
const ada = () => userToken(backstage.users[0], { sub: 'user:default/ada' });

// What has changed by doing it, as a function of a sample's name and labels.
async function difference(service, action) {
  const earlier = await scrape(service);
  await action();
  const later = await scrape(service);
  return (name, labels) => (later.value(name, labels) ?? 0) - (earlier.value(name, labels) ?? 0);
}

// ---- requests ----

test('requests by operation and status, and how long they took', async t => {
  const service = await start(t);
  const more = await difference(service, async () => {
    assert.equal((await get(service, '/projects')).status, 200);
    assert.equal((await get(service, '/projects')).status, 200);
    assert.equal((await get(service, '/projects', { token: null })).status, 401);
    assert.equal((await get(service, '/health', { token: null })).status, 200);
  });
  const of = 'project.list';
  assert.equal(more('spectrocloud_requests_total', { operation: of, status: '200' }), 2);
  assert.equal(more('spectrocloud_requests_total', { operation: of, status: '401' }), 1);
  assert.equal(more('spectrocloud_requests_total', { operation: 'service.health', status: '200' }), 1);
  assert.equal(more('spectrocloud_requests_total'), 4);
  assert.equal(more('spectrocloud_request_duration_seconds_count', { operation: of }), 3);
  assert.equal(more('spectrocloud_request_duration_seconds_bucket', { operation: of, le: '+Inf' }), 3);
  const sum = more('spectrocloud_request_duration_seconds_sum', { operation: of });
  assert.ok(sum > 0 && sum < 180, `${sum} s`);
});

test('an agent\'s call is counted as the tool, and not as what carried it', async t => {
  const service = await start(t);
  const more = await difference(service, async () => {
    const answer = await service.request('POST',
      `${API}/.backstage/actions/v1/actions/${encodeURIComponent('spectrocloud:list_spectrocloud_projects')}/invoke`,
      { body: '{}' });
    assert.equal(answer.status, 200, answer.text);
  });
  assert.equal(more('spectrocloud_requests_total'), 1);
});

test('what never comes to an operation', async t => {
  const service = await start(t);
  const more = await difference(service, async () => {
    assert.equal((await get(service, '/nothing/of/this/kind')).status, 404);
    assert.equal((await service.request('DELETE', `${API}/projects`)).status, 405);
    assert.match(await service.raw('GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n'), /^HTTP\/1.1 400 /);
    assert.match(await service.raw(`GET ${API}/health HTTP/1.1\r\nHost: a\r\nConnection: close\r\n` +
      'Authorization: Bearer a\r\nAuthorization: Bearer b\r\n\r\n'), /^HTTP\/1.1 400 /);
  });
  for (const reason of ['route', 'method', 'malformed', 'header'])
    assert.equal(more('spectrocloud_requests_refused_total', { reason }), 1, reason);
  assert.equal(more('spectrocloud_requests_refused_total'), 4);
  assert.equal(more('spectrocloud_requests_total'), 0);
});

test('workers, the queue, connections, and who is turned away when it is full', async t => {
  const WORKERS = 2;
  const QUEUE = 3;
  const service = await start(t, { upstream: { timeout: '60s', attempts: 1 },
    server: { workers: WORKERS, waiting: 0, queueLength: QUEUE, requestTimeout: '60s', drainTimeout: '1s' } });
  const pool = 'requests';
  let idle;
  // A thread counts as busy until it waits for the first time.
  await until(async () => (idle = await scrape(service)).value('spectrocloud_workers_busy', { pool }) === 0, 'all wait', 30000);
  assert.equal(idle.value('spectrocloud_workers', { pool }), WORKERS);
  assert.equal(idle.value('spectrocloud_workers_waiting', { pool }), 0);
  assert.equal(idle.value('spectrocloud_queue_length', { pool }), 0);
  assert.equal(idle.value('spectrocloud_workers', { pool: 'refreshing' }), 4);
  assert.equal(idle.value('spectrocloud_workers', { pool: 'following' }), 64); // spectrocloud.follow.most

  await simulator.fault({ match: { pathPrefix: '/v1' }, fault: 'hang' });
  const hang = count => Array.from({ length: count }, () => get(service, '/projects', anew).catch(error => error));
  const becomes = (name, value) =>
    until(async () => (await scrape(service)).value(name, { pool }) === value, `${name} is ${value}`, 30000);
  const hanging = hang(WORKERS);
  await becomes('spectrocloud_workers_busy', WORKERS);
  hanging.push(...hang(QUEUE));
  await becomes('spectrocloud_queue_length', QUEUE);
  assert.equal((await get(service, '/projects', anew)).status, 503);
  const full = await scrape(service);
  assert.equal(full.value('spectrocloud_requests_refused_total', { reason: 'queue' }), 1);
  assert.ok(full.value('spectrocloud_connections') >= WORKERS + QUEUE, full.value('spectrocloud_connections'));
  // Who scrapes with a token gets an answer all the same.
  assert.equal((await service.request('GET', '/metrics', { token: PROMETHEUS })).status, 200);
  await simulator.heal();
  await Promise.race([Promise.all(hanging), sleep(1)]);
});

test('what is held for clients', async t => {
  const service = await start(t);
  const held = async () => (await scrape(service)).value('spectrocloud_buffered_bytes', { what: 'bodies' });
  assert.equal(await held(), 0);
  assert.equal((await scrape(service)).value('spectrocloud_buffered_bytes', { what: 'answers' }), 0);
  const socket = net.connect({ port: service.port, host: '127.0.0.1' });
  socket.write(`POST /api/spectrocloud/profiles/search HTTP/1.1\r\nHost: a\r\nContent-Length: 9000\r\n\r\n${'x'.repeat(5000)}`);
  await until(async () => await held() >= 5000, 'what has come is counted');
  assert.ok(await held() < 9000, 'what is announced is not');
  socket.destroy();
  await until(async () => await held() === 0, 'it is given back');
});

test('who follows a cluster', async t => {
  const service = await start(t);
  assert.equal((await scrape(service)).value('spectrocloud_followers'), 0);
  const { uid, project } = world.clusters.find(c => c.project && !c.deleted);
  await simulator.control('POST', '/world/set-cluster', { uid, state: 'Provisioning' });
  const stream = await follow(service, { uid, project });
  await stream.until('state');
  assert.equal((await scrape(service)).value('spectrocloud_followers'), 1);
  stream.leave();
  await until(async () => (await scrape(service)).value('spectrocloud_followers') === 0, 'nobody follows', 30000);
  const requests = await scrape(service);
  assert.equal(requests.value('spectrocloud_requests_total', { operation: 'cluster.events', status: '200' }), 1);
  // How long somebody stayed is no duration.
  assert.equal(requests.value('spectrocloud_request_duration_seconds_count', { operation: 'cluster.events' }), undefined);
});

// ---- Palette ----

test('requests to Palette by endpoint and status', async t => {
  const service = await start(t);
  const { uid, project } = world.clusters.find(c => c.project && !c.deleted && c.cloudType !== 'nested');
  const more = await difference(service, async () => {
    assert.equal((await get(service, `/clusters/${uid}?projectUid=${project}`)).status, 200);
    assert.equal((await get(service, `/clusters/${'0'.repeat(24)}?projectUid=${project}`)).status, 404);
    await simulator.fault({ match: { pathPrefix: '/v1' }, fault: 'status', status: 500 });
    assert.equal((await get(service, `/clusters/${uid}?projectUid=${project}`)).status, 502);
  });
  const environment = 'first';
  const endpoint = '/v1/dashboard/spectroclusters/{uid}';
  for (const status of ['200', '404', '500'])
    assert.equal(more('spectrocloud_upstream_requests_total', { environment, endpoint, status }), 1, status);
  assert.equal(more('spectrocloud_upstream_requests_total', { environment }), (await simulator.requests()).length);
  assert.equal(more('spectrocloud_upstream_request_duration_seconds_count', { environment }),
    (await simulator.requests()).length);
  assert.ok(more('spectrocloud_upstream_request_duration_seconds_sum', { environment }) > 0);
});

test('attempts that are made again, and a Palette that is found not to answer', async t => {
  const service = await start(t, { upstream: { attempts: 2, circuitFailures: 6, circuitPause: '100ms' } });
  const environment = 'first';
  const { uid, project } = world.clusters.find(c => c.project && !c.deleted && c.cloudType !== 'nested');
  const states = async () => (await scrape(service)).value('spectrocloud_circuit_state', { environment });
  assert.equal(await states(), 0);
  const before = await scrape(service);
  assert.equal(before.value('spectrocloud_upstream_retries_total', { environment }), 0);
  assert.equal(before.value('spectrocloud_circuit_openings_total', { environment }), 0);
  await simulator.fault(AWAY);
  assert.equal((await get(service, '/projects')).status, 502);
  for (let i = 0; i < 2; i++) assert.equal((await get(service, `/clusters/${uid}?projectUid=${project}`)).status, 502);
  const open = await scrape(service);
  assert.ok([1, 2].includes(open.value('spectrocloud_circuit_state', { environment })), 'it is not closed');
  assert.equal(open.value('spectrocloud_circuit_openings_total', { environment }), 1);
  // Two each, but for the one that opened it, which might as well not be made again.
  const retries = open.value('spectrocloud_upstream_retries_total', { environment });
  assert.equal(retries, 3);
  assert.equal(open.value('spectrocloud_upstream_requests_total', { environment, status: 'broken' }), 6);
  await simulator.heal();
  await until(async () => (await get(service, '/projects')).status === 200, 'Palette answers again', 30000);
  assert.equal(await states(), 0);
  assert.equal((await scrape(service)).value('spectrocloud_circuit_openings_total', { environment }), 1);
});

function certificate() {
  const file = suffix => join(folder, `server.${suffix}`);
  const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
    '-keyout', file('key'), '-out', file('pem'), '-days', '3', '-subj', '/CN=localhost',
    '-addext', 'subjectAltName=DNS:localhost'], { encoding: 'utf8' });
  assert.equal(made.status, 0, made.stderr);
  const cert = readFileSync(file('pem'));
  return { key: readFileSync(file('key')), cert, file: file('pem'),
    ends: Date.parse(new crypto.X509Certificate(cert).validTo) / 1000 };
}

test('the end of Palette\'s certificate, and words for what is no answer', async t => {
  const made = certificate();
  const sockets = new Set();
  const server = tls.createServer(made, socket => {
    const { hostname, port } = new URL(simulator.url);
    const palette = net.connect(Number(port), hostname);
    for (const end of [socket, palette]) end.on('error', () => { socket.destroy(); palette.destroy(); });
    sockets.add(socket).add(palette);
    socket.pipe(palette).pipe(socket);
  });
  server.on('tlsClientError', () => {});
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  t.after(() => {
    sockets.forEach(socket => socket.destroy());
    server.close();
  });
  const url = `https://localhost:${server.address().port}`;
  const closed = net.createServer().listen(0, '127.0.0.1');
  await new Promise(done => closed.once('listening', done));
  const { port } = closed.address();
  await new Promise(done => closed.close(done));
  const service = await start(t, {}, config => {
    const environment = { tenant: 'sim', apiToken: 'sim-key' };
    config.spectrocloud.environments.push(
      { ...environment, name: 'encrypted', url, caFile: made.file },
      { ...environment, name: 'untrusted', url },
      { ...environment, name: 'closed', url: `http://127.0.0.1:${port}` },
      { ...environment, name: 'unknown', url: 'http://palette.no-such-name.invalid' });
    return config;
  });
  const ends = environment => scrape(service).then(now =>
    now.value('spectrocloud_upstream_certificate_expiry_timestamp_seconds', { environment }));
  assert.equal(await ends('encrypted'), undefined);
  assert.equal((await get(service, '/projects?instance=encrypted')).status, 200);
  assert.equal(await ends('encrypted'), made.ends);
  // On a connection that is kept there is nothing to see, and it stays known.
  assert.equal((await get(service, '/projects?instance=encrypted', anew)).status, 200);
  assert.equal(await ends('encrypted'), made.ends);
  assert.equal(await ends('first'), undefined);
  for (const [environment, status] of [['untrusted', 'tls'], ['closed', 'connection'], ['unknown', 'dns']]) {
    assert.equal((await get(service, `/projects?instance=${environment}`)).status, 502);
    const now = await scrape(service);
    assert.equal(now.value('spectrocloud_upstream_requests_total', { environment, status }), 1, environment);
  }
});

test('an apiToken that Palette refuses, until it is taken', async t => {
  const service = await start(t);
  const refused = async () => (await scrape(service)).value('spectrocloud_upstream_token_refused', { environment: 'first' });
  assert.equal(await refused(), 0);
  await simulator.fault({ match: { pathPrefix: '/v1' }, fault: 'status', status: 401 });
  assert.equal((await get(service, '/projects')).status, 502);
  assert.equal(await refused(), 1);
  await simulator.heal();
  assert.equal((await get(service, '/projects', anew)).status, 200);
  assert.equal(await refused(), 0);
});

test('a deadline and an answer that is too large have words, too', async t => {
  const service = await start(t, { upstream: { timeout: '300ms' } });
  const environment = 'first';
  await simulator.fault({ match: { pathPrefix: '/v1' }, fault: 'hang' });
  assert.equal((await get(service, '/projects')).status, 504);
  assert.equal((await scrape(service)).value('spectrocloud_upstream_requests_total',
    { environment, status: 'timeout' }), 1);
  await simulator.heal();
  await simulator.fault({ match: { pathPrefix: '/v1' }, fault: 'oversized', bytes: 4 * 1024 * 1024 });
  const patient = await start(t, { upstream: { maxAnswerBytes: '1MiB' } });
  assert.equal((await get(patient, '/projects')).status, 502);
  assert.equal((await scrape(patient)).value('spectrocloud_upstream_requests_total',
    { environment, status: 'too_large' }), 1);
});

test('waits for a turn, the budget that is left, and what is not even begun', async t => {
  const service = await start(t, {
    upstream: { ratePercent: 100, attempts: 2, rates: [{ path: '/v1/dashboard', perSecond: 20, atOnce: 3 }] },
    server: { requestTimeout: '30s' },
  });
  const environment = 'first';
  const path = '/v1/dashboard';
  const before = await scrape(service);
  assert.equal(before.value('spectrocloud_pacer_budget_requests', { environment, path }), undefined);
  assert.equal(before.value('spectrocloud_pacer_wait_seconds_count', { environment }), undefined);
  assert.equal((await get(service, '/projects', anew)).status, 200);
  const left = (await scrape(service)).value('spectrocloud_pacer_budget_requests', { environment, path });
  assert.ok(left >= 2 && left <= 3, `${left} are left`);

  // Palette says itself that it is too much: whoever comes waits, and nothing is left.
  await simulator.fault({ match: { pathPrefix: path }, fault: 'status', status: 429, times: 1,
    headers: { 'Retry-After': '3' } });
  const waiting = get(service, '/projects', anew);
  await until(async () => {
    const now = await scrape(service);
    return now.value('spectrocloud_workers_waiting', { pool: 'requests' }) === 1 &&
      now.value('spectrocloud_pacer_budget_requests', { environment, path }) === 0;
  }, 'it waits', 30000);
  assert.equal((await waiting).status, 200);
  const after = await scrape(service);
  assert.ok(after.value('spectrocloud_upstream_retries_total', { environment }) >= 1);

  // Six at a time of which three have a turn at once.
  const answers = await Promise.all(Array.from({ length: 8 }, () => get(service, '/projects', anew)));
  for (const { status, text } of answers) assert.equal(status, 200, text);
  const paced = await scrape(service);
  assert.ok(paced.value('spectrocloud_pacer_wait_seconds_count', { environment }) >= 1);
  assert.ok(paced.value('spectrocloud_pacer_wait_seconds_sum', { environment }) > 0);
  assert.equal(paced.value('spectrocloud_pacer_refusals_total', { environment }), 0);
});

test('turns that would come too late', async t => {
  const service = await start(t, {
    upstream: { ratePercent: 100, rates: [{ path: '/v1/dashboard', perSecond: 1, atOnce: 1 }] },
    server: { requestTimeout: '2s' },
  });
  const answers = await Promise.all(Array.from({ length: 8 }, () => get(service, '/projects', anew)));
  const refused = answers.filter(({ status }) => status === 503).length;
  assert.ok(refused >= 1, answers.map(({ status }) => status).join());
  assert.equal((await scrape(service)).value('spectrocloud_pacer_refusals_total', { environment: 'first' }), refused);
});

test('what became of clusters that were to be created', async t => {
  const service = await start(t);
  const [creation, virtual] = creations(world);
  const name = newName();
  const create = (what, called, headers = {}) =>
    service.request('POST', what.path, { body: what.body(called), headers });
  const more = await difference(service, async () => {
    const key = { 'idempotency-key': crypto.randomUUID() };
    assert.equal((await create(creation, name, key)).status, 201);
    assert.equal((await create(creation, name, key)).status, 201);
    const taken = await create(creation, name);
    assert.ok(taken.status >= 400 && taken.status < 500, taken.text);
    assert.equal((await create(virtual, newName())).status, 201);
    await simulator.fault({ match: { method: 'POST', pathPrefix: '/v1/spectroclusters/eks' }, skip: 0,
      fault: 'reset', bytes: 0 });
    const lost = await create(creation, newName());
    assert.ok(lost.status >= 500, lost.text);
  });
  const of = outcome => more('spectrocloud_cluster_creations_total', { cloud: 'eks', outcome });
  assert.deepEqual([of('succeeded'), of('replayed'), of('failed'), of('unknown')], [1, 1, 1, 1]);
  assert.equal(more('spectrocloud_cluster_creations_total', { cloud: 'virtual', outcome: 'succeeded' }), 1);
  assert.ok((await simulator.requests()).filter(isCreate).length >= 3);
});

// ---- what is kept ----

test('answers that are kept', async t => {
  const service = await start(t, { cache: { ttl: { lists: '1h', details: '1h' } } });
  const empty = await scrape(service);
  assert.equal(empty.value('spectrocloud_cache_entries'), 0);
  assert.equal(empty.value('spectrocloud_cache_bytes'), 0);
  const result = now => Object.fromEntries(['hit', 'stale', 'miss', 'coalesced'].map(word =>
    [word, now.value('spectrocloud_cache_requests_total', { result: word })]));
  assert.deepEqual(result(empty), { hit: 0, stale: 0, miss: 0, coalesced: 0 });
  const { text } = await get(service, '/projects');
  assert.equal((await get(service, '/projects')).text, text);
  const kept = await scrape(service);
  assert.deepEqual(result(kept), { hit: 1, stale: 0, miss: 1, coalesced: 0 });
  assert.equal(kept.value('spectrocloud_cache_entries'), 1);
  assert.ok(kept.value('spectrocloud_cache_bytes') > text.length);
  // Who asks while somebody asks waits for their answer.
  await simulator.fault({ match: { pathPrefix: '/v1' }, fault: 'delay', ms: 1500 });
  const asking = get(service, '/clustergroups');
  await until(async () => (await scrape(service)).value('spectrocloud_cache_requests_total',
    { result: 'miss' }) >= 2, 'it asks');
  const beside = get(service, '/clustergroups');
  assert.deepEqual([(await asking).status, (await beside).status], [200, 200]);
  const both = result(await scrape(service));
  assert.equal(both.coalesced + both.hit, 2); // on a busy machine it comes when the answer is there
});

const storeOf = name => ({ type: 'sqlite', path: join(folder, `${name}.db`),
  encryptionKey: crypto.randomBytes(32).toString('base64') });

test('sessions that are looked for, that end, and that Palette refuses', async t => {
  const tokenStore = storeOf('sessions');
  const service = await startWithBackstage(t, { tokenStore }, { enabled: false });
  const put = (email, token, more = {}) => service.request('PUT', `${API}/session-tokens/${encodeURIComponent(email)}`,
    { token: pluginToken(backstage.plugins.auth[0], { sub: 'auth' }), body: JSON.stringify({ token, ...more }) });
  const ask = () => get(service, '/projects', { token: ada(), headers: { 'X-SpectroCloud-User-Email': EMAIL } });
  const lookups = (more, result) => more('spectrocloud_session_lookups_total', { result });
  const none = await difference(service, async () => assert.equal((await ask()).status, 200));
  assert.deepEqual([lookups(none, 'none'), none('spectrocloud_session_lookups_total')], [1, 1]);
  assert.equal(none('spectrocloud_reauthentications_total'), 1); // she should sign in
  const found = await difference(service, async () => {
    assert.equal((await put(EMAIL, SESSION)).status, 200);
    assert.equal((await ask()).status, 200);
  });
  assert.deepEqual([lookups(found, 'miss'), found('spectrocloud_reauthentications_total')], [1, 0]);
  const refused = await difference(service, async () => {
    await simulator.control('POST', '/world/revoke', { credential: 'session:0', revoked: true });
    const answer = await ask();
    await simulator.control('POST', '/world/revoke', { credential: 'session:0', revoked: false });
    assert.deepEqual([answer.status, answer.headers['x-spectrocloud-reauth-required']], [401, 'true'], answer.text);
  });
  assert.equal(refused('spectrocloud_reauthentications_total'), 1);

  // One ends while nobody looks; the next process finds it at its start.
  assert.equal((await scrape(service)).value('spectrocloud_sessions_expired_total'), 0);
  assert.equal((await put(EMAIL, SESSION, { expiresAt: Date.now() + 1000 })).status, 200);
  await sleep(1100);
  const next = await startWithBackstage(t, { tokenStore }, { enabled: false });
  await until(async () => (await scrape(next)).value('spectrocloud_sessions_expired_total') === 1, 'it is dropped', 30000);
  backstage.serves(service);
});

test('what the store cannot do', async t => {
  const tokenStore = storeOf('broken');
  const service = await start(t, { tokenStore });
  const put = () => service.request('PUT', `${API}/session-tokens/${encodeURIComponent(EMAIL)}`,
    { token: TRUSTED, body: JSON.stringify({ token: SESSION }) });
  const good = await difference(service, async () => assert.equal((await put()).status, 200));
  assert.equal(good('spectrocloud_store_failures_total', { store: 'sqlite' }), 0);
  const dropped = spawnSync('sqlite3', [tokenStore.path, 'DROP TABLE sessions'], { encoding: 'utf8' });
  assert.equal(dropped.status, 0, dropped.stderr);
  const bad = await difference(service, async () => assert.ok((await put()).status >= 500));
  assert.ok(bad('spectrocloud_store_failures_total', { store: 'sqlite' }) >= 1);
  assert.equal(bad('spectrocloud_store_failures_total', { store: 'memory' }), 0);
});

// ---- callers, and Backstage ----

test('credentials by kind, decisions, and requests to Backstage\'s plugins', async t => {
  const service = await startWithBackstage(t, { permissions: { cacheTtl: '0s' } });
  const token = ada();
  const permission = 'spectrocloud.cluster.view-info';
  const ask = options => get(service, '/projects', options);
  backstage.decide = () => 'ALLOW';
  const more = await difference(service, async () => {
    assert.equal((await ask({ token })).status, 200);
    assert.equal((await ask({ token })).status, 200);
    assert.equal((await ask({ token: TOKEN })).status, 200);
    assert.equal((await ask({ token: null })).status, 401);
    assert.equal((await ask({ token: 'no.such.token' })).status, 401);
    assert.equal((await ask({ token: pluginToken(backstage.plugins.catalog[0], { sub: 'catalog' }) })).status, 200);
    assert.equal((await ask({ token: OTHER_PLUGIN })).status, 403);
    backstage.decide = () => 'DENY';
    assert.equal((await ask({ token })).status, 403);
    backstage.mood.permission = moods.status(500);
    assert.equal((await ask({ token })).status, 403);
  });
  backstage.decide = () => 'ALLOW';
  const tokens = (kind, result) => more('spectrocloud_token_verifications_total', { kind, result });
  assert.deepEqual([tokens('user', 'verified'), tokens('user', 'recalled')], [1, 3]);
  assert.deepEqual([tokens('static', 'verified'), tokens('static', 'refused')], [1, 1]);
  assert.deepEqual([tokens('none', 'refused'), tokens('malformed', 'refused')], [1, 1]);
  assert.equal(tokens('plugin', 'verified'), 1);
  const decisions = result => more('spectrocloud_permission_decisions_total', { permission, result });
  assert.deepEqual([decisions('allow'), decisions('deny'), decisions('unclear')], [4, 1, 1]);
  const calls = (plugin, status) => more('spectrocloud_backstage_requests_total', { plugin, status });
  assert.equal(calls('permission', '200'), 3);
  assert.ok(calls('permission', '500') >= 1); // the service looks by itself whether it is back
  assert.equal(calls('catalog', '200'), 1); // its keys
  assert.ok((await scrape(service)).value('spectrocloud_backstage_requests_total', { plugin: 'auth', status: '200' }) >= 1);
});

test('plugins that only a token names are no labels', async t => {
  const service = await startWithBackstage(t);
  for (const sub of ['made-up-one', 'made-up-two'])
    assert.equal((await get(service, '/projects', { token: pluginToken(backstage.plugins.catalog[0], { sub }) })).status, 401);
  const now = await scrape(service);
  assert.equal(now.value('spectrocloud_backstage_requests_total', { plugin: 'other', status: '404' }), 2);
  assert.ok(!scrapes.at(-1).includes('made-up'));
});

// ---- the process ----

test('configurations that are read again', async t => {
  const service = await start(t, { server: { watchConfig: false } });
  const text = readFileSync(service.file, 'utf8');
  const count = async result => (await scrape(service)).value('spectrocloud_configuration_reloads_total', { result });
  const hangUp = async (content, result) => {
    const before = await count(result);
    writeFileSync(service.file, content);
    process.kill(service.pid, 'SIGHUP');
    await until(async () => await count(result) === before + 1, result, 30000);
  };
  await until(async () => (await service.request('GET', '/.backstage/health/v1/readiness', { token: null })).status === 200, 'ready');
  await hangUp(text, 'unchanged');
  await hangUp('spectrocloud: [', 'refused');
  await hangUp(text.replace('"tests-trusted"', '"tests-trusted-too"').replace('"tests-trusted"', '"tests-trusted-too"'),
    'reloaded');
  assert.deepEqual([await count('unchanged'), await count('refused'), await count('reloaded')], [1, 1, 1]);
  // What is looked at is that of the new one.
  assert.equal((await scrape(service)).value('spectrocloud_circuit_state', { environment: 'first' }), 0);
});

test('lines of the log', async t => {
  const service = await start(t);
  await get(service, '/nothing');
  const written = level => service.log().split('\n').filter(line => line.split(/ +/)[1] === level).length;
  for (const level of ['debug', 'info', 'warn', 'error'])
    await until(async () => (await scrape(service)).value('spectrocloud_log_lines_total', { level }) === written(level), level);
  assert.ok(written('info') >= 2);
});

test('lines of the audit trail', async t => {
  const logs = mkdtempSync(join(folder, 'trail-'));
  const service = await start(t, { audit: { to: 'file', file: join(logs, 'audit.log') } });
  const refused = () => get(service, '/projects', { token: 'of-nobody-at-all' });
  const lines = result => more('spectrocloud_audit_lines_total', { result });
  let more = await difference(service, async () => {
    for (let i = 0; i < 70; i++) assert.equal((await refused()).status, 401);
  });
  const written = readFileSync(join(logs, 'audit.log'), 'utf8').split('\n').length - 1;
  assert.equal(lines('written'), written);
  assert.ok(written >= 60 && written < 70, `${written}`);
  assert.equal(lines('suppressed'), 70 - written);
  assert.equal(lines('missing'), 0);
  rmSync(logs, { recursive: true });
  more = await difference(service, async () => {
    assert.equal((await get(service, '/projects', { token: RESTRICTED })).status, 403);
  });
  assert.deepEqual([lines('written'), lines('missing')], [0, 1]);
});

test('spans that the collector does not take', async t => {
  const collector = await startCollector();
  t.after(() => collector.stop());
  collector.mood = ({ response }) => response.writeHead(400).end();
  const service = await start(t, { telemetry: { otlpEndpoint: collector.url } });
  const lost = async () => (await scrape(service)).value('spectrocloud_spans_dropped_total');
  assert.equal(await lost(), 0);
  assert.equal((await get(service, '/projects')).status, 200);
  await until(async () => await lost() >= 2, 'the request and what it asked of Palette', 30000);
});

test('the program and its process', async t => {
  const service = await start(t);
  const now = await scrape(service);
  const [, version] = readFileSync(new URL('../../meson.build', import.meta.url), 'utf8').match(/version: '([^']+)'/);
  assert.equal(now.value('spectrocloud_build_info', { version }), 1);
  const own = path => readFileSync(`/proc/${service.pid}/${path}`, 'utf8');
  const files = readdirSync(`/proc/${service.pid}/fd`).length;
  const open = now.value('process_open_fds');
  assert.ok(Math.abs(open - files) <= 3, `${open} and ${files}`); // a connection comes or goes
  assert.equal(now.value('process_max_fds'), Number(own('limits').match(/Max open files +(\d+)/)[1]));
  assert.equal(now.value('process_threads'), readdirSync(`/proc/${service.pid}/task`).length);
  const started = now.value('process_start_time_seconds');
  assert.ok(Math.abs(started - Date.now() / 1000) < 120, `${started}`);
  const resident = now.value('process_resident_memory_bytes');
  assert.ok(resident > 1e6 && now.value('process_virtual_memory_bytes') > resident);
  const cpu = now.value('process_cpu_seconds_total');
  assert.ok(cpu > 0 && cpu < 120, `${cpu} s`);
  await get(service, '/clusters');
  assert.ok((await scrape(service)).value('process_cpu_seconds_total') >= cpu);
});

// ---- who may read them, and where ----

test('with a token: services, and of restricted ones those that name it', async t => {
  const service = await startWithBackstage(t, {}, { enabled: false });
  const status = async options => (await service.request('GET', '/metrics', options)).status;
  assert.equal(await status({ token: TOKEN }), 200);
  assert.equal(await status({ token: PROMETHEUS }), 200);
  assert.equal(await status({ token: pluginToken(backstage.plugins.catalog[0], { sub: 'catalog' }) }), 200);
  assert.equal(await status({ token: null }), 401);
  assert.equal(await status({ token: 'no.such.token' }), 401);
  assert.equal(await status({ token: ada() }), 403);
  assert.equal(await status({ token: RESTRICTED }), 403);
  assert.equal(await status({ token: OTHER_PLUGIN }), 403);
  // And that token is good for nothing else.
  assert.equal((await get(service, '/projects', { token: PROMETHEUS })).status, 403);
  assert.equal((await get(service, '/metrics', { token: TOKEN })).status, 404); // it is at the root
  const now = await scrape(service);
  assert.ok(now.value('spectrocloud_permission_decisions_total',
    { permission: 'spectrocloud.metrics.view', result: 'deny' }) >= 2);
});

test('nobody who is not known, also where Backstage\'s policy is off', async t => {
  const service = await start(t, {}, made => {
    made.backend.auth.dangerouslyDisableDefaultAuthPolicy = true;
    return made;
  });
  assert.equal((await get(service, '/projects', { token: null })).status, 200);
  assert.equal((await service.request('GET', '/metrics', { token: null })).status, 403);
  assert.equal((await service.request('GET', '/metrics', { token: TOKEN })).status, 200);
});

test('both formats, at both places', async t => {
  const service = await start(t);
  const ways = [
    accept => service.request('GET', '/metrics', { token: PROMETHEUS, headers: { accept } }),
    accept => fetchFrom(service.telemetry, '/metrics', { headers: { accept } }),
  ];
  for (const ask of ways) {
    for (const accept of ['*/*', 'text/plain', '', 'application/openmetrics-text;q=0',
      'text/plain, application/openmetrics-text;q=0.5']) {
      const { status, headers, text } = await ask(accept);
      assert.equal(status, 200);
      assert.equal(headers['content-type'], 'text/plain; version=0.0.4; charset=utf-8');
      assert.ok(text.includes('\n# TYPE spectrocloud_requests_total counter\n'));
      assert.ok(!text.includes('# EOF'));
      scrapes.push(text);
    }
    for (const accept of [OPENMETRICS, 'application/openmetrics-text', 'text/plain;q=0.9,application/openmetrics-text;q=0.9']) {
      const { status, headers, text } = await ask(accept);
      assert.equal(status, 200);
      assert.equal(headers['content-type'], 'application/openmetrics-text; version=1.0.0; charset=utf-8');
      assert.equal(headers['cache-control'] ?? 'no-store', 'no-store');
      assert.ok(text.endsWith('\n# EOF\n'));
    }
  }
});

test('on a loopback address, a name that a stranger may have pointed here gets nothing', async t => {
  const service = await start(t);
  const ask = host => fetchFrom(service.telemetry, '/metrics', { headers: { host } });
  for (const host of ['localhost', `127.0.0.1:${service.telemetry}`, 'somewhere', hostname()])
    assert.equal((await ask(host)).status, 200, host);
  const { status, text } = await ask(`rebound.example:${service.telemetry}`);
  assert.equal(status, 403);
  assert.match(text, /^The header Host has to be .*\n$/);
});

test('the listener of its own has that page and no other', async t => {
  const service = await start(t);
  const ask = (path, options) => fetchFrom(service.telemetry, path, options);
  assert.equal((await ask('/')).status, 404);
  assert.equal((await ask('/metrics/')).status, 404);
  assert.equal((await ask('/api/spectrocloud/projects')).status, 404);
  assert.equal((await ask('/.backstage/health/v1/liveness')).status, 404);
  const head = await ask('/metrics', { method: 'HEAD' });
  assert.deepEqual([head.status, head.text], [200, '']);
  assert.ok(Number(head.headers['content-length']) > 1000);
  const post = await ask('/metrics', { method: 'POST' });
  assert.deepEqual([post.status, post.headers.allow], [405, 'GET, HEAD']);
  assert.equal((await ask('/metrics?x=y')).status, 200);
});

test('it may be a local socket, and without the setting there is none', async t => {
  const path = join(folder, 'telemetry.sock');
  const service = await startService(config({ telemetry: { listen: `unix:${path}` } }));
  assert.equal((await fetchFrom(undefined, '/metrics', { socketPath: path })).status, 200);
  assert.equal(await service.stop(), 0, service.log());
  assert.ok(!readdirSync(folder).includes('telemetry.sock'), 'it is still there');
  const without = config();
  delete without.spectrocloud.telemetry.listen;
  const plain = await startService(without);
  t.after(async () => assert.equal(await plain.stop(), 0, plain.log()));
  assert.doesNotMatch(plain.log(), /telemetry/);
});

test('it answers before the service has started, and until it has stopped', async t => {
  const made = beside(backstage, config({ server: { drainTimeout: '20s' } }));
  made.spectrocloud.telemetry.listen = '127.0.0.1:0';
  made.backend.lifecycle = { startupRequestPauseTimeout: '60s' };
  backstage.mood.users = moods.hangs; // the start waits for the keys of users
  backstage.serves(null);
  const service = withTelemetry(await startService(made));
  backstage.serves(service);
  t.after(() => { backstage.mood.users = null; });
  await scrape(service);
  assert.match((await service.request('GET', '/.backstage/health/v1/readiness', { token: null })).text, /not started/);
  assert.equal((await service.request('GET', '/metrics', { token: PROMETHEUS })).status, 200);
  backstage.mood.users = null;
  await until(async () => (await service.request('GET', '/.backstage/health/v1/readiness', { token: null })).status === 200,
    'started', 60000);
  await simulator.fault({ match: { pathPrefix: '/v1' }, fault: 'delay', ms: 3000 });
  await simulator.forget();
  const last = get(service, '/projects', anew);
  await until(async () => (await simulator.requests()).length === 1, 'it is asked');
  process.kill(service.pid, 'SIGTERM');
  await until(() => / stopping /.test(service.log()), 'it stops');
  await scrape(service);
  assert.equal((await last).status, 200);
  assert.equal(await service.ended(), 0, service.log());
  await service.stop();
  await assert.rejects(fetchFrom(service.telemetry));
  assert.equal(service.log().split(' stopping ').length, 2, 'it is said once');
});

// ---- all of it ----

test('no figure says who or what somebody is', () => {
  assert.ok(scrapes.length > 50);
  const all = scrapes.join('');
  assertNoTokenIn(all);
  const secrets = [TOKEN, RESTRICTED, OTHER_PLUGIN, TRUSTED, PROMETHEUS, SESSION, EMAIL, 'sim-key', 'sim-secret',
    'user:default', 'example.com', 'tests-trusted', 'prometheus"', folder];
  const names = [...world.clusters, ...world.projects].map(object => `"${object.name}"`);
  for (const secret of [...secrets, ...names])
    assert.ok(!all.includes(secret), `${secret} is in it`);
  assert.doesNotMatch(all, /[0-9a-f]{24}/, 'a uid is in it');
  assert.doesNotMatch(all, /@/, 'an address is in it');
  assert.ok(!all.includes('endpoint="other"'), 'an endpoint of Palette\'s has no name');
});

test('every metric has a case here', async t => {
  const service = await start(t);
  const { families } = await scrape(service);
  assert.ok(families.size > 30);
  assert.deepEqual([...families.keys()].filter(name => !covered.has(name)), []);
});
