// What requests cost this process, in processor time and memory, by kind: the figures of docs/scaling.md.
//   SPECTROCLOUD_BACKEND=... PALETTE_SIM=... node tests/bench/costs.mjs [PART...]
// Processor time is what the kernel counted for the threads of the service alone; figures of two machines do not compare.
import crypto from 'node:crypto';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';

import { sleep, startBackstage, userToken } from '../contract/backstage.mjs';
import { creations } from '../contract/creates.mjs';
import { follow } from '../contract/follow.mjs';
import { TOKEN, TRUSTED, actionId, configuration, configurationOfTenants, startService, startSimulator }
  from '../contract/harness.mjs';
import { startPostgres } from '../contract/postgres.mjs';

const API = '/api/spectrocloud';
const AT_ONCE = 8;
const SESSION = 'session-of-costs'; // everybody's

// ---- measures ----

// Nanoseconds of processor time of all threads.
function cpuNs(pid) {
  let sum = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`))
    try { sum += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]); } catch { /* ended */ }
  return sum;
}

const kilobytes = (pid, name) =>
  Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(new RegExp(`^${name}:\\s+(\\d+)`, 'm'))[1]);
const resetPeak = pid => writeFileSync(`/proc/${pid}/clear_refs`, '5');

const row = (what, figure) => console.log(`${what.padEnd(62)} ${figure}`);

async function many(count, atOnce, run) {
  let next = 0;
  await Promise.all(Array.from({ length: atOnce }, async () => { while (next++ < count) await run(next); }));
}

async function cost(service, what, count, request, wanted = [200]) {
  const one = async i => {
    const { path, method = 'GET', ...options } = request(i);
    const answer = await service.request(method, `${API}${path}`, options);
    if (!wanted.includes(answer.status)) throw new Error(`${what}: ${answer.status} ${answer.text.slice(0, 200)}`);
  };
  await many(Math.ceil(count / 10), AT_ONCE, one);
  const before = cpuNs(service.pid);
  await many(count, AT_ONCE, one);
  const ms = (cpuNs(service.pid) - before) / count / 1e6;
  row(`CPU: ${what}`, `${ms < 10 ? ms.toFixed(3) : ms.toFixed(1)} ms`);
}

// ---- the kinds of requests ----

const mcp = (name, args) => ({ method: 'POST', path: '/mcp', headers: { accept: 'application/json, text/event-stream' },
  body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args } }) });
const invoke = (name, input) => ({ method: 'POST', body: JSON.stringify(input),
  path: `/.backstage/actions/v1/actions/${encodeURIComponent(actionId(name))}/invoke` });

async function requests(service, world, { user, nobody }) {
  const cluster = world.clusters.find(c => c.project && !c.deleted && c.hasKubeconfig && c.cloudType !== 'nested');
  const of = suffix => `/clusters/${cluster.uid}${suffix}?projectUid=${cluster.project}`;
  const { headers } = await service.request('GET', `${API}/clusters`);
  const [create] = creations(world);
  const body = i => create.body(`cost-${process.pid}-${i}-${crypto.randomBytes(3).toString('hex')}`);
  const path = create.path.replace(API, '');
  await cost(service, 'GET /health', 4000, () => ({ path: '/health', token: null }));
  await cost(service, 'refused: no credential (401)', 4000, () => ({ path: '/clusters', token: null }), [401]);
  await cost(service, 'refused by the policy (403)', 2000, () => ({ path: '/clusters', token: nobody }), [403]);
  await cost(service, 'one cluster, a static token', 2000, () => ({ path: of('') }));
  await cost(service, 'one cluster, a user, decisions kept', 2000, () => ({ path: of(''), token: user }));
  await cost(service, 'a kubeconfig', 2000, () => ({ path: of('/kubeconfig') }));
  await cost(service, 'one project of 100 clusters', 400, () => ({ path: `/clusters?projectUid=${cluster.project}` }));
  await cost(service, 'list of 5,000 clusters, one call', 40, () => ({ path: '/clusters' }));
  await cost(service, 'the same, gzip', 40, () => ({ path: '/clusters', headers: { 'accept-encoding': 'gzip' } }));
  await cost(service, 'the same, not changed (304)', 40,
    () => ({ path: '/clusters', headers: { 'if-none-match': headers.etag } }), [304]);
  await cost(service, 'the same, a page of 100', 40, () => ({ path: '/clusters?limit=100' }));
  await cost(service, 'list of 5,000 clusters, a call for each of 50 projects', 40, () => ({ path: '/clusters?instance=second' }));
  await cost(service, 'a tool by the registry: 100 of 5,000 clusters', 40, () => invoke('list_spectrocloud_clusters', {}));
  await cost(service, 'a tool by MCP: all projects', 800, () => mcp('list_spectrocloud_projects', {}));
  await cost(service, 'a dry run of a create', 400, i => ({ method: 'POST', path: `${path}&dryRun=true`, body: body(i) }));
  await cost(service, 'a create with an Idempotency-Key', 200, i => ({ method: 'POST', path, body: body(i),
    headers: { 'idempotency-key': crypto.randomUUID() } }), [201]);
}

async function followers(service, world) {
  const clusters = world.clusters.filter(c => c.project && !c.deleted && c.state === 'Provisioning').slice(0, 16);
  const [rss, cpu, from] = [kilobytes(service.pid, 'VmRSS'), cpuNs(service.pid), Date.now()];
  const streams = await Promise.all(clusters.map(c => follow(service, c)));
  await sleep(15000);
  const open = streams.filter(s => !s.ended).length;
  row(`CPU: a follower, each second (${open} open)`, `${((cpuNs(service.pid) - cpu) / open / (Date.now() - from) / 1e3).toFixed(3)} ms`);
  row('memory: a follower', `${((kilobytes(service.pid, 'VmRSS') - rss) / open).toFixed(0)} KB`);
  streams.forEach(s => s.leave());
}

// ---- memory ----

async function idleConnections(service, count) {
  const before = kilobytes(service.pid, 'VmRSS');
  const sockets = await Promise.all(Array.from({ length: count }, () => new Promise((done, failed) => {
    const socket = net.connect(service.port, '127.0.0.1', () =>
      socket.write(`GET ${API}/health HTTP/1.1\r\nHost: x\r\n\r\n`));
    socket.once('data', () => done(socket)).once('error', failed);
  })));
  await sleep(500);
  row(`memory: an idle connection (of ${count})`, `${((kilobytes(service.pid, 'VmRSS') - before) / count).toFixed(1)} KB`);
  sockets.forEach(socket => socket.destroy());
  await sleep(500);
}

async function listsInFlight(service, count) {
  const idle = kilobytes(service.pid, 'VmRSS');
  resetPeak(service.pid);
  const agent = new http.Agent({ maxSockets: count });
  const answers = await Promise.all(Array.from({ length: count }, () => new Promise((done, failed) => {
    http.get({ host: '127.0.0.1', port: service.port, agent, path: `${API}/clusters`,
      headers: { authorization: `Bearer ${TOKEN}` } }, response => {
      let bytes = 0;
      response.on('data', part => { bytes += part.length; }).on('end', () => done(bytes));
    }).on('error', failed);
  })));
  const more = (kilobytes(service.pid, 'VmHWM') - idle) / 1024;
  row(`memory: ${count} lists of 5,000 clusters at once, ${(answers[0] / 1e6).toFixed(1)} MB each`,
    `${more.toFixed(0)} MB, ${(more / count).toFixed(1)} MB a list`);
}

async function sessions(service, count) {
  const before = kilobytes(service.pid, 'VmRSS');
  const token = 'x'.repeat(1200); // as long as Palette's are
  await many(count, 16, i => service.request('PUT', `${API}/session-tokens/person-${i}%40example.com`, { token: TRUSTED,
    body: JSON.stringify({ token: `${token}${i}`, expiresAt: Date.now() + 3600000 }) }));
  row(`memory: a session kept in memory (of ${count})`, `${((kilobytes(service.pid, 'VmRSS') - before) / count).toFixed(1)} KB`);
}

async function environments(count) {
  const from = performance.now();
  const service = await startService(configurationOfTenants(count));
  row(`start with ${count} environments`,
    `${(performance.now() - from).toFixed(0)} ms, ${(kilobytes(service.pid, 'VmRSS') / 1024).toFixed(1)} MB`);
  await service.stop();
}

// ---- calls of PostgreSQL ----

async function databaseCalls(simulator) {
  const postgres = await startPostgres();
  await postgres.makeDatabase('costs', 'costs-password');
  const service = await startService(configuration([simulator], { tokenStore: { type: 'postgresql',
    connection: postgres.url('costs', 'costs-password'), encryptionKey: crypto.randomBytes(32).toString('base64') } }));
  const statements = () => postgres.log().split('\n').filter(line => /LOG: {2}(execute|statement)/.test(line) &&
    !/SELECT 1$/.test(line)).length;
  const count = async (what, run, times = 20) => {
    await sleep(300);
    const before = statements();
    for (let i = 0; i < times; i++) await run(i);
    await sleep(300);
    row(`PostgreSQL: ${what}`, `${((statements() - before) / times).toFixed(1)} statements`);
  };
  const world = await simulator.world();
  const [create] = creations(world);
  const named = i => ({ token: TRUSTED, headers: { 'x-spectrocloud-user-email': `p${i}@example.com` } });
  await count('a session that comes', i => service.request('PUT', `${API}/session-tokens/p${i}%40example.com`,
    { token: TRUSTED, body: JSON.stringify({ token: SESSION, expiresAt: Date.now() + 3600000 }) }));
  await count('the first request with one', i => service.request('GET', `${API}/users/me/projects`, named(i)));
  await count('a further one within ten seconds', i => service.request('GET', `${API}/users/me/projects`, named(i)));
  await count('a request without a session', () => service.request('GET', `${API}/projects`));
  await count('a create with an Idempotency-Key', i => service.request('POST', create.path, { body: create.body(`db-${process.pid}-${i}`),
    headers: { 'idempotency-key': crypto.randomUUID() } }));
  await count('a minute of nothing', () => sleep(60000), 1);
  await service.stop();
  await postgres.remove();
}

// ---- all of it ----

const everyProject = Array.from({ length: 50 }, (_, i) => i + 1).join(',');

async function withService(run) {
  const backstage = await startBackstage();
  backstage.decide = ({ user }) => (user === 'user:default/nobody' ? 'DENY' : 'ALLOW');
  const config = configuration([simulator, simulator], { server: { maxConnections: 5000 }, permissions: { cacheTtl: '5m' } });
  config.permission = { enabled: true };
  config.backend.baseUrl = backstage.url;
  config.spectrocloud.environments[1].apiToken = 'member';
  const service = await startService(config);
  backstage.serves(service);
  await sleep(500);
  row('memory: idle, after the start', `${(kilobytes(service.pid, 'VmRSS') / 1024).toFixed(1)} MB`);
  await run(service, backstage);
  row('memory: idle, afterwards', `${(kilobytes(service.pid, 'VmRSS') / 1024).toFixed(1)} MB`);
  await service.stop();
  await backstage.stop();
}

const parts = {
  memory: () => withService(async service => {
    await idleConnections(service, 2000);
    await listsInFlight(service, 1);
    await listsInFlight(service, 8);
  }),
  requests: () => withService(async (service, backstage) => requests(service, await simulator.world(), {
    user: userToken(backstage.users[0]), nobody: userToken(backstage.users[0], { sub: 'user:default/nobody' }) })),
  followers: () => withService(async service => followers(service, await simulator.world())),
  sessions: () => withService(service => sessions(service, 5000)),
  environments: async () => {
    await environments(1);
    await environments(1000);
  },
  database: () => databaseCalls(simulator),
};

const chosen = process.argv.length > 2 ? process.argv.slice(2) : Object.keys(parts);
const unknown = chosen.find(name => !(name in parts));
if (unknown !== undefined) {
  console.error(`usage: node costs.mjs [${Object.keys(parts).join(' | ')} ...]`);
  process.exit(2);
}
const simulator = await startSimulator('--seed', '9', '--projects', '50', '--clusters', '5000', '--virtual-clusters', '100',
  '--provision-seconds', '3600', '--api-key', `member:projects=${everyProject}`, '--session-token', SESSION);
for (const name of chosen) await parts[name]();
await simulator.stop();
