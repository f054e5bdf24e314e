// The service's own keys and the tokens with which it asks Backstage: they verify with what it publishes, act for the
// right user and end with that user's token.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import {
  TYPES, assertNoTokenIn, beside, limitedToken, makeKey, now, oldUserToken, parts, pluginToken, privatePem, publicPem,
  startBackstage, startBeside, stopBeside, userToken, verify,
} from './backstage.mjs';
import { configuration, startService, startSimulator } from './harness.mjs';

const JWKS = '/api/spectrocloud/.backstage/auth/v1/jwks.json';

let simulator;
let backstage;
let folder;

before(async () => {
  simulator = await startSimulator('--seed', '3', '--clusters', '4');
  backstage = await startBackstage();
  folder = mkdtempSync(join(tmpdir(), 'own-keys-'));
});

after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await backstage.stop();
  await simulator.stop();
});

const config = () => beside(backstage, configuration([simulator], { permissions: { cacheTtl: '0s' } }));

async function keysOf(service) {
  const answer = await service.request('GET', JWKS, { token: null });
  assert.equal(answer.status, 200);
  assert.match(answer.headers['content-type'], /^application\/json/);
  assert.deepEqual(Object.keys(answer.json), ['keys']);
  return answer.json.keys;
}

// The question that asking as this caller leads to.
async function question(service, token) {
  backstage.forget();
  const answer = await service.request('GET', '/api/spectrocloud/projects', { token });
  assert.equal(answer.status, 200, answer.text);
  assert.equal(backstage.questions.length, 1);
  return backstage.questions[0];
}

async function withService(made, run) {
  const service = await startBeside(backstage, made);
  await run(service);
  await stopBeside(backstage, service);
}

// ---- keys that it makes itself ----

test('one ES256 key, public, without credentials, at both mounts', () => withService(config(), async service => {
  const keys = await keysOf(service);
  assert.equal(keys.length, 1);
  const { kid, x, y, ...rest } = keys[0];
  assert.deepEqual(rest, { kty: 'EC', crv: 'P-256', alg: 'ES256' });
  assert.match(kid, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  assert.deepEqual([x.length, y.length], [43, 43]);
  const other = await service.request('GET', JWKS.replace('/api', ''), { token: null });
  assert.deepEqual(other.json.keys, keys);
  const wrong = await service.request('GET', JWKS, { token: 'a-wrong-token' });
  assert.deepEqual(wrong.json.keys, keys);
  const head = await service.request('HEAD', JWKS, { token: null });
  assert.deepEqual([head.status, head.text], [200, '']);
}));

test('another start, another key', async () => {
  const kids = [];
  for (let i = 0; i < 2; i++)
    await withService(config(), async service => kids.push((await keysOf(service))[0].kid));
  assert.notEqual(kids[0], kids[1]);
});

// ---- keys that replicas share ----

// On one file. Without permissions nothing is asked of Backstage before a test does.
function shared(name) {
  const made = config();
  made.spectrocloud.tokenStore = { type: 'sqlite', path: join(folder, name), encryptionKey: '01'.repeat(32) };
  return made;
}

const kidsOf = async service => (await keysOf(service)).map(key => key.kid);

// A token that this service signs now.
async function tokenOf(service, user) {
  backstage.serves(service);
  return (await question(service, userToken(backstage.users[0], { sub: `user:default/${user}` }))).token;
}

test('replicas with one store: each lists the keys of all, and verifies what another signed', async () => {
  const made = shared('replicas.sqlite');
  const a = await startBeside(backstage, made);
  const [first] = await kidsOf(a);
  const b = await startBeside(backstage, made);
  // Its own comes first; the other's is there as soon as it has started.
  const [second] = await kidsOf(b);
  assert.notEqual(first, second);
  assert.deepEqual(await kidsOf(a), [first, second]);
  assert.deepEqual(await kidsOf(b), [second, first]);
  for (const key of await keysOf(a))
    assert.deepEqual(Object.keys(key).sort(), ['alg', 'crv', 'kid', 'kty', 'x', 'y']);
  const ofA = await tokenOf(a, 'ada');
  const ofB = await tokenOf(b, 'bob');
  assert.deepEqual([ofA, ofB].map(token => parts(token).header.kid), [first, second]);
  verify(ofA, await keysOf(b));
  verify(ofB, await keysOf(a));
  // One ends without saying so, and another takes its place.
  await a.kill();
  assert.deepEqual(await kidsOf(b), [second, first]);
  const c = await startBeside(backstage, made);
  const [third, ...others] = await kidsOf(c);
  assert.deepEqual(others.sort(), [first, second].sort());
  assert.deepEqual((await kidsOf(b)).sort(), [first, second, third].sort());
  verify(ofA, await keysOf(c));
  backstage.serves(b);
  await stopBeside(backstage, b);
  backstage.serves(c);
  await stopBeside(backstage, c);
});

test('many ask at once', async () => {
  await withService(shared('many.sqlite'), async service => {
    const all = await Promise.all(Array.from({ length: 200 }, () => kidsOf(service)));
    assert.equal(new Set(all.flat()).size, 1);
  });
});

test('static keys and a store: only those in files', async () => {
  const made = shared('static.sqlite');
  await withService(made, async service => kidsOf(service));
  made.backend.auth.pluginKeyStore = { type: 'static', static: { keys: [inFiles('s1', makeKey('ES256', 's1'))] } };
  await withService(made, async service => assert.deepEqual(await kidsOf(service), ['s1']));
});

// ---- tokens ----

test('what it sends verifies with what it publishes, and says what it should', () =>
  withService(config(), async service => {
    const expires = now() + 600;
    const asked = await question(service, userToken(backstage.users[0], { exp: expires }));
    const { header, claims } = verify(asked.token, await keysOf(service));
    assert.deepEqual(Object.keys(header).sort(), ['alg', 'kid', 'typ']);
    assert.equal(header.typ, TYPES.plugin);
    assert.deepEqual(Object.keys(claims), ['sub', 'aud', 'iat', 'exp', 'obo']);
    assert.deepEqual([claims.sub, claims.aud], ['spectrocloud', 'permission']);
    assert.ok(Number.isInteger(claims.iat) && Math.abs(claims.iat - now()) <= 5);
    assert.equal(claims.exp, expires);
  }));

test('it lives for an hour at most, and no longer than the token of the user or of the plugin that calls', () =>
  withService(config(), async service => {
    const [user] = backstage.users;
    const [catalog] = backstage.plugins.catalog;
    const expiryFor = async token => parts((await question(service, token)).token).claims.exp - now();
    const near = (found, wanted) => assert.ok(Math.abs(found - wanted) <= 5, `${found}, not ${wanted}`);
    near(await expiryFor(userToken(user, { exp: now() + 24 * 3600 })), 3600);
    near(await expiryFor(userToken(user, { exp: now() + 30 })), 30);
    near(await expiryFor(pluginToken(catalog, { exp: now() + 900, obo: userToken(user, { exp: now() + 50 }) })), 50);
    near(await expiryFor(pluginToken(catalog, { exp: now() + 70, obo: userToken(user, { exp: now() + 900 }) })), 70);
  }));

test('obo is the limited token, byte for byte as the auth plugin signed it', async () => {
  const signers = [makeKey('ES256'), makeKey('RS256', 'rsa'), makeKey('ES384', 'é "quoted" \\ / ☺'),
    makeKey('ES512')];
  const subjects = ['user:default/ada', 'user:default/jörg', 'user:other/a"b\\c/d', 'user:default/☺\u2028'];
  backstage.users = signers;
  await withService(config(), async service => {
    for (const key of signers)
      for (const sub of subjects) {
        // Claims around them make no difference.
        const token = userToken(key, { sub, ent: [sub, 'group:default/x'], iat: now() - 7, exp: now() + 77 });
        const { obo, user } = await question(service, token);
        const { claims } = parts(token);
        assert.equal(user, sub);
        assert.equal(obo.split('.')[2], claims.uip);
        const made = limitedToken(key, claims); // its signature is another one where the algorithm is random
        assert.equal(parts(obo).input, parts(made).input);
        assert.doesNotThrow(() => verify(obo, [key.jwk]));
      }
  });
});

test('what is limited already, or of the old kind, goes on as it came', () =>
  withService(config(), async service => {
    const [user] = backstage.users;
    const [catalog] = backstage.plugins.catalog;
    const limited = limitedToken(user, { sub: 'user:default/ada', iat: now(), exp: now() + 60 });
    assert.equal((await question(service, pluginToken(catalog, { obo: limited }))).obo, limited);
    const old = oldUserToken(user);
    assert.equal((await question(service, old)).obo, old);
  }));

test('a proof that somebody else made: the stand-in refuses it, and so does the service', async () => {
  const [user] = backstage.users;
  await withService(config(), async service => {
    const foreign = limitedToken(makeKey('ES256', user.kid), { sub: 'user:default/ada', iat: now(), exp: now() + 60 });
    const answer = await service.request('GET', '/api/spectrocloud/projects',
      { token: userToken(user, { uip: foreign.split('.')[2] }) });
    assert.equal(answer.status, 403, answer.text);
    assert.equal(backstage.faults.length, 1);
    assert.match(String(backstage.faults.pop()), /the signature is wrong/);
  });
});

// ---- keys that stand in files ----

function inFiles(name, key, privately = true) {
  const files = { publicKeyFile: join(folder, `${name}.pub.pem`), privateKeyFile: join(folder, `${name}.pem`) };
  writeFileSync(files.publicKeyFile, publicPem(key));
  writeFileSync(files.privateKeyFile, privatePem(key));
  if (!privately) delete files.privateKeyFile;
  return { keyId: key.kid, algorithm: key.algorithm, ...files };
}

function withKeys(...keys) {
  const made = config();
  made.backend.auth.pluginKeyStore = { type: 'static', static: { keys } };
  return made;
}

for (const algorithm of ['ES256', 'RS256', 'ES384', 'ES512', 'RS512'])
  test(`static keys, ${algorithm}: in their order, signed by the first, the same after a restart`, async () => {
    const first = makeKey(algorithm, `k2 of ${algorithm}`);
    const second = makeKey('ES256', 'k1');
    const third = makeKey('RS256', 'k0');
    const published = [];
    for (let i = 0; i < 2; i++)
      await withService(withKeys(inFiles('k2', first), inFiles('k1', second, false), inFiles('k0', third)),
        async service => {
          const keys = await keysOf(service);
          published.push(keys);
          assert.deepEqual(keys.map(k => [k.kid, k.alg]),
            [first, second, third].map(k => [k.kid, k.algorithm]));
          for (const [j, key] of [first, second, third].entries())
            assert.deepEqual({ ...keys[j], use: undefined }, { ...key.jwk, use: undefined });
          const { token } = await question(service, userToken(backstage.users[0]));
          assert.deepEqual([parts(token).header.kid, parts(token).header.alg], [first.kid, algorithm]);
          verify(token, [first.jwk]);
        });
    assert.deepEqual(published[0], published[1]);
  });

test('algorithm may be left out: ES256', () => {
  const key = makeKey('ES256', 'plain');
  const { algorithm, ...entry } = inFiles('plain', key);
  return withService(withKeys(entry), async service => {
    assert.deepEqual((await keysOf(service)).map(k => [k.kid, k.alg]), [['plain', algorithm]]);
  });
});

// The service does not start: what it says and its exit status.
async function startFails(made, pattern) {
  const error = await startService(made).then(() => assert.fail('it started'), e => e);
  assert.match(error.message, pattern);
  assertNoTokenIn(error.message);
  assert.ok(!/\bM[A-Za-z0-9+/]{20}/.test(error.message), `a key: ${error.message}`); // DER in base64
}

test('static keys that cannot be used stop the start, and say which', async () => {
  const key = makeKey('ES256', 'one');
  const entry = inFiles('one', key);
  const other = inFiles('two', makeKey('ES256', 'two'));
  const where = /ended with [12]: [^]*backend\.auth\.pluginKeyStore\.static\.keys\[0\]/;
  await startFails(withKeys({ ...entry, publicKeyFile: other.publicKeyFile }), where);
  await startFails(withKeys({ ...entry, algorithm: 'RS256' }), where);
  await startFails(withKeys({ ...entry, algorithm: 'ES384' }), where);
  await startFails(withKeys({ ...entry, algorithm: 'HS256' }), where);
  await startFails(withKeys({ ...entry, privateKeyFile: join(folder, 'missing.pem') }), where);
  await startFails(withKeys({ ...entry, privateKeyFile: entry.publicKeyFile }), where);
  await startFails(withKeys({ ...entry, privateKeyFile: undefined }), where);
  await startFails(withKeys(entry, { ...other, keyId: 'one' }), /ended with [12]: [^]*keys\[1\]/);
  await startFails(withKeys(), /ended with [12]: [^]*pluginKeyStore/);
});
