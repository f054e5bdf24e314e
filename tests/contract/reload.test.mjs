// A service that runs reads its configuration again: on SIGHUP, and when one of its files changes. The new one is
// in force for whoever comes from then on, or is refused and the old one stays; nobody who has begun notices.
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, symlinkSync, unlinkSync,
  writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, test } from 'node:test';

import { ENDPOINT, legacy, notification, send } from './agent.mjs';
import { assertNoTokenIn, beside, gate, logLines, moods, note, startBackstage, startBeside, stopBeside, until,
  userToken } from './backstage.mjs';
import { follow, leaveAll } from './follow.mjs';
import { TRUSTED, configuration, startService, startServiceIn, startSimulator } from './harness.mjs';

const JWKS = '/api/spectrocloud/.backstage/auth/v1/jwks.json';
const PROJECTS = '/api/spectrocloud/projects';

let first;
let second;
let backstage;
let folder;

before(async () => {
  [first, second] = await Promise.all([
    startSimulator('--seed', '3', '--projects', '2', '--clusters', '4'),
    startSimulator('--seed', '4', '--projects', '3', '--clusters', '4')]);
  backstage = await startBackstage();
  folder = mkdtempSync(join(tmpdir(), 'reload-'));
});

after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await Promise.all([first.stop(), second.stop(), backstage.stop()]);
});

afterEach(async () => {
  leaveAll();
  await Promise.all([first.heal(), second.heal()]);
});

// ---- the service, and what is done to it ----

// Every line is logged. watch: whether changed files are noticed.
function config(simulators, extra = {}, { watch = false } = {}) {
  const made = configuration(simulators, { telemetry: { logLevel: 'debug' }, ...extra });
  made.spectrocloud.server = { ...extra.server, watchConfig: watch };
  return made;
}

const write = (service, made) =>
  writeFileSync(service.file, typeof made === 'string' ? made : JSON.stringify(made));

const OUTCOMES = ['config.reloaded', 'config.refused', 'config.unchanged'];
const outcomes = service => service.log().split('\n').filter(line => OUTCOMES.includes(line.split(/ +/)[2]));
const count = (service, event) => logLines(service, event).length;

// The line that says what came of it.
async function hangUp(service) {
  const seen = outcomes(service).length;
  process.kill(service.pid, 'SIGHUP');
  await until(() => outcomes(service).length > seen, 'the log says what came of it', 30000);
  return outcomes(service).at(-1);
}

async function reload(service, made) {
  write(service, made);
  const line = await hangUp(service);
  assert.match(line, / config\.reloaded /);
  return line;
}

async function withService(made, run, ...options) {
  const service = await startService(made, ...options);
  await until(async () => (await readinessOf(service)).status === 200, 'it has started');
  await run(service);
  assert.equal(await service.stop(), 0, service.log());
  assertNoTokenIn(service.log());
}

const readinessOf = service => service.request('GET', '/.backstage/health/v1/readiness', { token: null });
const projects = async (service, instance) =>
  service.request('GET', instance === undefined ? PROJECTS : `${PROJECTS}?instance=${instance}`);

async function assertProjects(service, number, instance) {
  const answer = await projects(service, instance);
  assert.equal(answer.status, 200, answer.text);
  assert.equal(answer.json.projects.length, number, answer.text);
}

// ---- what comes into force ----

test('a changed file: an environment appears, and goes again', () =>
  withService(config([first], {}, { watch: true }), async service => {
    assert.equal((await projects(service, 'second')).status, 400);
    write(service, config([first, second], {}, { watch: true }));
    await until(() => count(service, 'config.reloaded') === 1, 'it is read', 20000);
    await assertProjects(service, 2);
    await assertProjects(service, 3, 'second');
    assert.match(logLines(service, 'config.reloaded')[0],
      / environments=2 changed="spectrocloud\.environments"$/);
    write(service, config([second], {}, { watch: true }));
    await until(() => count(service, 'config.reloaded') === 2, 'it is read again', 20000);
    await assertProjects(service, 3);
    assert.equal((await projects(service, 'second')).status, 400);
  }));

test('SIGHUP has it read, also where files are not watched, and says so where nothing changed', () =>
  withService(config([first]), async service => {
    write(service, config([first, second]));
    await new Promise(done => setTimeout(done, 3500));
    assert.equal(outcomes(service).length, 0);
    assert.match(await hangUp(service), / config\.reloaded environments=2 /);
    await assertProjects(service, 3, 'second');
    assert.match(await hangUp(service), / config\.unchanged /);
    // What is written otherwise and means the same is no change.
    write(service, config([first, second], { server: { requestTimeout: '60s' } }));
    assert.match(await hangUp(service), / config\.unchanged /);
  }));

// As Kubernetes mounts a Secret: what changes is where the link `..data` leads.
test('a token in a file behind a symbolic link is replaced', async () => {
  const mount = mkdtempSync(join(folder, 'secret-'));
  const [wrong, good] = [note('not-the-key-of-it'), 'sim-key'];
  const version = (name, token) => {
    mkdirSync(join(mount, name));
    writeFileSync(join(mount, name, 'token'), `${token}\n`);
  };
  version('v1', wrong);
  symlinkSync('v1', join(mount, '..data'));
  symlinkSync('..data/token', join(mount, 'token'));
  const made = config([first], {}, { watch: true });
  made.spectrocloud.environments[0].apiToken = { $file: join(mount, 'token') };
  await withService(made, async service => {
    assert.notEqual((await projects(service)).status, 200);
    version('v2', good);
    symlinkSync('v2', join(mount, '..new'));
    renameSync(join(mount, '..new'), join(mount, '..data'));
    await until(() => count(service, 'config.reloaded') === 1, 'it is read', 20000);
    await assertProjects(service, 2);
    assert.match(logLines(service, 'config.reloaded')[0], / changed="spectrocloud\.environments\[0\]\.apiToken"$/);
    assert.ok(!service.log().includes(good));
  });
});

test('settings of the process follow, too: the log, and how many are followed', () =>
  withService(config([first]), async service => {
    write(service, config([first], { telemetry: { logLevel: 'debug', logFormat: 'json' }, follow: { most: 1 } }));
    process.kill(service.pid, 'SIGHUP');
    const line = await until(() => service.log().split('\n').find(l => l.includes('"event":"config.reloaded"')),
      'it is read');
    assert.equal(JSON.parse(line).changed,
      'spectrocloud.follow.most, spectrocloud.telemetry.logFormat');
  }));

test('--set goes on being stronger than a file', () =>
  withService(config([first]), async service => {
    write(service, config([second]));
    assert.match(await hangUp(service), / config\.unchanged /);
    await assertProjects(service, 2);
  }, '--set', `spectrocloud.environments=${JSON.stringify(config([first]).spectrocloud.environments)}`));

// ---- what is refused ----

test('what has a fault is refused with the sentence that the start would have, and the old one stays', () =>
  withService(config([first]), async service => {
    const faulty = async (made, reason) => {
      write(service, made);
      const line = await hangUp(service);
      assert.match(line, / warn +config\.refused /);
      assert.match(line, reason);
      await assertProjects(service, 2);
    };
    await faulty('spectrocloud: [\n', / reason="\S+app-config\.yaml:2:1: .* place="\S+app-config\.yaml:2:1"/);
    await faulty(config([first], { server: { requestTimeout: 'soon' } }),
      /spectrocloud\.server\.requestTimeout: got the string 'soon', wanted a duration/);
    const missing = config([first]);
    missing.spectrocloud.environments[0].url = '${NO_SUCH_VARIABLE}';
    await faulty(missing, /environments\[0\]\.url: missing, because the variable NO_SUCH_VARIABLE is not set/);
    await faulty(config([first], { mcp: { toolsets: ['none'] } }), /spectrocloud\.mcp\.toolsets/);
    const external = config([first]);
    external.backend.auth.externalAccess[1].accessRestrictions[0].permision = 'x';
    await faulty(external, /permision/);
    await faulty(config([first], { auth: { serviceTokenFor: ['veiw-info'] } }), /serviceTokenFor\[0\]: there is no permission of this name/);
    await faulty(config([first, second], { server: { workers: 3, queueLength: 9 } }),
      /reason="this needs a restart: spectrocloud\.server\.workers, spectrocloud\.server\.queueLength"/);
    await faulty(config([first, second], { tokenStore: { type: 'sqlite', path: join(folder, 'x.db'),
      encryptionKey: Buffer.alloc(32, 7).toString('base64') } }), /this needs a restart: spectrocloud\.tokenStore\.type/);
    await faulty('', /app-config\.yaml: there is nothing in it any more/);
    assert.equal((await projects(service, 'second')).status, 400);
    unlinkSync(service.file);
    assert.match(await hangUp(service), / config\.refused reason="\S+app-config\.yaml: cannot read this file/);
    await assertProjects(service, 2);
    // And what is in force can be followed by a good one.
    await reload(service, config([first, second]));
    await assertProjects(service, 3, 'second');
  }));

test('the same fault is not told again because the file was touched; another one is', () =>
  withService(config([first], {}, { watch: true }), async service => {
    const told = () => service.log().split('\n').filter(line => / warn +config\.refused /.test(line)).length;
    write(service, 'spectrocloud: [\n');
    await until(() => told() === 1, 'it is refused', 20000);
    write(service, 'spectrocloud: [\n');
    await until(() => outcomes(service).length === 2, 'it is read again', 20000);
    assert.match(outcomes(service)[1], / debug config\.refused /);
    assert.equal(told(), 1);
    write(service, 'spectrocloud: {\n');
    await until(() => told() === 2, 'the other one is refused', 20000);
    write(service, config([first], {}, { watch: true }));
    await until(() => count(service, 'config.unchanged') === 1, 'all is well again', 20000);
    assert.match(outcomes(service).at(-1), / info +config\.unchanged /);
  }));

test('a file that is away for a moment is waited for; one that stays away is told once', () =>
  withService(config([first], {}, { watch: true }), async service => {
    const text = readFileSync(service.file, 'utf8');
    unlinkSync(service.file);
    await new Promise(done => setTimeout(done, 1500));
    writeFileSync(service.file, text);
    await until(() => outcomes(service).length === 1, 'it is read', 20000);
    assert.match(outcomes(service)[0], / config\.unchanged /);
    unlinkSync(service.file);
    await until(() => count(service, 'config.refused') === 1, 'it is missed', 20000);
    await new Promise(done => setTimeout(done, 4000));
    assert.equal(count(service, 'config.refused'), 1);
    await assertProjects(service, 2);
  }));

// ---- who has begun ----

// Which Palette, and the version that a header of the answer shows, are of one configuration.
const numbered = i => {
  const made = config([i % 2 === 0 ? first : second]);
  made.backend.csp = { 'img-src': [`https://v${i}.test`] };
  return made;
};

test('of 200 requests at a time, across 20 changes, none fails, and none sees two configurations', () =>
  withService(numbered(0), async service => {
    await Promise.all([first, second].map(s => s.fault({ match: { pathPrefix: '/v1' }, fault: 'delay', ms: 60 })));
    const versions = new Set();
    let over = false;
    let answers = 0;
    const ask = async () => {
      while (!over) {
        const answer = await projects(service);
        assert.equal(answer.status, 200, answer.text);
        const version = Number(answer.headers['content-security-policy'].match(/https:\/\/v(\d+)\.test/)[1]);
        assert.equal(answer.json.projects.length, version % 2 === 0 ? 2 : 3, `a mixture: ${version} ${answer.text}`);
        versions.add(version);
        answers++;
      }
    };
    const asking = Promise.all(Array.from({ length: 200 }, ask));
    for (let i = 1; i <= 20; i++) await reload(service, numbered(i));
    await until(() => versions.has(20), 'an answer of the last', 20000);
    over = true;
    await asking;
    assert.ok(answers >= 400, `${answers}`);
    assert.ok(versions.size >= 5, [...versions].join());
  }));

test('a request that has begun ends with the old configuration, a later one has the new one', () =>
  withService(numbered(0), async service => {
    await first.fault({ match: { pathPrefix: '/v1' }, fault: 'delay', ms: 2500 });
    await first.forget();
    const begun = projects(service);
    await until(async () => (await first.requests()).length > 0, 'Palette is asked');
    await reload(service, numbered(1));
    await assertProjects(service, 3);
    const answer = await begun;
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.json.projects.length, 2);
    assert.match(answer.headers['content-security-policy'], /v0\.test/);
  }));

// Each old configuration has a thread and connections of its own.
test('while many are at work with old configurations, another change waits', () =>
  withService(numbered(0), async service => {
    await Promise.all([first, second].map(s =>
      s.fault({ match: { pathPrefix: '/v1' }, fault: 'delay', ms: 15000 })));
    const begun = [];
    for (let i = 1; i <= 4; i++) {
      const seen = (await first.requests()).length + (await second.requests()).length;
      begun.push(projects(service));
      await until(async () => (await first.requests()).length + (await second.requests()).length > seen,
        'Palette is asked');
      await reload(service, numbered(i));
    }
    write(service, numbered(5));
    process.kill(service.pid, 'SIGHUP');
    await until(() => count(service, 'config.waits') === 1, 'it waits');
    assert.equal(count(service, 'config.reloaded'), 4);
    for (const answer of await Promise.all(begun)) assert.equal(answer.status, 200, answer.text);
    await until(() => count(service, 'config.reloaded') === 5, 'it is read then', 30000);
  }));

// There is one place, and it is taken: who comes again must not find it so.
test('who follows a cluster is told to come again, and goes on where they were', () => {
  const settings = { follow: { interval: '1s', most: 1 } };
  return withService(config([first], settings), async service => {
    const world = await first.world();
    const cluster = world.clusters.find(c => c.project && c.cloudType !== 'nested');
    await first.control('POST', '/world/set-cluster', { uid: cluster.uid, state: 'Provisioning' });
    let stream = await follow(service, cluster);
    await stream.until('state');
    const second = await follow(service, cluster);
    assert.equal(second.status, 503);
    for (let i = 0; i < 5; i++) {
      await reload(service, { ...config([first], settings), permission: { enabled: i % 2 === 0 } });
      assert.equal((await stream.end()).reason, 'closing');
      stream = await follow(service, cluster, { lastEventId: stream.id });
      assert.equal(stream.status, 200, stream.text);
      await stream.until('state');
    }
  });
});

const call = (id, params = {}) => legacy(id, 'tools/call',
  { name: 'list_spectrocloud_projects', arguments: {}, ...params });

test('a call of an agent goes on with the old configuration, and can still be called off', () =>
  withService(config([first]), async service => {
    await first.fault({ match: { pathPrefix: '/v1' }, fault: 'hang' });
    await first.forget();
    const answer = send(service, call(7));
    await until(async () => (await first.requests()).length > 0, 'Palette is asked');
    await reload(service, config([second]));
    const other = await send(service, call(8));
    assert.equal(other.status, 200);
    assert.ok(!other.json.result.isError, other.text);
    const { status } = await send(service, notification('notifications/cancelled', { requestId: 7 }));
    assert.equal(status, 202);
    const { json } = await answer;
    assert.deepEqual([json.id, json.result.isError], [7, true]);
    assert.equal(ENDPOINT, '/api/spectrocloud/mcp');
  }));

// ---- what stays ----

test('sessions in memory outlive a change, also of the environment that they are for', () =>
  withService(config([first]), async service => {
    const at = '/api/spectrocloud/session-tokens/ada%40example.com';
    const token = note('session-of-ada-that-stays');
    const put = await service.request('PUT', at, { token: TRUSTED,
      body: JSON.stringify({ token, expiresAt: Date.now() + 600000 }) });
    assert.equal(put.status, 200, put.text);
    const before = (await service.request('GET', at, { token: TRUSTED })).text;
    await reload(service, config([first, second]));
    assert.equal((await service.request('GET', at, { token: TRUSTED })).text, before);
    // Another environment has other sessions; and when the first is there again, so are its own.
    const turned = config([first, second], { auth: { trustedServices: ['tests-trusted'],
      sessionEnvironment: 'second' } });
    await reload(service, turned);
    assert.notEqual((await service.request('GET', at, { token: TRUSTED })).text, before);
    await reload(service, config([first, second]));
    assert.equal((await service.request('GET', at, { token: TRUSTED })).text, before);
  }));

test('our own keys stay the same: what they have signed goes on being good', () =>
  withService(config([first]), async service => {
    const keys = async () => (await service.request('GET', JWKS, { token: null })).json.keys;
    const before = await keys();
    for (const simulators of [[second], [first, second], [first]]) await reload(service, config(simulators));
    assert.deepEqual(await keys(), before);
  }));

test('the keys of users are there before the new configuration is in force', async () => {
  const made = beside(backstage, config([first]));
  const service = await startBeside(backstage, made);
  const ask = () => service.request('GET', PROJECTS, { token: userToken(backstage.users[0]) });
  assert.equal((await ask()).status, 200);
  backstage.forget();
  await reload(service, beside(backstage, config([first, second])));
  assert.equal(backstage.fetches(/\/auth\/\.well-known\/jwks\.json/), 1);
  assert.equal((await ask()).status, 200);
  assert.equal(backstage.fetches(/\/auth\/\.well-known\/jwks\.json/), 1);
  assert.equal((await readinessOf(service)).status, 200);
  // A Backstage that does not answer holds it up for seconds, and nobody else.
  backstage.mood.users = moods.hangs;
  write(service, beside(backstage, config([first])));
  const changed = hangUp(service);
  assert.equal((await ask()).status, 200);
  assert.match(await changed, / config\.reloaded /);
  backstage.mood.users = null;
  assert.equal((await ask()).status, 200);
  await stopBeside(backstage, service);
});

// ---- at the edges ----

test('SIGHUP while it starts is obeyed after that, and while it stops does nothing', async () => {
  const closed = gate();
  const made = beside(backstage, config([first]));
  backstage.mood.users = closed.mood;
  backstage.serves(null);
  const service = await startService(made);
  backstage.serves(service);
  for (let i = 0; i < 20; i++) process.kill(service.pid, 'SIGHUP');
  write(service, beside(backstage, config([first, second])));
  closed.open();
  backstage.mood.users = null;
  await until(() => count(service, 'config.reloaded') === 1, 'it is read once it has started', 20000);
  await first.fault({ match: { pathPrefix: '/v1' }, fault: 'delay', ms: 2000 });
  await first.forget();
  const begun = projects(service);
  await until(async () => (await first.requests()).length > 0, 'Palette is asked');
  const seen = outcomes(service).length;
  write(service, beside(backstage, config([second])));
  process.kill(service.pid, 'SIGTERM');
  for (let i = 0; i < 20; i++) process.kill(service.pid, 'SIGHUP');
  assert.equal((await begun).status, 200);
  assert.equal(await service.ended(), 0, service.log());
  assert.equal(outcomes(service).length, seen);
  await service.stop();
});

const statusOf = (service, name) =>
  Number(readFileSync(`/proc/${service.pid}/status`, 'utf8').match(new RegExp(`^${name}:\\s+(\\d+)`, 'm'))[1]);

test('after 50 changes there are as many threads and descriptors as after 10, and hardly more memory', async () => {
  const place = { env: { ...process.env, ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:quarantine_size_mb=1` } };
  const service = await startServiceIn(place, numbered(0));
  const figures = async () => {
    let seen;
    // Old ones are closed a moment later.
    await until(() => {
      const threads = statusOf(service, 'Threads');
      const descriptors = readdirSync(`/proc/${service.pid}/fd`).length;
      const same = seen?.threads === threads && seen?.descriptors === descriptors;
      seen = { threads, descriptors, kib: statusOf(service, 'VmRSS') };
      return same;
    }, 'it comes to rest');
    return seen;
  };
  const change = async (from, to) => {
    for (let i = from; i <= to; i++) {
      await reload(service, numbered(i));
      await assertProjects(service, i % 2 === 0 ? 2 : 3);
    }
    await new Promise(done => setTimeout(done, 1500));
  };
  await change(1, 10);
  const before = await figures();
  await change(11, 50);
  const now = await figures();
  assert.deepEqual([now.threads, now.descriptors], [before.threads, before.descriptors]);
  assert.ok(now.kib < before.kib * 1.25 + 4096, JSON.stringify([before, now]));
  assert.equal(await service.stop(), 0, service.log());
});
