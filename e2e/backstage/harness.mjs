// Starts a Backstage, the service as its plugin, and the simulated Palette; has the tokens of
// everybody who may call. Everything ends with the test, also if that is killed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { createPublicKey } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

import {
  TOKEN, goodRequests, operations, startService as startServiceAlone, startSimulator,
} from '../../tests/contract/harness.mjs';
import { newKey } from './tokens.mjs';

const here = name => fileURLToPath(new URL(name, import.meta.url));

export const USERS = ['ada', 'bob', 'eve', 'pat'];
export const refOf = name => `user:default/${name}`;

// External callers: what they send, and what of the permissions they have.
export const EXTERNAL = {
  unrestricted: TOKEN,
  viewer: 'e2e-token-viewer', // spectrocloud.cluster.view-info, reading
  reader: 'e2e-token-reader', // whatever reads
  elsewhere: 'e2e-token-elsewhere', // another plugin's
};

export const PERMISSIONS = {
  'spectrocloud.cluster.view-info': 'read',
  'spectrocloud.cluster.download-kubeconfig': 'read',
  'spectrocloud.cluster.view-pack-values': 'read',
  'spectrocloud.cluster.view-pack-manifests': 'read',
  'spectrocloud.cluster.create': 'create',
  'spectrocloud.profile.view-info': 'read',
  'spectrocloud.profile.view-clusters': 'read',
};

export const policyTable = (result, names = Object.keys(PERMISSIONS)) =>
  Object.fromEntries(names.map(name => [name, result]));

// ---- processes ----

// Below the ports that the system hands out to others, so that one that was free stays free.
async function freePort() {
  for (let tries = 0; tries < 100; tries++) {
    const port = 20000 + Math.floor(Math.random() * 12000);
    const server = net.createServer().listen(port, '127.0.0.1');
    try {
      await once(server, 'listening');
      return port;
    } catch {
      // somebody has it
    } finally {
      server.close();
    }
  }
  throw new Error('there is no free port');
}

// Kills pid when this process ends, however it ends: its standard input is closed then.
function guard(pid) {
  const child = spawn('sh', ['-c', 'read -r _; kill -KILL "$1" 2>/dev/null', 'guard', String(pid)],
    { stdio: ['pipe', 'ignore', 'ignore'] });
  child.unref();
  child.stdin.unref();
  return { release: () => child.kill('SIGKILL') };
}

export async function eventually(what, seconds, check) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const result = await check();
    if (result) return result;
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}

// ---- Backstage ----

function configuration({ folder, port, servicePort, puppetPort, rbac, extra }) {
  // The RBAC backend reads the catalog's tables, so they must be where it finds them.
  const database = rbac ? { directory: folder } : ':memory:';
  const local = p => `http://127.0.0.1:${p}`;
  return {
    app: { baseUrl: local(port) },
    backend: {
      baseUrl: local(port),
      listen: { host: '127.0.0.1', port },
      database: { client: 'better-sqlite3', connection: database },
      auth: { externalAccess: [
        { type: 'static', options: { token: EXTERNAL.unrestricted, subject: 'tests' } },
        { type: 'static', options: { token: EXTERNAL.viewer, subject: 'tests-viewer' },
          accessRestrictions: [{ plugin: 'spectrocloud',
            permission: 'spectrocloud.cluster.view-info' }] },
        { type: 'static', options: { token: EXTERNAL.reader, subject: 'tests-reader' },
          accessRestrictions: [{ plugin: 'spectrocloud',
            permissionAttribute: { action: 'read' } }] },
        { type: 'static', options: { token: EXTERNAL.elsewhere, subject: 'tests-elsewhere' },
          accessRestrictions: [{ plugin: 'catalog' }] },
      ] },
      ...extra?.backend,
    },
    discovery: { endpoints: [
      { target: `${local(servicePort)}/api/{{pluginId}}`, plugins: ['spectrocloud'] },
      { target: `${local(puppetPort)}/api/{{pluginId}}`, plugins: ['puppet'] },
    ] },
    permission: { enabled: true, ...(rbac ? { rbac } : {}) },
    auth: {
      environment: 'development',
      providers: {
        guest: { userEntityRef: refOf('ada'), dangerouslyAllowOutsideDevelopment: true },
        doorman: {},
      },
      keyStore: { provider: 'static', static: { keys: [{
        keyId: 'e2e', algorithm: 'ES256',
        publicKeyFile: join(folder, 'auth.pub.pem'), privateKeyFile: join(folder, 'auth.pem'),
      }] } },
    },
    catalog: {
      rules: [{ allow: ['User', 'Group', 'Resource'] }],
      locations: [{ type: 'file', target: here('entities.yaml') }],
      processingInterval: { hours: 1 },
    },
  };
}

// Answers where other plugins look for the keys of the plugin `puppet`, whose tokens the test makes.
async function startPuppet(key) {
  const jwk = createPublicKey(key.publicKey).export({ format: 'jwk' });
  const keys = JSON.stringify({ keys: [{ ...jwk, kid: key.kid, alg: 'ES256' }] });
  const port = await freePort();
  const server = http.createServer((request, response) => {
    const known = request.url === '/api/puppet/.backstage/auth/v1/jwks.json';
    response.writeHead(known ? 200 : 404, { 'content-type': 'application/json' });
    response.end(known ? keys : '{}');
  }).listen(port, '127.0.0.1');
  await once(server, 'listening');
  server.unref();
  return { port, stop: () => { server.close(); server.closeAllConnections(); } };
}

function launch(policy, file, log) {
  const child = spawn(process.execPath, [here('backend.mjs'), '--config', file], {
    cwd: here('.'),
    env: { ...process.env, POLICY: policy, NODE_ENV: 'production', LOG_LEVEL: 'info' },
  });
  child.unref();
  child.stdin.unref();
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', chunk => log.push(chunk));
    stream.unref();
  }
  return child;
}

// Where a Backstage has its files: configuration, keys, RBAC's lines.
function prepare({ policy, csv, extra, ports }) {
  const folder = mkdtempSync(join(tmpdir(), 'e2e-'));
  const key = newKey('e2e');
  const csvFile = join(folder, 'permissions.csv');
  const file = join(folder, 'app-config.yaml');
  const rbac = policy === 'rbac' && {
    'policies-csv-file': csvFile,
    policyFileReload: true,
    pluginsWithPermission: ['kubernetes', 'spectrocloud'],
    admin: { users: [{ name: refOf('pat') }] },
  };
  const config = configuration({ folder, rbac, extra, ...ports });
  writeFileSync(join(folder, 'auth.pem'), key.privateKey, { mode: 0o600 });
  writeFileSync(join(folder, 'auth.pub.pem'), key.publicKey);
  writeFileSync(csvFile, csv);
  writeFileSync(file, JSON.stringify(config));
  return { folder, key, csvFile, file, config };
}

// policy: 'switch', 'rbac' or a documented one, see backend.mjs. csv: the lines of RBAC's file.
// extra: { backend: {...} } is added to the configuration.
export async function startBackstage({ policy = 'switch', csv = '', extra } = {}) {
  const puppetKey = newKey('puppet');
  const puppet = await startPuppet(puppetKey);
  const ports = {
    port: await freePort(), servicePort: await freePort(), puppetPort: puppet.port };
  const { folder, key, csvFile, file, config } = prepare({ policy, csv, extra, ports });
  const url = `http://127.0.0.1:${ports.port}`;
  let child;
  let log;

  // path is below /api. With a body that is no string: JSON.
  async function call(method, path, { token, headers = {}, body } = {}) {
    const response = await fetch(`${url}/api${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(token ? { authorization: `Bearer ${token}` } : {}),
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...headers,
      },
      body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body),
    });
    const text = await response.text();
    let json;
    try { json = JSON.parse(text); } catch { json = undefined; }
    return { status: response.status, headers: Object.fromEntries(response.headers), text, json };
  }

  async function done(answer) {
    const { status, text, json } = await answer;
    assert.ok(status < 300, `${status} ${text}`);
    return json;
  }

  const said = () => Buffer.concat(log).toString();
  const tokenOf = json => json.backstageIdentity.token;
  const signIn = async name => tokenOf(await done(
    call('POST', '/auth/doorman/refresh', { headers: { 'x-test-user': refOf(name) } })));

  async function run() {
    const begun = Date.now();
    log = [];
    child = launch(policy, file, log);
    await eventually('Backstage is started', 120, () => {
      assert.ok(child.exitCode === null && child.signalCode === null, 'Backstage ended');
      return said().includes('backstage is started');
    });
    for (const name of USERS)
      backstage.tokens[name] = await eventually(`${name} is in the catalog`, 60,
        () => signIn(name).catch(() => null));
    backstage.startSeconds = (Date.now() - begun) / 1000;
  }

  async function halt() {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.ref();
    child.kill('SIGKILL');
    await once(child, 'exit');
  }

  const backstage = {
    url, config, key, puppetKey, call, said, signIn, halt,
    issuer: `${url}/api/auth`,
    servicePort: ports.servicePort,
    guest: async () => tokenOf(await done(call('POST', '/auth/guest/refresh'))),
    // { ada: token, … } of people who have signed in.
    tokens: {},

    // What the permission backend decides for a user: { permission name: result }.
    async decisions(token) {
      const items = Object.entries(PERMISSIONS).map(([name, action]) =>
        ({ id: name, permission: { type: 'basic', name, attributes: { action } } }));
      const answer = await done(call('POST', '/permission/authorize', { token, body: { items } }));
      return Object.fromEntries(answer.items.map(({ id, result }) => [id, result]));
    },

    // The switchable policy, and what any policy but RBAC was asked.
    setPolicy: table => done(call('PUT', '/relay/policy', { body: table })),
    asked: () => done(call('GET', '/relay/asked')),
    forgetAsked: () => done(call('DELETE', '/relay/asked')),

    // A token of the plugin `relay`, for the caller or in its own name.
    relayToken: async (token, { as = 'as-caller', target = 'spectrocloud' } = {}) =>
      (await done(call('GET', `/relay/token?as=${as}&target=${target}`, { token }))).token,

    // Stands in for the service where a test sends a request: it goes through `relay`.
    relay: as => ({
      request: (method, path, options) =>
        call(method, path.replace('/api/spectrocloud', `/relay/${as}`), options),
    }),

    writeCsv: lines => writeFileSync(csvFile, lines),

    // The same Backstage again: its memory is lost, and its plugins have new keys.
    async restart() {
      await halt();
      await run();
    },

    async stop() {
      puppet.stop();
      await halt();
      rmSync(folder, { recursive: true, force: true });
    },
  };

  try {
    await run();
  } catch (error) {
    error.message += `\n${said().slice(-4000)}`;
    await backstage.stop();
    throw error;
  }
  return backstage;
}

// ---- the service, as the plugin of that Backstage ----

// extra goes into the section `spectrocloud`, change beside it.
export async function startService(backstage, simulator, extra = {}, change = {}) {
  const { backend, discovery, permission, auth } = backstage.config;
  const { stop, ...service } = await startServiceAlone({
    backend, discovery, permission, auth, ...change,
    spectrocloud: {
      enablePermissions: true,
      ...extra,
      upstream: { retryDelay: '1ms', ...extra.upstream },
      environments: [{ name: 'first', url: simulator.url, tenant: 'sim', apiToken: 'sim-key' }],
    },
  }, '--listen', `127.0.0.1:${backstage.servicePort}`);
  const watcher = guard(service.pid);
  return {
    ...service,
    async stop() {
      const code = await stop();
      watcher.release();
      return code;
    },
  };
}

// All three, and the operations with a good request for each. stop() checks that the service ended
// well, which it does not if a sanitizer found something.
export async function startAll(options) {
  const simulator = await startSimulator('--seed', '7', '--projects', '3', '--clusters', '40',
    '--virtual-clusters', '9');
  const backstage = await startBackstage(options);
  let service = await startService(backstage, simulator);
  const { rows } = await operations(service);
  const good = goodRequests(await simulator.world());
  let made = 0;

  // A cluster's name is free only once.
  function goodFor(row) {
    const request = structuredClone(good[row.operationId]);
    const entity = request.body?.clusterConfig ?? request.body;
    if (entity?.metadata) entity.metadata.name = `made-by-tests-${++made}`;
    return request;
  }

  return {
    simulator, backstage, rows, goodFor,
    get service() { return service; },

    // Another one in its place, with a new key.
    async restartService(...change) {
      assert.equal(await service.stop(), 0, service.log());
      service = await startService(backstage, simulator, ...change);
    },

    // The calls that Palette and the policy have seen since the last time.
    async forget() {
      await Promise.all([simulator.forget(), backstage.forgetAsked()]);
    },
    async seen() {
      const [requests, asked] = await Promise.all([simulator.requests(), backstage.asked()]);
      return { upstream: requests.length, asked };
    },

    async stop() {
      const code = await service.stop();
      await Promise.all([backstage.stop(), simulator.stop()]);
      assert.equal(code, 0, service.log());
    },
  };
}

// What plays the service where that does not matter; hears: [{ method, url, headers, body }].
export async function startStandIn(backstage, answer = { status: 'here' }) {
  const heard = [];
  const server = http.createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const { method, url, headers } = request;
    heard.push({ method, url, headers, body: Buffer.concat(parts).toString() });
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
  }).listen(backstage.servicePort, '127.0.0.1');
  await once(server, 'listening');
  return { heard, stop: () => { server.close(); server.closeAllConnections(); } };
}
