// Every field of every flat body, wrong in every way that its row knows: a 400 that names that field and
// no other, before Palette hears of it. The rows are the service's own description of itself.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { creationsIn } from '../schema/bodies.mjs';
import { configuration, operations, startService, startSimulator } from './harness.mjs';

const AT_ONCE = 16;

let simulator;
let service;
let schemas;
let good; // by kind: bodies that create a cluster
let sent = 0;

before(async () => {
  simulator = await startSimulator('--seed', '41');
  service = await startService(configuration([simulator]));
  const { document } = await operations(service);
  schemas = document.components.schemas;
  good = {};
  for (const { kind, form, body } of creationsIn(await simulator.world()))
    if (form.startsWith('flat')) (good[kind] ??= []).unshift(body('made-by-tests'));
});

after(async () => {
  console.log(`\n${sent} bad bodies`);
  assert.equal(await service.stop(), 0, service.log());
  await simulator.stop();
});

const kinds = () => Object.entries(schemas.FlatCluster.discriminator.mapping)
  .map(([kind, ref]) => ({ kind, schema: schemas[ref.split('/').pop()] }));

// ---- the fields ----

const objectOf = schema => schema.oneOf?.find(s => s.type === 'object') ?? schema;

// Every field below a schema: its path, where '*' is an item of an array.
function* fieldsOf(schema, path = []) {
  for (const [name, raw] of Object.entries(schema.properties ?? {})) {
    const field = { path: [...path, name], schema: raw, required: !!schema.required?.includes(name) };
    yield field;
    const below = objectOf(raw);
    if (below.properties) yield* fieldsOf(below, field.path);
    if (below.items?.properties) yield* fieldsOf(below.items, [...field.path, '*']);
  }
}

const isObject = value => value !== null && typeof value === 'object' && !Array.isArray(value);

// Where a path leads in a body, with items' numbers for its stars; undefined: nowhere.
function place(value, path, whole = true) {
  if (path.length === 0) return [];
  const [name, ...rest] = path;
  if (name === '*') {
    if (!Array.isArray(value)) return undefined;
    for (let i = 0; i < value.length; i++) {
      const below = place(value[i], rest, whole);
      if (below) return [i, ...below];
    }
    return undefined;
  }
  if (!isObject(value)) return undefined;
  if (!(name in value)) return !whole && rest.length === 0 ? [name] : undefined;
  const below = place(value[name], rest, whole);
  return below && [name, ...below];
}

// The first of the kind's bodies that has the field, and where; else one that may be given it.
function home(kind, path) {
  for (const whole of [true, false])
    for (const body of good[kind]) {
      const at = place(body, path, whole);
      if (at) return { body, at };
    }
  return assert.fail(`${kind}: no body has a place for ${path.join('.')}`);
}

// A copy of body with the value at a place, or without it.
function changed(body, at, value) {
  const copy = structuredClone(body);
  const holder = at.slice(0, -1).reduce((part, name) => part[name], copy);
  if (value === undefined) delete holder[at.at(-1)];
  else holder[at.at(-1)] = value;
  return copy;
}

const valueAt = (body, at) => at.reduce((part, name) => part?.[name], body);
const pointer = at => at.map(name => `/${String(name).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');

// ---- what can be wrong with one field: [what, value, where below it] ----

function* wrongs(schema, now) {
  if (schema.const !== undefined) { // which kind it is: tests of its own
    yield* [5, true, [], {}].map(value => ['type', value]);
    yield ['null', null];
    yield ['empty', ''];
    return;
  }
  const shapes = schema.oneOf ?? [schema];
  for (const value of [5, 1.5, 'x', true, [], {}].filter(v => !shapes.some(s => couldBe(s, v))))
    yield ['type', value];
  yield ['null', null];
  for (const shape of shapes) yield* wrongsOf(shape, now);
}

function couldBe(schema, value) {
  const type = Array.isArray(value) ? 'array' : isObject(value) ? 'object' : typeof value;
  return schema.type === type || (schema.type === 'integer' && Number.isInteger(value));
}

function* wrongsOf(schema, now) {
  if (schema.minLength) yield ['empty', ''];
  if (schema.enum) {
    yield ['choice', 'none of them'];
    yield ['choice, other case', schema.enum.at(-1).toUpperCase()];
    if (!schema.enum.includes('')) yield ['empty', ''];
  }
  if (schema.type === 'integer') {
    yield ['below', schema.minimum - 1];
    yield ['above', schema.maximum + 1];
  }
  if (schema.type === 'array') yield* wrongsOfArray(schema, now);
  if (schema.type === 'object') yield* wrongsOfObject(schema, now);
}

function* wrongsOfArray(schema, now = []) {
  if (schema.minItems > 0) yield ['no items', []];
  const one = now[0] ?? (schema.items.type === 'string' ? 'x' : {});
  yield ['items', Array.from({ length: schema.maxItems + 1 }, (_, i) =>
    (typeof one === 'string' ? `${one}${i}` : { ...one, name: `p${i}` }))];
  const wrong = schema.items.type === 'string' ? [5, null, [], {}] : [5, null, [], 'x'];
  if (schema.items.minLength) wrong.push('');
  for (const item of wrong) yield ['item', [...now, item], [now.length]];
}

function* wrongsOfObject(schema, now) {
  const here = isObject(now) ? now : Object.fromEntries(
    (schema.required ?? []).map(name => [name, schema.properties[name].enum?.[0] ?? 'x']));
  if (schema.additionalProperties === false) {
    yield ['unknown field', { ...here, 'un~known/field': 1 }, ['un~known/field']];
    return;
  }
  const scalars = Array.isArray(schema.additionalProperties.type);
  for (const value of scalars ? [null, [], {}] : [null, [], {}, 5, true])
    yield ['member', { ...here, member: value }, ['member']];
  yield ['empty name', { ...here, '': 'x' }, []];
  yield ['members', Object.fromEntries(Array.from({ length: schema.maxProperties + 1 }, (_, i) => [`m${i}`, 'x']))];
}

// ---- trying ----

async function inParallel(work, run) {
  const queue = work.values();
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    for (const item of queue) await run(item);
  }));
}

const post = body => service.request('POST', '/api/spectrocloud/clusters',
  { body: typeof body === 'string' ? body : JSON.stringify(body) });

// The wanted faults, as pointers, and nothing else; returns what is wrong with the answer.
function complaint(answer, pointers) {
  const { error } = answer.json ?? {};
  if (answer.status !== 400 || error?.name !== 'InputError') return `${answer.status} ${answer.text.slice(0, 300)}`;
  const got = (error.faults ?? []).map(f => f.pointer).sort();
  if (JSON.stringify(got) !== JSON.stringify([...pointers].sort())) return `wanted ${pointers}, got ${error.message.slice(0, 400)}`;
  if (error.faults.some(f => !f.message)) return 'a fault says nothing';
  return undefined;
}

async function refuse(cases) {
  const faults = [];
  await simulator.forget();
  await inParallel(cases, async ({ what, body, pointers }) => {
    sent++;
    const problem = complaint(await post(body), pointers);
    if (problem) faults.push(`${what}: ${problem}`);
  });
  assert.deepEqual(faults, []);
  assert.deepEqual(await simulator.requests(), [], 'Palette was asked');
}

test('the good bodies are good', async () => {
  for (const { kind } of kinds())
    for (const body of good[kind]) {
      const answer = await service.request('POST', `/api/spectrocloud/clusters?dryRun=true&projectUid=${
        (await simulator.world()).projects[0].uid}`, { body: JSON.stringify(body) });
      assert.equal(answer.status, 200, `${kind}: ${answer.text}`);
    }
});

// Fields whose absence the row does not forbid, because it depends on others: tests below.
function casesOf({ kind, schema }) {
  const cases = [];
  const add = (what, body, at) => cases.push({ what: `${kind} ${what}`, body, pointers: [pointer(at)] });
  add('unknown field', { ...good[kind][0], stranger: 1 }, ['stranger']);
  for (const field of fieldsOf(schema)) {
    const { body, at } = home(kind, field.path);
    const name = field.path.join('.');
    const now = valueAt(body, at);
    if (field.required) add(`${name} left out`, changed(body, at, undefined), at);
    for (const [what, value, below = []] of wrongs(field.schema, now))
      add(`${name} ${what} ${JSON.stringify(value).slice(0, 40)}`, changed(body, at, value), [...at, ...below]);
  }
  return cases;
}

for (const kind of ['eks', 'aws', 'aks', 'azure', 'vsphere', 'virtual'])
  test(`${kind}: each field, wrong in each way`, async t => {
    const row = kinds().find(k => k.kind === kind);
    const cases = casesOf(row);
    await refuse(cases);
    t.diagnostic(`${[...fieldsOf(row.schema)].length} fields, ${cases.length} bad bodies`);
  });

test('all kinds are tried above', () => {
  assert.deepEqual(kinds().map(k => k.kind).sort(), ['aks', 'aws', 'azure', 'eks', 'virtual', 'vsphere']);
});

// ---- what no row says ----

const inText = (body, mark, raw) => JSON.stringify(body).replace(JSON.stringify(mark), raw);
const first = kind => structuredClone(good[kind][0]);
const withPools = (kind, ...pools) => ({ ...first(kind), machinePoolConfig: pools });
const worker = (kind, change) => ({ ...good[kind][0].machinePoolConfig.at(-1), ...change });
// The first body whose last pool has a fixed number of nodes, with the change in it.
const fixed = (kind, change) => {
  const { minCount, maxCount, nodeRepaveInterval, ...pool } = worker(kind, {});
  return { ...pool, count: 1, ...change };
};
const atPool = name => [`/machinePoolConfig/0/${name}`];

function* handMade() {
  // Names.
  for (const name of ['A', 'my_cluster', '-a', 'a-', 'a.b', 'a b', 'ä', 'a'.repeat(64), ' a', 'a\n', 'a/b', '..', '\u0000'])
    yield [`name ${JSON.stringify(name)}`, { ...first('eks'), name }, ['/name']];
  // Tags.
  for (const tags of [[':x'], [' : x'], ['a', 'a'], ['a:1', 'a:2'], ['a', ' a '], ['a:1', 'a']])
    yield [`tags ${JSON.stringify(tags)}`, { ...first('eks'), tags }, [`/tags/${tags.length - 1}`]];
  // Numbers as JSON writes them, and as we do not read them.
  for (const raw of ['1e3', '3.0', '3.5', '-1', '9223372036854775807', '9223372036854775808', '-9223372036854775809',
    '1e400', '"3"', '5001', '0.9999999999999999999999', '3E0'])
    yield [`count ${raw}`, inText(withPools('eks', fixed('eks', { count: '@' })), '@', raw), atPool('count')];
  // Nodes of a pool.
  const bounds = (minCount, maxCount, more) => {
    const { count, ...pool } = fixed('eks', more);
    return withPools('eks', { ...pool, ...(minCount !== undefined && { minCount }), ...(maxCount !== undefined && { maxCount }) });
  };
  yield ['minCount over maxCount', bounds(4, 3), atPool('maxCount')];
  yield ['minCount alone', bounds(4), atPool('maxCount')];
  yield ['maxCount alone', bounds(undefined, 4), atPool('minCount')];
  yield ['no number of nodes', bounds(), atPool('count')];
  // Control planes.
  for (const kind of ['aws', 'azure', 'vsphere']) {
    for (const count of [0, 2, 4, 7])
      yield [`${kind}: ${count} control planes`, withPools(kind, fixed(kind, { controlPlane: true, count })), atPool('count')];
    const { count, ...scaled } = fixed(kind, { controlPlane: true, minCount: 1, maxCount: 3 });
    yield [`${kind}: a scaled control plane`, withPools(kind, scaled), atPool('minCount')];
    yield [`${kind}: a control plane that is repaved in turn`,
      withPools(kind, fixed(kind, { controlPlane: true, nodeRepaveInterval: 60 })), atPool('nodeRepaveInterval')];
    yield [`${kind}: a worker with the name of the pool that is added`,
      withPools(kind, fixed(kind, { name: 'control-plane-pool' })), atPool('name')];
  }
  for (const kind of ['eks', 'aks'])
    yield [`${kind}: a control plane`, withPools(kind, fixed(kind, { controlPlane: true, isSystemNodePool: undefined, osType: undefined })),
      atPool('controlPlane')];
  yield ['azure: a control plane on Windows',
    withPools('azure', fixed('azure', { controlPlane: true, osType: 'Windows' })), atPool('osType')];
  // Pools together.
  yield ['two pools of a name', withPools('eks', fixed('eks'), fixed('eks')), ['/machinePoolConfig/1/name']];
  for (const name of ['with-dash', 'Upper', 'a1234567890ab', 'ä', 'a b'])
    yield [`aks: pool ${name}`, withPools('aks', fixed('aks', { name, isSystemNodePool: true, osType: 'Linux' })), atPool('name')];
  yield ['aks: no pool of the system', withPools('aks', fixed('aks', { isSystemNodePool: false })), ['/machinePoolConfig']];
  yield ['aks: the system on Windows',
    withPools('aks', fixed('aks', { isSystemNodePool: true, osType: 'Windows' })), atPool('osType')];
  yield ['eks: the name of the pool for azSubnets', withPools('eks', fixed('eks', { name: 'cp-pool' })), atPool('name')];
  // Fields that go together, or do not.
  for (const updateStrategy of ['OverrideScaling', { type: 'OverrideScaling' }, { type: 'OverrideScaling', maxSurge: '1' }])
    yield [`strategy ${JSON.stringify(updateStrategy)}`, withPools('eks', fixed('eks', { updateStrategy })), atPool('updateStrategy')];
  yield ['maxPrice without spot', withPools('eks', fixed('eks', { capacityType: 'on-demand', maxPrice: '1' })), atPool('maxPrice')];
  yield ['azs and subnets', withPools('eks', fixed('eks', { azs: ['us-east-1a'] })), atPool('subnets')];
  {
    const { vpcId, ...cloudConfig } = first('aws').cloudConfig;
    yield ['aws: subnets without a VPC', { ...withPools('aws', fixed('aws')), cloudConfig }, atPool('subnets')];
  }
  {
    const { vnetCidrBlock, workerSubnet, ...cloudConfig } = first('azure').cloudConfig;
    yield ['azure: half a network', { ...first('azure'), cloudConfig }, ['/cloudConfig/vnetCidrBlock', '/cloudConfig/workerSubnet']];
  }
  for (const [controlPlaneEndpoint, field] of [[{ type: 'DDNS' }, 'ddnsSearchDomain'], [{ type: 'DDNS', ddnsSearchDomain: '' },
    'ddnsSearchDomain'], [{ type: 'VIP' }, 'host'], [{ type: 'VIP', host: '' }, 'host']])
    yield [`vsphere: ${JSON.stringify(controlPlaneEndpoint)}`, { ...first('vsphere'),
      cloudConfig: { ...first('vsphere').cloudConfig, controlPlaneEndpoint } }, [`/cloudConfig/controlPlaneEndpoint/${field}`]];
  {
    const { hostClusterUid, clusterGroupUid, clusterGroupName, ...rest } = first('virtual');
    yield ['virtual: nowhere to run', rest, ['/clusterGroupUid']];
    yield ['virtual: two places to run', { ...rest, hostClusterUid: 'a', clusterGroupUid: 'b' }, ['/hostClusterUid']];
    yield ['virtual: a name alone', { ...rest, hostClusterUid: 'a', clusterGroupName: 'b' }, ['/clusterGroupName']];
    const { endpointType, ingress, loadBalancer, ...bare } = rest;
    for (const type of [undefined, 'LoadBalancer'])
      yield [`virtual: ingress of ${type}`, { ...bare, hostClusterUid: 'a', endpointType: type, ingress: { host: 'x' } }, ['/ingress']];
    for (const type of [undefined, 'Ingress'])
      yield [`virtual: loadBalancer of ${type}`, { ...bare, hostClusterUid: 'a', endpointType: type, loadBalancer: {} }, ['/loadBalancer']];
  }
  // Profiles.
  yield ['a profile twice', { ...first('eks'), profileUids: ['a', 'b', 'a'] }, ['/profileUids/2']];
  for (const uid of ['a/b', '..', 'a?b', 'a'.repeat(129), 'a%2f', 'ä'])
    yield [`profile ${uid.slice(0, 9)}`, { ...first('eks'), profileUids: [uid] }, ['/profileUids/0']];
  // A field of another kind.
  yield ['vsphere in eks', { ...first('eks'), vsphere: {} }, ['/vsphere']];
  yield ['securityGroups in eks', withPools('eks', fixed('eks', { securityGroups: [] })), atPool('securityGroups')];
  yield ['cloudAccountUid in virtual', { ...first('virtual'), cloudAccountUid: 'a' }, ['/cloudAccountUid']];
  // Kinds.
  for (const cloudType of ['gcp', 'EKS ', 'nestd', 'v', 'edge-native', '\u0000'])
    yield [`cloudType ${JSON.stringify(cloudType)}`, { ...first('eks'), cloudType }, ['/cloudType']];
  {
    const { cloudType, ...rest } = first('eks');
    yield ['no cloudType', rest, ['/cloudType']];
    yield ['no fields', {}, ['/cloudType']];
  }
  yield ['cloudType, and an empty spec, which counts', { ...first('eks'), spec: {} }, ['/spec/cloudType']];
  yield ['cloudType, and a spec that is none', { ...first('eks'), spec: 'x' }, ['/spec']];
  // Names that stand twice.
  const twice = (field, copy) => inText({ ...first('eks'), twice: '@' }, 'twice', `"${copy}"`).replace('"@"', '"x"');
  yield ['a name twice', twice('name', 'name'), ['/name']];
  yield ['a name twice, once escaped', twice('name', 'n\\u0061me'), ['/name']];
  yield ['a name twice deep inside',
    '{"cloudType":"eks","cloudConfig":{"a":[{"b":{"c":1,"c":2}}]}}', ['/cloudConfig/a/0/b/c']];
  yield ['a name with a NUL', '{"cloudType":"eks","a\\u0000b":1}', ['']];
  // Several at once: all are named.
  yield ['three faults', { ...first('eks'), name: 'A_', tags: 5, typo: 1 }, ['/name', '/tags', '/typo']];
  yield ['only what is documented as the least', { cloudType: 'eks' },
    ['/cloudAccountUid', '/cloudConfig/region', '/machinePoolConfig', '/name', '/profileUids']];
}

test('what fields mean together, and forms of names and numbers', async t => {
  const cases = [...handMade()].map(([what, body, pointers]) => ({ what, body, pointers }));
  await refuse(cases);
  t.diagnostic(`${cases.length} bad bodies`);
});

// The body as it is documented for all clouds lacks what each cannot do without, and nothing else of it is wrong.
const DOCUMENTED = cloudType => ({
  cloudType, name: 'my-cluster', description: 'Cluster description', tags: ['tag1', 'tag2'], cloudAccountUid: 'account-uid',
  profileUids: ['infra-profile-uid', 'addon-profile-uid'], profileVariables: { key: 'value' },
  clusterVariables: { key: 'value' },
  machinePoolConfig: [{ name: 'worker-pool-1', instanceType: 't3.medium', count: 3, labels: { role: 'worker' }, taints: [] }],
  ...(cloudType === 'vsphere' && { vsphere: { datacenter: 'dc1', folder: 'folder1', resourcePool: 'pool1',
    datastore: 'ds1', network: 'network1', ipPoolUid: 'pool-uid' } }),
});

const LACKS = {
  eks: ['cloudConfig/region'],
  aws: ['cloudConfig/region', 'cloudConfig/sshKeyName'],
  aks: ['cloudConfig/subscriptionId', 'cloudConfig/location', 'cloudConfig/resourceGroup', 'cloudConfig/sshKey',
    'machinePoolConfig/0/name'], // Azure takes no '-' in it
  azure: ['cloudConfig/subscriptionId', 'cloudConfig/location', 'cloudConfig/resourceGroup', 'cloudConfig/sshKey'],
  vsphere: ['cloudConfig/computeCluster', 'cloudConfig/sshKeys', 'cloudConfig/controlPlaneEndpoint',
    'machinePoolConfig/0/instanceType'], // a size in numbers, not a name
};

test('the documented body: each field is known, and what a cloud needs besides is named', () =>
  refuse(Object.entries(LACKS).map(([kind, lacks]) =>
    ({ what: kind, body: DOCUMENTED(kind), pointers: lacks.map(name => `/${name}`) }))));

// ---- Palette's own entity ----

function* badEntities() {
  const entity = spec => ({ metadata: { name: 'a' }, spec });
  const pools = [{ poolConfig: { name: 'a', size: 1, labels: ['worker'] } }];
  const eks = { cloudType: 'eks', cloudAccountUid: 'a', cloudConfig: { region: 'x' }, machinepoolconfig: pools };
  for (const metadata of [undefined, null, 5, [], {}, { name: null }, { name: '' }, { name: 5 }, { name: [] }])
    yield [`metadata ${JSON.stringify(metadata)}`, { metadata, spec: eks }, ['/metadata/name']];
  for (const cloudType of [undefined, null, '', 5, [], 'gcp', ' eks'])
    yield [`cloudType ${JSON.stringify(cloudType)}`, entity({ ...eks, cloudType }), ['/spec/cloudType']];
  yield ['pools under both names', entity({ ...eks, machinePoolConfig: pools }), ['/spec/machinePoolConfig']];
  yield ['a name twice', '{"metadata":{"name":"a"},"spec":{"cloudType":"eks","cloudConfig":{"region":"a","region":"b"}}}',
    ['/spec/cloudConfig/region']];
  // Pools as the old interface has them are read as those of a flat body.
  const old = cloudConfig => entity({ cloudType: 'aws', cloudAccountUid: 'a',
    cloudConfig: { region: 'x', ...cloudConfig } });
  const pool = { name: 'a', size: 1, instanceType: 'x' };
  yield ['workerPools of another type', old({ workerPools: {} }), ['/spec/cloudConfig/workerPools']];
  yield ['controlPlane of another type', old({ controlPlane: [] }), ['/spec/cloudConfig/controlPlane']];
  for (const [name, value] of [['size', '1'], ['size', -1], ['size', 5001], ['instanceType', ''], ['instanceType', 5],
    ['diskSize', 0], ['diskSize', '60'], ['name', ''], ['stranger', 1]])
    yield [`workerPools: ${name} ${JSON.stringify(value)}`, old({ workerPools: [{ ...pool, [name]: value }] }),
      [`/spec/cloudConfig/workerPools/0/${name}`]];
  yield ['workerPools: no size', old({ workerPools: [{ ...pool, size: undefined }] }),
    ['/spec/cloudConfig/workerPools/0/size']];
  yield ['workerPools: a pool that is none', old({ workerPools: [pool, 5] }), ['/spec/cloudConfig/workerPools/1']];
  yield ['workerPools: two of a name', old({ workerPools: [pool, pool] }), ['/spec/cloudConfig/workerPools/1/name']];
  for (const [name, value] of [['count', 2], ['count', '1'], ['diskSize', 0], ['instanceType', 5]])
    yield [`controlPlane: ${name} ${value}`, old({ controlPlane: { count: 1, instanceType: 'x', [name]: value } }),
      [`/spec/cloudConfig/controlPlane/${name}`]];
}

test("Palette's own entity: what is looked at in it", async t => {
  const cases = [...badEntities()].map(([what, body, pointers]) => ({ what, body, pointers }));
  await refuse(cases);
  t.diagnostic(`${cases.length} bad bodies`);
});

test("a virtual cluster's own entity: what is looked at in it", async t => {
  const group = { uid: 'a' };
  const whole = (hostClusterConfig, more) => ({ metadata: { name: 'a' },
    spec: { cloudType: 'nested', clusterConfig: { hostClusterConfig } }, ...more });
  const at = '/clusterConfig/spec/clusterConfig/hostClusterConfig/clusterGroup/uid';
  const faults = [];
  await simulator.forget();
  for (const [clusterConfig, pointers] of [
    [whole({ clusterGroup: group }, { metadata: {} }), ['/clusterConfig/metadata/name']],
    [whole({}), [at]], [whole({ clusterGroup: { uid: '' } }), [at]], [whole({ clusterGroup: { uid: 5 } }), [at]],
    [{ metadata: { name: 'a' } }, [at]],
    [{ spec: { cloudType: 'nested' } }, ['/clusterConfig/metadata/name', at]],
    [{ metadata: { name: 'a' }, spec: { cloudType: 'eks', clusterConfig: { hostClusterConfig: { clusterGroup: group } } } },
      ['/clusterConfig/spec/cloudType']]]) {
    sent++;
    const answer = await service.request('POST', '/api/spectrocloud/virtualclusters',
      { body: JSON.stringify({ clusterConfig }) });
    const problem = complaint(answer, pointers);
    if (problem) faults.push(`${JSON.stringify(clusterConfig)}: ${problem}`);
  }
  assert.deepEqual(faults, []);
  assert.deepEqual(await simulator.requests(), []);
});

// ---- bodies that are none ----

test('what is no JSON object, too deep or too large', async () => {
  const flat = JSON.stringify(first('eks'));
  const deep = levels => `{"cloudType":"eks","x":${'['.repeat(levels)}${']'.repeat(levels)}}`;
  await simulator.forget();
  for (const [what, body, status] of [
    ['nothing', '', 400], ['half of it', flat.slice(0, -1), 400], ['more than one', `${flat}{}`, 400],
    ['an array', `[${flat}]`, 400], ['a string', '"eks"', 400], ['null', 'null', 400], ['a number', '1', 400],
    ['a comma too many', flat.replace(/}$/, ',}'), 400], ['a byte-order mark', `\ufeff${flat}`, 400],
    ['half a character', Buffer.concat([Buffer.from('{"cloudType":"'), Buffer.from([0xc3]), Buffer.from('"}')]), 400],
    ['half a pair', '{"cloudType":"\\ud800"}', 400], ['a leading zero', '{"cloudType":01}', 400],
    ['a comment', '{/* */}', 400], ['single quotes', "{'cloudType':'eks'}", 400],
    ['deep', deep(127), 400], ['too deep', deep(129), 400], ['very deep', deep(100000), 400],
    ['large', `{"cloudType":"eks","x":"${'a'.repeat(1024 * 1024)}"}`, 413],
    ['many unknown fields', `{"cloudType":"eks",${Array.from({ length: 20000 }, (_, i) => `"u${i}":1`)}}`, 400],
    ['many names twice', `{"cloudType":"eks"${',"a":1'.repeat(50000)}}`, 400]]) {
    sent++;
    const answer = await service.request('POST', '/api/spectrocloud/clusters',
      { body, headers: { 'content-type': 'application/json' } });
    assert.equal(answer.status, status, `${what}: ${answer.status} ${answer.text.slice(0, 200)}`);
    assert.ok(answer.text.length < 200000, `${what}: ${answer.text.length} bytes of answer`);
    assert.ok(answer.json.error.message, what);
  }
  assert.deepEqual(await simulator.requests(), []);
});

test('more faults than are told are counted', async () => {
  const strangers = Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`stranger${i}`, 1]));
  const { json } = await post({ ...first('eks'), ...strangers });
  assert.equal(json.error.faults.length, 100);
  assert.equal(json.error.moreFaults, 50);
  assert.match(json.error.message, /and \d+ more faults$/);
});

test('zero with a sign is zero', async () => {
  const send = raw => service.request('POST', `/api/spectrocloud/clusters?dryRun=true&projectUid=${project}`,
    { body: inText(withPools('eks', fixed('eks', { count: '@', subnets: undefined })), '@', raw) });
  const project = (await simulator.world()).projects[0].uid;
  for (const [raw, size] of [['-0', 0], ['0', 0], ['50', 50]]) {
    const { status, json, text } = await send(raw);
    assert.equal(status, 200, `${raw}: ${text}`);
    assert.ok(JSON.stringify(json.entity).includes(`"size":${size},`), `${raw}: ${text}`);
  }
});
