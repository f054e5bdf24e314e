// Hostile identifiers through every parameter of every route: none reaches another endpoint of Palette.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
  TOKEN, asksPalette, configuration, goodRequests, operations, pathParameters, startService,
  startSimulator, target,
} from './harness.mjs';

const CHUNK = 50; // requests on a connection at a time

// What stands in a URL as it is: these bytes are sent raw, so that no client of ours tidies them up.
function corpus() {
  const dots = ['..', '.', '...', '..;', '.;', '..%00', '%2e%2e', '%2e', '%252e%252e', '.%2e', '%2e.',
    '%c0%ae%c0%ae', '%e0%80%ae', '%uff0e%uff0e', '..\\\\', '..%5c', '..%255c', '%2e%2e%5c'];
  const slashes = ['%2f', '%2F', '%252f', '%c0%af', '%e0%80%af', '%ef%bc%8f', '%5c', '\\\\', ';/', '%09/'];
  const ends = ['?', '%3f', '%3F', '#', '%23', '%253f', '&', '%26', ';', '%3b', '=', '%3d', '@', '%40', ':',
    '%3a'];
  const controls = ['%00', '%0d%0a', '%0a', '%0d', '%09', '%20', '+', '%7f', '%1b', '%08', '%80', '%ff',
    '%fe%ff', '%c2', '%ed%a0%80', '%f4%90%80%80', '%c3%28', '%e2%80%ae', '%ef%bb%bf', '%c2%a0',
    '%e2%80%a8'];
  const words = ['meta', 'META', 'metadata', 'search', 'overview', 'hostCluster', 'hostcluster', 'validate',
    'aws', 'eks', 'virtual', 'packs', 'manifests', 'summary', 'cloudTypes', 'import', 'vsphere', 'rate',
    'cluster', 'macros'];
  const broken = ['%', '%2', '%zz', '%%', '%2%66', '%u002f', '%G0', '%0', 'a%', '%a', '%-1', '%+2'];
  const quotes = ["'", '%22', '%27', '`', '%60', '%3c', '%3e', '%3cscript%3e', '$%7b7*7%7d', '{{7}}',
    '%7b%7d', '|', '%7c', '!', '~', '*', '(x)', ',', '$', '^', '%5e'];
  const long = ['a'.repeat(129), 'a'.repeat(1000), 'a'.repeat(10240), '%61'.repeat(129), '.'.repeat(200),
    '..%2f'.repeat(40), '%00'.repeat(100), '/'.repeat(1) + 'x'];
  const tails = ['users', 'v1/users/me', 'assets/adminKubeconfig', 'assets%2fadminKubeconfig', '..%2f..%2fusers'];
  const out = new Set([...dots, ...controls, ...words, ...broken, ...quotes, ...long]);
  for (const d of dots.slice(0, 12)) for (const s of slashes) out.add(`${d}${s}users`);
  for (const e of ends) { out.add(`abc${e}x`); out.add(`abc${e}..%2fusers`); out.add(e); }
  for (const s of slashes) for (const t of tails) out.add(`abc${s}${t}`);
  for (const c of controls) out.add(`abc${c}def`);
  return [...out];
}

let simulator;
let service;
let rows;
let good;

before(async () => {
  simulator = await startSimulator('--seed', '11', '--clusters', '12');
  service = await startService(configuration([simulator]));
  ({ rows } = await operations(service));
  good = goodRequests(await simulator.world());
});

after(async () => {
  assert.equal(await service.stop(), 0, service.log());
  await simulator.stop();
});

// The rows' own requests, and no others, may be seen upstream.
async function upstreamTargets(run) {
  await simulator.forget();
  await run();
  return (await simulator.requests()).map(r => `${r.method} ${r.target}`);
}

// The statuses in what came back on one connection.
function readStatuses(bytes) {
  const found = [];
  let rest = bytes;
  for (let match; (match = rest.match(/^HTTP\/1\.1 (\d{3})[^]*?\r\n\r\n/)) !== null;) {
    const length = match[0].match(/content-length: (\d+)/i);
    found.push(Number(match[1]));
    rest = rest.slice(match[0].length + Number(length?.[1] ?? 0));
  }
  return found;
}

// Sends raw requests, many on a connection; one that closes it early is followed by a new connection.
async function sendOnOne(requests) {
  const found = [];
  while (found.length < requests.length) {
    const rest = requests.slice(found.length);
    const text = rest.map((r, i) => (i + 1 < rest.length ? r.replace('Connection: close\r\n', '') : r));
    const more = readStatuses(await service.raw(text.join('')));
    assert.ok(more.length > 0, `no answer to ${JSON.stringify(rest[0].slice(0, 200))}`);
    found.push(...more);
  }
  return found;
}

async function statuses(requests) {
  const chunks = [];
  for (let i = 0; i < requests.length; i += CHUNK) chunks.push(requests.slice(i, i + CHUNK));
  return (await Promise.all(chunks.map(sendOnOne))).flat();
}

const head = (method, path, body = '') =>
  `${method} ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${TOKEN}\r\n` +
  `Content-Type: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`;

const KEEP = '\u0001';

test('the corpus is large enough', () => {
  assert.ok(corpus().length >= 200, String(corpus().length));
});

test('path parameters', async t => {
  const ids = corpus();
  let sent = 0;
  for (const row of rows.filter(r => pathParameters(r).length > 0)) {
    const names = pathParameters(row).filter(n => n !== 'cloudType');
    for (const name of [...names, ...pathParameters(row).filter(n => n === 'cloudType')]) {
      const path = target(row, good[row.operationId], { path: { [name]: KEEP } });
      const body = good[row.operationId].body ? JSON.stringify(good[row.operationId].body) : '';
      const upstream = await upstreamTargets(async () => {
        const found = await statuses(ids.map(id =>
          head(row.method, path.replace(KEEP, () => id), body)));
        for (const [i, status] of found.entries())
          assert.ok([400, 404, 405].includes(status) || isPlain(ids[i]) ||
            // of somebody else, or for Backstage's sign-in
            (status === 403 && name === 'email'),
            `${row.operationId} ${name}=${ids[i].slice(0, 60)}: ${status}`);
        sent += found.length;
      });
      assertOwn(row, name, upstream);
    }
  }
  t.diagnostic(`${ids.length} identifiers, ${sent} requests`);
});

// "abc?x" and "abc/users" are other requests to us, not identifiers: the raw '?' and '/' end one, and what
// stands before it may go to the row's own endpoint. "..." and "%61%61" are fine identifiers.
function isPlain(id) {
  return /[?/]/.test(id) || /^[A-Za-z0-9._-]{1,128}$/.test(decodeURIComponentOrNot(id));
}

// Whatever went upstream is this row's own endpoint: its known path with one identifier in it.
const own = {
  'project.list': /^POST \/v1\/dashboard\/projects\?limit=50(&continue=[A-Za-z0-9%._~-]+)?$/,
  'cluster.list': /^GET \/v1\/(users\/me|dashboard\/spectroclusters\/meta)$/,
  'virtual_cluster.list': /^POST \/v1\/dashboard\/spectroclusters\/search\?limit=50$/,
  'cluster_group.list': /^GET \/v1\/clustergroups\/hostCluster$/,
  'overlord.list': /^GET \/v1\/overlords$/,
  'project.profiles': /^POST \/v1\/dashboard\/clusterprofiles\?limit=50$/,
  'cluster.get': /^GET \/v1\/dashboard\/spectroclusters\/ID$/,
  'cluster.events':
    /^GET \/v1\/events\/components\/spectrocluster\/ID\?orderBy=metadata.creationTimestamp=-1&limit=50$/,
  'cluster.kubeconfig': /^GET \/v1\/spectroclusters\/ID\/assets\/kubeconfig\?frp=true$/,
  'cluster.profiles': /^GET \/v1\/spectroclusters\/ID\/profiles\?includePackMeta=schema,presets$/,
  'cluster.manifest': /^GET \/v1\/spectroclusters\/ID\/pack\/manifests\/ID$/,
  'virtual_cluster.get': /^GET \/v1\/dashboard\/spectroclusters\/ID$/,
  'virtual_cluster.kubeconfig': /^GET \/v1\/spectroclusters\/ID\/assets\/kubeconfig\?frp=true$/,
  'cluster_group.get': /^GET \/v1\/clustergroups\/ID$/,
  'profile.get': /^GET \/v1\/clusterprofiles\/ID$/,
  'profile.packs': /^GET \/v1\/clusterprofiles\/ID\?includePackMeta=schema,presets$/,
  'profile.variables': /^GET \/v1\/clusterprofiles\/ID\/variables$/,
  'cloud_account.list': /^GET \/v1\/cloudaccounts\/(aws|azure|vsphere)\?limit=50$/,
  'cloud_account.get': /^GET \/v1\/cloudaccounts\/(aws|azure|vsphere)\/ID$/,
  'cloud_account.vsphere_metadata': /^GET \/v1\/cloudaccounts\/vsphere\/ID\/properties\/datacenters$/,
  'cloud_account.vsphere_resources':
    /^GET \/v1\/cloudaccounts\/vsphere\/ID\/properties\/computecluster\/resources\?datacenter=[^&#?/]*&computecluster=[^&#?/]*$/,
  'overlord.vsphere_pools': /^GET \/v1\/overlords\/vsphere\/ID\/pools$/,
};

function assertOwn(row, name, upstream) {
  if (!asksPalette(row)) return assert.deepEqual(upstream, [], row.operationId);
  const pattern = own[row.operationId];
  assert.ok(pattern, `${row.operationId} has no endpoint in this test`);
  const id = '(?!(?:meta|metadata|search|hostcluster|validate|summary|\\.{1,2})(?:[/?]|$))[A-Za-z0-9._-]{1,128}';
  const full = new RegExp(pattern.source.replaceAll('ID', id), 'i');
  // One identifier behind another row's literal is that row's request: /cloudaccounts/vsphere/x/metadata.
  for (const line of upstream)
    assert.ok(full.test(line) || Object.values(own).some(p =>
      new RegExp(p.source.replaceAll('ID', id)).test(line)), `${row.operationId} ${name}: ${line}`);
}

test('query parameters', async t => {
  const ids = corpus().filter(id => !/[ #\\]/.test(id));
  let sent = 0;
  for (const row of rows) {
    const names = row.parameters.filter(p => p.in === 'query').map(p => p.name);
    for (const name of names) {
      const path = target(row, good[row.operationId], { query: { [name]: undefined } });
      const body = good[row.operationId].body ? JSON.stringify(good[row.operationId].body) : '';
      const upstream = await upstreamTargets(async () => {
        const found = await statuses(ids.map(id =>
          head(row.method, `${path}${path.includes('?') ? '&' : '?'}${name}=${id}`, body)));
        sent += found.length;
        for (const status of found) assert.ok(status < 500 || status === 502, String(status));
      });
      const literal = /[?#]|%2e|%2f|\/\.{0,2}(\/|$)/i;
      for (const line of upstream) {
        const [path, query = ''] = line.split(' ')[1].split('?');
        assert.ok(!literal.test(path), line);
        assert.ok(!/[?#/]/.test(query.replace(/includePackMeta=schema,presets/, '')), line);
      }
    }
  }
  t.diagnostic(`${ids.length} values, ${sent} requests`);
});

test('identifiers in bodies', async t => {
  const ids = corpus().map(id => decodeURIComponentOrNot(id));
  const pool = { name: 'w', instanceType: 't3.large', count: 1 };
  const flat = (uid, account) => ({ cloudType: 'eks', name: 'demo', cloudAccountUid: account, profileUids: [uid],
    profileVariables: { x: '1' }, cloudConfig: { region: 'us-east-1' }, machinePoolConfig: [pool] });
  const inside = (clusterGroup, hostCluster) => ({ metadata: { name: 'demo' }, spec: { cloudType: 'nested',
    clusterConfig: { hostClusterConfig: { clusterGroup, hostCluster } } } });
  const bodies = id => [flat(id, 'a'), flat('a', id), inside({ uid: id }), inside({ uid: 'a' }, { uid: id })];
  const upstream = await upstreamTargets(async () => {
    for (const id of ids)
      for (const body of bodies(id)) {
        const answer = await service.request('POST', '/api/spectrocloud/clusters', { body: JSON.stringify(body) });
        assert.equal(answer.status, 400, `${id.slice(0, 60)}: ${answer.status} ${answer.text}`);
      }
  });
  const ID = '[A-Za-z0-9._-]+';
  const known = new RegExp(`^GET /v1/(clusterprofiles/${ID}(/variables)?|cloudaccounts/aws/${ID}|clustergroups/${ID}|` +
    `dashboard/(spectroclusters/${ID}|cloudaccounts/metadata)|spectroclusters/validate/name\\?name=demo)$`);
  for (const line of upstream) assert.match(line, known);
  t.diagnostic(`${ids.length * 4} bodies`);
});

function decodeURIComponentOrNot(id) {
  try { return decodeURIComponent(id); } catch { return id; }
}

test('the simulator saw no stray request', async () => {
  assert.deepEqual((await simulator.stats()).strays ?? [], []);
});
