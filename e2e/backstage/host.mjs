// A Backstage of the tests: its configuration, its process, and what a test asks of it.
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

import { TOKEN } from '../../tests/contract/harness.mjs';
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

export async function eventually(what, seconds, check) {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const result = await check();
    if (result) return result;
    if (Date.now() > end) throw new Error(`${what}: not within ${seconds} s`);
    await new Promise(resolve => setTimeout(resolve, 100));
  }
}

function configuration({ folder, port, servicePort, puppetPort, rbac, extra = {}, provider }) {
  const { backend, auth, ...others } = extra;
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
      ...backend,
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
        ...(provider ? { spectrocloud: { development: provider.settings } } : {}),
      },
      keyStore: { provider: 'static', static: { keys: [{
        keyId: 'e2e', algorithm: 'ES256',
        publicKeyFile: join(folder, 'auth.pub.pem'), privateKeyFile: join(folder, 'auth.pem'),
      }] } },
      ...auth,
    },
    ...(provider ? { spectrocloud: { sessionBridge: { retryDelay: '50ms' } } } : {}),
    catalog: {
      rules: [{ allow: ['User', 'Group', 'Resource', 'System'] }],
      locations: [{ type: 'file', target: here('entities.yaml') }],
      processingInterval: { hours: 1 },
    },
    ...others,
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

function launch({ policy, signIn, entities }, file, log) {
  const child = spawn(process.execPath, [here('backend.mjs'), '--config', file], {
    cwd: here('.'),
    env: {
      ...process.env,
      POLICY: policy,
      ENTITIES: entities,
      SIGN_IN: signIn,
      NODE_ENV: 'production',
      LOG_LEVEL: 'info',
      NODE_PATH: here('node_modules'), // for the bridge, which is elsewhere and has none of its own
    },
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
function prepare({ policy, csv, extra, ports, provider, entities }) {
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
  const config = configuration({ folder, rbac, extra, provider, ...ports });
  writeFileSync(join(folder, 'auth.pem'), key.privateKey, { mode: 0o600 });
  writeFileSync(join(folder, 'auth.pub.pem'), key.publicKey);
  writeFileSync(csvFile, csv);
  writeFileSync(file, JSON.stringify(config));
  writeFileSync(join(folder, 'entities.json'), JSON.stringify(entities));
  return { folder, key, csvFile, file, config };
}

const tokenOf = ({ backstageIdentity }) => backstageIdentity.token;

class Backstage {
  #file;
  #folder;
  #csvFile;
  #puppet;
  #variant;
  #child;
  #log = [];

  // { ada: token, … } of people who have signed in.
  tokens = {};

  constructor({ variant, puppet, puppetKey, ports, folder, key, csvFile, file, config }) {
    this.#file = file;
    this.#folder = folder;
    this.#csvFile = csvFile;
    this.#puppet = puppet;
    this.#variant = variant;
    this.config = config;
    this.key = key;
    this.puppetKey = puppetKey;
    this.servicePort = ports.servicePort;
    this.url = `http://127.0.0.1:${ports.port}`;
    this.issuer = `${this.url}/api/auth`;
  }

  // ---- the process ----

  said() {
    return Buffer.concat(this.#log).toString();
  }

  #ended() {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  async run() {
    const begun = Date.now();
    this.#log = [];
    this.#child = launch(this.#variant, this.#file, this.#log);
    await eventually('Backstage is started', 120, () => {
      assert.ok(!this.#ended(), 'Backstage ended');
      return this.said().includes('backstage is started');
    });
    for (const name of USERS)
      this.tokens[name] = await eventually(`${name} is in the catalog`, 60,
        () => this.signIn(name).catch(() => null));
    this.startSeconds = (Date.now() - begun) / 1000;
  }

  async halt() {
    if (this.#ended()) return;
    this.#child.ref();
    this.#child.kill('SIGKILL');
    await once(this.#child, 'exit');
  }

  // The same Backstage again: its memory is lost, and its plugins have new keys.
  async restart() {
    await this.halt();
    await this.run();
  }

  // Another configuration, for the next restart.
  configure(extra) {
    this.config = { ...this.config, ...extra, backend: { ...this.config.backend, ...extra.backend } };
    writeFileSync(this.#file, JSON.stringify(this.config));
  }

  async stop() {
    this.#puppet.stop();
    await this.halt();
    rmSync(this.#folder, { recursive: true, force: true });
  }

  // ---- requests ----

  // path is below /api. With a body that is no string: JSON.
  async call(method, path, { token, headers = {}, body } = {}) {
    const response = await fetch(`${this.url}/api${path}`, {
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

  async #done(...request) {
    const { status, text, json } = await this.call(...request);
    assert.ok(status < 300, `${status} ${text}`);
    return json;
  }

  async guest() {
    return tokenOf(await this.#done('POST', '/auth/guest/refresh'));
  }

  async signIn(name) {
    return tokenOf(await this.#done('POST', '/auth/doorman/refresh',
      { headers: { 'x-test-user': refOf(name) } }));
  }

  // Of entities of the ingestor's, so many.
  async ingested() {
    const { totalItems } = await this.#done('POST', '/catalog/entities/by-query', {
      token: EXTERNAL.unrestricted,
      body: { limit: 1, query: { 'metadata.annotations.tests/ingested': { $exists: true } } },
    });
    return totalItems;
  }

  // What the permission backend decides for a user: { permission name: result }.
  async decisions(token) {
    const items = Object.entries(PERMISSIONS).map(([name, action]) =>
      ({ id: name, permission: { type: 'basic', name, attributes: { action } } }));
    const answer = await this.#done('POST', '/permission/authorize', { token, body: { items } });
    return Object.fromEntries(answer.items.map(({ id, result }) => [id, result]));
  }

  // The switchable policy, and what any policy but RBAC was asked.
  setPolicy(table) {
    return this.#done('PUT', '/relay/policy', { body: table });
  }

  asked() {
    return this.#done('GET', '/relay/asked');
  }

  forgetAsked() {
    return this.#done('DELETE', '/relay/asked');
  }

  writeCsv(lines) {
    writeFileSync(this.#csvFile, lines);
  }

  // A token of the plugin `relay`, for the caller or in its own name.
  async relayToken(token, { as = 'as-caller', target = 'spectrocloud' } = {}) {
    return (await this.#done('GET', `/relay/token?as=${as}&target=${target}`, { token })).token;
  }

  // Stands in for the service where a test sends a request: it goes through `relay`.
  relay(as) {
    return { request: (method, path, options) =>
      this.call(method, path.replace('/api/spectrocloud', `/relay/${as}`), options) };
  }
}

// policy: 'switch', 'rbac' or a documented one, see backend.mjs. csv: the lines of RBAC's file.
// extra is added to the configuration, its backend and auth to those sections. provider: where one can
// sign in, oidc.mjs. entities: those that an ingestor brings, besides entities.yaml.
export async function startBackstage({
  policy = 'switch', csv = '', extra, provider, entities = [],
} = {}) {
  const puppetKey = newKey('puppet');
  const puppet = await startPuppet(puppetKey);
  const ports = {
    port: await freePort(), servicePort: await freePort(), puppetPort: puppet.port };
  const place = prepare({ policy, csv, extra, ports, provider, entities });
  const variant = { policy, signIn: provider ? 'palette' : 'none',
    entities: join(place.folder, 'entities.json') };
  const backstage = new Backstage({ variant, puppet, puppetKey, ports, ...place });
  try {
    await backstage.run();
  } catch (error) {
    error.message += `\n${backstage.said().slice(-4000)}`;
    await backstage.stop();
    throw error;
  }
  return backstage;
}
