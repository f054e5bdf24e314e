// Backstage's permission backend decides about users, each for itself, and what it said is kept for a while. Services
// are decided here.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
  assertRefused, beside, moods, pluginToken, requestLine, startBackstage, startBeside, stopBeside, until, userToken,
} from './backstage.mjs';
import { TOKEN, configuration, goodRequests, operations, startSimulator, target } from './harness.mjs';

const CLUSTER_INFO = 'spectrocloud.cluster.view-info';

let simulator;

before(async () => { simulator = await startSimulator('--seed', '3', '--clusters', '12'); });
after(() => simulator.stop());

// Runs with a Backstage and a service of its own. more: settings below `spectrocloud`.
const isolated = (name, more, run) => test(name, async () => {
  const backstage = await startBackstage();
  const service = await startBeside(backstage, beside(backstage, configuration([simulator], more)));
  const user = (sub = 'user:default/ada') => userToken(backstage.users[0], { sub });
  const ask = (token, path = '/projects') => service.request('GET', `/api/spectrocloud${path}`, { token });
  await run({ backstage, service, user, ask });
  await stopBeside(backstage, service);
  await backstage.stop();
});

const denied = who => `The permission ${CLUSTER_INFO} is denied to ${who}`;
const upstream = async () => (await simulator.requests()).length;

// ---- yes and no ----

isolated('each route asks for its own permission, on the user\'s behalf; yes is 2xx, no is 403',
  { permissions: { cacheTtl: '0s' } }, async ({ backstage, service, user }) => {
    const { rows } = await operations(service);
    const good = goodRequests(await simulator.world());
    const asks = async (row, token) => service.request(row.method, target(row, good[row.operationId]),
      { token, body: good[row.operationId].body && JSON.stringify(good[row.operationId].body) });
    for (const row of rows) {
      // Who runs an action needs the action's permission.
      const permission = /^registry\.invoke/.test(row.operationId) ? CLUSTER_INFO : row['x-backstage-permission'];
      const action = permission?.endsWith('.create') ? 'create' : 'read';
      const wanted = permission === undefined ? [] : [['user:default/ada', permission, action]];
      for (const result of ['DENY', 'ALLOW']) {
        backstage.decide = () => result;
        backstage.forget();
        await simulator.forget();
        const answer = await asks(row, user());
        assert.deepEqual(backstage.questions.map(q => [q.user, q.permission, q.action]), wanted, row.operationId);
        if (permission !== undefined && result === 'DENY') {
          assertRefused(answer, 403, `The permission ${permission} is denied to user:default/ada`,
            { method: row.method, url: target(row, good[row.operationId]).replace('/api/spectrocloud', '') });
          assert.equal(await upstream(), 0, row.operationId);
        } else if (/^host.apply_conditions$|^service\.(metrics|status)$|^session\./.test(row.operationId)) {
          assert.equal(answer.status, 403); // users may not, or not for somebody else
        } else {
          assert.ok([200, 201].includes(answer.status), `${row.operationId}: ${answer.text}`);
        }
      }
    }
  });

isolated('services are never put to it', {}, async ({ backstage, service, ask }) => {
  backstage.decide = () => 'DENY';
  for (const token of [TOKEN, pluginToken(backstage.plugins.catalog[0])])
    assert.equal((await ask(token)).status, 200);
  assert.deepEqual(backstage.questions, []);
  assert.match(await requestLine(service, await ask(TOKEN)), /principal="tests"/);
});

isolated('a plugin that acts for a user is asked about as that user', {}, async ({ backstage, user, ask }) => {
  const [catalog] = backstage.plugins.catalog;
  backstage.decide = q => (q.user === 'user:default/ada' ? 'ALLOW' : 'DENY');
  assert.equal((await ask(pluginToken(catalog, { obo: user() }))).status, 200);
  const bob = 'user:default/bob';
  assertRefused(await ask(pluginToken(catalog, { obo: user(bob) })), 403, denied(bob));
  assert.deepEqual(backstage.questions.map(q => q.user), ['user:default/ada', bob]);
});

isolated('what policy editors read, and what only plugins may ask', {}, async ({ backstage, service, user, ask }) => {
  const path = '/.well-known/backstage/permissions';
  const names = ['cluster.view-info', 'cluster.download-kubeconfig', 'cluster.view-pack-values',
    'cluster.view-pack-manifests', 'cluster.create', 'profile.view-info', 'profile.view-clusters'];
  const wanted = { permissions: names.map(name => ({ type: 'basic', name: `spectrocloud.${name}`,
    attributes: { action: name === 'cluster.create' ? 'create' : 'read' } })), rules: [] };
  const [catalog] = backstage.plugins.catalog;
  for (const token of [user(), TOKEN, pluginToken(catalog)])
    assert.deepEqual((await ask(token, `${path}/metadata`)).json, wanted);
  assertRefused(await ask(null, `${path}/metadata`), 401, 'Missing credentials', { url: `${path}/metadata` });
  const apply = (token, body) => service.request('POST', `/api/spectrocloud${path}/apply-conditions`,
    { token, body: JSON.stringify(body) });
  const where = { method: 'POST', url: `${path}/apply-conditions` };
  assertRefused(await apply(user(), { items: [] }), 403, '', where);
  const item = (id, resourceType) => ({ id, resourceRef: 'a', resourceType, conditions: {} });
  for (const token of [TOKEN, pluginToken(catalog), pluginToken(catalog, { obo: user() })]) {
    assert.deepEqual((await apply(token, { items: [] })).json, { items: [] });
    const answer = await apply(token, { items: [item('1', 'x'), item('2', 'y'), item('3', 'x')] });
    assert.equal(answer.status, 400);
    assert.deepEqual(answer.json.error, { name: 'InputError', message: 'Unexpected resource types: x, y.' });
  }
});

// ---- remembering ----

isolated('a decision is kept for cacheTtl, yes or no, for its permission alone', { permissions: { cacheTtl: '1s' } },
  async ({ backstage, user, ask }) => {
    for (const [first, then] of [['ALLOW', 'DENY'], ['DENY', 'ALLOW']]) {
      const made = user();
      const status = { ALLOW: 200, DENY: 403 };
      backstage.decide = () => first;
      backstage.forget();
      const started = Date.now();
      assert.equal((await ask(made)).status, status[first]);
      backstage.decide = () => then;
      assert.equal((await ask(made)).status, status[first]);
      assert.equal((await ask(made, '/clusters')).status, status[first]); // another route, the same permission
      assert.equal(backstage.questions.length, 1);
      assert.equal((await ask(made, '/profiles/0123456789abcdef01234567')).status === 403, then === 'DENY');
      assert.equal(backstage.questions.length, 2);
      await until(async () => (await ask(made)).status === status[then], 'the new decision', 3000);
      assert.ok(Date.now() - started >= 1000, `${Date.now() - started} ms`);
    }
  });

isolated('cacheTtl 0: every request asks', { permissions: { cacheTtl: '0s' } },
  async ({ backstage, user, ask }) => {
    const made = user();
    for (let i = 0; i < 6; i++) {
      backstage.decide = () => (i % 2 ? 'DENY' : 'ALLOW');
      assert.equal((await ask(made)).status, i % 2 ? 403 : 200);
    }
    assert.equal(backstage.questions.length, 6);
  });

isolated('30 equal requests at once ask once', {},
  async ({ backstage, user, ask }) => {
    backstage.mood.permission = moods.slow(300);
    const made = user();
    const answers = await Promise.all(Array.from({ length: 30 }, () => ask(made)));
    assert.deepEqual(answers.map(a => a.status), Array(30).fill(200));
    assert.equal(backstage.questions.length, 1);
  });

for (const cacheTtl of ['5s', '0s'])
  isolated(`users never share a decision, cacheTtl ${cacheTtl}`, { permissions: { cacheTtl } },
    async ({ backstage, user, ask }) => {
      const users = Array.from({ length: 20 }, (_, i) => `user:default/u${i}`);
      const tokens = users.map(user);
      backstage.decide = q => (Number(q.user.slice(14)) % 3 === 0 ? 'ALLOW' : 'DENY');
      const all = Array.from({ length: 200 }, (_, i) => i % users.length);
      const answers = await Promise.all(all.map(i => ask(tokens[i])));
      for (const [n, answer] of answers.entries())
        if (all[n] % 3 === 0) assert.equal(answer.status, 200, answer.text);
        else assertRefused(answer, 403, denied(users[all[n]]));
      if (cacheTtl === '5s') assert.equal(backstage.questions.length, users.length);
    });

test('who cannot be asked about does not get what was decided for callers without a credential', async () => {
  const backstage = await startBackstage();
  const config = beside(backstage, configuration([simulator]));
  config.backend.auth.dangerouslyDisableDefaultAuthPolicy = true;
  // As Backstage does with that policy off: nobody's question is answered, too.
  backstage.mood.permission = x => (x.request.headers.authorization ? x.good()
    : x.response.writeHead(200, { 'content-type': 'application/json' }).end(
      JSON.stringify({ items: JSON.parse(x.body).items.map(i => ({ id: i.id, result: 'ALLOW' })) })));
  const service = await startBeside(backstage, config);
  const ask = token => service.request('GET', '/api/spectrocloud/projects', { token });
  assert.equal((await ask(null)).status, 200);
  const answer = await ask(userToken(backstage.users[0], { uip: undefined }));
  assertRefused(answer, 403, /cannot be delegated/);
  assert.equal((await ask(null)).status, 200);
  backstage.faults.length = 0; // there was no token, as is right
  await stopBeside(backstage, service);
  await backstage.stop();
});
