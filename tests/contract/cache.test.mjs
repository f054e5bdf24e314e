// What is kept of Palette's answers, and what is asked once for several: counted at the simulated Palette.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';

import { TOKEN, ask, asksPalette, configuration, goodRequests, operations, startService, startSimulator }
  from './harness.mjs';

const BASE = '/api/spectrocloud';
const KEPT = { cache: { ttl: { lists: '30s', details: '10s' } } };
let simulator;
let world;

before(async () => {
  simulator = await startSimulator('--seed', '41', '--projects', '6', '--clusters', '60', '--virtual-clusters', '10',
    '--profiles', '20', '--session-token', 'session-admin',
    '--session-token', 'session-ann:projects=1,2', '--session-token', 'session-ben:projects=2,3');
  world = await simulator.world();
});

after(() => simulator.stop());

async function start(t, extra = KEPT, simulators = [simulator]) {
  await simulator.heal();
  const service = await startService(configuration(simulators, extra));
  t.after(async () => assert.equal(await service.stop(), 0, service.log()));
  await simulator.forget();
  return service;
}

const get = (service, path, headers = {}) => service.request('GET', BASE + path, { headers });
const as = name => ({ 'X-SpectroCloud-Token': `session-${name}` });
const asked = async () => (await simulator.requests()).length;
const uids = answer => answer.json.clusters.map(c => c.metadata.uid).sort();
const clustersOf = (...numbers) => {
  const projects = numbers.map(n => world.projects[n - 1].uid);
  return world.clusters.filter(c => !c.deleted && projects.includes(c.project)).map(c => c.uid).sort();
};

// What a list over all costs, asked once.
async function costOf(path, headers) {
  const service = await startService(configuration([simulator]));
  await simulator.forget();
  assert.equal((await get(service, path, headers)).status, 200);
  const count = await asked();
  assert.equal(await service.stop(), 0, service.log());
  return count;
}

test('fifty ask for the same list at once: it is asked for once, whether or not it is kept', async t => {
  const sweep = await costOf('/clusters', as('ann'));
  for (const extra of [KEPT, {}]) {
    const service = await start(t, { ...extra, server: { workers: 60, queueLength: 200 } });
    await simulator.fault({ match: { pathPrefix: '/v1/users/me' }, fault: 'slow-headers', ms: 1500 });
    const answers = await Promise.all(Array.from({ length: 50 }, () => get(service, '/clusters', as('ann'))));
    for (const answer of answers) {
      assert.equal(answer.status, 200, answer.text);
      assert.deepEqual(uids(answer), clustersOf(1, 2));
    }
    assert.equal(await asked(), sweep);
    await simulator.heal();
  }
});

test('what is kept has its age and its tag, and costs nothing', async t => {
  const service = await start(t);
  const first = await get(service, '/clusters');
  assert.equal(first.headers.age, undefined);
  const count = await asked();
  await pause(1100);
  const again = await get(service, '/clusters');
  assert.equal(again.text, first.text);
  assert.equal(again.headers.etag, first.headers.etag);
  assert.ok(Number(again.headers.age) >= 1, again.headers.age);
  const same = await get(service, '/clusters', { 'If-None-Match': first.headers.etag });
  assert.equal(same.status, 304);
  assert.ok(Number(same.headers.age) >= 1);
  for (const coding of ['gzip', 'gzip', 'identity']) {
    const form = await get(service, '/clusters', { 'Accept-Encoding': coding });
    assert.equal(form.status, 200);
    assert.equal(form.headers['content-encoding'], coding === 'gzip' ? 'gzip' : undefined);
  }
  const page = await get(service, '/clusters?limit=3');
  assert.equal(page.json.clusters.length, 3);
  assert.ok(Number(page.headers.age) >= 1);
  assert.equal(await asked(), count);
});

test('lists and details are kept each by their own question', async t => {
  const service = await start(t);
  const { uid, project } = world.clusters.find(c => !c.deleted && c.project !== null && c.cloudType !== 'nested');
  const paths = ['/clusters', `/clusters?projectUid=${project}`, '/virtualclusters', '/projects', '/users/me/projects',
    `/projects/${project}/profiles`, `/projects/${project}/profiles?cloudType=aws`, '/clustergroups',
    `/clustergroups?projectUid=${project}`, `/clusters/${uid}?projectUid=${project}`,
    `/profiles/${world.profiles.find(p => p.project === null).uid}`];
  const texts = [];
  for (const path of paths) {
    const answer = await get(service, path);
    assert.equal(answer.status, 200, `${path}: ${answer.text}`);
    assert.equal(answer.headers.age, undefined, path);
    texts.push(answer.text);
  }
  const count = await asked();
  for (const [i, path] of paths.entries()) {
    const answer = await get(service, path);
    assert.equal(answer.text, texts[i], path);
    assert.ok(answer.headers.age !== undefined, path);
  }
  assert.equal(await asked(), count);
  // A cluster that is no virtual one is not made one by being kept.
  assert.equal((await get(service, `/virtualclusters/${uid}?projectUid=${project}`)).status, 404);
  assert.equal(await asked(), count);
});

test("two people never see each other's answers", async t => {
  const service = await start(t);
  const sweep = await costOf('/clusters', as('ann'));
  await simulator.forget();
  const answers = await Promise.all(['ann', 'ben', 'ann', 'ben'].map(name => get(service, '/clusters', as(name))));
  for (const [i, answer] of answers.entries())
    assert.deepEqual(uids(answer), i % 2 === 0 ? clustersOf(1, 2) : clustersOf(2, 3));
  const requests = await simulator.requests();
  assert.equal(requests.length, 2 * sweep);
  assert.equal(new Set(requests.map(r => r.credential)).size, 2);
  // Nor is the environment's own token somebody's.
  assert.ok(uids(await get(service, '/clusters')).length > clustersOf(1, 2, 3).length);
  for (const name of ['ann', 'ben'])
    assert.deepEqual(uids(await get(service, '/clusters', as(name))), name === 'ann' ? clustersOf(1, 2) : clustersOf(2, 3));
});

test('no-cache asks anew, and what comes is kept', async t => {
  const service = await start(t);
  await get(service, '/projects');
  for (const headers of [{ 'Cache-Control': 'no-cache' }, { 'Cache-Control': 'max-age=0' },
    { 'Cache-Control': 'private, no-store' }, { Pragma: 'no-cache' }]) {
    const before = await asked();
    assert.equal((await get(service, '/projects', headers)).headers.age, undefined);
    assert.equal(await asked(), before + 1, JSON.stringify(headers));
  }
  const before = await asked();
  for (const headers of [{}, { 'Cache-Control': 'max-age=100' }, { 'Cache-Control': 'max-age=100', Pragma: 'no-cache' }])
    assert.ok((await get(service, '/projects', headers)).headers.age !== undefined, JSON.stringify(headers));
  assert.equal(await asked(), before);
});

test('a create drops all of its environment, for everybody', async t => {
  const service = await start(t, KEPT, [simulator, simulator]);
  const good = goodRequests(world)['cluster.create'];
  const url = `${BASE}/clusters?projectUid=${good.query.projectUid}`;
  const before = await get(service, '/clusters', as('ann'));
  await get(service, '/projects?instance=second');
  const created = await service.request('POST', url, { body: JSON.stringify(good.body), headers: as('admin') });
  assert.equal(created.status, 201, created.text);
  const now = await get(service, '/clusters', as('ann'));
  assert.equal(now.headers.age, undefined);
  assert.equal(now.json.clusters.length, before.json.clusters.length + 1);
  assert.ok((await get(service, '/projects?instance=second')).headers.age !== undefined);
  await simulator.control('POST', '/world/delete-cluster', { uid: created.json.uid });
});

test('so does one of which nobody knows what became of it', async t => {
  const service = await start(t);
  const good = structuredClone(goodRequests(world)['cluster.create']);
  good.body.metadata.name = 'nobody-knows';
  await get(service, '/projects');
  assert.ok((await get(service, '/projects')).headers.age !== undefined);
  await simulator.fault({ match: { method: 'POST', pathPrefix: '/v1/spectroclusters/eks' }, skip: 0, fault: 'reset' });
  const answer = await service.request('POST', `${BASE}/clusters?projectUid=${good.query.projectUid}`,
    { body: JSON.stringify(good.body) });
  await simulator.heal();
  assert.notEqual(answer.status, 201);
  assert.equal((await get(service, '/projects')).headers.age, undefined);
});

// Until something holds; a slow machine has time.
async function eventually(holds, what) {
  for (let i = 0; i < 400; i++) {
    if (await holds()) return;
    await pause(25);
  }
  assert.fail(what);
}

test('past its time an answer is given as it was, and asked for once in the background', async t => {
  const service = await start(t, { cache: { ttl: { lists: '3s', details: '3s' } } });
  const first = await get(service, '/projects');
  await pause(3100);
  await simulator.fault({ match: { pathPrefix: '/v1/dashboard/projects' }, fault: 'slow-headers', ms: 700 });
  const count = await asked();
  const stale = await Promise.all(Array.from({ length: 8 }, () => get(service, '/projects')));
  for (const answer of stale) {
    assert.equal(answer.text, first.text);
    assert.ok(Number(answer.headers.age) >= 3);
  }
  await eventually(async () => Number((await get(service, '/projects')).headers.age) < 3, 'it was not asked again');
  assert.equal(await asked(), count + 1);
});

test('what Palette refuses then is gone at once', async t => {
  const service = await start(t, { cache: { ttl: { lists: '3s', details: '3s' } } });
  assert.equal((await get(service, '/projects', as('admin'))).status, 200);
  await pause(3100);
  await simulator.fault({ match: { pathPrefix: '/v1/dashboard/projects' }, times: -1, fault: 'status', status: 403 });
  await eventually(async () => (await get(service, '/projects', as('admin'))).status === 403, 'it is still answered');
  assert.equal((await get(service, '/projects', as('admin'))).status, 403);
});

test("a refused session takes its holder's answers with it", async t => {
  const service = await start(t);
  const mine = await get(service, '/clusters', as('ben'));
  assert.equal(mine.status, 200);
  const { credential } = (await simulator.requests())[0];
  await simulator.control('POST', '/world/revoke', { credential, revoked: true });
  t.after(() => simulator.control('POST', '/world/revoke', { credential, revoked: false }));
  assert.ok((await get(service, '/clusters', as('ben'))).headers.age !== undefined);
  assert.equal((await get(service, '/projects', as('ben'))).status, 401);
  assert.equal((await get(service, '/clusters', as('ben'))).status, 401);
});

test('an error is never kept', async t => {
  const service = await start(t);
  await simulator.fault({ match: { pathPrefix: '/v1/dashboard/projects' }, times: 1, fault: 'status', status: 403 });
  assert.equal((await get(service, '/projects', as('admin'))).status, 403);
  assert.equal((await get(service, '/projects', as('admin'))).status, 200);
});

test('answers with secrets are asked for every time, and so is all that is not meant to be kept', async t => {
  const service = await start(t);
  const { rows } = await operations(service);
  const good = goodRequests(world);
  const kept = ['cluster.list', 'cluster.get', 'virtual_cluster.list', 'virtual_cluster.get', 'cluster_group.list',
    'cluster_group.get', 'project.list', 'project.profiles', 'profile.get', 'user.projects'];
  let secrets = 0;
  for (const row of rows.filter(r => asksPalette(r) && r.method === 'GET')) {
    const first = await ask(service, row, good[row.operationId]);
    assert.equal(first.status, 200, `${row.operationId}: ${first.text}`);
    const before = await asked();
    const again = await ask(service, row, good[row.operationId]);
    const more = (await asked()) - before;
    if (kept.includes(row.operationId)) {
      assert.equal(more, 0, row.operationId);
      continue;
    }
    assert.ok(more > 0, `${row.operationId} was not asked again`);
    assert.equal(again.headers.age, undefined, row.operationId);
    secrets += again.headers['cache-control'] === 'no-store';
  }
  assert.ok(secrets >= 5, `${secrets} rows with secrets`);
});

test('fifty people and five hundred projects, with Palette\'s limits in force: all is there, for one sweep', async t => {
  const every = Array.from({ length: 500 }, (_, i) => i + 1).join(',');
  const fleet = await startSimulator('--seed', '6', '--projects', '500', '--clusters', '1500',
    '--api-key', `member:projects=${every}`, '--rate-limits', 'published');
  const config = configuration([fleet], { ...KEPT, upstream: { ratePercent: 80, timeout: '3m' },
    server: { workers: 60, queueLength: 200, requestTimeout: '3m' } });
  config.spectrocloud.environments[0].apiToken = 'member';
  const service = await startService(config);
  t.after(() => fleet.stop());
  const wanted = (await fleet.world()).clusters.filter(c => !c.deleted && c.project !== null).map(c => c.uid).sort();
  const started = performance.now();
  const request = () => service.request('GET', `${BASE}/clusters`, { token: TOKEN, patience: 180000 });
  const answers = await Promise.all(Array.from({ length: 50 }, request));
  const took = (performance.now() - started) / 1000;
  for (const answer of answers) {
    assert.equal(answer.status, 200, answer.text.slice(0, 300));
    assert.deepEqual(uids(answer), wanted);
    assert.equal(answer.json.warnings, undefined);
  }
  const requests = await fleet.requests();
  assert.equal(requests.length, 501, 'who am I, and each project once');
  assert.equal(requests.filter(r => r.status === 429).length, 0);
  const least = (500 - 50 * 0.8) / (10 * 0.8);
  t.diagnostic(`50 people, 500 projects: ${took.toFixed(1)} s; at 80% of the limits it cannot be less than ` +
    `${least.toFixed(1)} s; ${requests.length} requests to Palette`);
  assert.equal(await service.stop(), 0, service.log());
});
