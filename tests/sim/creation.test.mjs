// What palette-sim has for creating clusters: what fits, and an example of everything that does not.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';

import { call, start } from './harness.mjs';

let sim;
let world;
const get = (target, options) => call(sim.url, 'GET', target, options);
const order = (method, target, body) => call(sim.control, method, target, { body, key: null });

before(async () => {
  sim = await start();
  world = (await order('GET', '/world')).json;
});
after(async () => assert.deepEqual(await sim.stop(), { code: 0, signal: null }));

const published = (family) => family.versions.some((v) => v.published);
const named = (list, part) => list.find((one) => one.name.startsWith(part));

test('for each kind of cluster there is what it needs', async () => {
  assert.deepEqual(Object.keys(world.creation).sort(),
    ['aks', 'aws', 'azure', 'eks', 'virtual', 'vsphere']);
  for (const [kind, { accountUid, infraUid, addOnUid, groupUid }] of Object.entries(world.creation)) {
    const profile = async (uid) => (await get(`/v1/clusterprofiles/${uid}`)).json.spec.published;
    assert.equal((await profile(addOnUid)).type, 'add-on');
    if (kind === 'virtual') {
      assert.equal((await get(`/v1/clustergroups/${groupUid}`)).json.status.isActive, true);
      continue;
    }
    assert.deepEqual([(await profile(infraUid)).type, (await profile(infraUid)).cloudType], ['infra', kind]);
    const type = { eks: 'aws', aks: 'azure' }[kind] ?? kind;
    const account = (await get(`/v1/cloudaccounts/${type}/${accountUid}`)).json;
    assert.deepEqual([account.kind, account.status.state], [type, 'Running']);
  }
});

test('and what does not fit', async () => {
  assert.ok(world.profiles.some((f) => f.type === 'infra' && !published(f)));
  assert.ok(world.profiles.some((f) => f.type === 'add-on' && f.cloudType !== 'all' && published(f)));
  assert.ok(world.profiles.some((f) => f.type === 'cluster' && published(f)));
  assert.deepEqual([...new Set(world.accounts.map((a) => a.state))].sort(), ['Disabled', 'Error', 'Running']);
  assert.deepEqual([...new Set(world.overlords.map((o) => o.state))].sort(),
    ['', 'Error', 'Provisioning', 'Running']);
  assert.ok(world.clusterGroups.some((g) => !g.isActive));
  const { uid, limits } = world.clusterGroups.find((g) => g.limits.storageGiB === undefined);
  assert.deepEqual((await get(`/v1/clustergroups/${uid}`)).json.spec.clustersConfig.limitConfig, limits);
});

test('variables of every sort', async () => {
  const all = world.profiles.find((f) => f.name.startsWith('many-variables'));
  const { variables } = (await get(`/v1/clusterprofiles/${all.uid}/variables`)).json;
  assert.deepEqual(variables, all.variables);
  assert.deepEqual([...new Set(variables.map((v) => v.format))].sort(),
    ['base64', 'boolean', 'ipv4', 'ipv4cidr', 'ipv6', 'number', 'string', 'version']);
  assert.deepEqual([...new Set(variables.map((v) => v.inputType))].sort(), ['dropdown', 'multiline', 'text']);
  for (const check of [(v) => v.required && v.defaultValue === undefined, (v) => v.required && v.defaultValue,
    (v) => v.regex, (v) => v.hidden, (v) => v.immutable, (v) => v.isSensitive, (v) => v.options])
    assert.ok(variables.some(check), String(check));
});

test('vSphere: each account has a gateway and a site, as the world says', async () => {
  for (const { uid, project, overlordUid, namesOverlord, datacenters } of
    world.accounts.filter((a) => a.type === 'vsphere')) {
    const scope = { project: project ?? undefined };
    const base = `/v1/cloudaccounts/vsphere/${uid}`;
    const { annotations } = (await get(base, scope)).json.metadata;
    assert.equal(annotations.overlordUid, namesOverlord ? overlordUid : undefined);
    const gateway = world.overlords.find((o) => o.uid === overlordUid);
    if (gateway && !namesOverlord) assert.equal(gateway.accountUid, uid);
    const answer = await get(`${base}/properties/datacenters`, scope);
    if (gateway && !gateway.system && gateway.state !== 'Running') {
      assert.equal(answer.json.code, 'PrivateGatewayNotRunning');
      continue;
    }
    assert.deepEqual(answer.json.items, datacenters.map(({ datacenter, folders, clusters }) =>
      ({ datacenter, folders, computeclusters: clusters.map((c) => c.name) })));
    for (const { datacenter, clusters } of datacenters)
      for (const cluster of clusters) {
        const query = new URLSearchParams({ datacenter, computecluster: cluster.name });
        const { computecluster } = (await get(
          `${base}/properties/computecluster/resources?${query}`, scope)).json;
        assert.deepEqual(computecluster, cluster);
      }
  }
  assert.equal(new Set(world.accounts.filter((a) => a.datacenters)
    .map((a) => JSON.stringify(a.datacenters))).size, 2);
});

test('IP pools: free addresses, none, not said; kept for one cluster', async () => {
  const { uid, ipPools } = world.overlords.find((o) => o.ipPools.length === 4);
  const { items } = (await get(`/v1/overlords/vsphere/${uid}/pools`)).json;
  assert.deepEqual(items.map((p) => ({ uid: p.metadata.uid,
    available: p.status.availableIps?.length ?? null, restricted: p.spec.restrictToSingleCluster,
    taken: p.status.inUse })), ipPools);
  assert.deepEqual(ipPools.map((p) => p.available), [40, null, 40, 0]);
  assert.ok(ipPools.some((p) => p.restricted && p.taken));
});

// ---- the rules of creating agree with all of that ----

const pool = (name, more) => ({ cloudConfig: { instanceType: { numCPUs: 4, memoryMiB: 8192, diskGiB: 60 },
  placements: [{ cluster: 'cluster-1', datastore: 'ds1', resourcePool: 'pool1',
    network: { networkName: 'network1' } }], ...more },
poolConfig: { name, size: 1, labels: ['control-plane'], isControlPlane: true } });
const vsphere = () => ({ metadata: { name: 'on-vsphere' }, spec: { cloudType: 'vsphere',
  cloudAccountUid: world.creation.vsphere.accountUid,
  cloudConfig: { placement: { datacenter: 'dc1', folder: 'folder1' }, sshKeys: ['ssh-rsa A'],
    controlPlaneEndpoint: { type: 'VIP', host: '10.0.0.1' } },
  machinepoolconfig: [pool('heads')], profiles: [{ uid: world.creation.vsphere.infraUid }] } });

async function findings(kind, body) {
  const { status, text, json } = await call(sim.url, 'POST', `/v1/spectroclusters/${kind}/validate`, { body });
  assert.equal(status, 200, text);
  return [...json.machinePools.results, ...json.profiles.flatMap((p) => p.packs.results)]
    .flatMap((r) => r.errors).map((e) => e.code);
}

test('vSphere: what is not there is a finding', async () => {
  assert.deepEqual(await findings('vsphere', vsphere()), []);
  const gateway = world.overlords.find((o) => o.ipPools.length === 4);
  const account = (name) => named(world.accounts, name).uid;
  const placement = (body) => body.spec.machinepoolconfig[0].cloudConfig.placements[0];
  for (const [code, change] of [
    ['InvalidPlacement', (b) => { b.spec.cloudConfig.placement.datacenter = 'dc9'; }],
    ['InvalidPlacement', (b) => { b.spec.cloudConfig.placement.folder = 'f9'; }],
    ['InvalidPlacement', (b) => { placement(b).cluster = 'cluster-9'; }],
    ['InvalidPlacement', (b) => { placement(b).datastore = 'ds2'; }],
    ['InvalidPlacement', (b) => { placement(b).network.networkName = 'network2'; }],
    ['InvalidPlacement', (b) => { placement(b).resourcePool = 'pool2'; }],
    ['InvalidIpPool', (b) => { placement(b).network.parentPoolUid = gateway.uid; }],
    ['InvalidIpPool', (b) => { placement(b).network.parentPoolUid = gateway.pools[2]; }],
    ['InvalidIpPool', (b) => { placement(b).network.parentPoolUid = gateway.pools[3]; }],
    ['PrivateGatewayNotRunning', (b) => { b.spec.cloudAccountUid = account('vsphere-gateway-broken'); }],
    ['InvalidClusterProfile', (b) => { b.spec.profiles = [{ uid: world.creation.eks.infraUid }]; }],
  ]) {
    const body = vsphere();
    change(body);
    assert.deepEqual(await findings('vsphere', body), [code], String(change));
  }
});

test('virtual clusters: groups that are gone, limits', async () => {
  const body = (uid, size) => ({ metadata: { name: 'inner' }, spec: { cloudType: 'nested', profiles: [],
    clusterConfig: { hostClusterConfig: { clusterGroup: { uid } } },
    machinepoolconfig: [{ cloudConfig: { instanceType: size } }] } });
  const group = (name) => named(world.clusterGroups, name).uid;
  assert.deepEqual(await findings('virtual', body(world.creation.virtual.groupUid, { maxCPU: 8 })), []);
  assert.deepEqual(await findings('virtual', body(world.creation.virtual.groupUid,
    { maxCPU: 9, maxMemInMiB: 16385, maxStorageGiB: 51 })), Array(3).fill('QuotaExceeded'));
  assert.deepEqual(await findings('virtual', body(group('group-unlimited'), { maxCPU: 900 })), []);
  assert.deepEqual(await findings('virtual', body(group('group-gone'), { maxCPU: 1 })), ['InvalidClusterGroup']);
});

test('values of variables are looked at', async () => {
  const profile = named(world.profiles, 'whole-eks');
  const good = { cluster_domain: 'a', replica_class: '3', deploy_token: 'abcd-1234', site_id: 's',
    dns_ip: '10.0.0.1' };
  const body = (values) => ({ metadata: { name: 'with-values' }, spec: { cloudType: 'eks',
    cloudAccountUid: world.creation.eks.accountUid, cloudConfig: { region: 'r' },
    machinepoolconfig: [{ cloudConfig: { instanceType: 't', rootDeviceSize: 60 },
      poolConfig: { name: 'w', size: 1, labels: [] } }],
    profiles: [{ uid: profile.uid,
      variables: Object.entries({ ...good, ...values }).map(([name, value]) => ({ name, value })) }] } });
  assert.deepEqual(await findings('eks', body({})), []);
  for (const values of [{ replica_class: '4' }, { deploy_token: 'short' }, { dns_ip: '10.0.0' },
    { k8s_replicas: 'x' }, { monitoring: 'yes' }, { pod_cidr: '10.0.0.0/33' }, { gateway_ip6: '10.0.0.1' },
    { chart_version: 'latest' }, { ca_bundle: '???' }, { size: 'medium' }, { namespace: 'Not a label' },
    { site_id: '' }])
    assert.deepEqual(await findings('eks', body(values)), ['InvalidProfileVariable'], JSON.stringify(values));
});
