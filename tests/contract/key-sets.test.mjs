// The keys that others publish: kept, fetched again when they change, and no more often than is good for those who
// publish them; what happens when they cannot be had.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
  assertRefused, beside, logLines, makeKey, moods, pluginToken, sleep, startBackstage, startBeside, stopBeside,
  userToken,
} from './backstage.mjs';
import { TOKEN, configuration, startSimulator } from './harness.mjs';

const USER_KEYS = /\/auth\/\.well-known\/jwks\.json$/;
const HELD_MS = 1000; // who failed is not asked again before

let simulator;
before(async () => { simulator = await startSimulator('--seed', '3', '--clusters', '4'); });
after(() => simulator.stop());

// Runs with a Backstage and a service of its own, so that each has its budget of fetches. Permissions are not asked
// for, so that only keys decide.
const isolated = (name, run, { timeout = '500ms', ...options } = {}) => test(name, options, async () => {
  const backstage = await startBackstage();
  const service = await startBeside(backstage, beside(backstage,
    configuration([simulator], { backstage: { timeout } }), { permission: { enabled: false } }));
  const ask = made => service.request('GET', '/api/spectrocloud/projects', { token: made });
  await run({ backstage, service, ask });
  await stopBeside(backstage, service);
  await backstage.stop();
});

async function assertGood(answer) {
  assert.equal((await answer).status, 200, (await answer).text);
}

const UNSIGNED = 'JWSSignatureVerificationFailed: no key of the issuer made this signature';
const UNREACHABLE = "JWKSTimeout: the issuer's keys could not be fetched";
const failed = (kind, cause) => `Failed ${kind} token verification; caused by ${cause}`;

isolated('one fetch is enough for many tokens, of one issuer and of each other', async ({ backstage, ask }) => {
  backstage.plugins.search = [makeKey()];
  const key = { search: backstage.plugins.search[0], catalog: backstage.plugins.catalog[0] };
  // Not more at once than half of the queue, which is for those who are not known yet.
  const made = Array.from({ length: 40 }, (_, i) => [
    userToken(backstage.users[0], { sub: `user:default/u${i}` }),
    pluginToken(key.catalog, { exp: Math.floor(Date.now() / 1000) + 100 + i }),
    pluginToken(key.search, { sub: 'search', exp: Math.floor(Date.now() / 1000) + 100 + i }),
  ]).flat();
  for (const answer of await Promise.all(made.map(ask))) assert.equal(answer.status, 200, answer.text);
  assert.equal(backstage.fetches(USER_KEYS), 1);
  assert.equal(backstage.fetches(/\/catalog\/\.backstage/), 1);
  assert.equal(backstage.fetches(/\/search\/\.backstage/), 1);
});

isolated('a new key is found at once; the old one ends with its publication', async ({ backstage, ask }) => {
  const old = userToken(backstage.users[0], { sub: 'user:default/old' });
  const oldPlugin = pluginToken(backstage.plugins.catalog[0]);
  await assertGood(ask(userToken(backstage.users[0])));
  await assertGood(ask(pluginToken(backstage.plugins.catalog[0], { iat: 1 })));
  backstage.users = [makeKey()];
  backstage.plugins.catalog = [makeKey('RS256')];
  await assertGood(ask(userToken(backstage.users[0])));
  await assertGood(ask(pluginToken(backstage.plugins.catalog[0])));
  assertRefused(await ask(old), 401, failed('user', UNSIGNED));
  assertRefused(await ask(oldPlugin), 401, failed('plugin', UNSIGNED));
});

isolated('30 tokens of a new key at once: one fetch', async ({ backstage, ask }) => {
  await assertGood(ask(userToken(backstage.users[0])));
  backstage.forget();
  backstage.users.push(makeKey());
  backstage.mood.users = moods.slow(200);
  const made = Array.from({ length: 30 }, (_, i) => userToken(backstage.users[1], { sub: `user:default/u${i}` }));
  for (const answer of await Promise.all(made.map(ask))) assert.equal(answer.status, 200, answer.text);
  assert.equal(backstage.fetches(USER_KEYS), 1);
});

isolated('unknown keys make it look again ten times a minute', async ({ backstage, ask }) => {
  await assertGood(ask(userToken(backstage.users[0])));
  backstage.forget();
  // After that it is not said of a key that there is none: it may be new.
  for (let i = 0; i < 25; i++) {
    const answer = await ask(userToken(makeKey('ES256', `unknown-${i}`)));
    if (i < 10) assertRefused(answer, 401, failed('user', UNSIGNED));
    else assert.equal(answer.status, 503, `${i}: ${answer.text}`);
  }
  assert.equal(backstage.fetches(USER_KEYS), 10);
  await assertGood(ask(userToken(backstage.users[0], { sub: 'user:default/fresh' })));
});

isolated('plugins that do not exist are looked for twenty times a minute', async ({ backstage, ask }) => {
  await assertGood(ask(pluginToken(backstage.plugins.catalog[0])));
  backstage.forget();
  // After that it is not said of a token that it is bad.
  for (let i = 0; i < 40; i++) {
    const { status } = await ask(pluginToken(makeKey(), { sub: `no-such-${i}` }));
    assert.ok(status === 401 ? i < 20 : status === 503, `${i}: ${status}`);
  }
  const looked = backstage.fetches(/\/no-such-/);
  assert.ok(looked > 0 && looked <= 20, String(looked));
  await assertGood(ask(pluginToken(backstage.plugins.catalog[0], { iat: 1 })));
  await assertGood(ask(userToken(backstage.users[0])));
});

isolated('keys that are known stay good while Backstage is away', async ({ backstage, ask }) => {
  await assertGood(ask(userToken(backstage.users[0])));
  await assertGood(ask(pluginToken(backstage.plugins.catalog[0])));
  backstage.mood.users = backstage.mood.plugins = moods.resets;
  await assertGood(ask(userToken(backstage.users[0], { sub: 'user:default/next' })));
  await assertGood(ask(pluginToken(backstage.plugins.catalog[0], { iat: 1 })));
});

const bad = [
  ['hangs', moods.hangs],
  ['is slow', moods.slow(2000)],
  ['resets', moods.resets],
  ['500', moods.status(500)],
  ['redirects', moods.redirect('/issuer/keys.json')],
  ['garbage', moods.says('{"keys":[')],
  ['no set', moods.says('{"keys":{}}')],
  ['a list', moods.says('[]')],
  ['a member twice', moods.says('{"keys":[],"keys":[]}')],
  ['HTML', moods.html],
  ['half', moods.half],
  ['drips', moods.drips],
  ['huge', moods.huge],
];

isolated('keys that cannot be had: 401, one line of log, and again when they can', async ({
  backstage, service, ask,
}) => {
  backstage.external = [backstage.plugins.catalog[0]]; // where the redirect leads
  for (const [i, [name, mood]] of bad.entries()) {
    const plugin = `bad-${i}`;
    const key = makeKey();
    const warned = logLines(service, 'keys.unavailable').length;
    backstage.plugins[plugin] = [key];
    backstage.mood.plugins = mood;
    const started = Date.now();
    assertRefused(await ask(pluginToken(key, { sub: plugin })), 401, failed('plugin', UNREACHABLE));
    assert.ok(Date.now() - started < 1500, `${name}: ${Date.now() - started} ms`);
    assert.equal(logLines(service, 'keys.unavailable').length, warned + 1, name);
    assert.ok(logLines(service, 'keys.unavailable').at(-1).includes(`/${plugin}/`), name);
    // Not again at once.
    assertRefused(await ask(pluginToken(key, { sub: plugin, iat: 1 })), 401, failed('plugin', UNREACHABLE));
    assert.equal(backstage.fetches(new RegExp(`/${plugin}/`)), 1, name);
  }
  backstage.mood.plugins = null;
  await sleep(HELD_MS);
  for (const i of bad.keys())
    await assertGood(ask(pluginToken(backstage.plugins[`bad-${i}`][0], { sub: `bad-${i}` })));
});

isolated('while the keys of users hang, strangers do not keep callers waiting who are known', async ({
  backstage, ask,
}) => {
  const known = userToken(backstage.users[0]);
  await assertGood(ask(known));
  backstage.mood.users = moods.hangs;
  const stranger = makeKey('ES256', 'unknown');
  const forged = Array.from({ length: 40 }, (_, i) => ask(userToken(stranger, { sub: `user:default/f${i}` })));
  await sleep(300);
  const started = Date.now();
  for (const token of [TOKEN, known]) await assertGood(ask(token));
  const took = Date.now() - started;
  for (const { status } of await Promise.all(forged)) assert.ok([401, 503].includes(status), String(status));
  assert.ok(took < 1500, `${took} ms`);
}, { timeout: '2s' });

isolated('sets that hold more than this service uses', async ({ backstage, ask }) => {
  const mine = backstage.users[0];
  const others = [
    { jwk: { kty: 'oct', k: Buffer.from('secret').toString('base64url'), kid: 'oct', alg: 'HS256' } },
    { jwk: { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43), kid: 'okp', alg: 'EdDSA' } },
    { jwk: { kty: 'EC', crv: 'secp256k1', x: 'AA', y: 'AA', kid: 'k1' } },
    { jwk: { ...makeKey().jwk, use: 'enc' } },
    { jwk: { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid: 'off-the-curve' } },
    { jwk: {} }, { jwk: null }, { jwk: 7 }, { jwk: 'text' }, { jwk: [] },
  ];
  backstage.users = [...others, mine, ...others];
  await assertGood(ask(userToken(mine)));
  backstage.users = [...others, makeKey('ES256', 'late')];
  await assertGood(ask(userToken(backstage.users.at(-1))));
});
