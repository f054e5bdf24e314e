// The tools beyond the documented ones: when they are offered, what they answer, and that tags change only when told to.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
  TAG_ACTIONS as TAGS, assertErrorBody, badInputs, invoke, listActions, moreInputs,
} from './actions.mjs';
import { assertConforms } from './conforms.mjs';
import { RESTRICTED, configuration, startService, startSimulator } from './harness.mjs';

const TOOLS = {
  operations: ['list_spectrocloud_cluster_events', 'list_spectrocloud_cluster_machine_pools',
    'list_spectrocloud_cluster_nodes', 'list_spectrocloud_cluster_upgrades'],
  packs: ['get_spectrocloud_pack', 'search_spectrocloud_packs'],
  tags: TAGS,
};
const EIGHT = Object.values(TOOLS).flat().sort();
const EVENTS_OF_CLUSTER = 120; // in the simulator

let simulator;
let world;
let service;
let actions;
let good;
let cluster;
let profile;

const start = mcp => startService(configuration([simulator], { mcp,
  upstream: { timeout: '2s', attempts: 2, connectTimeout: '500ms' } }));

before(async () => {
  simulator = await startSimulator('--seed', '7', '--projects', '3', '--clusters', '40', '--virtual-clusters', '9');
  world = await simulator.world();
  service = await start({ toolsets: ['operations', 'packs', 'tags'], include: ['*', ...TAGS] });
  actions = new Map((await listActions(service)).map(a => [a.name, a]));
  cluster = world.clusters.find(c => c.project && !c.deleted && c.state === 'Running' && c.cloudType !== 'nested' &&
    c.pools.length > 1);
  profile = world.profiles.find(p => p.scope === 'tenant' && p.versions.length > 1);
  good = await moreInputs(world, service);
});

after(async () => {
  assert.equal(await service.stop(), 0, service.log());
  assert.ok(!service.log().includes('sim-secret'), 'a secret is in the log');
  await simulator.stop();
});

const of = c => ({ clusterUid: c.uid, ...(c.project ? { projectUid: c.project } : {}) });

// A successful answer, which is what its schema says and holds no secret.
async function answerOf(name, input) {
  const answer = await invoke(service, name, input);
  assert.equal(answer.status, 200, `${name}: ${answer.text}`);
  assertConforms(actions.get(name).schema.output, answer.json.output, name);
  assert.ok(!answer.text.includes('sim-secret'), `${name}: a secret came through`);
  return { output: answer.json.output, text: answer.text };
}

async function refusal(name, input, status, options) {
  const answer = await invoke(service, name, input, options);
  assert.equal(answer.status, status, `${name}: ${answer.text}`);
  assertErrorBody(answer, name);
  return answer.json.error.message;
}

const calls = async method => (await simulator.requests()).filter(r => !method || r.method === method);

// ---- when they are offered ----

async function offered(mcp) {
  const other = await start(mcp);
  try {
    return (await listActions(other)).map(a => a.name).filter(name => EIGHT.includes(name)).sort();
  } finally {
    assert.equal(await other.stop(), 0, other.log());
  }
}

test('each is offered with its toolset alone, and what changes tags only if named', async () => {
  assert.deepEqual(await offered({}), []);
  for (const toolset of ['operations', 'packs'])
    assert.deepEqual(await offered({ toolsets: toolset }), TOOLS[toolset]);
  assert.deepEqual(await offered({ toolsets: 'tags' }), []);
  assert.deepEqual(await offered({ toolsets: 'tags', include: ['*', 'update_spectrocloud_*'] }), []);
  assert.deepEqual(await offered({ toolsets: 'packs', include: ['*', ...TAGS] }), TOOLS.packs);
  assert.deepEqual(await offered({ toolsets: 'tags', include: TAGS[1] }), [TAGS[1]]);
  assert.deepEqual(await offered({ toolsets: 'tags', include: ['*', ...TAGS], readOnly: true }), []);
});

test('they say truthfully what they do', () => {
  assert.deepEqual([...actions.keys()].sort(), EIGHT);
  for (const { name, attributes } of actions.values())
    assert.deepEqual(attributes, TAGS.includes(name) ? { destructive: true, idempotent: true, readOnly: false }
      : { destructive: false, idempotent: true, readOnly: true }, name);
});

// ---- inputs ----

test('every tool answers what its schema says', async () => {
  for (const name of EIGHT) await answerOf(name, good[name]);
});

test('wrong inputs are named, and nothing is asked for them', async () => {
  for (const name of EIGHT)
    for (const [what, member, input] of badInputs(actions.get(name).schema.input, good[name])) {
      await simulator.forget();
      const message = await refusal(name, input, 400);
      assert.ok(message.includes(member), `${name}, ${what} ${member}: ${message}`);
      assert.equal((await calls()).length, 0, `${name}, ${what} ${member}`);
    }
});

test('without a cluster, a profile or a change the message says what is missing', async () => {
  for (const name of TOOLS.operations)
    assert.match(await refusal(name, {}, 400), /One of clusterName, clusterUid and entityRef/);
  assert.match(await refusal(TAGS[0], { add: ['x'] }, 400), /One of clusterName, clusterUid and entityRef/);
  assert.match(await refusal(TAGS[1], { add: ['x'] }, 400), /One of profileName, profileUid and entityRef/);
  assert.match(await refusal(TAGS[0], of(cluster), 400), /One of add and remove/);
  assert.match(await refusal(TAGS[0], { ...of(cluster), add: ['a\nb'] }, 400), /add .* control characters/);
  assert.match(await refusal(TAGS[0], { ...of(cluster), remove: ['x'.repeat(257)] }, 400), /remove .* 256/);
  assert.match(await refusal(TAGS[0], { ...of(cluster), add: [':v'] }, 400), /needs a key/);
});

test('what is not there is not found, and a name does as well', async () => {
  for (const name of EIGHT.filter(n => n !== 'search_spectrocloud_packs')) {
    const uid = Object.keys(good[name]).find(key => /^(cluster|profile|pack)Uid$/.test(key));
    await refusal(name, { ...good[name], [uid]: 'ffffffffffffffffffffffff' }, 404);
  }
  const named = world.clusters.find(c => c.project && !c.deleted &&
    world.clusters.filter(other => other.name === c.name).length === 1);
  const { output } = await answerOf('list_spectrocloud_cluster_events', { clusterName: named.name });
  assert.equal(output.clusterUid, named.uid);
});

test('without the permission nothing is asked', async () => {
  for (const name of EIGHT) {
    await simulator.forget();
    await refusal(name, good[name], 403, { token: RESTRICTED });
    assert.equal((await calls()).length, 0, name);
  }
});

// ---- operations ----

const events = input => answerOf('list_spectrocloud_cluster_events', { ...of(cluster), ...input })
  .then(({ output }) => output);

test('events come newest first, and whether there are older ones is said', async () => {
  const some = await events({ limit: 5 });
  assert.equal(some.events.length, 5);
  assert.deepEqual([some.hasOlder, some.examined, some.total], [true, 5, EVENTS_OF_CLUSTER]);
  const all = await events({ limit: 500 });
  assert.equal(all.events.length, EVENTS_OF_CLUSTER);
  assert.equal(all.hasOlder, false);
  const times = all.events.map(e => e.time);
  assert.deepEqual(times, [...times].sort().reverse());
  assert.deepEqual(some.events, all.events.slice(0, 5));
});

test('events are found by severity and reason', async () => {
  const all = (await events({ limit: 500 })).events;
  const warnings = await events({ limit: 500, severity: 'WARNING' });
  assert.deepEqual(warnings.events, all.filter(e => e.severity === 'Warning'));
  assert.ok(warnings.events.length > 3);
  assert.deepEqual([warnings.hasOlder, warnings.examined], [false, EVENTS_OF_CLUSTER]);
  const few = await events({ limit: 3, reason: 'nodeadded' });
  assert.deepEqual(few.events, all.filter(e => e.reason === 'NodeAdded').slice(0, 3));
  assert.equal(few.hasOlder, true);
  assert.deepEqual((await events({ reason: 'NoSuch' })).events, []);
});

test('machine pools have their names, sizes, roles and counts', async () => {
  for (const c of world.clusters.filter(c => !c.deleted && c.project).slice(0, 12)) {
    const { output } = await answerOf('list_spectrocloud_cluster_machine_pools', of(c));
    assert.deepEqual(output.machinePools.map(p => [p.name, p.size, p.isControlPlane, p.machines, p.ready]),
      c.pools.map(p => [p.name, p.size, p.controlPlane, p.size, Math.min(p.healthy, p.size)]), c.name);
    for (const [i, pool] of output.machinePools.entries()) {
      assert.equal(pool.healthy, c.health ? Math.min(c.pools[i].healthy, pool.size) : 0, c.name);
      assert.deepEqual(pool.roles, [pool.isControlPlane ? 'control-plane' : 'worker']);
    }
  }
});

const nodes = (c, input) => answerOf('list_spectrocloud_cluster_nodes', { ...of(c), ...input })
  .then(({ output }) => output);

test('nodes come in pages, of all pools or of one', async () => {
  const large = world.clusters.find(c => !c.deleted && c.project && c.pools.some(p => p.size > 100));
  const size = large.pools.reduce((sum, p) => sum + p.size, 0);
  const all = await nodes(large, { limit: 500 });
  assert.deepEqual([all.total, all.nodes.length, all.nextCursor], [size, size, undefined]);
  const first = await nodes(large, { limit: 70 });
  const second = await nodes(large, { limit: 500, cursor: first.nextCursor });
  assert.deepEqual([...first.nodes, ...second.nodes], all.nodes);
  const pool = large.pools[0];
  const one = await nodes(large, { limit: 500, poolName: pool.name });
  assert.equal(one.total, pool.size);
  assert.ok(one.nodes.every(n => n.pool === pool.name));
  await refusal('list_spectrocloud_cluster_nodes', { ...of(large), poolName: pool.name, cursor: first.nextCursor },
    400);
  assert.match(await refusal('list_spectrocloud_cluster_nodes', { ...of(large), poolName: 'none' }, 404),
    new RegExp(`no machine pool "none"; it has: .*${pool.name}`));
});

test('nodes in trouble are found by their health', async () => {
  const sick = world.clusters.find(c => !c.deleted && c.project && c.health.toLowerCase() === 'unhealthy' &&
    c.pools.some(p => p.healthy < p.size));
  const down = sick.pools.reduce((sum, p) => sum + p.size - Math.min(p.healthy, p.size), 0);
  const { total, nodes: found } = await nodes(sick, { limit: 500, health: 'unhealthy' });
  assert.equal(total, down);
  for (const node of found) {
    assert.equal(node.ready, false);
    assert.equal(node.conditions.find(c => c.type === 'Ready').status, 'False');
  }
  const slim = (await nodes(sick, { fields: ['state'], limit: 1 })).nodes[0];
  assert.deepEqual(Object.keys(slim).sort(), ['name', 'pool', 'state', 'uid']);
});

const byVersion = (a, b) => a.localeCompare(b, 'en', { numeric: true });

test('upgrades are those that Palette announces, and newer versions of the profiles in use', async () => {
  let announced = 0;
  let newer = 0;
  for (const c of world.clusters.filter(c => !c.deleted && c.project)) {
    const { output } = await answerOf('list_spectrocloud_cluster_upgrades', of(c));
    announced += output.upgrades.length;
    assert.ok(output.upgrades.every(u => u.reasons.length > 0 && !u.since?.startsWith('0001')));
    assert.deepEqual(output.profiles.map(p => p.uid), c.profileUids, c.name);
    for (const used of output.profiles) {
      const family = world.profiles.find(p => p.versions.some(v => v.uid === used.uid));
      const own = family.versions.find(v => v.uid === used.uid).version;
      assert.deepEqual([used.name, used.version, used.problem], [family.name, own, undefined]);
      assert.deepEqual(used.newerVersions, family.versions.filter(v => byVersion(v.version, own) > 0)
        .map(({ uid, version }) => ({ uid, version })), c.name);
      newer += used.newerVersions.length;
    }
  }
  assert.ok(announced > 0 && newer > 0, `${announced} announced, ${newer} newer`);
});

test('a profile that is gone is named, the rest is answered', async () => {
  const [uid] = cluster.profileUids;
  await simulator.fault({ match: { pathPrefix: `/v1/clusterprofiles/${uid}` }, fault: 'status', status: 404 });
  try {
    const { output } = await answerOf('list_spectrocloud_cluster_upgrades', of(cluster));
    assert.match(output.profiles.find(p => p.uid === uid).problem, /not found/);
  } finally {
    await simulator.heal();
  }
});

// ---- packs ----

const packs = input => answerOf('search_spectrocloud_packs', input).then(({ output }) => output);
const names = ({ packs: found }) => found.map(p => p.name);

test('packs are found by a part of either name, and by what they are', async () => {
  assert.deepEqual(names(await packs({ nameContains: 'CALICO' })), ['cni-calico']);
  assert.deepEqual(names(await packs({ nameContains: 'amazon' })), ['csi-aws-ebs']);
  assert.deepEqual(names(await packs({ nameContains: 'aws-ebs' })), ['csi-aws-ebs']);
  assert.deepEqual(names(await packs({ layer: 'k8s', cloudType: 'eks' })), ['kubernetes-eks']);
  assert.deepEqual(names(await packs({ type: 'oci' })).length, 1);
  const some = await packs({ layer: 'addon', limit: 7 });
  assert.deepEqual([some.packs.length, some.hasMore], [7, true]);
  const all = await packs({ layer: 'addon', limit: 500 });
  assert.deepEqual([all.packs.length > 100, all.hasMore], [true, false]);
  const registry = (await packs({ nameContains: 'chart-001' })).packs[0].registries[0];
  assert.equal((await packs({ registryUid: registry.uid, limit: 500 })).packs.length, 110);
});

test('a pack has its versions, and its values only if asked for, without secrets', async () => {
  const { packUid } = good.get_spectrocloud_pack;
  const plain = (await answerOf('get_spectrocloud_pack', { packUid })).output;
  assert.deepEqual([plain.name, plain.version, plain.masked, plain.values], ['nginx', '1.10.1', 0, undefined]);
  assert.deepEqual(plain.versions.map(v => v.version), ['1.9.5', '1.10.1']);
  assert.equal(plain.versions[1].packUid, packUid);
  const full = (await answerOf('get_spectrocloud_pack', { packUid, includeValues: true })).output;
  assert.match(full.values, /version: 1\.10\.1\n\s*adminPassword: .*\*\*\*/);
  assert.equal(full.masked, 1);
  assert.equal(full.presets[0].name, 'small');
});

// ---- tags ----

const owners = () => [
  [TAGS[0], of(cluster), 'clusterUid', `/v1/spectroclusters/${cluster.uid}/metadata`],
  [TAGS[1], { profileUid: profile.uid }, 'profileUid', `/v1/clusterprofiles/${profile.uid}/metadata`],
];

async function tagsOf([name, input]) {
  return (await answerOf(name, { ...input, remove: ['no-such-tag'] })).output.before;
}

test('a dry run, which is what is meant if nothing is said, sends nothing', async () => {
  for (const owner of owners()) {
    const [name, input, key] = owner;
    const before = await tagsOf(owner);
    await simulator.forget();
    for (const dryRun of [undefined, true]) {
      const { output } = await answerOf(name, { ...input, add: ['tried', 'by: tests'], remove: ['none', ...before.slice(0, 1)],
        dryRun });
      assert.deepEqual(output, { [key]: input[key], before, after: [...before.slice(1), 'tried', 'by:tests'],
        applied: false });
    }
    assert.equal((await calls('PATCH')).length, 0, name);
    assert.deepEqual(await tagsOf(owner), before);
  }
});

test('in earnest one change is sent, and none where the tags are so already', async () => {
  for (const owner of owners()) {
    const [name, input, key, path] = owner;
    const before = await tagsOf(owner);
    const change = { ...input, add: ['kept', 'team:a b'], dryRun: false };
    await simulator.forget();
    for (const was of [before, [...before, 'kept', 'team:a b']]) {
      const { output } = await answerOf(name, change);
      assert.deepEqual(output.before, was);
      assert.deepEqual(new Set(output.after), new Set([...before, 'kept', 'team:a b']));
      assert.deepEqual([output[key], output.applied], [input[key], true]);
      assert.deepEqual((await calls('PATCH')).map(r => r.path), [path]);
    }
    const { output } = await answerOf(name, { ...input, remove: ['kept', 'team:a b'], dryRun: false });
    assert.deepEqual(output.after, before);
    assert.equal((await calls('PATCH')).length, 2);
    const audited = service.log().split('\n').filter(line => / audit /.test(line) && line.includes(input[key]));
    assert.ok(audited.some(line => line.includes(`object="${input[key]} (only tried)"`)), name);
    assert.equal(audited.filter(line => line.includes(`object="${input[key]}" outcome="succeeded"`)).length, 3, name);
  }
});

test('a change whose answer is lost is not sent again, and the outcome is said to be unknown', async () => {
  for (const [name, input] of owners())
    for (const fault of [{ fault: 'reset', bytes: 0 }, { fault: 'status', status: 502 }, { fault: 'delay', ms: 2500 }]) {
      await simulator.forget();
      await simulator.fault({ match: { method: 'PATCH' }, ...fault });
      try {
        const message = await refusal(name, { ...input, add: [`lost-${fault.fault}`], dryRun: false }, 503);
        assert.match(message, /may have made the change all the same/, `${name}, ${fault.fault}`);
        assert.equal((await calls('PATCH')).length, 1, `${name}, ${fault.fault}`);
      } finally {
        await simulator.heal();
      }
    }
});
