// Palette's own entity reaches Palette with the bytes it came with, but for the repairs that the answer names.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';

import { configuration, startService, startSimulator } from './harness.mjs';

const UID = '65f0aa000000000000000001';
const CREATES = /^\/v1\/spectroclusters\/(\w+)$/;
const TRIES = /^\/v1\/spectroclusters\/(\w+)\/validate$/;

// All that JSON may be and that a reader who prints it again would change.
const ODD = String.raw`"\u0041\/\ud83d\ude00 ünï":[ 18446744073709551617 , 1e400,-0,1.0,0.1000000000000000055511,1E+2,
	{"z":null,"a":true,"":{}} ],"unknownToAll" : {"nested":[[[]]]}`;

let simulator;
let palette;
let service;

// Palette's endpoints that take an entity take any here, and keep its bytes; the rest is the simulator's.
async function startPalette() {
  const taken = [];
  const others = Number(new URL(simulator.url).port);
  const server = http.createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const body = Buffer.concat(parts);
    const [path] = request.url.split('?');
    const [, kind] = path.match(CREATES) ?? path.match(TRIES) ?? [];
    if (request.method === 'POST' && kind) {
      taken.push({ kind, tried: TRIES.test(path), body, type: request.headers['content-type'] });
      response.writeHead(CREATES.test(path) ? 201 : 200, { 'content-type': 'application/json' });
      response.end(CREATES.test(path) ? `{"uid":"${UID}"}` : '{"machinePools":{"results":null},"profiles":null}');
      return;
    }
    const onward = http.request({ host: '127.0.0.1', port: others, method: request.method, path: request.url,
      headers: request.headers }, answer => {
      response.writeHead(answer.statusCode, answer.rawHeaders);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    onward.end(body);
  });
  await new Promise(resolve => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${server.address().port}`, taken,
    stop: () => { server.closeAllConnections(); server.close(); } };
}

before(async () => {
  simulator = await startSimulator('--seed', '61');
  palette = await startPalette();
  name((await simulator.world()).creation);
  service = await startService(configuration([palette]));
});

after(async () => {
  assert.equal(await service.stop(), 0, service.log());
  palette.stop();
  await simulator.stop();
});

// Sends a body, to be tried and to be created; expects these bytes at that endpoint, and these warnings.
async function passes({ body, kind, wanted = body, repairs = [], path = 'clusters' }) {
  for (const dryRun of [true, false]) {
    palette.taken.length = 0;
    const answer = await service.request('POST', `/api/spectrocloud/${path}${dryRun ? '?dryRun' : ''}`, { body });
    assert.equal(answer.status, dryRun ? 200 : 201, answer.text);
    const made = palette.taken.filter(t => t.tried === dryRun);
    assert.equal(made.length, 1, 'sent once');
    assert.equal(palette.taken.filter(t => !t.tried).length, dryRun ? 0 : 1);
    assert.equal(made[0].kind, kind);
    assert.equal(made[0].type, 'application/json');
    assert.deepEqual(made[0].body.toString(), wanted);
    // The price is the answer's other remark, and not about the entity.
    const warnings = (answer.json.warnings ?? []).map(w => w.message).filter(m => !/price|cost/.test(m));
    assert.equal(warnings.length, repairs.length, answer.text);
    for (const [i, repair] of repairs.entries()) assert.match(warnings[i], repair);
    if (dryRun) assert.ok(answer.text.includes(`"entity":${wanted}`), 'the answer shows the same bytes');
    else assert.equal(answer.json.uid, UID);
  }
}

// What an entity of each kind cannot do without: members of spec, of its cloudConfig and of a machine pool.
const POOL = '"poolConfig":{"name":"p","size":1,"labels":["worker"]}';
const AZURE = { cloud: '"subscriptionId":"a","location":"b","sshKey":"c"', pool: `"cloudConfig":{},${POOL}` };
const LEAST = {
  eks: { cloud: '"region":"x"', pool: POOL },
  aws: { cloud: '"region":"x"', pool: `"cloudConfig":{"instanceType":"x"},${POOL}` },
  aks: { ...AZURE },
  azure: { ...AZURE },
  vsphere: { cloud: '"placement":{}',
    pool: `"cloudConfig":{"instanceType":{"numCPUs":1,"memoryMiB":1,"diskGiB":1}},${POOL}` },
  virtual: { type: 'nested', cloud: '"kubernetesVersion":""', pool: '"cloudConfig":{"instanceType":{}}' },
};

// What of that exists in Palette.
function name(creation) {
  for (const [kind, { accountUid, infraUid, groupUid }] of Object.entries(creation)) {
    LEAST[kind].type ??= kind;
    LEAST[kind].spec = kind === 'virtual'
      ? `"clusterConfig":{"hostClusterConfig":{"clusterGroup":{"uid":"${groupUid}"}}}`
      : `"cloudAccountUid":"${accountUid}","profiles":[{"uid":"${infraUid}"}]`;
  }
}

// The least entity of a kind, with oddities, and with what a test has to say.
function entity(kind, { type = LEAST[kind].type, cloud = LEAST[kind].cloud, pools = 'machinepoolconfig', rest = ODD } = {}) {
  const { spec, pool } = LEAST[kind];
  return `{ "kind":"x",\r\n"metadata":{"name":"odd-one",${ODD}} ,"spec" : {"cloudType":"${type}",${spec},` +
    `"cloudConfig":{${cloud}} ,\t"${pools}" :[{${pool},${ODD}}],${rest}},${ODD}}`;
}

for (const kind of Object.keys(LEAST))
  test(`${kind}: nothing to repair, and every byte as it was`, () => passes({
    kind, body: entity(kind, { cloud: `${LEAST[kind].cloud},${ODD}` }) }));

test('white space around the body is no part of it', async () => {
  const inner = entity('eks');
  await passes({ kind: 'eks', body: ` \r\n\t${inner}\n`, wanted: inner });
});

test('a type with escapes is the same type', () => passes({ kind: 'eks', body: entity('eks', { type: '\\u0065ks' }) }));

// ---- the repairs ----

const TYPE = /spec\.cloudType was written as Palette writes it/;
const POOLS = /spec\.machinePoolConfig was renamed to machinepoolconfig/;
const NETWORK = /spec\.cloudConfig\.network was left out/;
const OLD_POOLS = /spec\.cloudConfig\.controlPlane and workerPools were left out/;
const ACCOUNT = /empty spec\.cloudAccountUid was left out/;

for (const [kind, type] of [['eks', 'EKS'], ['aws', 'Aws'], ['aks', 'aKs'], ['azure', 'AZURE'], ['vsphere', 'vSphere'],
  ['virtual', 'virtual'], ['virtual', 'Nested'], ['virtual', 'VIRTUAL']])
  test(`the type ${type}`, () => passes({ kind, repairs: [TYPE], body: entity(kind, { type }), wanted: entity(kind) }));

for (const pools of ['machinePoolConfig', 'machine\\u0050oolConfig'])
  test(`pools named ${pools}`, () => passes({ kind: 'eks', repairs: [POOLS],
    body: entity('eks', { pools }), wanted: entity('eks') }));

for (const [where, given, wanted] of [
  ['alone', ' "network":{"a":[1,{}]} ', '  '],
  ['first', ` "network" : null , ${ODD} `, ` ${ODD} `],
  ['last', ` ${ODD} , "network":1e400 `, ` ${ODD} `],
  ['between', `"a":1 , "network":"," , ${ODD}`, `"a":1 , ${ODD}`]])
  test(`cloudConfig.network, ${where}`, () => passes({ kind: 'virtual', repairs: [NETWORK],
    body: entity('virtual', { cloud: given }), wanted: entity('virtual', { cloud: wanted }) }));

test('an empty account of a virtual cluster', () => passes({ kind: 'virtual', repairs: [ACCOUNT],
  body: entity('virtual', { rest: `"cloudAccountUid":"" , ${ODD}` }),
  wanted: entity('virtual', { rest: ODD }).replace(`],${ODD}`, `] , ${ODD}`) }));

test('an account that is not empty is left as it is', () => passes({ kind: 'virtual',
  body: entity('virtual', { rest: '"cloudAccountUid":"x"' }) }));

test('several at once', () => passes({ kind: 'aws', repairs: [TYPE, POOLS, NETWORK],
  body: entity('aws', { type: 'AWS', pools: 'machinePoolConfig', cloud: `"region":"x","network":{},${ODD}` }),
  wanted: entity('aws', { cloud: `"region":"x",${ODD}` }) }));

// What the old interface says of pools becomes Palette's pools; around them nothing changes.
for (const kind of ['eks', 'aws', 'aks', 'azure'])
  test(`${kind}: pools of the old interface`, async () => {
    const old = '"workerPools":[{"name":"workers","size":2,"instanceType":"x"}], ';
    const start = `{ "kind":"x",\r\n"metadata":{"name":"odd-one"} ,"spec" : {`;
    const end = `"cloudType":"${kind}",${LEAST[kind].spec},"cloudConfig":{ ${LEAST[kind].cloud}, @${ODD}},${ODD}},${ODD}}`;
    palette.taken.length = 0;
    const answer = await service.request('POST', '/api/spectrocloud/clusters', { body: start + end.replace('@', old) });
    assert.equal(answer.status, 201, answer.text);
    assert.deepEqual(answer.json.warnings.map(w => OLD_POOLS.test(w.message)), [true]);
    const sent = palette.taken.at(-1).body.toString();
    const rest = end.replace('@', '');
    assert.ok(sent.startsWith(start), sent);
    assert.ok(sent.endsWith(`,${rest}`), sent);
    const added = JSON.parse(`{${sent.slice(start.length, -rest.length - 1)}}`).machinepoolconfig;
    const workers = added.find(p => p.poolConfig.name === 'workers');
    assert.equal(workers.poolConfig.size, 2);
    assert.equal(workers.cloudConfig.instanceType, 'x');
    assert.equal(added.length, ['aws', 'azure'].includes(kind) ? 2 : 1);
  });

test('pools in their proper place win: then nothing is touched', () => passes({ kind: 'eks',
  body: entity('eks', { cloud: '"region":"x","workerPools":[{"name":5}],"controlPlane":1' }) }));

// ---- the entity of POST /virtualclusters ----

const wrap = inner => `{"clusterConfig" :\t${inner} }`;
test('a wrapped entity', () => passes({ kind: 'virtual', path: 'virtualclusters', body: wrap(entity('virtual')), wanted: entity('virtual') }));

test('a wrapped entity without a type is given one', () => passes({ kind: 'virtual', path: 'virtualclusters',
  repairs: [TYPE], body: wrap(entity('virtual').replace('"cloudType":"nested",', '')), wanted: entity('virtual') }));
