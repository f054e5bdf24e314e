// What palette-sim has for one cluster and for packs: events, machines, variables, labels.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';

import { call, start } from './harness.mjs';

let sim;
let world;
const get = (target, options) => call(sim.url, 'GET', target, options);
const post = (target, body, options) => call(sim.url, 'POST', target, { body, ...options });
const patch = (target, body, options) => call(sim.url, 'PATCH', target, { body, ...options });
const order = (method, target, body) => call(sim.control, method, target, { body, key: null });
const alive = () => world.clusters.filter((c) => !c.deleted);

before(async () => {
  sim = await start('--clusters', '130');
  world = (await order('GET', '/world')).json;
});
after(async () => assert.deepEqual(await sim.stop(), { code: 0, signal: null }));

const scoped = (cluster) => ({ project: cluster.project ?? undefined });
const segment = (cluster) => (cluster.cloudType === 'nested' ? 'virtual' : cluster.cloudType);

async function pages(ask, target, limit = 50) {
  const items = [];
  let token = '';
  for (let n = 0; n < 20; n++) {
    const { status, json, text } = await ask(`${target}${target.includes('?') ? '&' : '?'}limit=${limit}` +
      (token && `&continue=${encodeURIComponent(token)}`));
    assert.equal(status, 200, text);
    items.push(...json.items ?? []);
    token = json.listmeta.continue ?? '';
    if (!token) return { items, count: json.listmeta.count };
  }
  throw new Error('too many pages');
}

test('events: in the order asked for, in pages, of a cluster of the scope', async () => {
  const cluster = alive().find((c) => c.state === 'Error');
  const target = `/v1/events/components/spectrocluster/${cluster.uid}`;
  const ask = (t) => get(t, scoped(cluster));
  const oldest = await pages(ask, target);
  const newest = await pages(ask, `${target}?orderBy=metadata.creationTimestamp=-1`);
  assert.equal(oldest.items.length, oldest.count);
  assert.deepEqual(newest.items, [...oldest.items].reverse());
  const times = newest.items.map((e) => e.metadata.creationTimestamp);
  assert.deepEqual(times, [...times].sort().reverse());
  assert.equal(new Set(oldest.items.map((e) => e.metadata.uid)).size, oldest.count);
  assert.ok(newest.items.some((e) => e.reason === 'ProvisioningFailed'));
  for (const e of newest.items) assert.equal(e.involvedObject.uid, cluster.uid);
  assert.equal((await ask(`${target}?orderBy=nothing=1`)).status, 400);
  assert.equal((await ask(`${target}?limit=51`)).status, 422);
  assert.equal((await get(target, { project: cluster.project ? undefined : world.projects[0].uid })).status, 403);
});

test('cluster, cloud config, pools, machines: they fit together', async () => {
  const sample = [...new Map(alive().map((c) => [c.cloudType + c.state + c.health, c])).values()];
  assert.ok(new Set(sample.map((c) => c.cloudType)).size >= 8);
  for (const cluster of sample) {
    const ask = (t) => get(t, scoped(cluster));
    const detail = (await ask(`/v1/dashboard/spectroclusters/${cluster.uid}`)).json;
    const { uid, machinePools } = detail.spec.cloudConfig;
    assert.equal(uid, cluster.configUid);
    const base = `/v1/cloudconfigs/${segment(cluster)}/${uid}`;
    const config = await ask(base);
    assert.equal(config.status, 200, config.text);
    const pools = config.json.spec.machinePoolConfig;
    assert.deepEqual(pools.map((p) => [p.name, p.size]), cluster.pools.map((p) => [p.name, p.size]));
    for (const [i, pool] of pools.entries()) {
      const list = `${base}/machinePools/${pool.name}/machines`;
      const { items, count } = await pages(ask, list);
      assert.equal(count, pool.size);
      assert.equal(new Set(items.map((m) => m.metadata.uid)).size, pool.size);
      assert.equal(items.filter((m) => m.status.ready).length, machinePools[i].healthy);
      if (items.length === 0) continue;
      const one = await ask(`${list}/${items.at(-1).metadata.uid}`);
      assert.deepEqual(one.json, items.at(-1));
      assert.equal((await ask(`${list}/${cluster.uid}`)).status, 404);
    }
    assert.equal((await ask(`${base}/machinePools/none/machines`)).status, 404);
  }
  assert.ok(world.clusters.some((c) => c.pools.some((p) => p.size > 50)), 'a pool of several pages');
  const aws = alive().find((c) => c.cloudType === 'aws' && c.project);
  assert.equal((await get(`/v1/cloudconfigs/eks/${aws.configUid}`, scoped(aws))).status, 404);
  assert.equal((await get(`/v1/cloudconfigs/aws/${aws.configUid}`)).status, 403);
  assert.equal((await get('/v1/cloudconfigs/aws/x', scoped(aws))).status, 400);
  const sick = alive().find((c) => c.state === 'Running' && /^unhealthy$/i.test(c.health));
  const [pool] = sick.pools.filter((p) => !p.controlPlane);
  const { items } = await pages((t) => get(t, scoped(sick)),
    `/v1/cloudconfigs/${segment(sick)}/${sick.configUid}/machinePools/${pool.name}/machines`);
  const down = items.filter((m) => m.status.health.state === 'UnHealthy');
  assert.equal(down.length, 1);
  const { status } = (await get(`/v1/dashboard/spectroclusters/${sick.uid}`, scoped(sick))).json;
  const { uid, name } = status.health.conditions[0].relatedObject;
  assert.deepEqual([uid, name], [down[0].metadata.uid, down[0].metadata.name]);
  assert.deepEqual(down[0].status.health.conditions.map((c) => [c.type, c.status]),
    [['Ready', 'False'], ['DiskPressure', 'True']]);
});

test('health in all its forms', () => {
  const states = new Set(alive().map((c) => `${c.state}+${c.health}`));
  for (const one of ['Running+Healthy', 'Running+UnHealthy', 'Pending+', 'Error+', 'Provisioning+'])
    assert.ok(states.has(one), one);
});

test('pack errors of a healthy cluster, and upgrades', async () => {
  const of = async (c) => (await get(`/v1/dashboard/spectroclusters/${c.uid}`, scoped(c))).json;
  const details = await Promise.all(alive().filter((c) => c.health === 'Healthy').map(of));
  assert.ok(details.some((d) => d.status.packs.some((p) => p.condition.type === 'Error')));
  const offered = details.filter((d) => d.status.upgrades);
  assert.ok(offered.length > 0 && offered.length < details.length);
  assert.match(offered[0].status.upgrades[0].reason[0], /Kubernetes 1\.30\.2/);
});

test('kubeconfigs of three kinds', async () => {
  const marks = { exec: /\n {4}exec:\n/, token: /\n {4}token: sim-secret-/, certificate: /\n {4}client-key-data: c2ltLXNlY3JldC/ };
  const seen = new Set();
  for (const c of alive().filter((one) => one.hasKubeconfig)) {
    const { text } = await get(`/v1/spectroclusters/${c.uid}/assets/kubeconfig`, scoped(c));
    const yaml = text.startsWith('apiVersion') ? text : Buffer.from(text, 'base64').toString();
    for (const [kind, mark] of Object.entries(marks))
      assert.equal(mark.test(yaml), kind === c.kubeconfig, yaml);
    seen.add(c.kubeconfig);
  }
  assert.deepEqual([...seen].sort(), Object.keys(marks).sort());
  const [c] = alive().filter((one) => one.hasKubeconfig && one.kubeconfig === 'exec');
  await order('POST', '/world/set-cluster', { uid: c.uid, kubeconfig: 'token' });
  const changed = (await order('GET', '/world')).json.clusters.find((one) => one.uid === c.uid);
  assert.equal(changed.kubeconfig, 'token');
});

test('variables of a cluster: a value each, and secrets among them', async () => {
  const cluster = alive().find((c) => c.profileUids.some((uid) =>
    world.profiles.some((f) => f.type === 'cluster' && f.versions.some((v) => v.uid === uid))));
  const { json } = await get(`/v1/spectroclusters/${cluster.uid}/variables`, scoped(cluster));
  assert.deepEqual(json.map((p) => p.profileUid), cluster.profileUids);
  const all = json.flatMap((p) => p.variables);
  assert.ok(all.every((v) => typeof v.value === 'string' && v.value !== ''));
  const secret = all.filter((v) => v.isSensitive);
  assert.ok(secret.length >= 2);
  for (const v of secret) assert.match(v.value, /^sim-secret-value-/);
});

test('packs: search in pages, one by its uid, all versions', async () => {
  const search = (filter, sort) => (t) => post(t, { filter, sort });
  const names = (found) => found.items.map((p) => p.spec.name);
  const all = await pages(search({}), '/v1/packs/search');
  assert.ok(all.count > 100);
  assert.equal(new Set(names(all)).size, all.count);
  const found = await pages(search({ displayName: { contains: 'KUBE', ignoreCase: true } },
    [{ field: 'name', order: 'desc' }]), '/v1/packs/search');
  assert.deepEqual(names(found), ['kubernetes-eks', 'kubernetes']);
  assert.deepEqual(names(await pages(search({ layer: ['cni'] }), '/v1/packs/search')), ['cni-calico']);
  const [{ latestPackUid, latestVersion, uid }] = found.items[1].spec.registries;
  const pack = (await get(`/v1/packs/${latestPackUid}`)).json;
  assert.equal(pack.registryUid, uid);
  assert.equal(pack.tags.find((t) => t.packUid === latestPackUid).version, latestVersion);
  assert.deepEqual(pack.packValues.map((v) => v.packUid), [latestPackUid]);
  assert.match(pack.packValues[0].values, /sim-secret-registry-/);
  const versions = (await get(`/v1/packs/kubernetes/registries/${uid}`)).json;
  assert.deepEqual(versions.tags.map((t) => t.version), ['1.28.9', '1.29.4', '1.30.2']);
  assert.equal(versions.packValues.length, 3);
  assert.equal((await get(`/v1/packs/kubernetes/registries/${latestPackUid}`)).status, 404);
  assert.equal((await get(`/v1/packs/${uid}`)).status, 404);
  assert.equal((await post('/v1/packs/search?limit=51', {})).status, 422);
  // A profile's pack is one of the registry's.
  const infra = world.profiles.find((p) => p.type === 'infra' && p.scope === 'tenant');
  const used = (await get(`/v1/clusterprofiles/${infra.uid}/packs`)).json.items
    .find((p) => p.metadata.name === 'kubernetes');
  assert.ok(versions.tags.some((t) => t.packUid === used.metadata.uid));
});

test('labels of a cluster: what is sent is what there is', async () => {
  const cluster = alive().find((c) => c.project && Object.keys(c.labels).length > 0);
  const target = `/v1/spectroclusters/${cluster.uid}`;
  const read = async () => (await get(target, scoped(cluster))).json.metadata;
  const before = await read();
  assert.deepEqual(before.labels, cluster.labels);
  const labels = { ...before.labels, added: 'spectro__tag', 'team/x': 'ä "b"' };
  const { name, annotations } = before;
  const body = { metadata: { name, annotations, labels } };
  assert.equal((await patch(`${target}/metadata`, body, scoped(cluster))).status, 204);
  const after = await read();
  assert.deepEqual(after.labels, labels);
  assert.equal(after.annotations.description, annotations.description);
  const listed = (await get('/v1/dashboard/spectroclusters/meta', scoped(cluster))).json
    .find((c) => c.metadata.uid === cluster.uid);
  assert.ok(listed.spec.tags.includes('added') && listed.spec.tags.includes('team/x:ä "b"'));

  const refused = async (status, metadata, options = scoped(cluster)) =>
    assert.equal((await patch(`${target}/metadata`, { metadata }, options)).status, status);
  await refused(422, undefined);
  await refused(422, { labels: ['x'] });
  await refused(422, { labels: { x: 1 } });
  await refused(400, { name: 'other', labels: {} });
  await refused(403, { labels: {} }, {});
  assert.deepEqual((await read()).labels, labels);
  await order('POST', '/faults', { match: { method: 'PATCH' }, times: 1, fault: 'status', status: 503 });
  await refused(503, { labels: {} });
  await order('DELETE', '/faults');
  assert.equal((await patch(`${target}/metadata`, { metadata: {} }, scoped(cluster))).status, 204);
  assert.equal((await read()).annotations.description, undefined);
});

test('labels of a profile: changed from its own scope', async () => {
  const own = world.profiles.find((p) => p.scope === 'project');
  const target = `/v1/clusterprofiles/${own.uid}`;
  const { metadata } = (await get(target)).json;
  const body = { metadata: { name: metadata.name, annotations: metadata.annotations, labels: { x: 'spectro__tag' } } };
  assert.equal((await patch(`${target}/metadata`, body)).status, 403);
  const version = own.versions.find((v) => v.uid === own.uid).version;
  const send = (spec) => patch(`${target}/metadata`, { ...body, spec }, { project: own.project });
  assert.equal((await send({ version: '9.9.9' })).status, 400);
  assert.equal((await send({ version })).status, 204);
  assert.deepEqual((await get(target)).json.metadata.labels, { x: 'spectro__tag' });
  const system = world.profiles.find((p) => p.scope === 'system');
  assert.equal((await patch(`/v1/clusterprofiles/${system.uid}/metadata`, { metadata: {} })).status, 403);
  const log = (await order('GET', '/requests')).json;
  assert.ok((log.requests ?? log).some((r) => r.method === 'PATCH' && r.path.endsWith('/metadata')));
});
