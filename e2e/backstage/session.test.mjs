// People sign in with Palette through the module that everybody uses, unchanged; their sessions
// reach what stands where the service is.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { createRemoteJWKSet, jwtVerify } from 'jose';

import { eventually, refOf, startBackstage, startStandIn } from './harness.mjs';
import { Browser, WAYS, newSession, startProvider } from './oidc.mjs';
import { payloadOf } from './tokens.mjs';

const TOKENS = '/api/spectrocloud/session-tokens/';
const ADA = 'Ada@Example.com';

let provider;
let backstage;
let standIn;

before(async () => {
  provider = await startProvider();
  backstage = await startBackstage({ provider });
  standIn = await startStandIn(backstage);
});

after(async () => {
  standIn?.stop();
  await backstage?.stop();
  provider?.stop();
});

beforeEach(() => { standIn.heard.length = 0; });

const heard = n => eventually(`${n} requests`, 20, () => standIn.heard.length >= n)
  .then(() => standIn.heard);

async function signIn(email, change) {
  const person = provider.expect({ email, session: newSession(email), ...change });
  const browser = new Browser();
  const response = await browser.signIn(backstage);
  return { person, browser, response };
}

for (const way of WAYS) {
  test(`a session that comes as ${way} reaches the service`, async () => {
    const { person, browser, response } = await signIn(ADA, { way });
    assert.equal(payloadOf(response.backstageIdentity.token).sub, refOf('ada'));
    assert.equal(response.profile.email, ADA);
    assert.equal(response.providerInfo.accessToken, person.session);
    assert.ok(browser.cookies().includes('spectrocloud-refresh-token'));
    const [{ method, url, headers, body }] = await heard(1);
    assert.equal(`${method} ${url}`, `PUT ${TOKENS}Ada%40Example.com`);
    assert.equal(headers['content-type'], 'application/json');
    assert.deepEqual(JSON.parse(body),
      { token: person.session, expiresAt: person.expiresAt * 1000 });
  });
}

test('it comes with a token of the plugin auth for us, on behalf of nobody', async () => {
  await signIn('bob@example.com');
  const [{ headers }] = await heard(1);
  const keys = createRemoteJWKSet(new URL(`${backstage.issuer}/.backstage/auth/v1/jwks.json`));
  const { payload, protectedHeader } = await jwtVerify(
    headers.authorization.replace(/^Bearer /, ''), keys, { audience: 'spectrocloud' });
  assert.equal(protectedHeader.typ, 'vnd.backstage.plugin');
  assert.deepEqual(Object.keys(payload).sort(), ['aud', 'exp', 'iat', 'sub']);
  assert.equal(payload.sub, 'auth');
});

test('in the process everybody reads it as before', async () => {
  const { person } = await signIn(ADA);
  await heard(1);
  const { json } = await backstage.call('GET', `/sessions/${ADA}`);
  assert.equal(json.token, person.session);
  assert.equal((await backstage.call('GET', `/sessions/${ADA.toLowerCase()}`)).json.token, null,
    'the Map takes letters as they are');
  assert.ok((await backstage.call('GET', '/sessions')).json.includes(ADA));
});

test('a page that is loaded again, and who signs out, change nothing', async () => {
  const { browser } = await signIn(ADA);
  await heard(1);
  const again = await browser.refresh(backstage);
  assert.equal(again.status, 200, again.text);
  assert.equal(payloadOf(JSON.parse(again.text).backstageIdentity.token).sub, refOf('ada'));
  assert.equal((await browser.signOut(backstage)).status, 200);
  assert.ok(!browser.cookies().includes('spectrocloud-refresh-token'));
  await signIn('bob@example.com'); // would come after whatever else is sent
  assert.deepEqual((await heard(2)).map(({ method, url }) => `${method} ${url}`),
    [`PUT ${TOKENS}Ada%40Example.com`, `PUT ${TOKENS}bob%40example.com`]);
});

test('without a session there is nothing to send, and the person is signed in', async () => {
  const { response } = await signIn('pat@example.com', { session: undefined });
  assert.equal(payloadOf(response.backstageIdentity.token).sub, refOf('pat'));
  await signIn('bob@example.com');
  assert.deepEqual((await heard(1)).map(({ url }) => url), [`${TOKENS}bob%40example.com`]);
});

test('a session that is deleted in the process is deleted at the service', async () => {
  await signIn(ADA);
  await heard(1);
  assert.equal((await backstage.call('DELETE', `/sessions/${ADA}`)).json, true);
  const [, { method, url, body }] = await heard(2);
  assert.equal(`${method} ${url}`, `DELETE ${TOKENS}Ada%40Example.com`);
  assert.equal(body, '');
});

test('so is one that the module finds to be over', async () => {
  await signIn(ADA, { lifetime: 2 });
  await heard(1);
  await eventually('it is over', 10, async () =>
    (await backstage.call('GET', `/sessions/${ADA}`)).json.token === null);
  const [, { method, url }] = await heard(2);
  assert.equal(`${method} ${url}`, `DELETE ${TOKENS}Ada%40Example.com`);
});

test('while the service is away people sign in; their latest sessions come later', async () => {
  standIn.stop();
  const first = await signIn(ADA);
  const { person: second, response } = await signIn(ADA);
  const { person: bob } = await signIn('bob@example.com');
  assert.ok(response.backstageIdentity.token);
  await eventually('a complaint', 20,
    () => /Palette sessions: .*ECONNREFUSED/.test(backstage.said()));
  standIn = await startStandIn(backstage);
  await heard(2);
  const tokens = standIn.heard.map(({ body }) => JSON.parse(body).token);
  assert.deepEqual(tokens, [second.session, bob.session]);
  assert.notEqual(first.person.session, second.session);
  await eventually('all is well', 20, () => backstage.said().includes('takes them again'));
});

test('Backstage that comes back with an empty Map, and new keys, sends as before', async () => {
  await backstage.restart();
  const { person } = await signIn(ADA);
  const requests = await heard(1);
  assert.equal(JSON.parse(requests.at(-1).body).token, person.session);
});

test('no session is in what the bridge says', async () => {
  const lines = backstage.said().split('\n').filter(line => line.includes('Palette session'));
  assert.ok(lines.length > 0);
  for (const line of lines) assert.doesNotMatch(line, /eyJ|@/);
});
