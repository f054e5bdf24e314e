// How the service and Backstage get on: keys, restarts, settings, and a permission backend that does
// not answer.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { ask } from '../../tests/contract/harness.mjs';
import { EXTERNAL, PERMISSIONS, policyTable, refOf, startAll } from './harness.mjs';
import { limited, pluginToken, userToken } from './tokens.mjs';

const METADATA = '/api/spectrocloud/.well-known/backstage/permissions/metadata';
const KEYS = '/api/spectrocloud/.backstage/auth/v1/jwks.json';

let all;

before(async () => {
  all = await startAll();
});

after(() => all?.stop());

const rowOf = name => all.rows.find(({ operationId }) => operationId === name);

async function observe(operation, token, change = {}) {
  await all.forget();
  const row = rowOf(operation);
  const answer = await ask(all.service, row, all.goodFor(row), { token, ...change });
  return { ...answer, ...await all.seen() };
}

async function assertNothingHappens(operation, token) {
  const { status, text, upstream } = await observe(operation, token);
  assert.ok(status >= 400, `${operation}: ${status} ${text}`);
  assert.equal(upstream, 0, `${operation}: something went to Palette`);
}

// Allowed what the policy allows, denied what it denies; and the policy was asked.
async function assertPolicyRules() {
  await all.backstage.setPolicy(policyTable('ALLOW', ['spectrocloud.cluster.view-info']));
  const { ada } = all.backstage.tokens;
  const allowed = await observe('cluster.list', ada);
  assert.equal(allowed.status, 200, allowed.text);
  assert.equal(allowed.asked.length, 1);
  const denied = await observe('cluster.kubeconfig', ada);
  assert.equal(denied.status, 403, denied.text);
  assert.equal(denied.upstream, 0);
  assert.equal(denied.asked.length, 1);
}

// ---- what Backstage reads from us ----

test('our keys are there for everybody, without their secrets', async () => {
  await assertPolicyRules(); // a key may be made when it is first needed
  const answer = await all.service.request('GET', KEYS, { token: null });
  assert.equal(answer.status, 200, answer.text);
  assert.ok(answer.json.keys.length > 0);
  for (const key of answer.json.keys) {
    assert.deepEqual(Object.keys(key).sort(), ['alg', 'crv', 'kid', 'kty', 'x', 'y'].concat(
      key.use ? ['use'] : []).sort());
    assert.deepEqual([key.kty, key.crv, key.alg], ['EC', 'P-256', 'ES256']);
  }
});

test('our permissions are there for plugins and people, and for nobody else', async () => {
  const permissions = Object.entries(PERMISSIONS).map(([name, action]) =>
    ({ type: 'basic', name, attributes: { action } }));
  const byName = (a, b) => a.name.localeCompare(b.name);
  const plugin = pluginToken(all.backstage.puppetKey, { sub: 'puppet', aud: 'spectrocloud' });
  for (const token of [plugin, EXTERNAL.unrestricted, all.backstage.tokens.eve]) {
    const answer = await all.service.request('GET', METADATA, { token });
    assert.equal(answer.status, 200, answer.text);
    assert.deepEqual(answer.json.permissions.sort(byName), permissions.sort(byName));
    assert.deepEqual(answer.json.rules, []);
  }
  assert.equal((await all.service.request('GET', METADATA, { token: null })).status, 401);
});

// ---- services are not put to the policy ----

test('services', async () => {
  await all.backstage.setPolicy(policyTable('DENY'));
  const { backstage } = all;
  for (const token of [EXTERNAL.unrestricted,
    pluginToken(backstage.puppetKey, { sub: 'puppet', aud: 'spectrocloud' }),
    await backstage.relayToken(backstage.tokens.ada, { as: 'as-service' })]) {
    for (const operation of ['cluster.get', 'cluster.kubeconfig', 'cluster.create']) {
      const { status, text, asked } = await observe(operation, token);
      assert.ok(status < 300, `${operation}: ${status} ${text}`);
      assert.deepEqual(asked, []);
    }
  }
});

test('a user behind a plugin is not a service', async () => {
  await all.backstage.setPolicy(policyTable('DENY'));
  const { puppetKey, tokens } = all.backstage;
  const token = pluginToken(puppetKey,
    { sub: 'puppet', aud: 'spectrocloud', obo: limited(tokens.bob) });
  const { status, asked, upstream } = await observe('cluster.kubeconfig', token);
  assert.equal(status, 403);
  assert.equal(upstream, 0);
  assert.deepEqual(asked.map(({ user, principal }) => [user, principal.actor.subject]),
    [[refOf('bob'), 'plugin:spectrocloud']]);
});

test('people who ask at the same time are not confused', async () => {
  await all.backstage.setPolicy(policyTable('ALLOW'));
  await all.forget();
  const names = ['ada', 'bob', 'eve', 'pat'];
  const row = rowOf('profile.get');
  const answers = await Promise.all(Array.from({ length: 40 }, (_, i) =>
    ask(all.service, row, all.goodFor(row), { token: all.backstage.tokens[names[i % 4]] })));
  for (const answer of answers) assert.equal(answer.status, 200, answer.text);
  const { asked } = await all.seen();
  // Equal questions at the same time are one.
  for (const name of names) {
    const times = asked.filter(({ user }) => user === refOf(name)).length;
    assert.ok(times >= 1 && times <= 10, `${name}: asked ${times} times`);
  }
});

test('a decision is kept as long as the configuration says', async () => {
  await all.restartService({ permissions: { cacheTtl: '2s' } });
  await all.backstage.setPolicy(policyTable('ALLOW'));
  const { ada, bob } = all.backstage.tokens;
  assert.equal((await observe('cluster.list', ada)).asked.length, 1);
  await all.backstage.setPolicy(policyTable('DENY'));
  const kept = await observe('cluster.list', ada);
  assert.deepEqual([kept.status, kept.asked.length], [200, 0]);
  const other = await observe('cluster.list', bob);
  assert.deepEqual([other.status, other.asked.length, other.upstream], [403, 1, 0]);
  await new Promise(resolve => { setTimeout(resolve, 2100); });
  const later = await observe('cluster.list', ada);
  assert.deepEqual([later.status, later.asked.length, later.upstream], [403, 1, 0]);
  await all.restartService();
});

// ---- a policy or a Backstage that fails ----

test('a policy that fails permits nothing', async () => {
  await all.backstage.setPolicy(policyTable('THROW'));
  for (const operation of ['cluster.list', 'cluster.kubeconfig', 'cluster.create'])
    await assertNothingHappens(operation, all.backstage.tokens.ada);
  await new Promise(resolve => { setTimeout(resolve, 1100); }); // a question that failed is held back
  await assertPolicyRules();
});

// Backstage asks its own memory what a person owns; of one who is not in it, it answers 404.
test('a good token of somebody whom Backstage does not remember permits nothing', async () => {
  const { key, issuer } = all.backstage;
  await all.backstage.setPolicy(policyTable('ALLOW'));
  await assertNothingHappens('cluster.list', userToken(key, issuer, refOf('zoe')));
});

test('the service comes back with a new key, again and again', async () => {
  await assertPolicyRules();
  const keyIds = new Set();
  for (let times = 0; times < 3; times++) {
    const { json } = await all.service.request('GET', KEYS, { token: null });
    for (const { kid } of json.keys) keyIds.add(kid);
    await all.restartService();
    await assertPolicyRules();
  }
  assert.equal(keyIds.size, 3);
});

test('Backstage comes back: its plugins have new keys', async () => {
  await all.backstage.setPolicy(policyTable('ALLOW'));
  const stale = await all.backstage.relayToken(all.backstage.tokens.ada);
  assert.equal((await observe('cluster.list', stale)).status, 200);
  await all.backstage.halt();
  await all.simulator.forget();
  const row = rowOf('cluster.kubeconfig');
  const alone = await ask(all.service, row, all.goodFor(row), { token: all.backstage.tokens.ada });
  assert.ok(alone.status >= 400, `nobody could be asked, and yet: ${alone.status} ${alone.text}`);
  assert.equal((await all.simulator.requests()).length, 0);
  await all.backstage.restart();
  await assertPolicyRules();
  const fresh = await all.backstage.relayToken(all.backstage.tokens.ada);
  const answer = await observe('cluster.list', fresh);
  assert.equal(answer.status, 200, answer.text);
});

// ---- settings ----

test('without permissions whoever has signed in may do everything', async () => {
  await all.backstage.setPolicy(policyTable('DENY'));
  for (const change of [[{ enablePermissions: false }], [{}, { permission: { enabled: false } }]]) {
    await all.restartService(...change);
    for (const operation of ['cluster.list', 'cluster.kubeconfig', 'cluster.create']) {
      const { status, text, asked } = await observe(operation, all.backstage.tokens.eve);
      assert.ok(status < 300, `${operation}: ${status} ${text}`);
      assert.deepEqual(asked, []);
      assert.equal((await observe(operation, null)).status, 401);
    }
  }
  await all.restartService();
  await assertPolicyRules();
});
