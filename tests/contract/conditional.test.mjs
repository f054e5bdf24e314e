// Entity tags, "not modified" and compression, over sockets: what goes out is looked at byte for byte.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { TOKEN, TRUSTED, configuration, goodRequests, operations, startService, startSimulator, target }
  from './harness.mjs';

const PAGE = 'https://page.example.com';
let simulator;
let service;
let plain; // the same without compression
let rows;
let good;

before(async () => {
  simulator = await startSimulator('--seed', '33', '--projects', '5', '--clusters', '60',
    '--virtual-clusters', '10', '--profiles', '20');
  const config = configuration([simulator]);
  config.backend.cors = { origin: PAGE };
  service = await startService(config);
  plain = await startService(configuration([simulator], { server: { compression: false } }));
  good = goodRequests(await simulator.world());
  ({ rows } = await operations(service));
});

after(async () => {
  assert.equal(await service.stop(), 0, service.log());
  assert.equal(await plain.stop(), 0, plain.log());
  await simulator.stop();
});

// One answer on a connection of its own: status, headers (as a list, too) and the body's bytes.
async function bytes(where, method, path, headers = {}, token = TOKEN, sent = '') {
  const lines = Object.entries({ Host: 'x', Authorization: `Bearer ${token}`, Connection: 'close', ...headers })
    .flatMap(([name, values]) => [values].flat().map(value => `${name}: ${value}\r\n`));
  const answer = await where.raw(`${method} ${path} HTTP/1.1\r\n${lines.join('')}\r\n${sent}`);
  const end = answer.indexOf('\r\n\r\n');
  const [status, ...rest] = answer.slice(0, end).split('\r\n');
  const pairs = rest.map(line => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 2)]);
  return { status: Number(status.split(' ')[1]), headers: Object.fromEntries(pairs),
    names: pairs.map(([name]) => name), body: Buffer.from(answer.slice(end + 4), 'latin1') };
}

const rowOf = name => rows.find(row => row.operationId === name);
const pathOf = name => target(rowOf(name), good[name]);
const openapiSays304 = row => row.responses['304'] !== undefined;
const GZIP = { 'Accept-Encoding': 'gzip' };
const STRONG = /^"[\w-]{43}"$/;
const STRONG_GZIP = /^"[\w-]{43}-gzip"$/;

// Everything but what is new in each answer.
function lasting({ status, headers }) {
  const { date, 'x-request-id': id, ...others } = headers;
  assert.ok(date && id);
  return { status, ...others };
}

test('lists and details come in both forms, with the same bytes inside', async () => {
  for (const name of ['cluster.list', 'cluster.get', 'virtual_cluster.list', 'project.list', 'profile.get',
    'cluster.events', 'cloud_account.list', 'service.openapi', 'registry.list']) {
    const asIs = await bytes(service, 'GET', pathOf(name));
    const gzip = await bytes(service, 'GET', pathOf(name), GZIP);
    for (const answer of [asIs, gzip]) {
      assert.equal(answer.status, 200, name);
      assert.equal(answer.headers['cache-control'], 'private, no-cache', name);
      assert.equal(answer.headers.vary, 'Accept-Encoding', name);
      assert.equal(Number(answer.headers['content-length']), answer.body.length, name);
      assert.equal(new Set(answer.names).size, answer.names.length, `${name} says a header twice`);
    }
    assert.equal(asIs.headers['content-encoding'], undefined, name);
    assert.match(asIs.headers.etag, STRONG, name);
    if (asIs.body.length < 1024) {
      assert.deepEqual(gzip.body, asIs.body, name);
      assert.equal(gzip.headers['content-encoding'], undefined, name);
      continue;
    }
    assert.equal(gzip.headers['content-encoding'], 'gzip', name);
    assert.equal(gzip.headers.etag, asIs.headers.etag.replace(/"$/, '-gzip"'), name);
    assert.ok(gzip.body.length < asIs.body.length / 2, name);
    assert.deepEqual(gunzipSync(gzip.body), asIs.body, name);
    assert.equal(gzip.headers['content-type'], asIs.headers['content-type'], name);
  }
});

test('each form of If-None-Match that names the answer is told that nothing has changed', async () => {
  for (const accept of [{}, GZIP]) {
    const whole = await bytes(service, 'GET', pathOf('cluster.list'), accept);
    const { etag } = whole.headers;
    for (const seen of [etag, `W/${etag}`, '*', `"other", ${etag}`, `"a,b",W/"c" ,, W/${etag} ,`, ['"other"', etag]]) {
      const { status, headers, body, names } = await bytes(service, 'GET', pathOf('cluster.list'),
        { ...accept, 'If-None-Match': seen });
      assert.equal(status, 304, seen);
      assert.equal(body.length, 0, seen);
      assert.equal(headers.etag, etag);
      assert.equal(headers.vary, 'Accept-Encoding');
      assert.equal(headers['cache-control'], 'private, no-cache');
      assert.equal(Number(headers['content-length']), whole.body.length);
      for (const absent of ['content-type', 'content-encoding', 'transfer-encoding'])
        assert.ok(!names.includes(absent), absent);
    }
  }
});

test('anything else gets the answer', async () => {
  const { headers: { etag } } = await bytes(service, 'GET', pathOf('cluster.list'));
  const gzip = (await bytes(service, 'GET', pathOf('cluster.list'), GZIP)).headers.etag;
  for (const seen of ['"other"', gzip, 'W/"other"', '', etag.slice(1), etag.slice(0, -1), `${etag} ${etag}`,
    `${etag}, x`, `*, ${etag}`, `w/${etag}`, etag.replaceAll('"', "'"), ['*', etag], [etag, 'x']]) {
    const answer = await bytes(service, 'GET', pathOf('cluster.list'), { 'If-None-Match': seen });
    assert.equal(answer.status, 200, String(seen));
    assert.ok(answer.body.length > 1024, String(seen));
  }
});

test('a connection goes on behind a 304', async () => {
  const { headers: { etag } } = await bytes(service, 'GET', pathOf('cluster.list'), GZIP);
  const head = `Host: x\r\nAuthorization: Bearer ${TOKEN}\r\nAccept-Encoding: gzip\r\n`;
  const answers = await service.raw(
    `GET ${pathOf('cluster.list')} HTTP/1.1\r\n${head}If-None-Match: ${etag}\r\n\r\n`.repeat(2) +
    `GET /api/spectrocloud/health HTTP/1.1\r\n${head}Connection: close\r\n\r\n`);
  assert.deepEqual(answers.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 304', 'HTTP/1.1 304', 'HTTP/1.1 200']);
  assert.ok(answers.endsWith('\r\n\r\n{"status":"ok"}'));
});

test('the tag changes when the answer does', async () => {
  const debug = '/api/spectrocloud/auth/debug';
  const first = await bytes(service, 'GET', debug);
  const again = await bytes(service, 'GET', debug, { 'If-None-Match': first.headers.etag });
  assert.equal(again.status, 200); // this request has one header more, which the answer names
  assert.notEqual(again.headers.etag, first.headers.etag);

  const before = await bytes(service, 'GET', pathOf('cluster.list'), GZIP);
  const created = await service.request('POST', target(rowOf('cluster.create'), good['cluster.create']),
    { body: JSON.stringify(good['cluster.create'].body) });
  assert.equal(created.status, 201, created.text);
  const now = await bytes(service, 'GET', pathOf('cluster.list'), { ...GZIP, 'If-None-Match': before.headers.etag });
  assert.equal(now.status, 200);
  assert.notEqual(now.headers.etag, before.headers.etag);
  assert.match(gunzipSync(now.body).toString(), /made-by-tests/);
});

test('HEAD says what GET does', async () => {
  for (const headers of [{}, GZIP, { 'If-None-Match': '*' }, { ...GZIP, 'If-None-Match': '*' }]) {
    const get = await bytes(service, 'GET', pathOf('cluster.get'), headers);
    const head = await bytes(service, 'HEAD', pathOf('cluster.get'), headers);
    assert.deepEqual(lasting(head), lasting(get));
    assert.equal(head.body.length, 0);
  }
});

test('what Accept-Encoding asks for', async () => {
  const encoding = async (name, accept) =>
    (await bytes(service, 'GET', pathOf(name), { 'Accept-Encoding': accept })).headers['content-encoding'];
  for (const accept of ['gzip', 'GZIP', 'x-gzip', '*', 'br, gzip;q=0.1', 'identity;q=0.5, gzip', ['br', 'gzip']])
    assert.equal(await encoding('cluster.list', accept), 'gzip', String(accept));
  for (const accept of ['', 'br', 'identity', 'gzip;q=0', '*;q=0', 'gzip;q=0.5, identity', 'gzip;q=2', 'gzip;q=',
    'gzip, ;', '*, gzip;q=0', 'identity;q=0', ['gzip', 'gzip;q=x']])
    assert.equal(await encoding('cluster.list', accept), undefined, String(accept));
  // Short answers are compressed only for those who refuse them otherwise.
  const short = await bytes(service, 'GET', pathOf('user.projects'), GZIP);
  assert.ok(short.body.length < 1024 && short.headers['content-encoding'] === undefined);
  assert.equal(await encoding('user.projects', 'gzip, identity;q=0'), 'gzip');
});

test('short answers stay as they are', async () => {
  const health = await bytes(service, 'GET', '/api/spectrocloud/health', GZIP);
  assert.equal(health.headers['content-encoding'], undefined);
  assert.match(health.headers.etag, STRONG);
  assert.equal(health.body.toString(), '{"status":"ok"}');
});

test('answers with secrets have neither, whatever is asked for', async () => {
  for (const name of ['cluster.kubeconfig', 'virtual_cluster.kubeconfig', 'cluster.manifest', 'profile.packs',
    'session.get']) {
    if (name === 'session.get')
      await service.request('POST', pathOf('session.put'), { token: TRUSTED, body: JSON.stringify(good['session.put'].body) });
    const answer = await bytes(service, 'GET', pathOf(name),
      { 'Accept-Encoding': 'gzip, identity;q=0', 'If-None-Match': '*' }, good[name].token ?? TOKEN);
    assert.equal(answer.status, 200, name);
    assert.equal(answer.headers['cache-control'], 'no-store', name);
    for (const absent of ['etag', 'content-encoding', 'vary']) assert.equal(answer.headers[absent], undefined, name);
  }
});

test('the description says which answers have a tag', async () => {
  for (const row of rows.filter(({ operationId }) => operationId in good)) {
    if (row.method !== 'GET') {
      assert.ok(!openapiSays304(row), row.operationId);
      continue;
    }
    const { token } = good[row.operationId];
    const answer = await bytes(service, 'GET', pathOf(row.operationId), {}, token ?? TOKEN);
    if (answer.status === 200)
      assert.equal(answer.headers.etag !== undefined, openapiSays304(row), row.operationId);
  }
});

test('errors have neither', async () => {
  for (const [path, status] of [['/api/spectrocloud/clusters/no-such-cluster', 404],
    ['/api/spectrocloud/nowhere', 404], ['/api/spectrocloud/clusters?instance=none', 400]]) {
    const answer = await bytes(service, 'GET', path, { ...GZIP, 'If-None-Match': '*' });
    assert.equal(answer.status, status);
    assert.equal(answer.headers['cache-control'], 'no-store');
    for (const absent of ['etag', 'content-encoding']) assert.equal(answer.headers[absent], undefined);
  }
  const stranger = await bytes(service, 'GET', pathOf('cluster.list'), { 'If-None-Match': '*' }, 'nobody');
  assert.equal(stranger.status, 401);
});

test('what a POST answers is compressed, and has no tag', async () => {
  const body = JSON.stringify(good['profile.search'].body);
  const answer = await bytes(service, 'POST', pathOf('profile.search'),
    { 'Accept-Encoding': 'gzip, identity;q=0', 'If-None-Match': '*', 'Content-Type': 'application/json',
      'Content-Length': body.length }, TOKEN, body);
  assert.equal(answer.status, 200);
  assert.equal(answer.headers.etag, undefined);
  assert.equal(answer.headers['content-encoding'], 'gzip');
  assert.ok(JSON.parse(gunzipSync(answer.body)));
});

test('a page may read the tag, and its answers are kept apart', async () => {
  const whole = await bytes(service, 'GET', pathOf('cluster.list'), { ...GZIP, Origin: PAGE });
  assert.equal(whole.headers.vary, 'Origin, Accept-Encoding');
  assert.match(whole.headers['access-control-expose-headers'], /(^|,)ETag(,|$)/);
  assert.match(whole.headers.etag, STRONG_GZIP);
  const same = await bytes(service, 'GET', pathOf('cluster.list'),
    { ...GZIP, Origin: PAGE, 'If-None-Match': whole.headers.etag });
  assert.equal(same.status, 304);
  assert.equal(same.headers['access-control-allow-origin'], PAGE);
  assert.equal(same.headers.vary, 'Origin, Accept-Encoding');
});

test('spectrocloud.server.compression: false', async () => {
  for (const name of ['cluster.list', 'service.openapi', 'registry.list']) {
    const answer = await bytes(plain, 'GET', pathOf(name), { 'Accept-Encoding': 'gzip, identity;q=0' });
    assert.equal(answer.status, 200);
    assert.equal(answer.headers['content-encoding'], undefined);
    assert.equal(answer.headers.vary, undefined);
    assert.match(answer.headers.etag, STRONG);
    const same = await bytes(plain, 'GET', pathOf(name), { 'If-None-Match': answer.headers.etag });
    assert.equal(same.status, 304);
  }
});

test('a stream has neither', async () => {
  const path = pathOf('cluster.events');
  const stream = await bytes(service, 'GET', `${path}${path.includes('?') ? '&' : '?'}follow=true`,
    { 'Accept-Encoding': 'gzip, identity;q=0', 'If-None-Match': '*' });
  assert.equal(stream.status, 200);
  assert.equal(stream.headers['content-type'], 'text/event-stream');
  for (const absent of ['etag', 'content-encoding']) assert.equal(stream.headers[absent], undefined);
});
