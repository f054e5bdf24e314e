// Several processes of the service with one store of sessions, and a Palette that notes with which credential each
// request came. The simulated one knows few credentials and no times, so a small stand-in takes its place: it answers
// one route, and the cluster that is asked for names the request.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { sleep } from './backstage.mjs';
import { TRUSTED, startServiceIn } from './harness.mjs';

export const API_KEY = 'the-key-of-the-tenant';
export const MINUTE = 60 * 1000;
const REAUTH = 'x-spectrocloud-reauth-required';

// ---- secrets ----

const secrets = new Set();

// Every way in which it may have been written down.
function note(secret, bytes = Buffer.from(secret)) {
  for (const form of [secret, bytes.toString('latin1'), bytes.toString('hex'), bytes.toString('base64'),
    bytes.toString('base64url')])
    secrets.add(form.replace(/=+$/, ''));
  return secret;
}

// of: whose it is can be seen.
let made = 0;
export const newToken = of => note(`token-of-${of}-${++made}-${crypto.randomBytes(24).toString('base64url')}`);
export const ownerOf = token => token.match(/^token-of-(.+)-\d+-[\w-]{32}$/)?.[1];

export function newKey() {
  const bytes = crypto.randomBytes(32);
  return note(bytes.toString('base64'), bytes);
}
export const newPassword = () => note(crypto.randomBytes(12).toString('hex'));

export function assertNoSecretIn(text, where) {
  for (const secret of secrets)
    assert.ok(!text.includes(secret), `${where} has a secret: ${secret.slice(0, 20)}...`);
}

export const filesBelow = folder => readdirSync(folder, { withFileTypes: true })
  .flatMap(entry => (entry.isDirectory() ? filesBelow(join(folder, entry.name)) : [join(folder, entry.name)]));

// ---- Palette ----

export async function startPalette() {
  const asked = new Map(); // by cluster: { at, credential }
  const server = http.createServer((request, response) => {
    const uid = request.url.match(/^\/v1\/spectroclusters\/(\w+)\/assets\/kubeconfig/)?.[1];
    const { authorization, apikey } = request.headers;
    assert.ok(uid !== undefined && (authorization === undefined) !== (apikey === undefined), request.url);
    asked.set(uid, { at: performance.now(), credential: authorization ?? apikey });
    response.end('apiVersion: v1\nkind: Config\n');
  });
  server.keepAliveTimeout = MINUTE; // closing idle connections is another test's
  server.listen(0, '127.0.0.1');
  await new Promise(done => server.once('listening', done));
  server.unref();
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    // What came for this cluster, once.
    take(uid) {
      const found = asked.get(uid);
      asked.delete(uid);
      return found;
    },
    stop: () => { server.close(); server.closeAllConnections(); },
  };
}

// ---- replicas ----

// store: of spectrocloud.tokenStore; database: of backend.database.
export const configurationOf = (palette, { store, database, timeout = '60s' }) => ({
  backend: {
    auth: { externalAccess: [{ type: 'static', options: { token: TRUSTED, subject: 'tests-trusted' } }] },
    ...(database ? { database } : {}),
  },
  spectrocloud: {
    auth: { trustedServices: ['tests-trusted'] },
    tokenStore: store,
    server: { requestTimeout: timeout },
    telemetry: { logLevel: 'debug' },
    upstream: { ratePercent: 0 },
    cache: { ttl: { lists: '0s', details: '0s' } },
    environments: [{ name: 'first', url: palette.url, tenant: 'sim', apiToken: API_KEY }],
  },
});

let reads = 0;

// One process, which may be ended and started again. All that its processes said stays in said.
export class Replica {
  #palette;
  #config;
  #service = null;
  #before = ''; // what earlier processes said

  constructor(palette, config) {
    this.#palette = palette;
    this.#config = config;
    this.folder = mkdtempSync(join(tmpdir(), 'contract-replica-'));
  }

  async start(config = this.#config) {
    this.#config = config;
    const home = join(this.folder, 'home');
    mkdirSync(home, { recursive: true });
    this.#service = await startServiceIn({ cwd: home, env: { ...process.env, HOME: home, TMPDIR: home } }, config);
    return this;
  }

  get pid() {
    return this.#service.pid;
  }

  get said() {
    return this.#before + (this.#service?.log() ?? '');
  }

  // What it has said since this length of said.
  saidSince(length) {
    return this.said.slice(length);
  }

  async stop(signal = 'SIGTERM') {
    if (this.#service === null) return;
    const status = await this.#service.stop(signal);
    this.#before = this.said;
    this.#service = null;
    if (signal === 'SIGTERM') assert.equal(status, 0, this.said.slice(-2000));
  }

  async killAndStart() {
    await this.stop('SIGKILL');
    await this.start();
  }

  remove() {
    rmSync(this.folder, { recursive: true, force: true });
  }

  #session(method, email, body) {
    return this.#service.request(method, `/api/spectrocloud/session-tokens/${encodeURIComponent(email)}`,
      { token: TRUSTED, body: body && JSON.stringify(body) });
  }

  tryPut(email, token, expiresAt = Date.now() + 10 * MINUTE) {
    return this.#session('PUT', email, { token, expiresAt });
  }

  async put(...args) {
    const answer = await this.tryPut(...args);
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
  }

  async show(email) {
    const answer = await this.#session('GET', email);
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
  }

  tryDrop(email) {
    return this.#session('DELETE', email);
  }

  async drop(email) {
    const answer = await this.tryDrop(email);
    assert.equal(answer.status, 200, answer.text);
    return answer.json.deleted;
  }

  // Asks Palette something for this user. credential: the session that went there, or null for the environment's
  // key; at: when it arrived there; ms: until the answer.
  async read(email) {
    const uid = (++reads).toString(16).padStart(24, '0');
    const start = performance.now();
    const answer = await this.#service.request('GET', `/api/spectrocloud/clusters/${uid}/kubeconfig?projectUid=${uid}`,
      { token: TRUSTED, headers: { 'x-spectrocloud-user-email': email } });
    const ms = performance.now() - start;
    const asked = this.#palette.take(uid);
    assert.equal(answer.status, 200, answer.text);
    const credential = asked.credential === API_KEY ? null : asked.credential;
    assert.equal(answer.headers[REAUTH] ?? 'false', String(credential === null), 'whether to sign in again');
    return { credential, at: asked.at, ms };
  }

  // Reads until the credential is this one; resolves with that reading.
  async readUntil(email, credential, ms = 10000) {
    const end = performance.now() + ms;
    for (;;) {
      const found = await this.read(email);
      if (found.credential === credential) return found;
      assert.ok(performance.now() < end, `${email}: for ${ms} ms another credential`);
    }
  }

  // No file that it wrote, nor its log, has a secret.
  assertKeepsSecrets() {
    assertNoSecretIn(this.said, 'a log');
    for (const file of filesBelow(this.folder)) assertNoSecretIn(readFileSync(file, 'latin1'), file);
  }
}

export const start = (palette, config) => new Replica(palette, config).start();

export async function stopAll(replicas) {
  await Promise.all(replicas.map(replica => replica?.stop()));
  replicas.forEach(replica => replica?.remove());
}

// ---- figures ----

export function figures(numbers) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = part => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))];
  return { count: sorted.length, median: at(0.5), p95: at(0.95), longest: sorted.at(-1) };
}

export const spoken = ({ median, p95, longest, count }) =>
  `median ${median.toFixed(1)} ms, 95 % ${p95.toFixed(1)} ms, longest ${longest.toFixed(1)} ms (${count} times)`;

export { sleep };
