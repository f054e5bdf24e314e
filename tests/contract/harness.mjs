// Starts the service and the simulated Palette, and sends requests byte for byte as given.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const BACKEND = resolve(process.env.SPECTROCLOUD_BACKEND ?? 'build/spectrocloud-backend');
const SIMULATOR = process.env.PALETTE_SIM ?? 'build/palette-sim';

export const TOKEN = 'contract-token-0001';
export const RESTRICTED = 'contract-token-0002';
export const OTHER_PLUGIN = 'contract-token-0003';
export const TRUSTED = 'contract-token-0004';

// A test that fails half-way must neither wait for its programs for ever nor leave them behind.
const children = new Set();
process.on('exit', () => children.forEach(child => child.kill('SIGKILL')));

function start(program, args, place = {}) {
  const child = spawn(program, args, place);
  children.add(child);
  child.once('exit', () => children.delete(child));
  child.unref();
  child.stdin.unref();
  child.stdout.unref();
  child.stderr.unref();
  return child;
}

// Resolves with the groups of pattern as soon as a line of the child's output matches it.
function outputLine(child, stream, pattern, what) {
  return new Promise((resolve, reject) => {
    let seen = '';
    const timer = setTimeout(() => reject(new Error(`${what} did not start: ${seen}`)), 20000);
    child[stream].on('data', chunk => {
      seen += chunk;
      const match = seen.match(pattern);
      if (match) {
        clearTimeout(timer);
        resolve(match);
      }
    });
    // All it has said is there only when its output is closed.
    child.on('close', code => {
      clearTimeout(timer);
      reject(new Error(`${what} ended with ${code}: ${seen}`));
    });
    child.on('error', reject);
  });
}

function ended(child) {
  return new Promise(resolve => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(child.exitCode);
    else child.once('exit', code => resolve(code));
  });
}

// Whether the service is built with a sanitizer, whose memory is not the service's.
export const isSanitized = () => /__[at]san_init/.test(readFileSync(BACKEND, 'latin1'));

// At 127.0.0.1: nobody listens there, for now.
export async function freePort() {
  const server = net.createServer().listen(0, '127.0.0.1');
  await new Promise(done => server.once('listening', done));
  const { port } = server.address();
  await new Promise(done => server.close(done));
  return port;
}

export async function startSimulator(...options) {
  const child = start(SIMULATOR, ['--die-with-parent', '--api-key', 'sim-key', ...options]);
  child.stderr.resume();
  const [, url, control] = await outputLine(
    child, 'stdout', /listening (http:\S+)\s+control (http:\S+)/, 'the simulator');
  const json = async (method, path, body) => {
    const response = await fetch(control + path, { method, body: body && JSON.stringify(body) });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text ? JSON.parse(text) : null;
  };
  return {
    url,
    controlUrl: control,
    control: json, // (method, path, body)
    world: () => json('GET', '/world'),
    stats: () => json('GET', '/stats'),
    requests: async () => (await json('GET', '/requests')).requests ?? json('GET', '/requests'),
    forget: () => json('DELETE', '/requests'),
    fault: fault => json('POST', '/faults', fault),
    heal: () => json('DELETE', '/faults'),
    stop: () => { child.ref(); child.kill('SIGKILL'); return ended(child); },
  };
}

// Most tests change the simulator's world and ask at once what has become of it.
export const NOTHING_KEPT = { ttl: { lists: '0s', details: '0s' } };

export function configuration(simulators, extra = {}) {
  return {
    backend: { auth: { externalAccess: [
      { type: 'static', options: { token: TOKEN, subject: 'tests' } },
      { type: 'static', options: { token: RESTRICTED, subject: 'tests-restricted' },
        accessRestrictions: [{ plugin: 'spectrocloud', permission: 'spectrocloud.none' }] },
      { type: 'static', options: { token: OTHER_PLUGIN, subject: 'tests-other' },
        accessRestrictions: [{ plugin: 'catalog' }] },
      { type: 'static', options: { token: TRUSTED, subject: 'tests-trusted' } },
    ] } },
    spectrocloud: {
      enablePermissions: true,
      auth: { trustedServices: ['tests-trusted'] },
      ...extra,
      upstream: { retryDelay: '1ms', ratePercent: 0, ...extra.upstream },
      cache: extra.cache ?? NOTHING_KEPT,
      environments: simulators.map((simulator, i) => ({
        name: ['first', 'second', 'third'][i],
        url: simulator.url, tenant: 'sim', apiToken: 'sim-key',
      })),
    },
  };
}

// The same, with so many environments whose hosts nobody has.
export function configurationOfTenants(count, extra = {}) {
  const config = configuration([], extra);
  config.spectrocloud.environments = Array.from({ length: count }, (_, i) =>
    ({ name: `tenant-${i}`, url: `http://palette-${i}.example`, tenant: `tenant-${i}`, apiToken: `key-${i}` }));
  return config;
}

// What a command says with this configuration: status, stdout, stderr.
export function runCommand(config, ...args) {
  const folder = mkdtempSync(join(tmpdir(), 'contract-'));
  const file = join(folder, 'app-config.yaml');
  writeFileSync(file, JSON.stringify(config));
  const result = spawnSync(BACKEND, [...args, '--config', file], { encoding: 'utf8' });
  rmSync(folder, { recursive: true, force: true });
  return result;
}

export const checkConfiguration = config => runCommand(config, 'config', 'check');

export const startService = (config, ...options) => startServiceIn({}, config, ...options);

// place: spawn's options, such as its folder; program: another than the environment names.
export async function startServiceIn({ program = BACKEND, ...place }, config, ...options) {
  const folder = mkdtempSync(join(tmpdir(), 'contract-'));
  const file = join(folder, 'app-config.yaml');
  writeFileSync(file, JSON.stringify(config));
  const child = start(program, ['serve', '--config', file, '--listen', '127.0.0.1:0', ...options], place);
  const log = [];
  child.stderr.on('data', chunk => log.push(chunk));
  const [, port] = await outputLine(child, 'stderr', / started .* port=(\d+)/, 'the service')
    .catch(error => {
      rmSync(folder, { recursive: true, force: true });
      throw error;
    });
  const agent = new http.Agent({ keepAlive: true });
  return {
    port: Number(port),
    file, // its configuration
    log: () => Buffer.concat(log).toString(),
    pid: child.pid,
    // Nobody reads its log for a while; and then goes on.
    stopReading: () => child.stderr.pause(),
    readOn: () => child.stderr.resume(),
    // path is sent as it is.
    request(method, path, { token = TOKEN, headers = {}, body, patience } = {}) {
      return send({ port, agent, method, path, body, patience, headers: {
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(body ? { 'content-type': 'application/json' } : {}),
        ...headers,
      } });
    },
    // Bytes on a connection of their own; resolves with all that came back until it closes.
    raw(bytes) {
      return new Promise((resolve, reject) => {
        const socket = net.connect(port, '127.0.0.1', () => socket.write(bytes));
        const parts = [];
        const done = () => resolve(Buffer.concat(parts).toString('latin1'));
        socket.on('data', part => parts.push(part));
        socket.on('close', done);
        socket.on('error', error => (parts.length ? done() : reject(error)));
        socket.setTimeout(30000, () => socket.destroy(new Error('no answer in 30 s')));
      });
    },
    ended: () => { child.ref(); return ended(child); },
    // At once, without a chance to clean up.
    async kill() {
      agent.destroy();
      child.ref();
      child.kill('SIGKILL');
      await ended(child);
      rmSync(folder, { recursive: true, force: true });
    },
    // The exit status; a sanitizer's finding makes it differ from 0.
    async stop(signal = 'SIGTERM') {
      agent.destroy();
      child.ref();
      child.kill(signal);
      const code = await ended(child);
      rmSync(folder, { recursive: true, force: true });
      return code;
    },
  };
}

function send({ port, agent, method, path, headers, body, patience = 60000 }) {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { host: '127.0.0.1', port, agent, method, path, headers }, response => {
        const parts = [];
        response.on('data', part => parts.push(part));
        response.on('end', () => {
          const text = Buffer.concat(parts).toString();
          let json;
          try { json = JSON.parse(text); } catch { json = undefined; }
          resolve({ status: response.statusCode, headers: response.headers, text, json });
        });
        response.on('error', reject);
      });
    request.on('error', reject);
    request.setTimeout(patience, () => request.destroy(new Error(`no answer in ${patience} ms`)));
    request.end(body);
  });
}

export const pathParameters = row => row.parameters.filter(p => p.in === "path").map(p => p.name);
export const asksPalette = row => row.parameters.some(p => p.$ref);

// ---- errors ----

const NAMES = {
  400: 'InputError', 401: 'AuthenticationError', 403: 'NotAllowedError', 404: 'NotFoundError',
  409: 'ConflictError', 422: 'UnprocessableEntityError', 502: 'BadGatewayError',
  503: 'ServiceUnavailableError', 504: 'GatewayTimeoutError',
};

// An error of a route: in Backstage's form, and with nothing of Palette's in it.
export function assertErrorAnswer(answer, wanted, method, what = '') {
  assert.equal(answer.status, wanted, `${what}: ${answer.text}`);
  assert.match(answer.headers['content-type'], /^application\/json/, what);
  assert.equal(answer.json.error.name, NAMES[wanted], what);
  assert.equal(answer.json.response.statusCode, wanted, what);
  assert.equal(answer.json.request.method, method, what);
  assert.ok(!answer.text.includes('sim-secret'), `${what}: an upstream text came through`);
  assert.ok(!answer.text.includes('sim-key'), `${what}: the key came through`);
}

// ---- the operations, from the service's own description ----

export async function operations(service) {
  const { json: document } = await service.request('GET', '/api/spectrocloud/openapi.json');
  const rows = [];
  for (const [path, item] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(item))
      rows.push({ path, method: method.toUpperCase(), ...operation });
  // MCP answers by rules of its own, which its own tests know.
  return { document, rows: rows.filter(row => !row.operationId.startsWith('mcp.')) };
}


export const actionId = name => `spectrocloud:${name}`;

// A good request for every operation, out of the simulator's own truth: path, query, body, and whose
// token where not everybody's is good.
export function goodRequests(world) {
  const live = world.clusters.filter(c => c.project && !c.deleted && c.hasKubeconfig);
  const cluster = live.find(c => c.cloudType !== 'nested' && c.manifests.length);
  const virtual = live.find(c => c.cloudType === 'nested');
  const account = type => world.accounts.find(a => a.type === type);
  const profile = world.profiles.find(p => p.project === null);
  const overlord = world.overlords.find(o => o.pools.length);
  const group = world.clusterGroups[0];
  const scope = object => ({ projectUid: object.project ?? undefined });
  const path = values => ({ path: values });
  return {
    'service.health': {},
    'service.auth_debug': {},
    'service.openapi': {},
    'service.metrics': {},
    'service.status': {},
    'user.projects': {},
    'user.ssh_keys': {},
    'project.list': {},
    'project.profiles': path({ projectUid: world.projects[0].uid }),
    'cluster.list': {},
    'cluster.get': { ...path({ clusterUid: cluster.uid }), query: scope(cluster) },
    'cluster.events': { ...path({ clusterUid: cluster.uid }), query: scope(cluster) },
    'cluster.kubeconfig': { ...path({ clusterUid: cluster.uid }), query: scope(cluster) },
    'cluster.profiles': { ...path({ clusterUid: cluster.uid }), query: scope(cluster) },
    'cluster.manifest': { ...path({ clusterUid: cluster.uid, manifestUid: cluster.manifests[0] }),
      query: scope(cluster) },
    'cluster.create': { query: { projectUid: world.projects[0].uid }, body: {
      metadata: { name: 'made-by-tests' },
      spec: { cloudType: 'eks', cloudAccountUid: world.creation.eks.accountUid,
        cloudConfig: { region: 'us-east-1' },
        machinepoolconfig: [{ cloudConfig: { instanceType: 't3.large', rootDeviceSize: 60 },
          poolConfig: { name: 'workers', size: 1, labels: ['worker'] } }],
        profiles: [{ uid: world.creation.eks.infraUid }] } } },
    'virtual_cluster.create': { query: { projectUid: world.projects[0].uid }, body: { clusterConfig: {
      metadata: { name: 'made-by-tests-too' },
      spec: { cloudType: 'nested', clusterConfig: { hostClusterConfig: {
        clusterGroup: { uid: world.creation.virtual.groupUid } } },
      machinepoolconfig: [{ cloudConfig: { instanceType: { minCPU: 4, maxCPU: 4, minMemInMiB: 4096,
        maxMemInMiB: 4096, minStorageGiB: 10, maxStorageGiB: 10 } } }], profiles: [] } } } },
    'virtual_cluster.list': {},
    'virtual_cluster.get': { ...path({ clusterUid: virtual.uid }), query: scope(virtual) },
    'virtual_cluster.kubeconfig': { ...path({ clusterUid: virtual.uid }), query: scope(virtual) },
    'cluster_group.list': {},
    'cluster_group.get': { ...path({ clusterGroupUid: group.uid }), query: scope(group) },
    'profile.search': { body: { names: [profile.name.toUpperCase()] } },
    'profile.get': path({ profileUid: profile.uid }),
    'profile.packs': { ...path({ profileUid: profile.uid }),
      query: { versionUid: profile.versions.at(-1).uid } },
    'profile.variables': path({ profileUid: profile.uid }),
    'cloud_account.list': path({ cloudType: 'eks' }),
    'cloud_account.get': { ...path({ cloudType: 'aws', accountUid: account('aws').uid }),
      query: scope(account('aws')) },
    'cloud_account.vsphere_metadata': { ...path({ accountUid: account('vsphere').uid }),
      query: scope(account('vsphere')) },
    'cloud_account.vsphere_resources': { ...path({ accountUid: account('vsphere').uid }),
      query: { ...scope(account('vsphere')), datacenter: 'dc1', computecluster: 'cluster-1' } },
    'overlord.list': {},
    'overlord.vsphere_pools': { ...path({ overlordUid: overlord.uid }), query: scope(overlord) },
    // Only for those who are trusted, and for oneself.
    'session.put': { token: TRUSTED, ...path({ email: 'somebody@example.com' }),
      body: { token: 'session-of-somebody', expiresAt: Date.now() + 600000 } },
    'session.get': { token: TRUSTED, ...path({ email: 'somebody@example.com' }) },
    'session.delete': { token: TRUSTED, ...path({ email: 'somebody@example.com' }) },
    'host.jwks': {},
    'host.permissions': {},
    'host.apply_conditions': { body: { items: [] } },
    'host.readiness': {},
    'host.liveness': {},
    'registry.list': {},
    'registry.invoke': { ...path({ actionId: encodeURIComponent(actionId('list_spectrocloud_projects')) }),
      body: { limit: 2 } },
    'registry.invoke_v2': { ...path({ actionId: encodeURIComponent(actionId('list_spectrocloud_projects')) }),
      body: { input: { limit: 2 } } },
  };
}

// Some operations are the server's, not the plugin's: those stand at its root.
const mountOf = row => (row.servers?.[0].url === '/' ? '' : '/api/spectrocloud');

export function target(row, good, { path = {}, query = {} } = {}) {
  const values = { ...good.path, ...path };
  const filled = row.path.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const pairs = Object.entries({ ...good.query, ...query }).filter(([, v]) => v !== undefined);
  const search = pairs.map(([k, v]) => `${k}=${encodeURIComponent(v)}`).join('&');
  return `${mountOf(row)}${filled}${search && '?' + search}`;
}

// Sends a row's good request with what differs.
export function ask(service, row, good, change = {}) {
  const body = 'body' in change ? change.body : good.body;
  return service.request(row.method, target(row, good, change), {
    ...(good.token && { token: good.token }), ...change, body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
  });
}
