// What the service hears of the sessions, also when it is away for a while.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  CACHE, PATH, delivered, eventually, pause, seconds, session, start, startServer,
} from './harness.mjs';

// ---- what the service hears ----

test('a session goes out with a plugin token, its expiry in milliseconds', async () => {
  const server = await startServer();
  const started = start(server);
  const expiresAt = seconds() + 900;
  started.cache.set('Ada+1@Example.com/ü', session('a', expiresAt));
  await delivered(started);
  const [{ method, url, headers, body }] = server.heard;
  assert.equal(method, 'PUT');
  assert.equal(url, `${PATH}Ada%2B1%40Example.com%2F%C3%BC`);
  assert.equal(headers.authorization, 'Bearer plugin-token-1');
  assert.equal(headers['content-type'], 'application/json');
  assert.deepEqual(body, { token: 'secret-a', expiresAt: expiresAt * 1000 });
  assert.deepEqual(started.asked, [{ onBehalfOf: { own: true }, targetPluginId: 'spectrocloud' }]);
});

test('milliseconds stay milliseconds', async () => {
  const server = await startServer();
  const started = start(server);
  const expiresAt = Date.now() + 90_000;
  started.cache.set('a@x', session('a', expiresAt));
  await delivered(started);
  assert.equal(server.heard[0].body.expiresAt, expiresAt);
});

test('in the order in which they came', async () => {
  const server = await startServer();
  const started = start(server);
  for (let i = 0; i < 20; i++) started.cache.set(`u${i}`, session(i));
  await delivered(started);
  assert.deepEqual(server.lines(), Array.from({ length: 20 }, (_, i) => `PUT u${i}`));
});

test('set, then delete; delete, then set; clear', async () => {
  const server = await startServer();
  const started = start(server);
  const { cache } = started;
  cache.set('a@x', session('a'));
  await delivered(started);
  cache.delete('a@x');
  await delivered(started);
  assert.deepEqual(server.lines(), ['PUT a%40x', 'DELETE a%40x']);
  assert.equal(server.heard[1].body, '');
  cache.set('a@x', session('a2')).set('b@x', session('b'));
  cache.delete('a@x');
  cache.set('a@x', session('a3'));
  await delivered(started);
  assert.equal(server.has.get('a@x').token, 'secret-a3');
  cache.clear();
  await delivered(started);
  assert.equal(server.has.size, 0);
  assert.equal(cache.size, 0);
});

test('a removal goes out even if there is nothing here to remove', async () => {
  const server = await startServer();
  const started = start(server);
  server.answer = () => 404;
  assert.equal(started.cache.delete('gone@x'), false);
  await delivered(started);
  assert.deepEqual(server.lines(), ['DELETE gone%40x']);
  assert.equal(started.logger.lines.filter(line => line.startsWith('warn')).length, 0);
});

test('a session that is over already removes the one before it', async () => {
  const server = await startServer();
  const started = start(server);
  started.cache.set('a@x', session('a'));
  await delivered(started);
  started.cache.set('a@x', session('old', seconds() - 1));
  await delivered(started);
  assert.deepEqual(server.lines(), ['PUT a%40x', 'DELETE a%40x']);
});

// ---- a service that is away ----

test('only the latest of each person is sent when the service is back', async () => {
  const server = await startServer();
  await server.stop();
  const started = start(server);
  for (let i = 0; i < 5; i++) {
    started.cache.set('a@x', session(`a${i}`));
    started.cache.set('b@x', session(`b${i}`));
  }
  started.cache.delete('b@x');
  await eventually(() => started.logger.lines.some(line => /ECONNREFUSED\); 2 waiting/.test(line)),
    'a complaint');
  const back = await startServer(server.port);
  await delivered(started);
  assert.deepEqual(back.lines(), ['PUT a%40x', 'DELETE b%40x']);
  assert.equal(back.has.get('a@x').token, 'secret-a4');
  assert.ok(started.logger.lines.some(line => /^info .*takes them again/.test(line)));
});

for (const failure of [401, 403, 404, 429, 500, 503, 307, 'reset']) {
  test(`tried again after ${failure}`, async () => {
    const server = await startServer();
    const started = start(server);
    let failures = 3;
    server.answer = () => (failures-- > 0 ? failure : 204);
    started.cache.set('a@x', session('a'));
    await delivered(started);
    assert.deepEqual(server.lines(), Array(4).fill('PUT a%40x'));
    assert.equal(started.asked.length, 4, 'each with a new plugin token');
    const warnings = started.logger.lines.filter(line => line.startsWith('warn'));
    assert.equal(warnings.length, 1, 'one line for one reason');
  });
}

test('what is refused for good does not hold up the others', async () => {
  const server = await startServer();
  const started = start(server);
  server.answer = ({ url }) => (url.endsWith('bad') ? 400 : 204);
  started.cache.set('bad', session('bad')).set('good', session('good'));
  await delivered(started);
  assert.deepEqual(server.lines(), ['PUT bad', 'PUT good']);
  assert.ok(started.cache.has('bad'));
});

test('an answer that does not come is waited for until the deadline', async () => {
  const server = await startServer();
  const started = start(server, { settings: { timeout: '100ms' } });
  server.answer = () => (server.heard.length > 1 ? 204 : 'hang');
  started.cache.set('a@x', session('a'));
  await delivered(started);
  assert.equal(server.heard.length, 2);
  assert.ok(started.logger.lines.some(line => /no answer .*100 ms/.test(line)));
});

test('so are an address and a plugin token that do not come', async () => {
  const server = await startServer();
  let tries = 0;
  const started = start(server, {
    settings: { timeout: '100ms' },
    discovery: { async getBaseUrl() {
      if (++tries === 1) await new Promise(() => {});
      return `http://127.0.0.1:${server.port}/api/spectrocloud`;
    } },
    auth: { async getPluginRequestToken() {
      if (++tries === 3) throw new Error('no secret-a for you');
      return { token: 'p' };
    } },
  });
  started.cache.set('a@x', session('a'));
  await delivered(started);
  assert.deepEqual(server.lines(), ['PUT a%40x']);
});

test('the latest wins also while the one before it is on its way', async () => {
  const server = await startServer();
  const started = start(server);
  let release;
  const held = new Promise(resolve => { release = resolve; });
  server.answer = async () => { await held; return 204; };
  started.cache.set('a@x', session('a1'));
  await eventually(() => server.heard.length === 1, 'the first request');
  started.cache.set('a@x', session('a2'));
  started.cache.set('a@x', session('a3'));
  assert.equal(server.heard.length, 1, 'one request at a time');
  release();
  await delivered(started);
  assert.deepEqual(server.heard.map(({ body }) => body.token), ['secret-a1', 'secret-a3']);
});

test('given up when the session is over', async () => {
  const server = await startServer();
  const started = start(server);
  server.answer = ({ url }) => (url.endsWith('short') ? 503 : 204);
  started.cache.set('short', session('s', Date.now() + 120)).set('long', session('l'));
  await delivered(started);
  assert.ok(server.lines().filter(line => line === 'PUT short').length > 1);
  assert.equal(server.lines().at(-1), 'PUT long');
  assert.ok(started.cache.has('short'), 'the Map forgets nothing by itself');
});

test('no more wait than may: the oldest session goes, a removal stays', async () => {
  const server = await startServer();
  server.answer = () => 503;
  const started = start(server, { limit: 3 });
  started.cache.delete('gone');
  for (const email of ['a', 'b', 'c', 'd']) started.cache.set(email, session(email));
  assert.equal(started.bridge.waiting(), 3);
  await eventually(() => server.heard.length > 0, 'a request');
  server.answer = () => 204;
  const before = server.heard.length;
  await delivered(started);
  assert.deepEqual([...new Set(server.lines().slice(before))].filter(l => l !== 'DELETE gone'),
    ['PUT c', 'PUT d']);
  assert.ok(server.lines().includes('DELETE gone'));
  assert.equal(started.cache.size, 4);
});

test('a service that restarts again and again ends up with what the Map has', async () => {
  let server = await startServer();
  const { port } = server;
  const started = start(server);
  const arrived = new Map();
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < 6; i++) {
      started.cache.set(`u${i}`, session(`${round}-${i}`));
      if (i % 3 === round % 3) started.cache.delete(`u${i}`);
      await pause(1);
    }
    await server.stop();
    for (const { method, url, body } of server.heard) {
      if (method === 'PUT') arrived.set(url, body.token);
      else arrived.delete(url);
    }
    server = await startServer(port);
  }
  await delivered(started);
  for (const { method, url, body } of server.heard) {
    if (method === 'PUT') arrived.set(url, body.token);
    else arrived.delete(url);
  }
  const expected = [...started.cache].map(([email, { token }]) => [PATH + email, token]);
  assert.deepEqual([...arrived].sort(), expected.sort());
});

test('a new session does not wait for the end of a long pause', async () => {
  const server = await startServer();
  const started = start(server, { settings: { retryDelay: '20ms' } });
  server.answer = () => 503;
  started.cache.set('a@x', session('a'));
  await eventually(() => server.heard.length === 7, 'seven tries'); // 1.3 s to the next, or half
  server.answer = () => 204;
  const begun = Date.now();
  started.cache.set('b@x', session('b'));
  await delivered(started);
  assert.ok(Date.now() - begun < 500, `${Date.now() - begun} ms`);
});

// ---- the end ----

test('the end waits for what is still to be sent, and not for ever', async () => {
  const server = await startServer();
  const started = start(server, { settings: { retryDelay: '10s' } });
  server.answer = () => (server.heard.length > 1 ? 204 : 503);
  started.cache.set('a@x', session('a')).set('b@x', session('b'));
  await eventually(() => started.logger.lines.some(line => line.startsWith('warn')), 'a failure');
  await started.bridge.close(2000);
  assert.deepEqual(server.lines(), ['PUT a%40x', 'PUT a%40x', 'PUT b%40x']);
  assert.equal(Object.getPrototypeOf(globalThis[CACHE]), Map.prototype);
  assert.ok(globalThis[CACHE].has('a@x'));
  started.cache.set('late', session('late'));
  assert.equal(started.bridge.waiting(), 0);
});

test('a service that hangs holds up the end for as long as is allowed', async () => {
  const server = await startServer();
  const started = start(server, { settings: { timeout: '1m' } });
  server.answer = () => 'hang';
  started.cache.set('a@x', session('a'));
  await eventually(() => server.heard.length === 1, 'a request');
  const begun = Date.now();
  await started.bridge.close(100);
  assert.ok(Date.now() - begun < 1000);
  assert.ok(started.logger.lines.some(line => /still waits is lost: 1/.test(line)));
});
