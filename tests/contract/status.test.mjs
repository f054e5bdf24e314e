// The status page: who may see it, that what it says is what happened, and that it is nothing but a page. How it looks
// is for tests/browser.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';

import Ajv2020 from 'ajv/dist/2020.js';

import { assertNoTokenIn, beside, moods, pluginToken, startBackstage, until, userToken } from './backstage.mjs';
import { creations, newName } from './creates.mjs';
import { OTHER_PLUGIN, RESTRICTED, TOKEN, TRUSTED, configuration, operations, startService, startSimulator }
  from './harness.mjs';
import { fetchFrom, startMonitored, withTelemetry } from './scrape.mjs';

const API = '/api/spectrocloud';
const PATH = `${API}/status`;
const OPERATOR = 'contract-token-of-an-operator';
const AWAY = { match: { pathPrefix: '/v1' }, fault: 'reset', bytes: 0 };
const EVIL = '<script>alert(1)</script>&"\'';
const SESSION = `session-of-ada-${crypto.randomBytes(16).toString('hex')}`;
const EMAIL = 'ada@example.com';

let first;
let second;
let world;
let backstage;
let folder;
const seen = []; // all that was answered, for a look at what must never be there

before(async () => {
  [first, second] = await Promise.all(['31', '32'].map(seed =>
    startSimulator('--seed', seed, '--projects', '3', '--clusters', '12', '--session-token', SESSION)));
  world = await first.world();
  backstage = await startBackstage();
  backstage.emails = { 'user:default/ada': EMAIL };
  folder = mkdtempSync(join(tmpdir(), 'contract-status-'));
});

after(async () => {
  await Promise.all([first.stop(), second.stop(), backstage.stop()]);
  rmSync(folder, { recursive: true, force: true });
});

afterEach(async () => {
  backstage.mood.permission = null;
  backstage.decide = () => 'ALLOW';
  await Promise.all([first.heal(), second.heal()]);
});

function config(extra = {}, simulators = [first, second]) {
  const made = configuration(simulators, { ...extra, upstream: { attempts: 1, ...extra.upstream } });
  made.spectrocloud.telemetry = { listen: '127.0.0.1:0', ...extra.telemetry };
  made.backend.auth.externalAccess.push({ type: 'static', options: { token: OPERATOR, subject: 'operator' },
    accessRestrictions: [{ plugin: 'spectrocloud', permission: 'spectrocloud.metrics.view' }] });
  return made;
}

async function start(t, extra, change = made => made) {
  const service = withTelemetry(await startService(change(config(extra))));
  t.after(async () => assert.equal(await service.stop(), 0, service.log()));
  await until(async () => (await service.request('GET', '/.backstage/health/v1/readiness', { token: null })).status === 200,
    'ready');
  return service;
}

const startWithBackstage = (t, extra, permission) => startMonitored(t, backstage, config(extra), permission);

const get = (service, path, options) => service.request('GET', `${API}${path}`, options);
const ada = () => userToken(backstage.users[0], { sub: 'user:default/ada' });

async function page(service) {
  const { status, text } = await fetchFrom(service.telemetry, '/status');
  assert.equal(status, 200, text);
  seen.push(text);
  return text;
}

async function figures(service) {
  const { status, text } = await fetchFrom(service.telemetry, '/status', { headers: { accept: 'application/json' } });
  assert.equal(status, 200, text);
  seen.push(text);
  return JSON.parse(text);
}

const named = (list, name) => list.find(item => [item.name, item.cloud, item.permission].includes(name));
const summed = (load, what) => load.minutes.reduce((sum, minute) => sum + minute[what], 0);
const messages = now => now.notices.map(({ message }) => message).join('\n');

// ---- who may see it ----

test('with a token: services, and of restricted ones those that name the permission of operators', async t => {
  const service = await startWithBackstage(t, {}, { enabled: false });
  const status = async (token, path = PATH) => (await service.request('GET', path, { token })).status;
  assert.equal(await status(TOKEN), 200);
  assert.equal(await status(OPERATOR), 200);
  assert.equal(await status(pluginToken(backstage.plugins.catalog[0], { sub: 'catalog' })), 200);
  assert.equal(await status(null), 401);
  assert.equal(await status('no.such.token'), 401);
  for (const token of [ada(), RESTRICTED, OTHER_PLUGIN]) assert.equal(await status(token), 403);
  assert.equal(await status(OPERATOR, `${API}/projects`), 403);
  assert.equal(await status(TOKEN, '/status'), 404); // at the root it is the other listener's
  assert.equal((await service.request('POST', PATH)).status, 405);
});

test('without one: who is on this machine, by one of its names, and not through a proxy', async t => {
  const service = await start(t);
  const ask = async headers => (await fetchFrom(service.telemetry, '/status', { headers })).status;
  assert.equal(await ask({}), 200);
  assert.equal(await ask({ host: `localhost:${service.telemetry}` }), 200);
  assert.equal(await ask({ host: 'rebound.example' }), 403);
  for (const header of ['forwarded', 'x-forwarded-for', 'via']) assert.equal(await ask({ [header]: '10.0.0.9' }), 403, header);
  const { headers, text } = await fetchFrom(service.telemetry, '/status', { headers: { host: 'rebound.example' } });
  assert.match(headers['content-type'], /^text\/plain/);
  assert.ok(!text.includes('first'), text);
  assert.equal((await fetchFrom(service.telemetry, '/status', { method: 'POST' })).status, 405);
});

test('and from elsewhere nobody, though the listener is open for metrics', async t => {
  const address = Object.values(networkInterfaces()).flat().find(({ family, internal }) => family === 'IPv4' && !internal);
  if (!address) {
    t.skip('this machine has no other address');
    return;
  }
  const service = withTelemetry(await startService(config({ telemetry: { listen: '0.0.0.0:0' } })));
  t.after(async () => assert.equal(await service.stop(), 0, service.log()));
  const ask = async path => (await fetch(`http://${address.address}:${service.telemetry}${path}`)).status;
  assert.equal(await ask('/metrics'), 200);
  assert.equal(await ask('/status'), 403);
  assert.equal((await fetchFrom(service.telemetry, '/status')).status, 200);
});

test('on a local socket', async t => {
  const socketPath = join(folder, 'status.sock');
  const service = await startService(config({ telemetry: { listen: `unix:${socketPath}` } }));
  t.after(async () => assert.equal(await service.stop(), 0, service.log()));
  const { status, text } = await fetchFrom(undefined, '/status', { socketPath });
  assert.equal(status, 200, text);
  assert.match(text, /^<!DOCTYPE html>/);
});

// ---- what it is ----

test('a page that needs nothing, runs nothing, is kept by nobody and framed by nobody', async t => {
  const service = await start(t);
  const answers = [await service.request('GET', PATH, { token: OPERATOR }), await fetchFrom(service.telemetry, '/status'),
    await service.request('GET', PATH, { token: OPERATOR, headers: { accept: 'text/html, application/json;q=0.9' } })];
  for (const { headers, text } of answers) {
    seen.push(text);
    assert.equal(headers['content-type'], 'text/html; charset=utf-8');
    assert.equal(headers['cache-control'], 'no-store');
    assert.equal(headers['x-content-type-options'], 'nosniff');
    assert.equal(headers['x-frame-options'], 'DENY');
    assert.equal(headers['referrer-policy'], 'no-referrer');
    assert.equal(headers.etag, undefined);
    const style = text.match(/<style>(.*?)<\/style>/s)[1];
    const hash = crypto.createHash('sha256').update(style).digest('base64');
    assert.equal(headers['content-security-policy'], `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; ` +
      "base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    assert.equal(text.split('<style>').length, 2);
    assert.doesNotMatch(text, /<script|<iframe|<img|\sstyle=|\son\w+=|@import|url\((?!#)/);
    assert.ok(Buffer.byteLength(text) < 200000, `${Buffer.byteLength(text)} bytes`);
  }
  const head = await service.request('HEAD', PATH, { token: OPERATOR });
  assert.deepEqual([head.status, head.text], [200, '']);
});

test('the same as JSON, as the API describes it', async t => {
  const service = await start(t);
  assert.equal((await get(service, '/projects')).status, 200);
  const { document, rows } = await operations(service);
  const row = rows.find(({ operationId }) => operationId === 'service.status');
  const { content } = row.responses['200'];
  assert.deepEqual(Object.keys(content), ['text/html; charset=utf-8', 'application/json']);
  const answer = await service.request('GET', PATH, { headers: { accept: 'application/json' } });
  assert.equal(answer.headers['content-type'], 'application/json; charset=utf-8');
  assert.equal(answer.headers['cache-control'], 'no-store');
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  const schema = { ...content['application/json'].schema, components: document.components };
  assert.ok(ajv.validate(schema, answer.json), ajv.errorsText());
  const documented = new Set();
  (function walk(part) {
    for (const [name, member] of Object.entries(part.properties ?? {})) {
      documented.add(name);
      assert.ok(member.description, `${name} is not explained`);
      walk(member.items ?? member);
    }
  })(schema);
  (function walk(value, at) {
    if (Array.isArray(value)) value.forEach(item => walk(item, at));
    else if (value && typeof value === 'object')
      for (const [name, member] of Object.entries(value)) {
        assert.ok(documented.has(name), `${at}.${name} is not documented`);
        walk(member, `${at}.${name}`);
      }
  })(answer.json, '');
  assert.deepEqual(Object.keys(answer.json).sort(), Object.keys(await figures(service)).sort());
});

test('names are text, whatever they look like', async t => {
  const service = await start(t, {}, made => {
    made.spectrocloud.environments[1].name = EVIL;
    return made;
  });
  assert.equal((await get(service, `/projects?instance=${encodeURIComponent(EVIL)}`)).status, 200);
  const html = await page(service);
  assert.ok(!html.includes('<script'), 'it is no text');
  assert.ok(html.includes('&lt;script&gt;alert(1)&lt;/script&gt;&amp;&quot;&#39;'));
  const now = await figures(service);
  assert.equal(now.environments[1].name, EVIL);
  assert.equal(now.environments[1].load.requests, 1);
});

// ---- what it says ----

test('the process', async t => {
  const service = await start(t);
  let now;
  // A thread counts as busy until it waits for the first time.
  await until(async () => named((now = await figures(service)).pools, 'requests').busy === 0, 'all wait', 30000);
  const [, version] = readFileSync(new URL('../../meson.build', import.meta.url), 'utf8').match(/version: '([^']+)'/);
  assert.equal(now.version, version);
  assert.equal(now.replica, hostname());
  assert.equal(now.phase, 'serving');
  assert.equal(now.ready, true);
  assert.ok(now.uptimeSeconds >= 0 && now.uptimeSeconds < 300, `${now.uptimeSeconds} s`);
  assert.ok(Math.abs(Date.parse(now.time) - Date.now()) < 60000, now.time);
  assert.ok(now.minutes >= 1 && now.minutes < 6, `${now.minutes}`);
  assert.ok(now.process.memoryBytes > 1e6 && now.process.openFiles > 5);
  assert.equal(now.sentence, 'None of the 2 environments was asked in the last hour.');
  assert.equal(now.status, 'good');
  assert.deepEqual(now.notices, []);
  assert.match(await page(service), /None of the 2 environments was asked in the last hour\./);
});

test('requests to each environment, and to the service', async t => {
  const service = await start(t);
  const { load: earlier } = await figures(service); // readiness may have been asked while it started
  for (const status of [200, 200]) assert.equal((await get(service, '/projects')).status, status);
  assert.equal((await get(service, '/projects', { token: null })).status, 401);
  await second.fault({ match: { pathPrefix: '/v1' }, fault: 'status', status: 500 });
  assert.equal((await get(service, '/projects?instance=second')).status, 502);
  const { environments, load } = await figures(service);
  const [one, two] = environments;
  assert.deepEqual([one.load.requests, one.load.failures, two.load.requests, two.load.failures], [2, 0, 1, 1]);
  assert.deepEqual([one.state, two.state], ['answers', 'answers']);
  assert.deepEqual(two.failures, [{ name: '500', hour: 1, total: 1 }]);
  assert.ok(one.load.medianUs > 0 && one.load.p95Us >= one.load.medianUs);
  assert.equal(one.load.minutes.length, 60);
  assert.equal(summed(one.load, 'requests'), 2);
  assert.equal(summed(two.load, 'failures'), 1);
  assert.ok(load.requests >= earlier.requests + 4, `${load.requests} after ${earlier.requests}`);
  assert.equal(load.failures - earlier.failures, 1);
});

test('an environment that does not answer is named at once, and forgotten when it answers', async t => {
  const service = await start(t, { upstream: { attempts: 1, circuitFailures: 5, circuitPause: '200ms' } });
  assert.equal((await get(service, '/projects')).status, 200);
  await second.fault(AWAY);
  const { uid, project } = world.clusters.find(c => c.project && !c.deleted && c.cloudType !== 'nested');
  const path = i => (i === 0 ? '/projects?instance=second' : `/clusters/${uid}?projectUid=${project}&instance=second`);
  for (let i = 0; i < 5; i++) assert.equal((await get(service, path(i))).status, 502);
  const now = await figures(service);
  assert.equal(now.status, 'bad');
  assert.match(now.sentence, /^1 of 2 environments answers; second has not for (a moment|\d+ (second|minute)s?)\.$/);
  assert.match(messages(now), /^second does not answer; .* \(broken: 5\)\.$/m);
  const [one, two] = now.environments;
  assert.deepEqual([one.state, two.state], ['answers', 'does not answer']);
  assert.ok(['open', 'half-open'].includes(two.circuit), two.circuit);
  assert.equal(two.failuresInARow, 5);
  assert.ok(Math.abs(Date.parse(two.silentSince) - Date.now()) < 60000, two.silentSince);
  assert.equal(two.load.failures, 5);
  const html = await page(service);
  assert.match(html, /<h1>.*1 of 2 environments answers; second has not for /);
  assert.match(html, /no answer for (a moment|\d+ second)/);
  await second.heal();
  await until(async () => (await get(service, '/projects?instance=second')).status === 200, 'it answers', 30000);
  const later = await figures(service);
  assert.equal(later.environments[1].silentSince, undefined);
  assert.match(later.sentence, /^Both environments answer\.$/);
  // What has failed stays in the hour.
  assert.equal(later.status, 'warning');
  assert.match(messages(later), /^5 requests failed of \d+ requests to second in the last hour/m);
});

test('an apiToken that is refused is named, until it is taken', async t => {
  const service = await start(t);
  assert.equal((await get(service, '/projects?instance=second')).status, 200);
  await second.fault({ match: { pathPrefix: '/v1' }, fault: 'status', status: 401 });
  const fresh = { headers: { 'Cache-Control': 'no-cache' } };
  assert.equal((await get(service, '/projects?instance=second', fresh)).status, 502);
  await get(service, '/projects', fresh);
  const now = await figures(service);
  assert.equal(now.status, 'bad');
  assert.equal(now.sentence, '1 of 2 environments answers; second refuses the apiToken.');
  assert.match(messages(now), /^second has refused the apiToken for (a moment|\d+ seconds?): /m);
  assert.deepEqual(now.environments.map(({ state }) => state), ['answers', 'refuses the apiToken']);
  assert.ok(Math.abs(Date.parse(now.environments[1].tokenRefusedSince) - Date.now()) < 60000);
  assert.match(await page(service), /<h1>.*second refuses the apiToken/);
  await second.heal();
  await until(async () => (await get(service, '/projects?instance=second', fresh)).status === 200, 'it is taken', 30000);
  const later = await figures(service);
  assert.equal(later.sentence, 'Both environments answer.');
  assert.equal(later.environments[1].tokenRefusedSince, undefined);
});

test('a session that Palette refuses says nothing of the apiToken', async t => {
  const service = await start(t);
  await second.fault({ match: { pathPrefix: '/v1' }, fault: 'status', status: 401 });
  const answer = await get(service, '/projects?instance=second', { headers: { 'X-SpectroCloud-Token': SESSION } });
  assert.equal(answer.status, 401, answer.text);
  const now = await figures(service);
  assert.equal(now.environments[1].state, 'answers');
  assert.equal(now.environments[1].tokenRefusedSince, undefined);
});

test('what is left of the rate limits', async t => {
  const service = await start(t, { upstream: { ratePercent: 100, rates: [{ path: '/v1/dashboard', perSecond: 1, atOnce: 3 }] } });
  assert.deepEqual((await figures(service)).environments[0].budget, []);
  assert.equal((await get(service, '/projects', { headers: { 'Cache-Control': 'no-cache' } })).status, 200);
  const [budget] = (await figures(service)).environments[0].budget;
  assert.equal(budget.path, '/v1/dashboard');
  assert.equal(budget.most, 3);
  assert.ok(budget.left >= 1 && budget.left <= 3, `${budget.left} are left`);
  assert.match(await page(service), /<th scope="row">\/<wbr>v1\/<wbr>dashboard<\/th>.*\d of 3/);
});

test('who may, and who was denied', async t => {
  const service = await startWithBackstage(t, { permissions: { cacheTtl: '0s' } });
  const permission = 'spectrocloud.cluster.view-info';
  const ask = () => get(service, '/projects', { token: ada() });
  backstage.decide = () => 'ALLOW';
  assert.equal((await ask()).status, 200);
  backstage.decide = () => 'DENY';
  for (let i = 0; i < 2; i++) assert.equal((await ask()).status, 403);
  const { allowed, denied, unclear } = named((await figures(service)).permissions, permission);
  assert.deepEqual({ allowed, denied, unclear }, { allowed: 1, denied: 2, unclear: 0 });
  backstage.mood.permission = moods.status(500);
  assert.equal((await ask()).status, 403);
  const now = await figures(service);
  assert.equal(named(now.permissions, permission).unclear, 1);
  assert.match(messages(now), /^Of 1 request in the last hour nobody could say/m);
  await until(async () => !(await figures(service)).ready, 'it is not ready', 30000);
  const sick = await figures(service);
  assert.equal(sick.status, 'bad');
  assert.match(messages(sick), /^It is not ready for requests: /m);
  const says = /^\d+ requests failed of \d+ requests to Backstage's plugin permission in the last hour \(500: \d+\)\.$/m;
  await until(async () => says.test(messages(await figures(service))), 'the plugin is named', 30000);
});

test('clusters that are created', async t => {
  const service = await start(t);
  const [creation] = creations(world);
  const create = name => service.request('POST', creation.path, { body: creation.body(name) });
  const eks = async () => named((await figures(service)).creations, 'eks');
  const { running, lastOutcome } = await eks();
  assert.deepEqual([running, lastOutcome], [0, undefined]);
  const name = newName();
  await first.fault({ match: { method: 'POST', pathPrefix: '/v1/spectroclusters/eks' }, fault: 'delay', ms: 1500, times: 1 });
  const creating = create(name);
  await until(async () => (await eks()).running === 1, 'it is at work');
  assert.equal((await creating).status, 201);
  const done = await eks();
  assert.deepEqual([done.running, done.succeeded, done.lastOutcome], [0, 1, 'succeeded']);
  assert.ok((await create(name)).status >= 400);
  assert.deepEqual([(await eks()).failed, (await eks()).lastOutcome], [1, 'failed']);
  await first.fault({ match: { method: 'POST', pathPrefix: '/v1/spectroclusters/eks' }, fault: 'reset', bytes: 0 });
  assert.ok((await create(newName())).status >= 500);
  const now = await figures(service);
  assert.deepEqual([named(now.creations, 'eks').unknown, named(now.creations, 'eks').lastOutcome], [1, 'unknown']);
  assert.match(messages(now), /^Of 1 cluster \(eks\) in the last hour it is not known/m);
  assert.equal(named(now.creations, 'vsphere').lastOutcome, undefined);
});

test('what is kept, and sessions', async t => {
  const service = await startWithBackstage(t, { cache: { ttl: { lists: '1h', details: '1h' } } }, { enabled: false });
  for (let i = 0; i < 2; i++) assert.equal((await get(service, '/projects')).status, 200);
  const ask = () => get(service, '/projects', { token: ada(), headers: { 'X-SpectroCloud-User-Email': EMAIL } });
  assert.equal((await ask()).status, 200); // she has none, and should sign in
  assert.equal((await service.request('PUT', `${API}/session-tokens/${encodeURIComponent(EMAIL)}`,
    { token: pluginToken(backstage.plugins.auth[0], { sub: 'auth' }), body: JSON.stringify({ token: SESSION }) })).status, 200);
  assert.equal((await ask()).status, 200);
  const { cache, sessions } = await figures(service);
  assert.equal(named(cache.questions, 'hit').hour, 2);
  assert.equal(named(cache.questions, 'miss').hour, 2);
  assert.ok(cache.bytes > 0 && cache.entries === 2, `${cache.entries}`);
  assert.deepEqual(['none', 'miss', 'reauthentications'].map(name => named(sessions, name).hour), [1, 1, 1]);
});

test('the configuration that was refused', async t => {
  const service = await start(t, { server: { watchConfig: false } });
  assert.equal((await figures(service)).configuration.reload, undefined);
  const text = readFileSync(service.file, 'utf8');
  const hangUp = async (content, result) => {
    writeFileSync(service.file, content);
    process.kill(service.pid, 'SIGHUP');
    await until(async () => (await figures(service)).configuration.reload === result, result, 30000);
    return figures(service);
  };
  const refused = await hangUp('spectrocloud:\n  server: { workers: none-of-these }\n', 'refused');
  assert.match(refused.configuration.reloadPlace, /app-config\.yaml:2:\d+$/);
  assert.equal(refused.status, 'warning');
  assert.match(refused.sentence, /; something else needs a look\.$/);
  assert.match(messages(refused), /^The configuration was read again .* refused, for what stands at .*app-config\.yaml:2:/m);
  assert.ok(!(await page(service)).includes('none-of-these'), 'a value is in it');
  const good = await hangUp(text, 'unchanged');
  assert.equal(good.status, 'good');
  // A new one has other environments, and the hour goes on.
  assert.equal((await get(service, '/projects')).status, 200);
  const changed = JSON.parse(text);
  changed.spectrocloud.environments.reverse();
  const { environments } = await hangUp(JSON.stringify(changed), 'reloaded');
  assert.deepEqual(environments.map(({ name, load }) => [name, load.requests]), [['second', 0], ['first', 1]]);
});

test('while it starts', async t => {
  const made = beside(backstage, config());
  made.spectrocloud.telemetry.listen = '127.0.0.1:0';
  made.backend.lifecycle = { startupRequestPauseTimeout: '60s' };
  backstage.mood.users = moods.hangs; // the start waits for the keys of users
  backstage.serves(null);
  const service = withTelemetry(await startService(made));
  backstage.serves(service);
  t.after(async () => {
    backstage.mood.users = null;
    await service.stop();
  });
  const now = await figures(service);
  assert.deepEqual([now.phase, now.ready, now.status], ['starting', false, 'warning']);
  assert.equal(now.sentence, 'The service is starting.');
  assert.equal((await service.request('GET', PATH, { token: OPERATOR })).status, 200);
});

// ---- all of it ----

test('nothing in it says who or what somebody is', () => {
  assert.ok(seen.length > 30);
  const all = seen.join('');
  assertNoTokenIn(all);
  const secrets = [TOKEN, RESTRICTED, OTHER_PLUGIN, TRUSTED, OPERATOR, SESSION, EMAIL, 'sim-key', 'sim-secret', 'user:default',
    'example.com', 'tests-trusted', 'made-'];
  const names = [...world.clusters, ...world.projects].map(({ name }) => name).filter(name => name.length > 8);
  for (const secret of [...secrets, ...names]) assert.ok(!all.includes(secret), `${secret} is in it`);
  assert.doesNotMatch(all, /\b[0-9a-f]{24}\b/, 'a uid is in it');
});
