// The service among everything that its metrics are about: two Palettes, one of them behind TLS and one with narrow rate
// limits, a third that is not there, a Backstage that denies some, a collector that does not take all, and who calls. An
// act is something that happens there; all of them together give every panel of the dashboard something to show.
import crypto from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';

import { entitiesOf, goodInputs, invoke } from '../contract/actions.mjs';
import { legacy, send } from '../contract/agent.mjs';
import { beside, pluginToken, sleep, startBackstage, startBeside, userToken } from '../contract/backstage.mjs';
import { creations, newName } from '../contract/creates.mjs';
import { certificate } from '../contract/doctor.mjs';
import { follow } from '../contract/follow.mjs';
import { RESTRICTED, TRUSTED, ask, configuration, freePort, goodRequests, operations, startSimulator } from '../contract/harness.mjs';
import { startCollector } from '../contract/otlp.mjs';
import { withTelemetry } from '../contract/scrape.mjs';

const API = '/api/spectrocloud';
const EMAIL = 'ada@example.com';
const SESSION = `session-of-ada-${crypto.randomBytes(16).toString('hex')}`;
const INSTANCE = 'terasky.backstage.io/instance';
const CERTIFICATE_DAYS = 60;
const anew = { headers: { 'Cache-Control': 'no-cache' } };

// TLS in front of a simulator, which has none.
async function encrypted(simulator, made) {
  const sockets = new Set();
  const server = tls.createServer(made, socket => {
    const { hostname, port } = new URL(simulator.url);
    const palette = net.connect(Number(port), hostname);
    for (const end of [socket, palette]) {
      sockets.add(end);
      end.on('error', () => { socket.destroy(); palette.destroy(); });
      end.on('close', () => sockets.delete(end));
    }
    socket.pipe(palette).pipe(socket);
  });
  server.on('tlsClientError', () => {});
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  return {
    url: `https://localhost:${server.address().port}`,
    stop: () => {
      sockets.forEach(socket => socket.destroy());
      server.close();
    },
  };
}

// One replica's, of number i.
function configurationOf(scene, i) {
  const made = configuration([scene.production, scene.staging], {
    upstream: { ratePercent: 100, attempts: 2, circuitFailures: 5, circuitPause: '20s', retryDelay: '50ms' },
    cache: { ttl: { lists: '4s', details: '2s' } },
    server: { requestTimeout: '5s', watchConfig: false },
    permissions: { cacheTtl: '20s' },
    follow: { interval: '1s' },
    audit: { to: 'file', file: join(scene.folder, `audit-${i}.log`) },
    tokenStore: { type: 'sqlite', path: join(scene.folder, `sessions-${i}.db`),
      encryptionKey: crypto.randomBytes(32).toString('base64') },
  });
  const [production, staging] = made.spectrocloud.environments;
  Object.assign(production, { name: 'production', url: scene.tls.url, caFile: scene.certificate.file,
    rates: [{ path: '/v1/dashboard', perSecond: 60, atOnce: 120 }] });
  Object.assign(staging, { name: 'staging', rates: [{ path: '/v1/dashboard', perSecond: 2, atOnce: 4 }] });
  made.spectrocloud.environments.push({ ...staging, name: 'lab', url: `http://127.0.0.1:${scene.nobody}` });
  return made;
}

async function startReplica(scene, i) {
  const backstage = await startBackstage();
  backstage.emails = { 'user:default/ada': EMAIL };
  backstage.entities = entitiesOf(scene.world);
  for (const { metadata } of backstage.entities) metadata.annotations[INSTANCE] = 'production';
  backstage.decide = ({ user, action }) => (user === 'user:default/grace' && action !== 'read' ? 'DENY' : 'ALLOW');
  const made = beside(backstage, configurationOf(scene, i));
  made.spectrocloud.telemetry = { listen: '127.0.0.1:0', otlpEndpoint: scene.collector.url };
  const service = withTelemetry(await startBeside(backstage, made));
  return { service, backstage, acts: actsOf(scene, service, backstage, (await operations(service)).rows) };
}

const pick = list => list[Math.floor(Math.random() * list.length)];

// What may happen at a replica. None of these fails because of what is answered: much of it is to go wrong.
function actsOf(scene, service, backstage, rows) {
  const get = (path, options) => service.request('GET', `${API}${path}`, options);
  const user = name => userToken(backstage.users[0], { sub: `user:default/${name}` });
  const [ada, grace] = [user('ada'), user('grace')];
  const good = goodRequests(scene.world);
  const reads = rows.filter(row => row.method === 'GET' && row.operationId in good &&
    /^(cluster|virtual|profile|project|cloud|overlord|user)/.test(row.operationId));
  const inputs = Object.entries(goodInputs(scene.world));
  const configured = readFileSync(service.file, 'utf8');
  const putSession = expiresAt => service.request('PUT', `${API}/session-tokens/${encodeURIComponent(EMAIL)}`,
    { token: TRUSTED, body: JSON.stringify({ token: SESSION, expiresAt }) });
  const asAda = () => get('/projects', { token: ada, headers: { 'X-SpectroCloud-User-Email': EMAIL, ...anew.headers } });
  const create = (what, name, headers = {}) =>
    service.request('POST', what.path, { token: ada, body: what.body(name), headers });
  const again = async text => {
    writeFileSync(service.file, text);
    process.kill(service.pid, 'SIGHUP');
  };
  return {
    read: (row = pick(reads)) => ask(service, row, good[row.operationId], { token: ada }),
    list: () => get(pick(['/projects', '/clusters', '/virtualclusters', '/clustergroups']), { token: ada }),
    several: () => Promise.all(Array.from({ length: 6 }, () => get('/clusters', { token: ada, ...anew }))),
    agent: ([name, input] = pick(inputs)) => invoke(service, name, input, { token: ada }),
    mcp: () => send(service, legacy(1, 'tools/call', { name: 'list_spectrocloud_projects', arguments: {} })),
    plugin: () => get('/projects', { token: pluginToken(backstage.plugins.catalog[0]) }),
    denied: () => create(creations(scene.world)[0], newName(), { authorization: `Bearer ${grace}` }),
    stranger: () => Promise.all([null, 'no.such.token', RESTRICTED].map(token => get('/projects', { token }))),
    lost: async () => [await get('/nothing/of/this/kind'), await service.request('DELETE', `${API}/projects`)],
    create: () => create(pick(creations(scene.world)), newName()),
    createTwice: async () => {
      const key = { 'idempotency-key': crypto.randomUUID() };
      const [what, name] = [creations(scene.world)[0], newName()];
      return [await create(what, name, key), await create(what, name, key), await create(what, name)];
    },
    uncertain: async () => {
      await scene.production.fault({ match: { method: 'POST', pathPrefix: '/v1/spectroclusters/eks' }, fault: 'reset',
        bytes: 0, times: 1 });
      return create(creations(scene.world)[0], newName());
    },
    away: () => get('/projects?instance=lab', { token: ada, ...anew }),
    crowd: () => Promise.all(scene.elsewhere.slice(0, 16).map(({ uid, project }) =>
      get(`/clusters/${uid}?instance=staging&projectUid=${project}`, anew))),
    follow: async (ms = 3000) => {
      const stream = await follow(service, pick(scene.living), { token: ada });
      await sleep(ms);
      stream.leave();
    },
    session: async () => {
      await putSession(Date.now() + 2000);
      await asAda();
      await sleep(3000);
      return [await asAda(), await putSession(Date.now() + 3600000), await asAda()];
    },
    revoked: async () => {
      const revoke = revoked => scene.production.control('POST', '/world/revoke', { credential: 'session:0', revoked });
      await putSession(Date.now() + 3600000);
      await revoke(true);
      await asAda().finally(() => revoke(false));
    },
    reload: () => again(configured),
    badReload: async () => {
      await again('spectrocloud: [');
      await sleep(300);
      await again(configured);
    },
  };
}

// With replicas: { service, acts }; scrapes: what Prometheus is to be told of them; trouble(); stop(), which returns their
// exit statuses.
export async function startScene({ replicas = 1, latency = 5 } = {}) {
  const folder = mkdtempSync(join(tmpdir(), 'scene-'));
  const simulator = (seed, ...more) => startSimulator('--seed', seed, '--projects', '4', '--clusters', '40',
    '--latency', String(latency), ...more);
  const scene = {
    folder,
    production: await simulator('31', '--session-token', SESSION),
    staging: await simulator('32'),
    certificate: certificate(folder, 'localhost', { until: CERTIFICATE_DAYS }),
    nobody: await freePort(),
    collector: await startCollector(),
  };
  scene.tls = await encrypted(scene.production, scene.certificate);
  scene.world = await scene.production.world();
  scene.living = scene.world.clusters.filter(c => c.project && !c.deleted && c.cloudType !== 'nested');
  scene.elsewhere = (await scene.staging.world()).clusters.filter(c => c.project && !c.deleted && c.cloudType !== 'nested');
  scene.replicas = [];
  for (let i = 0; i < replicas; i++) scene.replicas.push(await startReplica(scene, i));
  scene.scrapes = [{ job_name: 'spectrocloud-backend', static_configs: scene.replicas.map(({ service }, i) =>
    ({ targets: [`127.0.0.1:${service.telemetry}`], ...(replicas > 1 && { labels: { instance: `backend-${i}` } }) })) }];
  // Of Palette's answers some fail, and of the spans some are not taken.
  scene.trouble = async () => {
    await scene.production.fault({ match: { pathPrefix: '/v1' }, fault: 'status', status: 500, every: 100 });
    await scene.production.fault({ match: { method: 'GET', pathPrefix: '/v1' }, fault: 'status', status: 503, every: 40 });
    await scene.production.fault({ match: { pathPrefix: '/v1' }, fault: 'delay', ms: 300, every: 20 });
    let batches = 0;
    scene.collector.mood = ({ response, good }) => (++batches % 10 === 0 ? response.writeHead(400).end() : good());
  };
  scene.stop = async () => {
    const codes = await Promise.all(scene.replicas.map(({ service }) => service.stop()));
    scene.tls.stop();
    await Promise.all([scene.production, scene.staging, scene.collector, ...scene.replicas.map(r => r.backstage)]
      .map(part => part.stop()));
    rmSync(folder, { recursive: true, force: true });
    return codes;
  };
  return scene;
}
