// Sanity of palette-sim: run with `node --test`. PALETTE_SIM names the program.
import { test, before, after } from 'node:test';
import assert from 'node:assert/strict';
import net from 'node:net';

import { call, start } from './harness.mjs';

let sim;
let world;
const get = (target, options) => call(sim.url, 'GET', target, options);
const post = (target, body, options) => call(sim.url, 'POST', target, { body, ...options });
const order = (method, target, body) => call(sim.control, method, target, { body, key: null });
const fault = (rule) => order('POST', '/faults', rule).then((r) => assert.equal(r.status, 204, r.text));

before(async () => {
  sim = await start('--clusters', '130', '--provision-seconds', '0.3',
    '--api-key', 'sim-key', '--api-key', 'few:projects=1,2', '--api-key', 'reader:deny=cluster.create', '--session-token', 'tok.en');
  world = (await order('GET', '/world')).json;
});
after(async () => assert.deepEqual(await sim.stop(), { code: 0, signal: null }));

const alive = () => world.clusters.filter((c) => !c.deleted);
const inProject = (i) => alive().filter((c) => c.project === world.projects[i].uid);

test('one seed, one world; another seed, another', async () => {
  const twins = [await start('--seed', '7'), await start('--seed', '7'), await start('--seed', '8')];
  const [a, b, c] = await Promise.all(twins.map((t) => call(t.control, 'GET', '/world', { key: null })));
  assert.equal(a.text, b.text);
  assert.notEqual(a.text, c.text);
  for (const t of twins) assert.equal((await t.stop()).code, 0);
});

test('credentials: one of two headers, raw', async () => {
  const info = '/v1/users/info';
  assert.equal((await get(info)).status, 200);
  assert.equal((await get(info, { key: null, headers: { Authorization: 'tok.en' } })).status, 200);
  const none = await get(info, { key: null });
  assert.equal(none.status, 401);
  assert.equal(none.json.code, 'UnAuthorizedAccess');
  assert.ok(none.json.ref);
  for (const Authorization of ['Bearer tok.en', 'sim-key', 'Bearer sim-key'])
    assert.equal((await get(info, { key: null, headers: { Authorization } })).status, 401);
  assert.equal((await get(info, { headers: { Authorization: 'tok.en' } })).status, 400);
  await order('POST', '/world/revoke', { credential: 'session:0' });
  assert.equal((await get(info, { key: null, headers: { Authorization: 'tok.en' } })).status, 401);
  await order('POST', '/world/revoke', { credential: 'session:0', revoked: false });
});

test('API keys: who administers sees when each ends, and no key', async () => {
  const { status, json, text } = await get('/v1/apiKeys');
  assert.equal(status, 200);
  assert.deepEqual(json.items.map((k) => k.metadata.name), ['key:0', 'key:1', 'key:2']);
  assert.equal(json.items[0].spec.user.uid, (await get('/v1/users/me')).json.metadata.uid);
  const days = (Date.parse(json.items[0].spec.expiry) - Date.now()) / 86400000;
  assert.ok(days > 364 && days <= 365, `${days}`);
  assert.ok(!text.includes('sim-key'));
  assert.equal((await get('/v1/apiKeys', { key: 'few' })).status, 403);
});

test('a healed world has gateways, accounts and pools in order', async () => {
  const other = await start('--seed', '3');
  const ask = (path) => call(other.url, 'GET', path).then((r) => r.json.items);
  const down = async () => (await ask('/v1/overlords')).filter((o) => !o.spec.isSystem && o.status.state !== 'Running');
  const off = async () => (await ask('/v1/cloudaccounts/summary')).filter((a) => a.status.state !== 'Running');
  assert.notDeepEqual([await down(), await off()], [[], []]);
  assert.equal((await call(other.control, 'POST', '/world/heal', { key: null })).status, 204);
  assert.deepEqual([await down(), await off()], [[], []]);
  assert.equal((await other.stop()).code, 0);
});

test('scope: the header alone decides', async () => {
  const uids = (r) => r.json.map((c) => c.metadata.uid).sort();
  const meta = '/v1/dashboard/spectroclusters/meta';
  const project = world.projects[0].uid;
  assert.deepEqual(uids(await get(meta)), alive().map((c) => c.uid).sort());
  assert.deepEqual(uids(await get(meta, { project })), inProject(0).map((c) => c.uid).sort());
  assert.equal(uids(await get(`${meta}?ProjectUid=${project}`)).length, alive().length);

  const [cluster] = inProject(0);
  const one = `/v1/dashboard/spectroclusters/${cluster.uid}`;
  assert.equal((await get(one, { project })).json.metadata.name, cluster.name);
  for (const wrong of [undefined, world.projects[1].uid]) {
    const refused = await get(one, { project: wrong });
    assert.equal(refused.status, 403);
    assert.equal(refused.json.code, 'OperationForbidden');
    assert.match(refused.json.message, /cluster\.get/);
  }
  const own = alive().find((c) => c.project === null);
  assert.equal((await get(`/v1/spectroclusters/${own.uid}`)).status, 200);
  assert.equal((await get(`/v1/spectroclusters/${own.uid}`, { project })).status, 403);

  assert.equal((await get(meta, { key: 'few' })).status, 403);
  assert.equal((await get(meta, { key: 'few', project })).status, 200);
  assert.equal((await get(meta, { key: 'few', project: world.projects[2].uid })).status, 403);
  const me = (await get('/v1/users/me', { key: 'few' })).json;
  assert.deepEqual(Object.keys(me.status.projectPermissions).sort(),
    world.projects.slice(0, 2).map((p) => p.uid).sort());
  assert.deepEqual(me.status.tenantPermissions, {});
});

test('profiles are visible from any scope', async () => {
  const shared = world.profiles.find((p) => p.scope === 'tenant');
  const [project] = world.projects;
  assert.equal((await get(`/v1/clusterprofiles/${shared.uid}`, { project: project.uid })).status, 200);
  for (const version of world.profiles.flatMap((p) => p.versions)) {
    const { spec } = (await get(`/v1/clusterprofiles/${version.uid}`)).json;
    assert.equal((spec.published ?? spec.draft).profileVersion, version.version);
    assert.equal(spec.published !== undefined, version.published);
    assert.ok(Array.isArray((await get(`/v1/clusterprofiles/${version.uid}/variables`)).json.variables));
  }
});

test('errors of both kinds', async () => {
  const missing = await get('/v1/spectroclusters/0123456789abcdef01234567');
  assert.equal(missing.status, 404);
  assert.equal(missing.json.code, 'ResourceNotFound');
  for (const bad of ['nope', '0123456789ABCDEF01234567', '..%2F..%2Fusers', '%2e%2e'])
    assert.equal((await get(`/v1/spectroclusters/${bad}`)).status, 400);
  for (const path of ['/v1/cloudaccounts/eks', '/v1/users/self', '/v1/users/me/', '/v1//users/me',
    `/v1/clusterprofiles/${world.profiles[0].uid}/versions/1.0.0`]) {
    const stray = await get(path);
    assert.equal(stray.status, 404, path);
    assert.equal(stray.json.code, 404);
    assert.equal(stray.json.ref, undefined);
  }
  const wrong = await call(sim.url, 'PUT', '/v1/users/me');
  assert.equal(wrong.status, 405);
  assert.match(wrong.json.message, /method PUT is not allowed, but \[GET\] are/);
  assert.equal((await post('/v1/dashboard/projects', '{', {})).status, 400);
  assert.equal((await post('/v1/dashboard/projects', '{}', { headers: { 'Content-Type': 'text/plain' } })).status, 415);
});

async function pages(path, body = {}) {
  const items = [];
  let token = '';
  for (let n = 0; n < 20; n++) {
    const { status, json } = await post(`${path}?limit=50${token && `&continue=${encodeURIComponent(token)}`}`, body);
    assert.equal(status, 200, JSON.stringify(json));
    items.push(...(json.items ?? []));
    assert.equal(json.listmeta.limit, (json.items ?? []).length);
    token = json.listmeta.continue;
    if (!token) return items;
  }
  assert.fail('the pages do not end');
}

test('paging: in the query, and nowhere else', async () => {
  const search = '/v1/dashboard/spectroclusters/search';
  const live = { filter: { conjunction: 'and', filterGroups: [{ conjunction: 'and', filters: [
    { property: 'isDeleted', type: 'bool', condition: { bool: { value: false } } }] }] } };
  const all = await pages(search, live);
  assert.deepEqual(all.map((c) => c.metadata.uid).sort(), alive().map((c) => c.uid).sort());
  assert.equal((await pages(search)).length, world.clusters.length);

  const first = (await post(search, {})).json;
  const token = first.listmeta.continue;
  assert.match(token, /\+/);
  assert.match(token, /=$/);
  const again = (await post(search, { continue: token })).json;
  assert.equal(again.items[0].metadata.uid, first.items[0].metadata.uid);
  assert.equal((await post(`${search}?continue=${token}`, {})).status, 400, 'a raw + is a space');
  assert.equal((await post(`${search}?limit=51`, {})).status, 422);
  assert.equal((await get('/v1/cloudaccounts/aws?limit=51')).status, 422);
  assert.equal((await post(`${search}?limit=x`, {})).status, 422);
  const none = (await post(`${search}?offset=5000`, {})).json;
  assert.equal(none.items, null);
});

const string = (property, values, operator = 'eq', more = {}) => ({ property, type: 'string',
  condition: { string: { operator, negation: false, ignoreCase: false, match: { conjunction: 'or', values }, ...more } } });
const filter = (...filters) => ({ filter: { conjunction: 'and', filterGroups: [{ conjunction: 'and', filters }] } });

test('search filters and sorts', async () => {
  const search = (body) => pages('/v1/dashboard/spectroclusters/search', body);
  const nested = await search(filter(string('environment', ['nested'])));
  assert.deepEqual(nested.map((c) => c.metadata.uid).sort(),
    world.clusters.filter((c) => c.cloudType === 'nested').map((c) => c.uid).sort());
  assert.ok(nested[0].status.virtual.hostCluster.uid);
  const running = await search(filter(string('environment', ['eks', 'aks']), string('clusterState', ['Running'])));
  assert.equal(running.length,
    world.clusters.filter((c) => /^(eks|aks)$/.test(c.cloudType) && c.state === 'Running').length);
  const named = await search({ ...filter(string('clusterName', ['SHARED'], 'beginsWith', { ignoreCase: true })),
    sort: [{ field: 'environment', order: 'desc' }] });
  assert.equal(named.length, 4);
  assert.deepEqual(named.map((c) => c.specSummary.cloudConfig.cloudType), ['eks', 'azure', 'aws', 'aks']);
  assert.equal((await post('/v1/dashboard/spectroclusters/search', filter(string('colour', ['red'])))).status, 400);
  assert.equal((await post('/v1/dashboard/spectroclusters/search', { sort: [{ field: 'x' }] })).status, 422);
});

test('numbers and unknown fields stand as they are', async () => {
  const { text } = await get(`/v1/projects/${world.projects[0].uid}`);
  for (const raw of ['"big":18446744073709551617', '"whole":1.0', '"exponent":1E+2', '"minus":-0'])
    assert.ok(text.includes(raw), raw);
});

test('assets: kubeconfig, manifests, the admin path', async () => {
  const ready = alive().filter((c) => c.hasKubeconfig);
  const kubeconfig = (c, query = '') => get(`/v1/spectroclusters/${c.uid}/assets/kubeconfig${query}`,
    { project: c.project });
  const plain = await kubeconfig(ready[0], '?frp=true');
  assert.equal(plain.status, 200);
  assert.equal(plain.headers['content-type'], 'application/octet-stream');
  assert.match(plain.text, /^apiVersion: v1/);
  assert.equal((await kubeconfig(ready[0], '?frp=maybe')).status, 422);
  const encoded = (await Promise.all(ready.slice(0, 30).map((c) => kubeconfig(c)))).filter((r) => !/^api/.test(r.text));
  assert.ok(encoded.length > 0);
  assert.match(Buffer.from(encoded[0].text, 'base64').toString(), /^apiVersion: v1/);
  assert.equal((await kubeconfig(alive().find((c) => !c.hasKubeconfig))).json.code, 'ResourceNotFound');

  const owner = alive().find((c) => c.manifests.length > 0);
  const manifest = (uid) => get(`/v1/spectroclusters/${owner.uid}/pack/manifests/${uid}`, { project: owner.project });
  for (const uid of owner.manifests)
    assert.match((await manifest(uid)).json.spec.published.content, /^apiVersion/);
  const profiles = (await get(`/v1/spectroclusters/${owner.uid}/profiles`, { project: owner.project })).json.profiles;
  assert.deepEqual(profiles.map((p) => p.metadata.uid), owner.profileUids);
  const named = profiles.flatMap((p) => p.spec.packs).flatMap((p) => p.spec.manifests ?? []).map((m) => m.uid);
  assert.deepEqual(named.sort(), [...owner.manifests].sort());
  const other = alive().find((c) => c.uid !== owner.uid && c.manifests.length > 0);
  assert.equal((await manifest(other.manifests[0])).status, 404);

  const admin = `/v1/spectroclusters/${inProject(0)[0].uid}/assets/adminKubeconfig`;
  assert.equal((await get(admin, { key: 'few', project: world.projects[0].uid })).status, 403);
  const { strays } = (await order('GET', '/stats')).json;
  assert.ok(strays.some((s) => s.target === admin));
});

test('accounts carry secrets; vSphere asks for its query', async () => {
  const list = (await get('/v1/cloudaccounts/azure')).json;
  assert.equal(list.items.length, world.accounts.filter((a) => a.type === 'azure').length);
  assert.match(list.items[0].spec.clientSecret, /^sim-secret/);
  assert.equal(list.listmeta.continue, undefined);
  const vsphere = world.accounts.find((a) => a.type === 'vsphere' && a.scope === 'tenant');
  const properties = `/v1/cloudaccounts/vsphere/${vsphere.uid}/properties`;
  const [, second] = (await get(`${properties}/datacenters`)).json.items;
  const query = new URLSearchParams({ datacenter: second.datacenter, computecluster: second.computeclusters[0] });
  const resources = `${properties}/computecluster/resources`;
  assert.equal((await get(`${resources}?${query}`)).json.computecluster.name, second.computeclusters[0]);
  assert.equal((await get(resources)).status, 422);
  assert.equal((await get(`/v1/cloudaccounts/aws/${vsphere.uid}`)).status, 404);
  const summary = (await get('/v1/cloudaccounts/summary')).text;
  assert.doesNotMatch(summary, /sim-secret/);
});

test('gateways and groups', async () => {
  for (const o of world.overlords) {
    const pools = await get(`/v1/overlords/vsphere/${o.uid}/pools`);
    assert.equal(pools.status, o.pools.length > 0 ? 200 : 404);
    assert.deepEqual((pools.json.items ?? []).map((p) => p.metadata.uid), o.pools);
  }
  const groups = (await get('/v1/clustergroups/hostCluster')).json.summaries;
  assert.equal(groups.length, world.clusterGroups.length);
  const one = (await get(`/v1/clustergroups/${groups[0].metadata.uid}`)).json;
  assert.equal(one.spec.clustersConfig.endpointType, groups[0].spec.endpointType);
});

const account = (type) => world.accounts.find((a) => a.type === type && a.scope === 'tenant').uid;
const base = () => world.profiles.find((p) => p.type === 'infra' && p.scope === 'tenant')
  .versions.find((v) => v.published).uid;
const eks = (name) => ({ metadata: { name, labels: { dev: 'spectro__tag' }, annotations: { description: 'x' } },
  spec: { cloudType: 'eks', cloudAccountUid: account('aws'), cloudConfig: { region: 'us-east-1' },
    machinepoolconfig: [{ cloudConfig: { instanceType: 't3.large', rootDeviceSize: 60 },
      poolConfig: { name: 'worker-pool-1', size: 2, labels: ['worker'] } }],
    profiles: [{ uid: base(), packValues: [], variables: [{ name: 'k8s_replicas', value: '3' }] }] } });

test('create: on the way conditions turn True and events tell of it, until somebody makes it fail', async () => {
  const slow = await start('--provision-seconds', '1');
  try {
    const known = await call(slow.control, 'GET', '/world').then((r) => r.json);
    const [{ uid: project }] = known.projects;
    const entity = eks('step-by-step');
    entity.spec.cloudAccountUid = known.accounts.find((a) => a.type === 'aws').uid;
    entity.spec.profiles[0].uid = known.profiles.find((p) => p.type === 'infra' && p.scope === 'tenant')
      .versions.find((v) => v.published).uid;
    const { json: { uid } } = await call(slow.url, 'POST', '/v1/spectroclusters/eks', { project, body: entity });
    const conditions = async () => {
      const whole = await call(slow.url, 'GET', `/v1/spectroclusters/${uid}`, { project });
      return whole.json.status.conditions.map((c) => [c.type, c.status, c.reason]);
    };
    const events = async () => (await call(slow.url, 'GET',
      `/v1/events/components/spectrocluster/${uid}`, { project })).json.items;
    assert.deepEqual(await conditions(), [['ImageResolutionDone', 'False', '']]);
    assert.equal((await events()).length, 1);
    await new Promise((resolve) => setTimeout(resolve, 500));
    const half = await conditions();
    assert.ok(half.some(([, status]) => status === 'True') && half.some(([, status]) => status === 'False'), half);
    const told = await events();
    const times = told.map((e) => Date.parse(e.metadata.creationTimestamp));
    assert.deepEqual(times, [...times].sort((a, b) => a - b));
    assert.equal(new Set(told.map((e) => e.metadata.uid)).size, told.length);
    await call(slow.control, 'POST', '/world/fail-cluster', { body: { uid, reason: 'NoQuota', message: 'none left' } });
    const failed = await conditions();
    assert.deepEqual(failed.filter(([, , reason]) => reason).map(([, ...rest]) => rest), [['False', 'NoQuota']]);
    await new Promise((resolve) => setTimeout(resolve, 700));
    assert.deepEqual(await conditions(), failed);
    const { json: { status } } = await call(slow.url, 'GET', `/v1/spectroclusters/${uid}/status`, { project });
    assert.equal(status.state, 'Error');
    await call(slow.control, 'POST', '/world/add-events', { body: { uid, count: 60, at: 1700000000123 } });
    const all = await events();
    assert.equal(all.length, 50);
    assert.ok(all.every((e) => e.metadata.creationTimestamp === '2023-11-14T22:13:20.123Z'));
  } finally {
    await slow.stop();
  }
});

test('create: checked, made, provisioned', async () => {
  const [{ uid: project }] = world.projects;
  const create = (body, cloud = 'eks', suffix = '') => post(`/v1/spectroclusters/${cloud}${suffix}`, body, { project });
  const made = await create(eks('brand-new'));
  assert.equal(made.status, 201, made.text);
  assert.match(made.json.uid, /^[0-9a-f]{24}$/);
  assert.match(made.headers.audituid, /^[0-9a-f]{24}$/);
  const again = await create(eks('brand-new'));
  assert.equal(again.status, 409);
  const free = (name) => get(`/v1/spectroclusters/validate/name?name=${name}`, { project });
  assert.equal((await free('brand-new')).status, 409);
  assert.equal((await free('brand-newer')).status, 204);

  const status = async () => (await get(`/v1/spectroclusters/${made.json.uid}/status`, { project })).json.status.state;
  assert.equal(await status(), 'Provisioning');
  const list = (await get('/v1/dashboard/spectroclusters/meta')).json;
  assert.ok(list.some((c) => c.metadata.uid === made.json.uid));
  await new Promise((resolve) => setTimeout(resolve, 400));
  assert.equal(await status(), 'Running');
  const whole = (await get(`/v1/spectroclusters/${made.json.uid}`, { project })).json.status;
  const summary = (await get(`/v1/dashboard/spectroclusters/${made.json.uid}`, { project })).json.status;
  assert.deepEqual(whole.conditions, summary.conditions);
  assert.deepEqual(new Set(whole.conditions.map((c) => c.status)), new Set(['True']));
  await order('POST', '/world/delete-cluster', { uid: made.json.uid });
  assert.equal(await status(), 'Deleted');

  const without = (path) => {
    const body = eks('incomplete');
    const keys = path.split('.');
    const last = keys.pop();
    delete keys.reduce((o, k) => o[k], body)[last];
    return create(body);
  };
  for (const path of ['metadata.name', 'spec.cloudAccountUid', 'spec.cloudConfig.region',
    'spec.machinepoolconfig.0.poolConfig.name', 'spec.machinepoolconfig.0.poolConfig.labels']) {
    const refused = await without(path);
    assert.equal(refused.status, 422, path);
    assert.ok(refused.json.message.includes(path), `${path}: ${refused.json.message}`);
  }
  const camel = eks('camel');
  camel.spec.machinePoolConfig = camel.spec.machinepoolconfig;
  delete camel.spec.machinepoolconfig;
  assert.equal((await create(camel)).status, 422);
  const typed = eks('typed');
  typed.spec.machinepoolconfig[0].poolConfig.size = '2';
  assert.equal((await create(typed)).json.code, 601);
  const odd = eks('odd');
  odd.spec.profiles[0].variables.push({ name: 'nobody_declares', value: '1' });
  assert.equal((await create(odd)).json.code, 'InvalidProfileVariable');
  const dry = await create(odd, 'eks', '/validate');
  assert.equal(dry.status, 200);
  assert.equal(dry.json.profiles[0].packs.results[0].errors[0].code, 'InvalidProfileVariable');
  const rate = await create({ cloudConfig: {}, machinepoolconfig: eks('x').spec.machinepoolconfig }, 'eks', '/rate?periodType=hourly');
  assert.equal(rate.json.rate.total, 0.25);
  assert.equal((await create({}, 'virtual', '/rate')).status, 404);
  const denied = await post('/v1/spectroclusters/eks', eks('denied'), { project, key: 'reader' });
  assert.equal(denied.json.code, 'OperationForbidden');
});

test('create: a virtual cluster needs its group', async () => {
  const group = world.clusterGroups.find((g) => g.scope === 'tenant');
  const body = (uid) => ({ metadata: { name: 'inner' }, spec: { cloudType: 'nested', cloudConfig: {},
    clusterConfig: { hostClusterConfig: { clusterGroup: { uid } } },
    machinepoolconfig: [{ cloudConfig: { instanceType: { minCPU: 4 } } }], profiles: [] } });
  const made = await post('/v1/spectroclusters/virtual', body(group.uid));
  assert.equal(made.status, 201, made.text);
  const detail = (await get(`/v1/dashboard/spectroclusters/${made.json.uid}`)).json;
  assert.equal(detail.status.virtual.clusterGroup.uid, group.uid);
  assert.equal((await post('/v1/spectroclusters/virtual', body('f'.repeat(24)))).status, 400);
});

test('faults: chosen requests, chosen ways', async () => {
  const me = () => get('/v1/users/me');
  await fault({ match: { method: 'GET', pathPrefix: '/v1/users' }, times: 1, skip: 1, fault: 'status',
    status: 503, body: '<busy>', contentType: 'text/html', headers: { 'Retry-After': '1' } });
  assert.equal((await me()).status, 200);
  const busy = await me();
  assert.deepEqual([busy.status, busy.text, busy.headers['retry-after'], busy.headers['content-type']],
    [503, '<busy>', '1', 'text/html']);
  assert.equal((await me()).status, 200);
  assert.equal((await order('POST', '/faults', { fault: 'nonsense' })).status, 400);
  assert.equal((await order('POST', '/faults', { fault: 'hang', tiems: 1 })).status, 400);

  for (const [kind, check] of [
    ['garbage', (r) => r.json === undefined],
    ['not-object', (r) => typeof r.json === 'string'],
    ['html', (r) => r.status === 502 && /<html>/.test(r.text)],
    ['empty', (r) => r.status === 200 && r.text === ''],
    ['numeric-error', (r) => r.status === 404 && r.json.code === 404],
    ['redirect', (r) => r.status === 302 && r.headers.location],
    ['deep', (r) => /\[{1000}/.test(r.text)],
  ]) {
    await order('DELETE', '/faults');
    await fault({ fault: kind });
    assert.ok(check(await me()), kind);
  }
  for (const rule of [{ fault: 'truncate', bytes: 5 }, { fault: 'truncate', bytes: 1 << 30 }, { fault: 'reset' },
    { fault: 'reset', bytes: 20 }, { fault: 'cut-chunks', bytes: 5 }]) {
    await order('DELETE', '/faults');
    await fault(rule);
    await assert.rejects(me(), { code: 'ECONNRESET' }, JSON.stringify(rule));
  }
  await order('DELETE', '/faults');
  await fault({ fault: 'wrong-length', bytes: 7 });
  await assert.rejects(me().then((r) => assert.ok(r.json)));
  await order('DELETE', '/faults');
  await fault({ fault: 'slow-headers', ms: 200 });
  const begun = Date.now();
  assert.equal((await me()).json.status.isActive, true);
  assert.ok(Date.now() - begun >= 195);
  await order('DELETE', '/faults');
  await fault({ fault: 'drip', ms: 1, body: 'slow', status: 200 });
  assert.equal((await me()).text, 'slow');
  await order('DELETE', '/faults');

  await fault({ fault: 'repeat-token' });
  const token = (r) => r.json.listmeta.continue;
  const search = '/v1/dashboard/spectroclusters/search';
  const first = token(await post(search, {}));
  assert.equal(token(await post(`${search}?continue=${encodeURIComponent(first)}`, {})), first);
  await order('DELETE', '/faults');
});

test('faults: much of an answer, and an error that looks like success', async () => {
  const me = () => get('/v1/users/me');
  for (const [kind, length] of [['oversized', '200000'], ['flood', undefined]]) {
    await fault({ fault: kind, bytes: 200000 });
    const large = await me();
    assert.deepEqual([large.status, large.headers['content-length'], large.text.length], [200, length, 200000], kind);
    assert.equal(large.json.items[0].length, 200000 - '{"items":[""]}'.length);
    await order('DELETE', '/faults');
  }
  await fault({ fault: 'status', status: 200 });
  const wrong = await me();
  assert.equal(wrong.status, 200);
  assert.deepEqual(Object.keys(wrong.json).sort().filter((name) => name !== 'details'), ['code', 'message', 'ref']);
  await order('DELETE', '/faults');

  await fault({ fault: 'stall', bytes: 3, status: 200, body: 'stalls' });
  const socket = net.connect(Number(new URL(sim.url).port), '127.0.0.1');
  socket.write('GET /v1/users/me HTTP/1.1\r\nHost: a\r\nApiKey: sim-key\r\n\r\n');
  let came = '';
  for await (const part of socket) if (/\r\n\r\nsta$/.test(came += part)) break;
  assert.match(came, /Content-Length: 6\r\n/);
  socket.destroy();
  await order('DELETE', '/faults');
});

test('faults of one credential end alone', async () => {
  await fault({ match: { credential: 'key:0' }, fault: 'status', status: 503 });
  await fault({ match: { credential: 'key:1' }, fault: 'status', status: 504 });
  assert.equal((await order('DELETE', '/faults?credential=key:1')).status, 204);
  assert.deepEqual((await order('GET', '/faults')).json.map((rule) => rule.fault), ['status']);
  assert.equal((await get('/v1/users/me')).status, 503);
  await order('DELETE', '/faults?credential=key:0');
  assert.equal((await get('/v1/users/me')).status, 200);
});

test('a request that hangs is seen, and holds up nobody', async () => {
  await order('DELETE', '/requests');
  await fault({ match: { pathContains: '/users/me' }, times: 1, fault: 'hang' });
  const { hostname, port } = new URL(sim.url);
  const socket = net.connect(port, hostname);
  socket.write('GET /v1/users/me?x=%41 HTTP/1.1\r\nHost: x\r\nApiKey: sim-key\r\n\r\n');
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal((await get('/v1/users/info')).status, 200);
  const [hung, next] = (await order('GET', '/requests')).json;
  assert.equal(hung.status, 0);
  assert.equal(hung.target, '/v1/users/me?x=%41');
  assert.equal(hung.path, '/v1/users/me');
  assert.equal(hung.credential, 'key:0');
  assert.equal(next.concurrent, 2);
  socket.destroy();
  await order('DELETE', '/faults');
});

test('the log never holds a credential', async () => {
  await get('/v1/users/me', { key: 'not-a-known-key' });
  const { text, json } = await order('GET', '/requests');
  assert.doesNotMatch(text, /sim-key|not-a-known-key|tok\.en/);
  assert.equal(json.at(-1).credential, 'unknown');
});

test('published rate limits', async () => {
  await order('POST', '/rates', { mode: 'published' });
  const answers = await Promise.all(Array.from({ length: 80 }, () => get('/v1/users/info')));
  const refused = answers.filter((r) => r.status === 429);
  assert.ok(refused.length >= 20 && refused.length <= 30, `${refused.length} refused`);
  assert.equal(refused[0].json, undefined);
  assert.equal((await get(`/v1/clusterprofiles/${world.profiles[0].uid}`)).status, 200);
  await order('POST', '/rates', { mode: 'off' });
  assert.equal((await get('/v1/users/info')).status, 200);
});
