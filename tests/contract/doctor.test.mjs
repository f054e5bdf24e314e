// The command doctor: all is well beside the simulated Palette and the stand-in for Backstage; and each check, one by
// one, with what it is there to find. The list of checks is the program's own: one without a failure here fails.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { makeKey, moods, privatePem, publicPem, startBackstage, startBeside } from './backstage.mjs';
import { certificate, closeAll, doctor, found, listChecks, startFront, startPlain } from './doctor.mjs';
import { RESTRICTED, TOKEN, TRUSTED, startSimulator } from './harness.mjs';

const PORTAL = 'https://portal.example';
const CLOSED = 'http://127.0.0.1:1';
const GOOD_KEY = 'good-key-of-a-person-0001'; // what the simulator takes, and may no more than is needed
const WRONG_KEY = 'wrong-key-of-nobody-0002';
const GIVEN = 'token-given-to-the-doctor-0003';
const MORE_THAN_NEEDED = 'cluster.delete,cluster.adminKubeconfig,project.create,project.update';
const sealing = randomBytes(32).toString('base64');
const otherSealing = randomBytes(32).toString('base64');
const SECRETS = [GOOD_KEY, WRONG_KEY, GIVEN, TOKEN, RESTRICTED, TRUSTED, sealing, otherSealing, 'sim-key',
  'password-of-the-database-0004', 'p4ss', 'soon-key-0005', 'nobody-knows-this-0007'];

let folder;
let well; // a Palette in which all is in order, and the same behind TLS
let front;
let plain; // one as it is made: with gateways that do not run, and accounts that are off
let empty;
let backstage;
let service;
let good; // certificates
let names; // of the checks

const hide = key => `${GOOD_KEY}:deny=${MORE_THAN_NEEDED}${key}`;

function keyFiles(name, key) {
  const files = { publicKeyFile: join(folder, `${name}.pub.pem`), privateKeyFile: join(folder, `${name}.pem`) };
  writeFileSync(files.publicKeyFile, publicPem(key));
  writeFileSync(files.privateKeyFile, privatePem(key));
  return { type: 'static', static: { keys: [{ keyId: key.kid, algorithm: 'ES256', ...files }] } };
}

let pluginKeyStore;

// A configuration with which nothing is to be found. Each call makes another one, to be spoilt.
function fine() {
  return {
    app: { baseUrl: PORTAL },
    permission: { enabled: true },
    backend: {
      baseUrl: backstage.url,
      cors: { origin: PORTAL, credentials: true },
      actions: { pluginSources: ['spectrocloud'] },
      auth: {
        pluginKeyStore,
        externalAccess: [
          { type: 'static', options: { token: TOKEN, subject: 'tests' } },
          { type: 'static', options: { token: TRUSTED, subject: 'tests-trusted' } },
        ],
      },
    },
    discovery: { endpoints: [{ target: `http://127.0.0.1:${service?.port ?? 1}/api/{{pluginId}}`,
      plugins: ['spectrocloud'] }] },
    spectrocloud: {
      enablePermissions: true,
      auth: { trustedServices: ['tests-trusted'] },
      tokenStore: { type: 'sqlite', path: join(folder, 'sessions.db'), encryptionKey: sealing },
      upstream: { attempts: 1 },
      environments: [{ name: 'production', url: front.url, tenant: 'acme', apiToken: GOOD_KEY, caFile: good.file }],
    },
  };
}

const entity = (type, name, annotations, title = name) => ({
  apiVersion: 'backstage.io/v1alpha1', kind: 'Resource',
  metadata: { name, title, annotations: Object.fromEntries(
    Object.entries(annotations).map(([k, v]) => [`terasky.backstage.io/${k}`, v])) },
  spec: { type: `spectrocloud-${type}`, owner: 'group:default/x', lifecycle: 'production' },
});

const fineEntities = () => [
  entity('cluster', 'production-one', { 'cluster-id': 'c1', 'project-id': 'p1', instance: 'production' }, 'one'),
  entity('cluster', 'production-two', { 'cluster-id': 'c2', 'project-id': 'p1', instance: 'production' }, 'two'),
  // The same title in another project can be told apart.
  entity('cluster', 'production-p2-one', { 'cluster-id': 'c3', 'project-id': 'p2', instance: 'production' }, 'one'),
  entity('cluster-profile', 'production-base', { 'profile-id': 'f1', instance: 'production' }, 'base'),
];

const PERMISSIONS = ['cluster.view-info', 'cluster.download-kubeconfig', 'cluster.view-pack-values',
  'cluster.view-pack-manifests', 'cluster.create', 'profile.view-info', 'profile.view-clusters'];
const finePolicies = () => [{ pluginId: 'spectrocloud',
  policies: PERMISSIONS.map(name => ({ name: `spectrocloud.${name}`, policy: 'read' })) }];

// Backstage as it should be; what a test spoils is good again for the next one.
function restore() {
  Object.keys(backstage.mood).forEach(part => { backstage.mood[part] = null; });
  backstage.entities = fineEntities();
  backstage.policies = finePolicies();
  backstage.statics = new Set([GIVEN]);
  front.date = null;
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'doctor-tests-'));
  good = certificate(folder, 'localhost');
  [well, plain, empty, backstage] = await Promise.all([
    startSimulator('--seed', '7', '--name', 'acme', '--api-key', hide(''), '--api-key', `soon-key-0005:expires=5`),
    startSimulator('--seed', '8', '--name', 'acme', '--api-key', hide('')),
    startSimulator('--seed', '9', '--name', 'acme', '--profiles', '0', '--api-key', hide('')),
    startBackstage(),
  ]);
  await well.control('POST', '/world/heal');
  front = await startFront(well.url, good);
  pluginKeyStore = keyFiles('one', makeKey('ES256', 'one'));
  restore();
  names = await listChecks();
  service = await startBeside(backstage, fine());
  const kept = await service.request('PUT', '/api/spectrocloud/session-tokens/ada%40example.com', { token: TRUSTED,
    body: JSON.stringify({ token: 'session-of-ada-0006', expiresAt: Date.now() + 3600000 }) });
  assert.equal(kept.status, 200, kept.text);
});

after(async () => {
  closeAll();
  await service?.stop();
  await Promise.all([well, plain, empty].map(s => s?.stop()));
  await backstage?.stop();
  rmSync(folder, { recursive: true, force: true });
});

const run = (config, options = {}) => doctor(config, { secrets: SECRETS, ...options });

// ---- all is well ----

test('nothing is wrong: every check is ok', async () => {
  restore();
  const result = await run(fine());
  assert.deepEqual(result.json.checks.filter(c => c.status !== 'ok'), [], result.stdout);
  assert.deepEqual(result.json.checks.map(c => c.name), names);
  assert.deepEqual([result.status, result.json.status, result.stderr], [0, 'ok', '']);
  assert.deepEqual(result.json.counts, { ok: names.length, skipped: 0, warning: 0, fault: 0 });
});

test('with a token that is given, too; and what wants one is skipped without, with the reason', async () => {
  restore();
  const config = fine();
  delete config.backend.auth.pluginKeyStore;
  const given = await run(config, { env: { SPECTROCLOUD_DOCTOR_TOKEN: GIVEN },
    args: ['--json', '--only', 'backstage-caller,rbac-permissions,catalog-titles'] });
  assert.deepEqual(given.json.checks.map(c => c.status), ['ok', 'ok', 'ok'], given.stdout);
  const without = await run(config);
  for (const name of ['backstage-caller', 'rbac-permissions', 'catalog-entities', 'catalog-titles']) {
    assert.equal(found(without, name).status, 'skipped', without.stdout);
    assert.match(found(without, name).summary, /SPECTROCLOUD_DOCTOR_TOKEN/);
  }
  assert.equal(found(without, 'backstage-catalog').status, 'ok');
  assert.equal(without.status, 0);
});

test('it changes nothing', async () => {
  restore();
  const digest = () => createHash('sha256').update(readFileSync(join(folder, 'sessions.db'))).digest('hex');
  const [database, world] = [digest(), JSON.stringify(await well.world())];
  await well.forget();
  backstage.forget();
  await run(fine());
  assert.equal(digest(), database);
  assert.equal(JSON.stringify(await well.world()), world);
  for (const { method, path } of await well.requests())
    assert.ok(method === 'GET' || (method === 'POST' && path === '/v1/dashboard/clusterprofiles'), `${method} ${path}`);
  for (const { method, url } of backstage.requests)
    assert.ok(method === 'GET' || /\/(entities\/by-query|authorize)$/.test(url), `${method} ${url}`);
});

// ---- one after the other, what each check is there to find ----

const environment = change => config => { Object.assign(config.spectrocloud.environments[0], change()); };
const onPlain = environment(() => ({ url: plain.url, caFile: undefined }));
// The Palette behind another certificate, and the file that is trusted: by default that very one.
const behind = (make, trusted = made => made.file) => async config => {
  const made = make();
  const other = await startFront(well.url, made);
  environment(() => ({ url: other.url, caFile: trusted(made) }))(config);
};
const part = (name, mood) => () => { backstage.mood[name] = mood; };
const withEntities = (...more) => () => { backstage.entities = [...fineEntities(), ...more]; };

function copyOfSessions(change) {
  const file = join(folder, `copy-${randomBytes(4).toString('hex')}.db`);
  assert.equal(spawnSync('sqlite3', [join(folder, 'sessions.db'), `VACUUM INTO '${file}'`]).status, 0);
  assert.equal(spawnSync('sqlite3', [file, change]).status, 0, change);
  return file;
}

// Held by another program, until the end of this process.
async function lockedSessions() {
  const file = copyOfSessions('SELECT 1');
  const holder = spawn('sqlite3', [file], { stdio: ['pipe', 'pipe', 'inherit'] });
  process.on('exit', () => holder.kill('SIGKILL'));
  holder.unref();
  holder.stdin.write('PRAGMA locking_mode=EXCLUSIVE;\nPRAGMA journal_mode=DELETE;\nBEGIN EXCLUSIVE;\nSELECT 7;\n');
  await new Promise(done => holder.stdout.on('data', chunk => /^7$/m.test(String(chunk)) && done()));
  holder.stdout.unref();
  holder.stdin.unref();
  return file;
}

const store = change => async config => { config.spectrocloud.tokenStore = {
  ...config.spectrocloud.tokenStore, ...await change() }; };

// Each: what is spoilt (of the configuration, or around it), the status of the check, what its answer says and what its
// advice names. env: variables.
const failures = {
  configuration: [
    { spoil: c => { c.spectrocloud.enviroments = []; }, status: 'warning', answer: /enviroments/, advice: /config check/ },
    { spoil: c => {
      writeFileSync(join(folder, 'policy'), 'p, nonsense\n');
      c.spectrocloud.standalone = { policyFile: join(folder, 'policy') };
    }, status: 'fault', answer: /policy/, advice: /put that right/ },
    { spoil: c => { c.spectrocloud.tokenStore = { type: 'postgresql', connection: 'nonsense=1 host=x',
      encryptionKey: sealing }; }, status: 'fault', answer: /connection/, advice: /put that right/ },
  ],
  'permission-settings': [
    { spoil: c => { c.permission.enabled = false; }, status: 'warning', tried: /permission\.enabled is not true/,
      advice: /set permission\.enabled/ },
    { spoil: c => { c.spectrocloud.enablePermissions = false; }, status: 'warning',
      advice: /set spectrocloud\.enablePermissions/ },
  ],
  cors: [
    { spoil: c => { delete c.backend.cors; }, status: 'fault', answer: /no backend\.cors/, advice: /portal\.example/ },
    { spoil: c => { c.backend.cors.origin = 'https://other.example'; }, status: 'fault', answer: /does not allow/,
      advice: /portal\.example/ },
    { spoil: c => { c.backend.cors.allowedHeaders = ['Authorization']; }, status: 'fault',
      answer: /X-SpectroCloud-Token/, advice: /allowedHeaders/ },
  ],
  'palette-name': [
    { spoil: environment(() => ({ url: 'https://no-such-host.invalid' })), status: 'fault',
      summary: /no-such-host\.invalid/, advice: /environments\[0\]\.url/ },
  ],
  'palette-connect': [
    { spoil: environment(() => ({ url: CLOSED })), status: 'fault', answer: /127\.0\.0\.1: Connection refused/,
      advice: /environments\[0\]\.url/ },
    { spoil: environment(() => ({ url: 'https://api.palette.example' })), env: { https_proxy: 'http://u:p4ss@127.0.0.1:1' },
      status: 'fault', tried: /127\.0\.0\.1 port 1, the proxy of the variable https_proxy/,
      answer: /refused/, advice: /https_proxy/ },
  ],
  'palette-tls': [
    { spoil: behind(() => good, () => certificate(folder, 'another').file), status: 'fault', answer: /self-signed/,
      advice: /caFile names/ },
    { spoil: behind(() => good, () => undefined), status: 'fault', answer: /self-signed.*CN ?= ?localhost/,
      advice: /set spectrocloud\.environments\[0\]\.caFile/ },
    { spoil: behind(() => certificate(folder, 'other.example')), status: 'fault', summary: /not for localhost/,
      answer: /DNS:other\.example/, advice: /environments\[0\]\.url/ },
    { spoil: behind(() => certificate(folder, 'localhost', { from: -9, until: -2 })), status: 'fault',
      answer: /expired/, advice: /has expired/ },
    { spoil: behind(() => certificate(folder, 'localhost', { until: 10 })), status: 'warning', summary: /ends in 9 days/,
      advice: /renewed/ },
    { spoil: environment(() => ({ url: well.url.replace('http:', 'https:') })), status: 'fault', advice: /not plain http/ },
    { spoil: async c => {
      await behind(() => certificate(folder, 'localhost', { from: -9, until: -2 }))(c);
      c.spectrocloud.environments[0].insecureSkipVerify = true;
    }, status: 'warning', summary: /insecureSkipVerify/, advice: /expired/ },
  ],
  'palette-http': [
    { spoil: async c => { c.spectrocloud.environments[0].url = await startPlain((_, response) =>
      response.writeHead(200, { 'content-type': 'text/html' }).end('<html>sign in</html>')); },
    status: 'fault', answer: /200, text\/html/, advice: /environments\[0\]\.url has to be where the API is/ },
    { spoil: async c => { c.spectrocloud.environments[0].url = await startPlain((_, response) =>
      response.writeHead(503).end('busy')); }, status: 'fault', answer: /503/, advice: /ask whoever runs it/ },
    { spoil: async c => { c.spectrocloud.environments[0].url = await startPlain(request =>
      request.socket.destroy()); }, status: 'fault', summary: /no answer/, advice: /environments\[0\]\.url/ },
  ],
  'palette-clock': [
    { spoil: () => { front.date = new Date(Date.now() + 600000).toUTCString(); }, status: 'fault',
      summary: /(9|10) min behind/, advice: /NTP/ },
    { spoil: () => { front.date = new Date(Date.now() - 30000).toUTCString(); }, status: 'warning',
      summary: /\d\d s ahead/, advice: /NTP/ },
  ],
  'palette-token': [
    { spoil: environment(() => ({ apiToken: WRONG_KEY })), status: 'fault', advice: /API key.*environments\[0\]\.apiToken/ },
    { spoil: () => well.fault({ match: { pathPrefix: '/v1/users/me' }, fault: 'status', status: 200, body: JSON.stringify({
      metadata: { uid: 'u' }, spec: { emailId: 'gone@example.com' }, status: { isActive: false, tenant: { orgName: 'acme' },
        tenantPermissions: { tenant: ['cluster.list'] } } }) }),
    status: 'warning', summary: /gone@example\.com/, advice: /activate/ },
  ],
  'palette-tenant': [
    { spoil: environment(() => ({ tenant: 'umbrella' })), status: 'fault', answer: /acme.*umbrella/,
      advice: /a key of umbrella/ },
  ],
  'palette-token-end': [
    { spoil: environment(() => ({ apiToken: 'soon-key-0005' })), status: 'warning', summary: /ends in (4 days|5 days|\d+ h)/,
      advice: /new one in time/ },
  ],
  'palette-rights': [
    { spoil: environment(() => ({ apiToken: 'sim-key' })), status: 'warning', answer: /cluster\.delete/, advice: /role/ },
    { spoil: () => well.fault({ match: { pathPrefix: '/v1/users/me' }, fault: 'status', status: 200, body: JSON.stringify({
      metadata: { uid: 'u' }, spec: {}, status: { tenantPermissions: { tenant: ['project.list'] } } }) }),
    status: 'fault', answer: /cluster\.get/, advice: /role/ },
  ],
  'palette-rate': [
    { spoil: () => well.fault({ match: { pathPrefix: '/v1/dashboard/cloudaccounts' }, fault: 'status', status: 429 }),
      status: 'warning', summary: /limit is reached/, advice: /from this address/ },
    { spoil: c => { c.spectrocloud.upstream.ratePercent = 0; }, status: 'warning', answer: /ratePercent is 0/,
      advice: /leave it out/ },
  ],
  'cloud-accounts': [{ spoil: onPlain, status: 'warning', answer: /aws-disabled.*is Disabled/, advice: /Cloud Accounts/ }],
  profiles: [{ spoil: environment(() => ({ url: empty.url })), status: 'warning', answer: /no profile at all/,
    advice: /publish one/ }],
  gateways: [{ spoil: onPlain, status: 'warning', answer: /gateway-broken.* is Error/,
    advice: /Private Cloud Gateways/ }],
  'ip-pools': [{ spoil: onPlain, status: 'warning', answer: /pool 4.*vsphere-gateway/, advice: /pool larger/ }],
  'backstage-address': [
    { spoil: c => { c.backend.baseUrl = CLOSED; }, status: 'fault', answer: /refused|connect/i,
      advice: /start Backstage.*backend\.baseUrl/ },
    { spoil: c => { c.backend.baseUrl = 'https://no-such-host.invalid'; }, status: 'fault', answer: /resolve/,
      advice: /misspelling/ },
    { spoil: c => { c.backend.baseUrl = front.url; }, status: 'fault', answer: /self-signed/,
      advice: /spectrocloud\.backstage\.caFile/ },
    { spoil: async c => { c.backend.baseUrl = await startPlain((_, response) => response.writeHead(503).end()); },
      status: 'warning', answer: /503/, advice: /wait/ },
  ],
  'backstage-keys': [
    { spoil: part('users', moods.says('{"keys":[]}')), status: 'fault', answer: /no list `keys`/, advice: /sign in/ },
    { spoil: part('users', moods.notBackstage(404)), status: 'fault', answer: /404/, advice: /plugin auth/ },
  ],
  'backstage-catalog': [
    { spoil: part('catalog', moods.notBackstage(502)), status: 'fault', answer: /502/, advice: /plugin catalog/ },
    { spoil: c => {
      c.spectrocloud.backstage = { timeout: '300ms' };
      backstage.mood.catalog = moods.hangs;
    }, status: 'fault', answer: /in time/, advice: /plugin catalog/ },
  ],
  'backstage-permission': [
    { spoil: part('permission', moods.notBackstage(404)), status: 'fault', answer: /404/,
      advice: /plugin-permission-backend/ },
    { spoil: part('permission', moods.resets), status: 'fault', answer: /connection/, advice: /every user is refused/ },
  ],
  'backstage-caller': [
    { spoil: c => { c.backend.auth.pluginKeyStore = keyFiles('two', makeKey('ES256', 'two')); }, status: 'fault',
      answer: /401 AuthenticationError/, advice: /pluginKeyStore.*service-route/ },
    { spoil: () => { backstage.statics = new Set(); }, env: { SPECTROCLOUD_DOCTOR_TOKEN: GIVEN }, status: 'fault',
      answer: /401/, advice: /SPECTROCLOUD_DOCTOR_TOKEN/ },
    { spoil: async c => {
      const target = await startPlain((request, response) => response.writeHead(request.headers.authorization ? 500 : 401,
        { 'content-type': 'application/json' }).end('{"error":{"name":"AuthenticationError","message":"no"}}'));
      c.discovery.endpoints.push({ target: `${target}/api/{{pluginId}}`, plugins: ['catalog'] });
    }, status: 'fault', summary: /does not say/, answer: /500/, advice: /Backstage's log/ },
  ],
  'rbac-permissions': [
    { spoil: () => { backstage.policies = [{ pluginId: 'catalog', policies: [] }]; }, status: 'warning',
      answer: /no entry of spectrocloud/, advice: /permission\.rbac\.pluginsWithPermission/ },
    { spoil: () => { backstage.policies[0].policies.pop(); }, status: 'warning', answer: /profile\.view-clusters/,
      advice: /service-route/ },
  ],
  'service-route': [
    { spoil: c => { c.discovery.endpoints[0].target = `${CLOSED}/api/{{pluginId}}`; }, status: 'fault',
      answer: /refused|connect/i, advice: /start this service/ },
    { spoil: c => { delete c.discovery; }, status: 'fault', answer: /404/,
      advice: /add discovery\.endpoints.*and to this one/ },
    // Its plugins are all there, but for this one.
    { spoil: c => { c.discovery.endpoints = [{ target: `${backstage.url}/api/{{pluginId}}`, plugins: ['*'] }]; },
      status: 'fault', answer: /404/, advice: /add discovery\.endpoints/ },
    // As the plugin for Node.js answers.
    { spoil: async c => { c.discovery.endpoints[0].target = await startPlain((request, response) =>
      (request.url.endsWith('/health') ? response.end('{"status":"ok"}') : response.writeHead(401).end())); },
    status: 'fault', answer: /401/, advice: /Node\.js plugin/ },
    { spoil: async c => { c.discovery.endpoints[0].target = await startPlain((request, response) => {
      if (request.url.endsWith('/health')) response.end('{"status":"ok"}');
      else if (!request.headers.authorization)
        response.writeHead(401, { 'www-authenticate': 'Bearer realm="spectrocloud"' }).end();
      else response.end('{"info":{"version":"0.0.1"}}');
    }); }, status: 'warning', answer: /0\.0\.1/, advice: /restart/ },
  ],
  'external-access': [
    { spoil: c => { c.backend.auth.externalAccess.push({ type: 'static',
      options: { token: 'nobody-knows-this-0007', subject: 'stranger' } }); }, status: 'fault',
    answer: /token of stranger: 401/, advice: /config\.refused/ },
    { spoil: c => { c.backend.auth.externalAccess.push({ type: 'jwks', options: { url: `${CLOSED}/keys` } }); },
      status: 'fault', answer: /keys at http:\/\/127\.0\.0\.1:1\/keys/, advice: /address of the keys/ },
  ],
  actions: [
    { spoil: c => { c.backend.actions.pluginSources = ['catalog']; }, status: 'fault',
      answer: /pluginSources does not name spectrocloud/, advice: /add it/ },
    { spoil: c => { delete c.backend.actions; }, status: 'warning', answer: /pluginSources is not set/,
      advice: /pluginSources: \[spectrocloud\]/ },
    { spoil: c => { c.backend.actions.filter = { exclude: [{ id: '*' }] }; }, status: 'fault',
      answer: /leaves none/, advice: /action list/ },
    { spoil: c => { c.backend.actions.filter = { exclude: [{ id: 'spectrocloud:list_*' }] }; }, status: 'warning',
      summary: /another|this configuration/, advice: /reload/ },
  ],
  'catalog-entities': [
    { spoil: () => { backstage.entities = []; }, status: 'warning', answer: /no entity/, advice: /ingestor/ },
    { spoil: part('catalog', moods.says('{"items":1}')), only: true, status: 'fault', answer: /no list of entities/,
      advice: /backstage-catalog/ },
  ],
  'catalog-instances': [
    { spoil: withEntities(entity('cluster', 'x', { 'cluster-id': 'c9', instance: 'Production' })), status: 'warning',
      answer: /resource:default\/x names `Production`; environments: `production`/, advice: /letter by letter/ },
    { spoil: c => {
      c.spectrocloud.environments.push({ ...c.spectrocloud.environments[0], name: 'staging' });
      backstage.entities.push(entity('cluster', 'y', { 'cluster-id': 'c9' }));
    }, status: 'warning', answer: /resource:default\/y names none/, advice: /letter by letter/ },
  ],
  'catalog-annotations': [
    { spoil: withEntities(entity('cluster', 'by-hand', { instance: 'production' })), status: 'warning',
      answer: /by-hand has no usable terasky\.backstage\.io\/cluster-id/, advice: /ingestor/ },
    { spoil: withEntities(entity('cluster', 'odd', { 'cluster-id': 'c7', 'project-id': '../x', instance: 'production' })),
      status: 'warning', answer: /odd has no usable terasky\.backstage\.io\/project-id/, advice: /ingestor/ },
    { spoil: c => { c.spectrocloud.annotationPrefix = 'other.example'; }, status: 'warning',
      answer: /other\.example\/cluster-id/, advice: /annotationPrefix/ },
  ],
  'catalog-titles': [
    { spoil: withEntities(entity('cluster', 'copy', { 'cluster-id': 'c8', 'project-id': 'p1', instance: 'production' },
      'ONE')), status: 'warning', answer: /2 clusters called (one|ONE).*copy/, advice: /entityRef/ },
  ],
  'session-store': [
    { spoil: store(() => ({ encryptionKey: otherSealing })), status: 'fault', answer: /1 of 1 sessions do not open/,
      advice: /encryptionKey/ },
    { spoil: store(() => {
      writeFileSync(join(folder, 'text.db'), 'this is a file of text, and long enough to be read as a database'.repeat(9));
      return { path: join(folder, 'text.db') };
    }), status: 'fault', answer: /not a database/, advice: /tokenStore/ },
    { spoil: store(async () => ({ path: await lockedSessions() })), status: 'fault', answer: /does not answer/,
      advice: /another program holds the file/ },
    { spoil: c => { c.spectrocloud.tokenStore = { type: 'postgresql', encryptionKey: sealing,
      connection: 'postgresql://u:password-of-the-database-0004@127.0.0.1:1/x' }; }, status: 'fault',
    answer: /refused/, advice: /database runs/ },
    { spoil: c => {
      c.spectrocloud.tokenStore = { type: 'memory' };
      c.spectrocloud.upstream.replicas = 3;
    }, status: 'warning', answer: /replicas is 3/, advice: /postgresql/ },
  ],
  sessions: [
    { spoil: store(() => ({ path: join(folder, 'not-made-yet.db') })), status: 'warning', answer: /nothing has been made/,
      advice: /session-bridge/ },
    { spoil: store(() => ({ path: copyOfSessions('DELETE FROM sessions') })), status: 'warning', answer: /no row/,
      advice: /session-bridge/ },
    { spoil: store(() => ({
      path: copyOfSessions("INSERT INTO sessions VALUES ('eve@example.com', 'production', x'00', 1000)"),
    })), status: 'warning', summary: /1 live, and 1/, advice: /whether it runs/ },
  ],
};

test('each check has a failure here', () => {
  assert.deepEqual(Object.keys(failures).sort(), [...names].sort());
});

for (const [name, all] of Object.entries(failures))
  for (const [index, failure] of all.entries())
    test(`${name} fails (${index + 1}), and says why`, async () => {
      restore();
      await well.heal();
      const config = fine();
      await failure.spoil(config);
      try {
        const result = await run(config, { env: failure.env,
          args: failure.only ? ['--json', '--only', name] : ['--json'] });
        const check = found(result, name);
        const { status, ...wanted } = failure;
        assert.equal(check.status, status, JSON.stringify(check, null, 2));
        for (const word of ['summary', 'tried', 'answer', 'advice'])
          if (wanted[word]) assert.match(check[word] ?? '', wanted[word], JSON.stringify(check, null, 2));
        assert.ok(check.advice, 'it says what to do');
        assert.equal(result.status, result.json.counts.fault > 0 ? 1 : 0, result.stdout);
      } finally {
        restore();
        await well.heal();
      }
    });

// ---- what a failure does to others ----

test('what comes after a fault is skipped, and says so; the rest is not', async () => {
  restore();
  const config = fine();
  config.spectrocloud.environments.push({ name: 'broken', url: CLOSED, tenant: 'acme', apiToken: WRONG_KEY });
  backstage.entities = [];
  const result = await run(config);
  const of = name => result.json.checks.filter(c => c.environment === name);
  assert.deepEqual(of('production').filter(c => c.status !== 'ok'), []);
  assert.equal(of('broken').length, of('production').length);
  for (const check of of('broken').slice(2))
    assert.match(`${check.status} ${check.summary}`, /^skipped .*as palette-connect is a fault$/);
  assert.equal(result.status, 1);
});

test('a part that hangs stops no other', async () => {
  restore();
  const config = fine();
  config.spectrocloud.upstream.timeout = '3s';
  config.spectrocloud.backstage = { timeout: '3s' };
  backstage.mood.users = moods.hangs;
  await well.fault({ match: { pathPrefix: '/v1/overlords' }, fault: 'hang' });
  try {
    const result = await run(config);
    assert.deepEqual(result.json.checks.filter(c => c.status === 'fault').map(c => c.name),
      ['gateways', 'ip-pools', 'backstage-keys'], result.stdout);
  } finally {
    restore();
    await well.heal();
  }
});

// ---- how it is called, and what it prints ----

test('--list names the checks, and --only takes them', async () => {
  restore();
  const { stdout } = await run(fine(), { args: ['--list', '--json'] });
  assert.deepEqual(JSON.parse(stdout).map(c => c.name), names);
  const two = await run(fine(), { args: ['--json', '--only', 'cors, palette-tenant'] });
  assert.deepEqual(two.json.checks.map(c => [c.name, c.environment, c.status]),
    [['cors', null, 'ok'], ['palette-tenant', 'production', 'ok']]);
});

for (const [what, args, config, pattern] of [
  ['a check that there is not', ['--only', 'cors,frob'], null, /no check `frob`; --list/],
  ['an argument', ['frob'], null, /takes no arguments/],
  ['a token on the command line', ['--token', 'x'], null, /token/],
  ['a configuration that cannot be read', ['--json'], 'spectrocloud: [', /app-config\.yaml:\d/],
  ['one with a fault', [], 'spectrocloud: {environments: 7}', /app-config\.yaml:1:.*spectrocloud\.environments/],
])
  test(`${what}: status 2, on standard error`, async () => {
    const result = await run(config ?? fine(), { args });
    assert.deepEqual([result.status, result.stdout], [2, '']);
    assert.match(result.stderr, pattern);
  });

test('text: a line a check, below one that is not fine the three, a sum at the end', async () => {
  restore();
  const config = fine();
  config.spectrocloud.environments[0].tenant = 'umbrella';
  const { stdout, stderr, status } = await run(config, { args: [] });
  const lines = stdout.split('\n');
  const at = lines.findIndex(l => /^ {2}fault {4}palette-tenant +the apiToken is of another tenant$/.test(l));
  assert.ok(at > 0, stdout);
  assert.match(lines[at + 1], /^ {11}tried {2}GET \/v1\/users\/me/);
  assert.match(lines[at + 2], /^ {11}got {4}the key is of the tenant acme/);
  assert.match(lines[at + 3], /^ {11}do {5}use a key of umbrella/);
  assert.match(lines[at + 4], /^ {2}ok {7}palette-token-end/);
  assert.equal(lines.filter(l => /^ {2}(ok|warning|fault|skipped) /.test(l)).length, names.length);
  assert.match(stdout, new RegExp(`\\n\\n${names.length} checks: 1 fault, ${names.length - 1} ok\\n$`));
  assert.doesNotMatch(stdout, /\x1b/);
  assert.deepEqual([status, stderr], [1, '']);
});

test('what others say cannot disturb a terminal, nor repeat a secret', async () => {
  restore();
  const config = fine();
  const given = { env: { SPECTROCLOUD_DOCTOR_TOKEN: GIVEN } };
  backstage.mood.catalog = x => x.response.writeHead(401, { 'content-type': 'application/json' })
    .end(JSON.stringify({ error: { name: 'AuthenticationError', message: `no \u001b[31m${GIVEN} ${GOOD_KEY}` } }));
  const text = await run(config, { ...given, args: ['--only', 'backstage-caller'] });
  assert.match(text.stdout, /no \\u001b\[31m\*\*\* \*\*\*/);
  assert.doesNotMatch(text.stdout, /\x1b/);
  const json = await run(config, { ...given, args: ['--json', '--only', 'backstage-caller'] });
  assert.match(found(json, 'backstage-caller').answer, /\*\*\* \*\*\*/);
});

// On a terminal, as script(1) makes one.
function onTerminal(env) {
  const file = join(folder, 'terminal.yaml');
  writeFileSync(file, JSON.stringify(fine()));
  const program = process.env.SPECTROCLOUD_BACKEND ?? 'build/spectrocloud-backend';
  return new Promise((done, failed) => {
    const child = spawn('script', ['-qec', `${program} doctor --only cors --config ${file}`, '/dev/null'],
      { env: { ...process.env, ...env } });
    let out = '';
    child.stdout.on('data', chunk => { out += chunk; });
    child.on('error', failed);
    child.on('close', () => done(out));
  });
}

test('colours on a terminal, but with NO_COLOR', async () => {
  assert.match(await onTerminal({ NO_COLOR: '' }), /\x1b\[32mok/);
  assert.doesNotMatch(await onTerminal({ NO_COLOR: '1' }), /\x1b/);
});

test('sessions in memory: it says where it looked, and no database is spoken of', async () => {
  restore();
  const config = fine();
  config.spectrocloud.tokenStore = { type: 'memory' };
  const result = await run(config);
  for (const name of ['session-store', 'sessions'])
    assert.equal(found(result, name).tried, 'reading spectrocloud.tokenStore');
  assert.equal(found(result, 'sessions').status, 'skipped');
});

test('a configuration without a Backstage: what is about it is skipped', async () => {
  restore();
  const config = fine();
  const { listen } = { listen: `127.0.0.1:${service.port}` };
  delete config.backend.baseUrl;
  delete config.discovery;
  delete config.backend.auth.pluginKeyStore;
  config.permission.enabled = false;
  config.spectrocloud.enablePermissions = false;
  config.spectrocloud.server = { listen };
  const result = await run(config);
  assert.deepEqual(result.json.checks.filter(c => c.status === 'fault'), []);
  for (const check of result.json.checks.filter(c => /^(backstage|rbac|catalog)-/.test(c.name)))
    assert.equal(check.status, 'skipped', JSON.stringify(check));
  assert.equal(found(result, 'service-route').status, 'ok');

  config.spectrocloud.server.listen = '127.0.0.1:1';
  const stopped = found(await run(config), 'service-route');
  assert.equal(stopped.status, 'fault');
  assert.match(stopped.advice, /systemctl start spectrocloud-backend.*spectrocloud-backend serve/);
});
