// People sign in with Palette, and what they then ask of the service goes to Palette in their name.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { startSimulator } from '../../tests/contract/harness.mjs';
import { eventually, policyTable, startBackstage, startService } from './harness.mjs';
import { Browser, newSession, startProvider } from './oidc.mjs';

const ADA = 'Ada@Example.com';
const BOB = 'bob@example.com';
const TOKENS = '/api/spectrocloud/session-tokens/';

// What Palette takes for a session. The simulator counts them from 0.
const sessions = { ada: newSession(ADA), adaAgain: newSession(ADA), bob: newSession(BOB),
  refused: newSession(BOB) };
const CREDENTIAL = { ada: 'session:0', adaAgain: 'session:1', bob: 'session:2', nobody: 'key:0' };

const folder = mkdtempSync(join(tmpdir(), 'e2e-sessions-'));
const tokenStore = { type: 'sqlite', path: join(folder, 'sessions.db'),
  encryptionKey: randomBytes(32).toString('base64') };

let provider;
let simulator;
let backstage;
let service;

const startTheService = async extra => {
  service = await startService(backstage, simulator, { tokenStore, ...extra });
};

const stopTheService = async () => assert.equal(await service.stop(), 0, service.log());

before(async () => {
  provider = await startProvider();
  simulator = await startSimulator('--seed', '7', '--projects', '3', '--clusters', '40',
    ...['ada', 'adaAgain', 'bob'].flatMap(name => ['--session-token', sessions[name]]));
  backstage = await startBackstage({ provider });
  await startTheService();
  await backstage.setPolicy({ ...policyTable('ALLOW'), 'catalog.entity.read': 'ALLOW' });
});

after(async () => {
  const code = await service?.stop();
  await Promise.all([backstage?.stop(), simulator?.stop()]);
  provider?.stop();
  rmSync(folder, { recursive: true, force: true });
  assert.equal(code, 0, service?.log());
});

// Returns the Backstage token that the page has from now on.
async function signIn(email, session) {
  provider.expect({ email, session });
  return (await new Browser().signIn(backstage)).backstageIdentity.token;
}

// What the page asks then, what Palette saw of it, and whether the page is told to sign in again.
async function clusters(token, email) {
  await simulator.forget();
  const answer = await service.request('GET', '/api/spectrocloud/clusters',
    { token, headers: email ? { 'X-SpectroCloud-User-Email': email } : {} });
  const credentials = new Set((await simulator.requests()).map(({ credential }) => credential));
  return { ...answer, credentials: [...credentials],
    signInAgain: answer.headers['x-spectrocloud-reauth-required'] === 'true' };
}

const arrived = (token, email, credential) =>
  eventually(`${email} is ${credential} to Palette`, 20, async () => {
    const { credentials, signInAgain } = await clusters(token, email);
    return credentials.includes(credential) && !signInAgain;
  });

async function assertIs(token, email, credential) {
  const answer = await clusters(token, email);
  assert.equal(answer.status, 200, answer.text);
  assert.deepEqual(answer.credentials, [credential]);
  assert.equal(answer.signInAgain, credential === CREDENTIAL.nobody);
}

test('before anybody signs in there is no session', async () => {
  await assertIs(backstage.tokens.ada, ADA, CREDENTIAL.nobody);
});

test('after that each goes to Palette with their own', async () => {
  const ada = await signIn(ADA, sessions.ada);
  const bob = await signIn(BOB, sessions.bob);
  await arrived(ada, ADA, CREDENTIAL.ada);
  await arrived(bob, BOB, CREDENTIAL.bob);
  await assertIs(ada, ADA, CREDENTIAL.ada);
  await assertIs(ada, ADA.toLowerCase(), CREDENTIAL.ada);
  await assertIs(bob, BOB, CREDENTIAL.bob);
});

test('who signs in again has the later one', async () => {
  const ada = await signIn(ADA, sessions.adaAgain);
  await arrived(ada, ADA, CREDENTIAL.adaAgain);
  await assertIs(ada, ADA, CREDENTIAL.adaAgain);
});

test("naming another person's e-mail is refused, and nothing goes to Palette", async () => {
  for (const [name, email] of [['bob', ADA], ['ada', BOB], ['eve', ADA]]) {
    const answer = await clusters(backstage.tokens[name], email);
    assert.equal(answer.status, 403, `${name} as ${email}: ${answer.text}`);
    assert.equal(answer.json.error.name, 'NotAllowedError');
    assert.deepEqual(answer.credentials, []);
  }
});

test('nobody but the plugin auth may store a session, and only its owner look at or end it', async () => {
  const callers = {
    'the person': { token: backstage.tokens.ada, own: true },
    'another plugin for the person': { token: await backstage.relayToken(backstage.tokens.ada), own: true },
    'another person': { token: backstage.tokens.bob },
    'another plugin': { token: await backstage.relayToken(backstage.tokens.ada, { as: 'as-service' }) },
    nobody: { token: null },
  };
  const body = JSON.stringify({ token: sessions.bob, expiresAt: Date.now() + 900_000 });
  for (const [name, { token, own }] of Object.entries(callers)) {
    for (const method of ['PUT', 'GET', 'DELETE']) {
      if (own && method === 'DELETE') continue; // below
      const answer = await service.request(method, TOKENS + encodeURIComponent(ADA),
        { token, ...(method === 'PUT' ? { body } : {}) });
      const status = own && method === 'GET' ? 200 : token ? 403 : 401;
      assert.equal(answer.status, status, `${method} by ${name}: ${answer.text}`);
      if (status === 200) {
        assert.equal(answer.json.present, true);
        assert.ok(answer.json.expiresAt > Date.now());
        assert.ok(!answer.text.includes(sessions.adaAgain));
      }
    }
  }
  await assertIs(backstage.tokens.ada, ADA, CREDENTIAL.adaAgain);
});

test('the sessions outlive a restart of the service, and of Backstage', async () => {
  await stopTheService();
  await startTheService();
  await assertIs(backstage.tokens.ada, ADA, CREDENTIAL.adaAgain);
  await assertIs(backstage.tokens.bob, BOB, CREDENTIAL.bob);
  await backstage.restart();
  await backstage.setPolicy({ ...policyTable('ALLOW'), 'catalog.entity.read': 'ALLOW' });
  await assertIs(backstage.tokens.ada, ADA, CREDENTIAL.adaAgain);
});

test('a person can sign in while the service is away', async () => {
  await stopTheService();
  const ada = await signIn(ADA, sessions.ada);
  await startTheService();
  await arrived(ada, ADA, CREDENTIAL.ada);
});

test('a session that is deleted is no longer used, and the page is told', async () => {
  assert.equal((await backstage.call('DELETE', `/sessions/${ADA}`)).json, true);
  await eventually('the session is gone', 20,
    async () => (await clusters(backstage.tokens.ada, ADA)).signInAgain);
  await assertIs(backstage.tokens.ada, ADA, CREDENTIAL.nobody);
  await assertIs(backstage.tokens.bob, BOB, CREDENTIAL.bob);
});

test('a person can end their own', async () => {
  const { bob } = backstage.tokens;
  const answer = await service.request('DELETE', TOKENS + encodeURIComponent(BOB.toUpperCase()), { token: bob });
  assert.deepEqual([answer.status, answer.json], [200, { deleted: 1 }], answer.text);
  await assertIs(bob, BOB, CREDENTIAL.nobody);
  await arrived(await signIn(BOB, sessions.bob), BOB, CREDENTIAL.bob);
});

test('where a session of their own is required, there is no other way', async () => {
  await stopTheService();
  await startTheService({ auth: { requireUserSession: true } });
  const answer = await clusters(backstage.tokens.ada, ADA);
  assert.equal(answer.status, 401, answer.text);
  assert.equal(answer.signInAgain, true);
  assert.deepEqual(answer.credentials, []);
  await assertIs(backstage.tokens.bob, BOB, CREDENTIAL.bob);
  await stopTheService();
  await startTheService();
});

test('one that Palette refuses is forgotten after the first request', async () => {
  const bob = await signIn(BOB, sessions.refused);
  const answer = await eventually('Palette refuses it', 20, async () => {
    const one = await clusters(bob, BOB);
    return one.status === 401 && one;
  });
  assert.equal(answer.signInAgain, true);
  assert.equal(answer.json.requiresReAuth ?? answer.json.error.requiresReAuth, true);
  await assertIs(bob, BOB, CREDENTIAL.nobody);
});

test('no session can be read in the log or in the files of the store', () => {
  const files = readdirSync(folder).map(name => readFileSync(join(folder, name), 'latin1'));
  assert.ok(files.length > 0);
  for (const session of Object.values(sessions)) {
    assert.ok(!service.log().includes(session));
    for (const content of files) assert.ok(!content.includes(session));
  }
});
