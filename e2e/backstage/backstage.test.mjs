// Backstage's half alone: the tokens of these tests are Backstage's own kind, and it decides as the
// policy says. Nothing of the service is used.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { EXTERNAL, USERS, policyTable, refOf, startBackstage, startStandIn } from './harness.mjs';
import {
  bent, headerOf, hmac, limited, newKey, now, payloadOf, pluginToken, renamed, unsigned, userToken,
} from './tokens.mjs';

const OWN_ENTITY = '/catalog/entities/by-name/user/default/ada';

let backstage;
let standIn;

before(async () => {
  backstage = await startBackstage();
  standIn = await startStandIn(backstage);
  await backstage.setPolicy({ 'catalog.entity.read': 'ALLOW' });
  console.log(`Backstage took ${backstage.startSeconds} s to start`);
});

after(async () => {
  standIn?.stop();
  await backstage?.stop();
});

const minted = (change, key = backstage.key) =>
  userToken(key, backstage.issuer, refOf('ada'), change);

const readsCatalog = async token => (await backstage.call('GET', OWN_ENTITY, { token })).status;

test('a minted user token is like the one of a guest who signs in', async () => {
  const guest = await backstage.guest();
  const { iat, exp } = payloadOf(guest);
  const ours = minted({ iat, exp });
  assert.deepEqual(headerOf(ours), headerOf(guest));
  const { uip: ourProof, ...ourClaims } = payloadOf(ours);
  const { uip: itsProof, ...itsClaims } = payloadOf(guest);
  assert.deepEqual(ourClaims, itsClaims);
  assert.deepEqual(Object.keys(payloadOf(ours)), Object.keys(payloadOf(guest)));
  assert.equal(ourProof.length, itsProof.length);
  assert.equal(exp - iat, 3600);
});

test('the catalog and the permission backend take it', async () => {
  assert.equal(await readsCatalog(minted()), 200);
  const decisions = await backstage.decisions(minted());
  assert.deepEqual(decisions, policyTable('DENY'));
});

test('its limited form is taken on behalf of the user, and not from the user', async () => {
  const obo = limited(minted());
  assert.equal(await readsCatalog(obo), 401);
  const token = pluginToken(backstage.puppetKey, { sub: 'puppet', aud: 'catalog', obo });
  assert.equal(await readsCatalog(token), 200);
  const relayed = payloadOf(await backstage.relayToken(backstage.tokens.ada));
  assert.equal(relayed.obo, limited(backstage.tokens.ada));
});

test('the catalog has the people, their groups and the clusters', async () => {
  const token = EXTERNAL.unrestricted;
  const { json: ada } = await backstage.call('GET', OWN_ENTITY, { token });
  assert.equal(ada.spec.profile.email, 'Ada@Example.com');
  const { json: clusters } = await backstage.call('GET',
    '/catalog/entities?filter=kind=resource,spec.type=spectrocloud-cluster', { token });
  assert.equal(clusters.length, 2);
  for (const cluster of clusters)
    assert.equal(cluster.metadata.annotations['terasky.backstage.io/instance'], 'first');
  const owns = async name => (await backstage.call('GET', '/auth/v1/userinfo',
    { token: backstage.tokens[name] })).json.claims.ent;
  assert.deepEqual(await owns('ada'), [refOf('ada'), 'group:default/platform-engineers']);
  assert.deepEqual(await owns('bob'), [refOf('bob'), 'group:default/all-developers']);
  assert.deepEqual(await owns('eve'), [refOf('eve')]);
  assert.deepEqual(await owns('pat'), [refOf('pat'), 'group:default/platform-team']);
});

// The same bad tokens that the service has to refuse: that Backstage does shows that they are bad.
test('Backstage refuses bad tokens', async () => {
  const good = minted();
  const stranger = newKey('e2e');
  const { key, puppetKey } = backstage;
  const puppet = change => pluginToken(puppetKey, { sub: 'puppet', aud: 'catalog', ...change });
  const bad = {
    expired: minted({ iat: now() - 7200, exp: now() - 3600 }),
    'somebody else': renamed(good, refOf('bob')),
    'bent signature': bent(good),
    'alg none': unsigned(good),
    'HMAC with the public key': hmac(good, key.publicKey),
    "a stranger's key, our id": minted({}, stranger),
    "a stranger's key, its id": minted({}, newKey('stranger')),
    'expired, plugin': puppet({ iat: now() - 7200, exp: now() - 3600 }),
    'another audience': puppet({ aud: 'spectrocloud' }),
    'another plugin': puppet({ sub: 'relay' }),
    'no plugin id': puppet({ sub: '../puppet' }),
    'HMAC, plugin': hmac(puppet(), puppetKey.publicKey),
    'obo expired': puppet({ obo: limited(minted({ iat: now() - 7200, exp: now() - 3600 })) }),
    'obo bent': puppet({ obo: bent(limited(good)) }),
    'obo is a plugin token': puppet({ obo: puppet() }),
  };
  assert.equal(await readsCatalog(puppet()), 200);
  assert.equal(await readsCatalog(puppet({ obo: limited(good) })), 200);
  for (const [what, token] of Object.entries(bad))
    assert.equal(await readsCatalog(token), 401, what);
});

test('the policy is switched, and tells what it was asked', async () => {
  await backstage.setPolicy(policyTable('ALLOW', ['spectrocloud.cluster.create']));
  await backstage.forgetAsked();
  assert.deepEqual(await backstage.decisions(backstage.tokens.bob),
    { ...policyTable('DENY'), ...policyTable('ALLOW', ['spectrocloud.cluster.create']) });
  const asked = await backstage.asked();
  assert.equal(asked.length, 7);
  const created = asked.find(entry => entry.permission === 'spectrocloud.cluster.create');
  assert.deepEqual(created, {
    permission: 'spectrocloud.cluster.create',
    action: 'create',
    user: refOf('bob'),
    owns: [refOf('bob'), 'group:default/all-developers'],
    principal: { type: 'user', userEntityRef: refOf('bob') },
  });
  await backstage.setPolicy(policyTable('ALLOW'));
  assert.deepEqual(await backstage.decisions(backstage.tokens.bob), policyTable('ALLOW'));
});

test('a policy that fails gives no decision', async () => {
  await backstage.setPolicy(policyTable('THROW'));
  await assert.rejects(backstage.decisions(backstage.tokens.bob), /^AssertionError.*500/);
});

test('a plugin that asks for a user is named to the policy', async () => {
  await backstage.setPolicy(policyTable('ALLOW'));
  await backstage.forgetAsked();
  const token = pluginToken(backstage.puppetKey,
    { sub: 'puppet', aud: 'permission', obo: limited(backstage.tokens.eve) });
  await backstage.decisions(token);
  const [entry] = await backstage.asked();
  assert.deepEqual(entry.principal, { type: 'user', userEntityRef: refOf('eve'),
    actor: { type: 'service', subject: 'plugin:puppet' } });
});

test('a service may not ask the permission backend', async () => {
  for (const token of [EXTERNAL.unrestricted,
    pluginToken(backstage.puppetKey, { sub: 'puppet', aud: 'permission' })]) {
    const answer = await backstage.call('POST', '/permission/authorize', { token, body: { items: [] } });
    assert.equal(answer.status, 403, answer.text);
  }
});

test('a plugin reaches spectrocloud where discovery.endpoints says, for the user and for itself',
  async () => {
    for (const [as, obo] of [['as-caller', limited(backstage.tokens.ada)], ['as-service', undefined]]) {
      standIn.heard.length = 0;
      const answer = await backstage.relay(as).request('POST', '/api/spectrocloud/a/b%2Fc?d=e%20f',
        { token: backstage.tokens.ada, body: '{"x":1}' });
      assert.equal(answer.text, '{"status":"here"}');
      const [heard] = standIn.heard;
      assert.equal(heard.method, 'POST');
      assert.equal(heard.url, '/api/spectrocloud/a/b%2Fc?d=e%20f');
      assert.equal(heard.body, '{"x":1}');
      const token = heard.headers.authorization.split(' ')[1];
      assert.equal(headerOf(token).typ, 'vnd.backstage.plugin');
      const { sub, aud, obo: behalf } = payloadOf(token);
      assert.deepEqual([sub, aud, behalf], ['relay', 'spectrocloud', obo]);
    }
  });

test('everybody has signed in', () => {
  for (const name of USERS) assert.equal(payloadOf(backstage.tokens[name]).sub, refOf(name));
});
