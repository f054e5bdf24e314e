// Before a cluster is created, Palette is asked whether all that the body names exists and fits: every
// wrong claim is a 400 that points at it, in the form the caller wrote, and nothing is created.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { creations } from '../schema/bodies.mjs';
import { configuration, startService, startSimulator } from './harness.mjs';

const KINDS = ['eks', 'aws', 'aks', 'azure', 'vsphere', 'virtual'];
const CLOUDS = KINDS.slice(0, 5);
const UNKNOWN = 'f'.repeat(24);

let simulator;
let service;
let world;
let project;
let tried = 0;

before(async () => {
  simulator = await startSimulator('--seed', '57', '--api-key', 'key-few:deny=privateGateway.list',
    '--session-token', 'session-few:projects=1');
  service = await startService(configuration([simulator], { upstream: { circuitFailures: 0 } }));
  world = await simulator.world();
  [project] = world.projects;
});

after(async () => {
  console.log(`\n${tried} wrong bodies`);
  assert.equal(await service.stop(), 0, service.log());
  await simulator.stop();
});

// ---- good bodies ----

const FORMS = { flat: ['flat', 'flat'], entity: ['entity', 'entity'], wrapped: ['wrapped', 'entity'] };

// A body of that kind that creates a cluster; name: what it is to be called.
function good(kind, form, name = 'not-yet-there') {
  const { aws, azure, vsphere, virtual } = world.creation;
  const all = creations({ aws: aws.accountUid, azure: azure.accountUid, vsphere: vsphere.accountUid,
    infra: world.creation[kind].infraUid, addOn: virtual.addOnUid, group: virtual.groupUid,
    host: project.clusters[0], ipPool: gateway().pools[0] });
  return structuredClone(all.find(row => row.kind === kind && row.form === form).body(name));
}

const gateway = () => world.overlords.find(o => o.ipPools.length === 4);
const formsOf = kind => (kind === 'virtual' ? ['flat', 'entity', 'wrapped'] : ['flat', 'entity']);

async function create(body, form, query = '') {
  await simulator.forget();
  const path = form === 'wrapped' ? '/virtualclusters' : '/clusters';
  const answer = await service.request('POST',
    `/api/spectrocloud${path}?projectUid=${project.uid}${query}`, { body: JSON.stringify(body) });
  const log = await simulator.requests();
  return { answer, log, posts: log.filter(r => r.method === 'POST') };
}

// ---- where things stand ----

const POOL = '/spec/machinepoolconfig/0/cloudConfig';
const HOST = '/spec/clusterConfig/hostClusterConfig';
const AT = {
  name: { flat: '/name', entity: '/metadata/name' },
  account: { flat: '/cloudAccountUid', entity: '/spec/cloudAccountUid' },
  profiles: { flat: '/profileUids', entity: '/spec/profiles' },
  first: { flat: '/profileUids/0', entity: '/spec/profiles/0/uid' },
  second: { flat: '/profileUids/1', entity: '/spec/profiles/1/uid' },
  datacenter: { flat: '/vsphere/datacenter', entity: '/spec/cloudConfig/placement/datacenter' },
  folder: { flat: '/vsphere/folder', entity: '/spec/cloudConfig/placement/folder' },
  cluster: { flat: '/cloudConfig/computeCluster', entity: `${POOL}/placements/0/cluster` },
  datastore: { flat: '/vsphere/datastore', entity: `${POOL}/placements/0/datastore` },
  network: { flat: '/vsphere/network', entity: `${POOL}/placements/0/network/networkName` },
  resourcePool: { flat: '/vsphere/resourcePool', entity: `${POOL}/placements/0/resourcePool` },
  ipPool: { flat: '/vsphere/ipPoolUid', entity: `${POOL}/placements/0/network/parentPoolUid` },
  poolCluster: { flat: '/machinePoolConfig/0/placement/computeCluster' },
  poolDatastore: { flat: '/machinePoolConfig/0/placement/datastore' },
  poolIpPool: { flat: '/machinePoolConfig/0/placement/ipPoolUid' },
  lastDatastore: { entity: '/spec/machinepoolconfig/1/cloudConfig/placements/0/datastore' },
  group: { flat: '/clusterGroupUid', entity: `${HOST}/clusterGroup/uid` },
  host: { flat: '/hostClusterUid', entity: `${HOST}/hostCluster/uid` },
  cores: { flat: '/cpuCores', entity: `${POOL}/instanceType/maxCPU` },
  memory: { flat: '/memoryGiB', entity: `${POOL}/instanceType/maxMemInMiB` },
  storage: { flat: '/storageGiB', entity: `${POOL}/instanceType/maxStorageGiB` },
};

function put(body, pointer, value) {
  const keys = pointer.slice(1).split('/');
  const last = keys.pop();
  let at = body;
  for (const key of keys) at = at[key] ??= {};
  at[last] = value;
}

const named = (list, start) => list.find(one => one.name.startsWith(start));
const account = start => named(world.accounts, start).uid;
const profile = start => named(world.profiles, start).uid;
const group = start => named(world.clusterGroups, start).uid;
const typeOf = kind => ({ eks: 'aws', aks: 'azure' })[kind] ?? kind;
const elsewhere = list => list.find(one => one.project && one.project !== project.uid).uid;
const otherAccount = kind => world.creation[typeOf(kind) === 'aws' ? 'azure' : 'aws'].accountUid;
const otherInfra = kind => world.creation[KINDS[(KINDS.indexOf(kind) + 1) % 5]].infraUid;

// What replaces the profiles, as the form has them.
const profiles = uids => form => (form === 'flat' ? uids : uids.map(uid => ({ uid })));
// Without the group: the host takes its place.
const host = uid => (form, body) => {
  const base = form === 'flat' ? body : body.spec.clusterConfig.hostClusterConfig;
  for (const key of ['clusterGroup', 'clusterGroupUid', 'clusterGroupName']) delete base[key];
  return uid;
};

// Without an IP pool: it would be none of that account's gateway.
const byDhcp = uid => (form, body) => {
  if (form === 'flat') delete body.vsphere.ipPoolUid;
  else for (const pool of body.spec.machinepoolconfig) delete pool.cloudConfig.placements[0].network.parentPoolUid;
  return uid;
};

// Kinds, the thing that is wrong, its value (of a kind; a function gets the form and the body), what the
// message says; and where the fault is, if it is not there.
const WRONG = () => [
  [KINDS, 'name', () => world.clusters.find(c => c.project === project.uid && !c.deleted).name,
    /is taken: there is a cluster of that name in this project/],
  [CLOUDS, 'account', () => UNKNOWN, /is no (aws|azure|vsphere) account that can be used here; .*there are: /i],
  [CLOUDS, 'account', () => 'no-uid', /is no \w+ account that can be used here/],
  [CLOUDS, 'account', () => '../x', /must be/],
  [CLOUDS, 'account', otherAccount, /is an account for (aws|azure), but clusters of kind \w+ need one for/],
  [CLOUDS, 'account', kind => elsewhere(world.accounts.filter(a => a.type === typeOf(kind))),
    /is an account of another project/],
  [['eks', 'aws'], 'account', () => account('aws-disabled'), /aws-disabled-s57, which is in state Disabled/],
  [['aks', 'azure'], 'account', () => account('azure-error'), /azure-error-s57, which is in state Error/],
  [CLOUDS, 'first', () => UNKNOWN, /is no profile that Palette knows/],
  [CLOUDS, 'first', () => 'no-uid', /is no profile that Palette knows/],
  [CLOUDS, 'first', () => 'variables', /must be|word/],
  [CLOUDS, 'first', otherInfra, /is the profile (base|infra)-[-\w]+-s57 for \w+, but the cluster is for/],
  [['eks'], 'first', () => profile('draft-eks'), /profile draft-eks-s57 that has not been published/],
  [CLOUDS, 'second', () => profile('draft-all'), /profile draft-all-s57 that has not been published/],
  [['aws', 'aks', 'azure', 'vsphere'], 'second', () => profile('more-eks'), /more-eks-s57 for eks, but/],
  [CLOUDS, 'second', () => profile('more-nested'), /more-nested-s57 for nested, but/],
  [CLOUDS, 'second', () => elsewhere(world.profiles.filter(p => p.type === 'add-on')), /of another project/],
  [CLOUDS, 'second', () => UNKNOWN, /is no profile that Palette knows/],
  [CLOUDS, 'profiles', () => profiles([world.creation.eks.addOnUid]),
    /must have one infrastructure profile for \w+; these are add-ons/],
  [['eks'], 'profiles', () => profiles([profile('base-eks'), profile('infra-eks')]),
    /is a second infrastructure profile beside base-eks-s57/, 'second'],
  [['virtual'], 'profiles', () => profiles([UNKNOWN]), /is no profile/, 'first'],
  [['virtual'], 'profiles', () => profiles([profile('base-aws')]),
    /base-aws-s57 of type infra, but virtual clusters take add-on profiles only/, 'first'],
  [['virtual'], 'profiles', () => profiles([profile('more-eks')]), /for eks, but the cluster is for nested/, 'first'],
  [['virtual'], 'profiles', () => profiles([profile('draft-all')]), /not been published/, 'first'],
  [['vsphere'], 'account', () => byDhcp(account('vsphere-gateway-new')), /which is in state Provisioning; it must be Running/],
  [['vsphere'], 'account', () => byDhcp(account('vsphere-gateway-broken')), /gateway-broken-s57, which is in state Error/],
  [['vsphere'], 'datacenter', () => 'dc2', /is no datacenter of this account; did you mean dc1\? There are: dc1, dc zwei\/Süd$/],
  [['vsphere'], 'datacenter', () => 'x\u0007"y', /is no datacenter of this account; there are: dc1/],
  [['vsphere'], 'folder', () => 'folder2', /is no folder of datacenter dc1; did you mean folder1\?/],
  [['vsphere'], 'cluster', () => 'einziger Cluster & Co', /is no compute cluster of datacenter dc1; there are: cluster-1, cluster-2$/],
  [['vsphere'], 'datastore', () => 'ds2', /is no datastore of compute cluster cluster-1; did you mean ds1\? There are: ds1, vsan größer$/],
  [['vsphere'], 'network', () => 'network2', /is no network of compute cluster cluster-1/],
  [['vsphere'], 'resourcePool', () => 'pool2', /is no resource pool of compute cluster cluster-1; did you mean pool1\? There are: pool1$/],
  [['vsphere'], 'ipPool', () => UNKNOWN, /is no IP pool of private cloud gateway vsphere-gateway s57; there are: pool 1/],
  [['vsphere'], 'ipPool', () => named(world.overlords, 'gateway-other').pools[0], /is no IP pool of private cloud gateway/],
  [['vsphere'], 'ipPool', () => gateway().pools[2], /is for a single cluster and has one/],
  [['vsphere'], 'ipPool', () => gateway().pools[3], /has no free address/],
  [['vsphere'], 'poolCluster', () => 'cluster-9', /is no compute cluster of datacenter dc1/],
  [['vsphere'], 'poolDatastore', () => 'ds9', /is no datastore of compute cluster cluster-1/],
  [['vsphere'], 'poolIpPool', () => UNKNOWN, /is no IP pool/],
  [['vsphere'], 'lastDatastore', () => 'ds9', /is no datastore of compute cluster cluster-1/],
  [['virtual'], 'group', () => UNKNOWN, /is no cluster group that can be used here/],
  [['virtual'], 'group', () => 'no-uid', /is no cluster group that can be used here/],
  [['virtual'], 'group', () => 'meta', /must be|word/],
  [['virtual'], 'group', () => group('group-gone'), /is the cluster group group-gone-s57, which is gone/],
  [['virtual'], 'host', () => host(UNKNOWN), /is no cluster that can be used here/],
  [['virtual'], 'host', () => host(project.virtualClusters[0]), /is a virtual cluster, which cannot be the host/],
  [['virtual'], 'host', () => host(project.deletedClusters[0]), /is a cluster that has been deleted/],
  [['virtual'], 'cores', () => 9, /is 9, but cluster group beehive allows at most 8/],
  [['virtual'], 'memory', () => form => (form === 'flat' ? 17 : 17 * 1024),
    /is (17|17408), but cluster group beehive allows at most (16|16384)$/],
  [['virtual'], 'storage', () => 51, /is 51, but cluster group beehive allows at most 50/],
];

test('every wrong claim is a fault at its place, and nothing is created', async () => {
  const rows = WRONG();
  assert.ok(rows.length >= 40);
  for (const [kinds, thing, value, message, where] of rows)
    for (const kind of kinds)
      for (const form of formsOf(kind)) {
        const [, shape] = FORMS[form];
        const pointer = AT[thing][shape];
        if (!pointer || (form === 'wrapped' && thing === 'host')) continue; // there it is always a group
        const body = good(kind, form);
        const inner = form === 'wrapped' ? body.clusterConfig : body;
        const wrong = value(kind);
        put(inner, pointer, typeof wrong === 'function' ? wrong(shape, inner) : wrong);
        const what = `${kind}, ${form}: ${thing} ${message}`;
        const { answer, posts } = await create(body, form);
        assert.equal(answer.status, 400, `${what}: ${answer.text}`);
        const base = form === 'wrapped' ? '/clusterConfig' : '';
        const { faults } = answer.json.error;
        assert.deepEqual(faults.map(f => f.pointer), [base + AT[where ?? thing][shape]],
          `${what}: ${answer.text}`);
        assert.match(faults[0].message, message, what);
        assert.doesNotMatch(answer.text, /sim-secret/);
        assert.equal(posts.length, 0, what);
        tried++;
      }
});

test('the infrastructure profile comes first in a flat body', async () => {
  const body = good('aws', 'flat');
  body.profileUids.reverse();
  const { answer, posts } = await create(body, 'flat');
  assert.deepEqual(answer.json.error.faults.map(f => [f.pointer, f.message]),
    [['/profileUids/1', 'is the infrastructure profile base-aws-s57, which must come first']]);
  assert.equal(posts.length, 0);
});

test('a project that is none is said to be that, not a fault of the name', async () => {
  for (const query of ['', '&dryRun']) {
    const answer = await service.request('POST', `/api/spectrocloud/clusters?projectUid=no-uid${query}`,
      { body: JSON.stringify(good('eks', 'flat')) });
    assert.equal(answer.status, 404, answer.text);
    assert.match(answer.json.error.message, /^Project no-uid not found/);
  }
});

test('all faults of all checks are in one answer', async () => {
  for (const [form, shape] of Object.values(FORMS).slice(0, 2)) {
    const body = good('vsphere', form);
    const wrong = { name: world.clusters.find(c => c.project === project.uid).name, first: UNKNOWN,
      second: profile('draft-all'), folder: 'nowhere', cluster: 'cluster-x', ipPool: UNKNOWN };
    for (const [thing, value] of Object.entries(wrong)) put(body, AT[thing][shape], value);
    const { answer, log, posts } = await create(body, form, '&dryRun');
    assert.equal(answer.status, 400, answer.text);
    assert.deepEqual(answer.json.error.faults.map(f => f.pointer).sort(),
      Object.keys(wrong).map(thing => AT[thing][shape]).sort(), answer.text);
    assert.equal(posts.length, 0);
    assert.ok(log.length <= 16, `${log.length} requests`);
  }
});

// ---- good bodies ----

// The creation itself is one of them.
const most = { eks: 8, aws: 8, aks: 8, azure: 8, vsphere: 12, virtual: 4 };

test('a good body of each kind takes few requests', async () => {
  for (const kind of KINDS)
    for (const form of formsOf(kind)) {
      const { answer, log, posts } = await create(good(kind, form, `good-${kind}-${form}`), form);
      assert.equal(answer.status, 201, `${kind}, ${form}: ${answer.text}`);
      assert.equal(answer.json.warnings, undefined, answer.text);
      assert.deepEqual(posts.map(r => r.path), [`/v1/spectroclusters/${kind}`]);
      assert.equal(posts[0], log.at(-1));
      console.log(`${kind}, ${form}: ${log.length} requests`);
      assert.ok(log.length <= most[kind], `${kind}, ${form}: ${log.map(r => r.target).join('\n')}`);
    }
});

test('the same without a project: the tenant\'s scope', async () => {
  for (const kind of KINDS) {
    await simulator.forget();
    const body = good(kind, 'entity', `good-${kind}-tenant`);
    const answer = await service.request('POST', '/api/spectrocloud/clusters', { body: JSON.stringify(body) });
    assert.equal(answer.status, 201, `${kind}: ${answer.text}`);
  }
});

test('two rounds: with a slow Palette a check takes two waits', async () => {
  await simulator.fault({ match: { method: 'GET' }, fault: 'delay', ms: 300 });
  const begun = Date.now();
  const { answer } = await create(good('vsphere', 'entity', 'slowly'), 'entity');
  const took = Date.now() - begun;
  await simulator.heal();
  assert.equal(answer.status, 201, answer.text);
  console.log(`two rounds of 300 ms: ${took} ms`);
  assert.ok(took >= 590, `${took} ms`);
  assert.ok(took < 2000, `${took} ms`);
});

test('gateways: the system\'s always runs; one may name the account; or nobody knows', async () => {
  const on = (start, datacenter) => {
    const body = good('vsphere', 'flat', `on-${start}`);
    delete body.vsphere.ipPoolUid;
    body.cloudAccountUid = account(start);
    if (datacenter) {
      Object.assign(body.vsphere, { datacenter, folder: 'folder3', datastore: 'ds3', network: 'switch 1/network3',
        resourcePool: 'pool3', ipPoolUid: named(world.overlords, 'gateway-other').pools[0] });
      body.cloudConfig.computeCluster = 'cluster-3';
    }
    return create(body, 'flat', '&dryRun');
  };
  const system = (await on('vsphere-gateway-system')).answer;
  assert.equal(system.status, 200, system.text);
  assert.equal(system.json.warnings, undefined, system.text);
  const { answer: other } = await on('vsphere-other-site', 'dc3');
  // Palette itself knows the network by its short name only.
  assert.equal(other.status, 422, other.text);
  assert.match(other.json.error.message, /placements.0.network/);
  const none = (await on('vsphere-no-gateway')).answer;
  assert.equal(none.status, 200, none.text);
  assert.match(none.json.warnings[0].message, /does not say which one reaches the cloud account/);
});

test('the group says how a virtual cluster is reached', async () => {
  const ingress = world.clusterGroups.find(g => g.endpointType === 'Ingress' && !g.project) ??
    world.clusterGroups.find(g => g.endpointType === 'LoadBalancer' && !g.project && g.isActive);
  const body = good('virtual', 'flat', 'reached-as-the-group-says');
  delete body.endpointType;
  body.clusterGroupUid = ingress.uid;
  const { answer, posts } = await create(body, 'flat');
  assert.equal(answer.status, 201, answer.text);
  assert.equal(JSON.parse(posts[0].body).spec.clusterConfig.hostClusterConfig.clusterEndpoint.type,
    ingress.endpointType);
});

// ---- checks that cannot be made ----

const unable = async (match, kind, status = 403) => {
  await simulator.fault({ match, fault: 'status', status });
  const result = await create(good(kind, 'flat', `unable-${kind}-${++unable.count}`), 'flat');
  await simulator.heal();
  return result;
};
unable.count = 0;

test('what Palette forbids to look at is a warning, not a fault', async () => {
  for (const [kind, pathContains, warning] of [
    ['eks', '/validate/name', /Whether the name is free was not checked: Palette does not permit it/],
    ['vsphere', '/v1/overlords', /Whether the private cloud gateway runs was not checked/],
    ['vsphere', '/properties/datacenters', /Whether vSphere has what the body names was not checked/],
    ['vsphere', '/computecluster/resources', /What is in compute cluster cluster-1 was not checked/],
    ['vsphere', '/pools', /Whether the IP pools belong to the gateway was not checked/],
    ['virtual', '/v1/clustergroups/', /Whether the cluster fits into the cluster group was not checked/],
  ]) {
    const { answer, posts } = await unable({ method: 'GET', pathContains }, kind);
    assert.equal(answer.status, 201, `${pathContains}: ${answer.text}`);
    assert.ok(answer.json.warnings.some(w => warning.test(w.message)), `${pathContains}: ${answer.text}`);
    assert.equal(posts.length, 1);
  }
});

test('a check that fails fails the call, and says that nothing was created', async () => {
  for (const [kind, pathContains] of [['eks', '/validate/name'], ['aws', '/v1/cloudaccounts/'],
    ['aks', '/v1/clusterprofiles/'], ['azure', '/variables'], ['vsphere', '/v1/overlords'],
    ['vsphere', '/properties/datacenters'], ['vsphere', '/computecluster/resources'], ['vsphere', '/pools'],
    ['virtual', '/v1/clustergroups/']])
    for (const [status, expected] of [[500, 502], [503, 502], [401, 502]]) {
      const { answer, posts } = await unable({ method: 'GET', pathContains }, kind, status);
      assert.equal(answer.status, expected, `${pathContains} ${status}: ${answer.text}`);
      assert.match(answer.json.error.message, /\. Nothing was created$/);
      assert.equal(answer.json.error.outcome, 'not created');
      assert.equal(posts.length, 0, pathContains);
    }
});

test('an answer that is no JSON fails the call, too', async () => {
  await simulator.fault({ match: { method: 'GET', pathContains: '/properties/datacenters' }, fault: 'garbage' });
  const { answer, posts } = await create(good('vsphere', 'flat', 'garbage'), 'flat');
  await simulator.heal();
  assert.equal(answer.status, 502, answer.text);
  assert.equal(posts.length, 0);
});
