// Lists are complete, each item once, its bytes untouched; what Palette forbids is named.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { TOKEN, TRUSTED, configuration, startService, startSimulator } from './harness.mjs';

let simulator;
let service;
let world;

before(async () => {
  simulator = await startSimulator('--seed', '21', '--projects', '70', '--clusters', '400',
    '--virtual-clusters', '180', '--profiles', '130', '--session-token', 'session-admin');
  world = await simulator.world();
  service = await startService(configuration([simulator], { upstream: { timeout: '3s', attempts: 3, circuitFailures: 0 } }));
});

after(async () => {
  assert.equal(await service.stop(), 0, service.log());
  await simulator.stop();
});

const get = (path, options) => service.request('GET', `/api/spectrocloud${path}`, options);
const uids = items => items.map(i => i.metadata.uid).sort();
const live = nested => world.clusters.filter(c => !c.deleted && (c.cloudType === 'nested') === nested)
  .map(c => c.uid).sort();

test('every cluster of every project, once', async () => {
  const { json } = await get('/clusters');
  const hosts = json.clusters.filter(c => c.spec?.cloudType !== 'nested');
  assert.deepEqual(uids(hosts), live(false));
  assert.equal(new Set(uids(json.clusters)).size, json.clusters.length);
  assert.equal(json.warnings, undefined);
});

test('every virtual cluster over all pages', async () => {
  const { json } = await get('/virtualclusters');
  assert.deepEqual(uids(json.virtualClusters), live(true));
});

test('one project only, when it is named', async () => {
  const project = world.projects.find(p => p.clusters.length > 2);
  const { json } = await get(`/clusters?projectUid=${project.uid}`);
  assert.deepEqual(uids(json.clusters.filter(c => c.spec?.cloudType !== 'nested')),
    [...project.clusters].sort());
});

test('more projects than a page holds', async () => {
  const { json } = await get('/projects');
  assert.deepEqual(uids(json.projects), world.projects.map(p => p.uid).sort());
  const mine = await get('/users/me/projects');
  assert.deepEqual(mine.json.projects.map(p => p.uid).sort(), world.projects.map(p => p.uid).sort());
  for (const p of mine.json.projects)
    assert.equal(p.name, world.projects.find(w => w.uid === p.uid).name);
});

test('names are found beyond the first page, whatever their case', async () => {
  const wanted = world.profiles.filter(p => p.project === null).slice(-3).map(p => p.name);
  const answer = await service.request('POST', '/api/spectrocloud/profiles/search', {
    body: JSON.stringify({ names: wanted.map(n => n.toUpperCase()) }) });
  const found = new Set(answer.json.profiles.map(p => p.metadata.name));
  assert.deepEqual(found, new Set(wanted));
});

test('items pass through byte for byte', async () => {
  const cluster = world.clusters.find(c => !c.deleted && c.project);
  const direct = await fetch(`${simulator.url}/v1/dashboard/spectroclusters/${cluster.uid}`,
    { headers: { ApiKey: 'sim-key', ProjectUid: cluster.project } });
  const ours = await get(`/clusters/${cluster.uid}?projectUid=${cluster.project}`);
  assert.equal(ours.text, await direct.text());
  const list = await (await fetch(`${simulator.url}/v1/dashboard/spectroclusters/meta`,
    { headers: { ApiKey: 'sim-key', ProjectUid: cluster.project } })).text();
  const oursList = (await get(`/clusters?projectUid=${cluster.project}`)).text;
  assert.ok(list.trim().length > 2);
  assert.equal(oursList.slice('{"clusters":['.length, -2).replaceAll(/\s*,\s*/g, ','),
    list.trim().slice(1, -1).trim().replaceAll(/\s*,\s*/g, ','));
});

test('a project that Palette forbids is left out and named', async () => {
  const limited = await startSimulator('--seed', '22', '--projects', '6', '--clusters', '30');
  const truth = await limited.world();
  const key = `limited-key:projects=${truth.projects.slice(0, 4).map(p => p.uid).join(',')}`;
  await limited.stop();
  const restricted = await startSimulator('--seed', '22', '--projects', '6', '--clusters', '30',
    '--api-key', key);
  const config = configuration([restricted]);
  config.spectrocloud.environments[0].apiToken = 'limited-key';
  const own = await startService(config);
  const [lost, hidden] = truth.projects;
  await restricted.fault({ match: { pathContains: 'spectroclusters/meta', project: lost.uid }, times: -1,
    fault: 'status', status: 403 });
  await restricted.fault({ match: { pathContains: 'spectroclusters/meta', project: hidden.uid }, times: -1,
    fault: 'status', status: 404 });
  const { status, json } = await own.request('GET', '/api/spectrocloud/clusters');
  assert.equal(status, 200);
  assert.deepEqual(json.warnings.map(w => [w.projectUid, w.status]).sort(),
    [[lost.uid, 403], [hidden.uid, 404]].sort());
  const wanted = truth.projects.slice(2, 4).flatMap(p => p.clusters).sort();
  assert.deepEqual(uids(json.clusters.filter(c => c.spec?.cloudType !== 'nested')), wanted);

  await restricted.heal();
  await restricted.fault({ match: { pathContains: 'spectroclusters/meta', project: lost.uid }, times: -1,
    fault: 'status', status: 500 });
  const failed = await own.request('GET', '/api/spectrocloud/clusters');
  assert.equal(failed.status, 502, 'any other failure of a part fails the whole');
  assert.equal(await own.stop(), 0, own.log());
  await restricted.stop();
});

test('projects without clusters are no failure: Palette says null there', async () => {
  const empty = await startSimulator('--seed', '23', '--projects', '3', '--clusters', '0',
    '--virtual-clusters', '0');
  const config = configuration([empty]);
  config.spectrocloud.environments[0].apiToken = 'sim-key';
  const own = await startService(config);
  const { projects } = await empty.world();
  for (const query of ['', `?projectUid=${projects[0].uid}`]) {
    const { status, json, text } = await own.request('GET', `/api/spectrocloud/clusters${query}`);
    assert.equal(status, 200, text);
    assert.deepEqual(json, { clusters: [] });
  }
  assert.equal(await own.stop(), 0, own.log());
  await empty.stop();
});

for (const [fault, wanted] of [['repeat-token', 502], ['empty-page', 502]]) {
  test(`paging that goes wrong (${fault}) is an error, not a shorter list`, async () => {
    await simulator.fault({ match: { pathContains: 'dashboard/projects' }, times: -1, fault });
    const answer = await get('/projects');
    await simulator.heal();
    assert.equal(answer.status, wanted, answer.text.slice(0, 300));
  });
}

test('every third request is refused with 429: still complete', async () => {
  await simulator.fault({ match: { pathPrefix: '/v1' }, times: -1, every: 3, fault: 'status', status: 429 });
  const { status, json } = await get('/projects');
  await simulator.heal();
  assert.equal(status, 200);
  assert.equal(json.projects.length, world.projects.length);
});

test('the calls of one request are bounded', async () => {
  await simulator.forget();
  await get('/virtualclusters');
  const { maxConcurrent } = await simulator.stats();
  assert.ok(maxConcurrent <= 8, `${maxConcurrent} at once`);
});

// ---- tokens ----

test("a user's token goes upstream alone and as it is", async () => {
  await simulator.forget();
  const answer = await get('/projects', { headers: { 'X-SpectroCloud-Token': 'session-admin' } });
  assert.equal(answer.status, 200, answer.text);
  for (const r of await simulator.requests()) assert.match(r.credential, /^session:/);
});

test('the e-mail header is for trusted services only', async () => {
  await simulator.forget();
  const headers = { 'X-SpectroCloud-User-Email': 'ada@example.com' };
  const denied = await get('/projects', { token: TOKEN, headers });
  assert.equal(denied.status, 403);
  assert.equal((await simulator.requests()).length, 0);
  const trusted = await get('/projects', { token: TRUSTED, headers });
  assert.equal(trusted.status, 200);
  assert.equal(trusted.headers['x-spectrocloud-reauth-required'], 'true');
  const both = await get('/projects', { token: TRUSTED,
    headers: { ...headers, 'X-SpectroCloud-Token': 'session-admin' } });
  assert.equal(both.status, 200);
  assert.equal(both.headers['x-spectrocloud-reauth-required'], undefined);
});

test('secrets of accounts and gateways stay inside', async () => {
  for (const path of ['/cloudaccounts/aws', '/cloudaccounts/azure', '/cloudaccounts/vsphere', '/overlords']) {
    const { status, text } = await get(path);
    assert.equal(status, 200);
    assert.ok(!text.includes(world.secretMarker), `${path} holds a secret`);
    assert.ok(!text.includes('kubectlCommands'));
  }
  const account = world.accounts.find(a => a.type === 'aws');
  const one = await get(`/cloudaccounts/eks/${account.uid}${account.project ? `?projectUid=${account.project}` : ''}`);
  assert.equal(one.status, 200, one.text);
  assert.ok(!one.text.includes(world.secretMarker));
});

test('no token and no key in the log', () => {
  const log = service.log();
  for (const secret of ['sim-key', 'session-admin', TOKEN, TRUSTED, world.secretMarker])
    assert.ok(!log.includes(secret), `the log holds ${secret}`);
});
