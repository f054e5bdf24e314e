// The Map that the bridge leaves behind, what must never come of it, and its settings.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { test } from 'node:test';

import bridgeModule from './lib/bridge.js';
import {
  CACHE, delivered, eventually, pause, seconds, session, start, startServer, toEnd,
} from './harness.mjs';

// ---- the Map ----

test('what was there before is taken over, and sent if it is still good', async () => {
  const server = await startServer();
  globalThis[CACHE] = new Map([['a@x', session('a')], ['old@x', session('o', seconds() - 5)],
    ['b@x', session('b')]]);
  const started = start(server);
  await delivered(started);
  assert.deepEqual([...server.has.keys()], ['a@x', 'b@x']);
  assert.deepEqual([...started.cache.keys()], ['a@x', 'old@x', 'b@x']);
});

test('it is a Map to everybody', async () => {
  const server = await startServer();
  const { cache } = start(server);
  const [a, b] = [session('a'), session('b')];
  assert.ok(cache instanceof Map);
  assert.equal(cache.set('a@x', a), cache);
  cache.set('b@x', b);
  assert.equal(cache.get('a@x'), a, 'the same object, its expiry untouched');
  assert.equal(cache.get('A@x'), undefined);
  assert.equal(cache.has('b@x'), true);
  assert.equal(cache.size, 2);
  assert.deepEqual([...cache], [['a@x', a], ['b@x', b]]);
  assert.deepEqual([...cache.keys()], ['a@x', 'b@x']);
  assert.deepEqual([...cache.values()], [a, b]);
  assert.deepEqual([...cache.entries()], [...cache]);
  const seen = [];
  cache.forEach((value, key, map) => seen.push([key, value, map === cache]));
  assert.deepEqual(seen, [['a@x', a, true], ['b@x', b, true]]);
  assert.equal(cache.delete('a@x'), true);
  assert.equal(cache.delete('a@x'), false);
  assert.equal(cache.clear(), undefined);
  assert.equal(cache.size, 0);
  assert.equal(Object.prototype.toString.call(cache), '[object Map]');
});

test('what is no session is kept, and not sent', async () => {
  const server = await startServer();
  const started = start(server);
  const { cache } = started;
  const odd = [undefined, null, 7, {}, { token: 'x' }, { token: 7, expiresAt: seconds() + 9 },
    { token: '', expiresAt: seconds() + 9 }, { token: 'a\r\nb: c', expiresAt: seconds() + 9 },
    { token: 'x', expiresAt: 'soon' },
    { token: 'x', expiresAt: NaN }, { token: 'x'.repeat(40_000), expiresAt: seconds() + 9 },
    { get token() { throw new Error('secret-token'); } }];
  odd.forEach((value, i) => cache.set(`odd${i}`, value));
  for (const key of [undefined, null, 7, '', '.', '..', '\ud800', 'x'.repeat(400), Symbol('s')]) {
    cache.set(key, session('k'));
    assert.ok(cache.has(key));
  }
  cache.set('good', session('good'));
  await delivered(started);
  assert.deepEqual(server.lines(), ['PUT good']);
  assert.equal(cache.size, odd.length + 10);
});

// ---- what must not happen ----

test('no part of any token, and nobody\'s address, is in a log line', async () => {
  const server = await startServer();
  let tokens = 0;
  const started = start(server, { limit: 2, settings: { timeout: '100ms' }, auth: {
    async getPluginRequestToken() {
      if (++tokens === 2) throw new Error('plugin-token for secret-a of ada@x');
      return { token: 'plugin-token' };
    },
  } });
  const answers = ['reset', 503, 'hang', 400, 307];
  server.answer = () => answers.shift() ?? 204;
  for (const name of ['a', 'b', 'c', 'd', 'e']) {
    started.cache.set(`${name}da@x`, session(name));
    await pause(10);
  }
  await delivered(started);
  await server.stop();
  started.cache.set('ada@x', session('again'));
  await eventually(() => started.bridge.waiting() === 1, 'one waits');
  await started.bridge.close(50);
  assert.ok(started.logger.lines.length > 5);
  for (const line of started.logger.lines) {
    assert.doesNotMatch(line, /secret|plugin-token|Bearer|@x/);
  }
});

test('services of Backstage that fail or throw at once harm nobody', async () => {
  const server = await startServer();
  const boom = () => { throw new Error('boom'); };
  const started = start(server, { auth: { getOwnServiceCredentials: boom },
    discovery: { getBaseUrl: boom } });
  started.cache.set('a@x', session('a'));
  started.cache.delete('b@x');
  assert.equal(started.cache.size, 1);
  await eventually(() => started.logger.lines.some(line => line.startsWith('warn')), 'a complaint');
  await started.bridge.close(10);
});

test('a logger that throws harms nobody', async () => {
  const boom = () => { throw new Error('boom'); };
  const bridge = bridgeModule.startBridge({
    logger: { debug: boom, info: boom, warn: boom, error: boom },
    config: { getOptional: () => undefined },
    discovery: { getBaseUrl: boom },
    auth: {},
  });
  toEnd.push(() => bridge.close(0));
  bridge.sessions.set('a@x', session('a')).set('b@x', 7);
  await pause(20);
  assert.equal(bridge.sessions.size, 2);
});

// ---- settings ----

test('switched off, the Map stays what it was', async () => {
  const before = new Map();
  globalThis[CACHE] = before;
  assert.equal(start(undefined, { settings: { enabled: false } }).bridge, undefined);
  assert.equal(start(undefined, { settings: { enabled: 'false' } }).bridge, undefined);
  assert.equal(globalThis[CACHE], before);
});

test('wrong settings are reported, and the defaults hold', async () => {
  const server = await startServer();
  const started = start(server,
    { settings: { enabled: 'perhaps', timeout: '5 hours', retryDelay: { weeks: 1 } } });
  for (const key of ['enabled', 'timeout', 'retryDelay']) {
    assert.ok(started.logger.lines.some(line =>
      line.startsWith(`warn spectrocloud.sessionBridge.${key} must be`)), key);
  }
  started.cache.set('a@x', session('a'));
  await delivered(started);
});

test('durations as text and as objects', async () => {
  const { readSettings } = (await import('./lib/settings.js')).default;
  const read = values => readSettings(
    { getOptional: key => values[key.split('.').at(-1)] }, { warn: assert.fail });
  assert.deepEqual(read({}), { enabled: true, timeout: 5000, retryDelay: 500 });
  assert.deepEqual(read({ enabled: true, timeout: '1m', retryDelay: '1ms' }),
    { enabled: true, timeout: 60_000, retryDelay: 1 });
  assert.deepEqual(read({ timeout: { seconds: 2, milliseconds: 5 }, retryDelay: '2 s' }),
    { enabled: true, timeout: 2005, retryDelay: 2000 });
});

// ---- the package ----

test('all that the package names is there', () => {
  const here = name => new URL(name, import.meta.url);
  const { files, exports, main, types } = JSON.parse(readFileSync(here('package.json')));
  for (const name of [...files, main, types, ...Object.values(exports['.'])])
    assert.ok(existsSync(here(name)), name);
});
