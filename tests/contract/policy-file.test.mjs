// A policy file of one's own, for a service that no Backstage stands beside: who may do what, and what happens when
// the file changes.
import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import {
  assertNoTokenIn, assertRefused, beside, logLines, pluginToken, startBackstage, startBeside, stopBeside, until,
  userToken,
} from './backstage.mjs';
import { ask, checkConfiguration, configuration, goodRequests, operations, startService, startSimulator, target } from './harness.mjs';

// As the documentation of the plugin has it, and whom the tests are.
const DOCUMENTED = `# Platform team - full access
p, role:default/platform-team, spectrocloud.cluster.view-info, read, allow
p, role:default/platform-team, spectrocloud.cluster.download-kubeconfig, read, allow
p, role:default/platform-team, spectrocloud.cluster.view-pack-values, read, allow
p, role:default/platform-team, spectrocloud.cluster.view-pack-manifests, read, allow
p, role:default/platform-team, spectrocloud.cluster.create, create, allow
p, role:default/platform-team, spectrocloud.profile.view-info, read, allow
p, role:default/platform-team, spectrocloud.profile.view-clusters, read, allow
# Developers - read-only access
p, role:default/developers, spectrocloud.cluster.view-info, read, allow
p, role:default/developers, spectrocloud.profile.view-info, read, allow
# Role assignments
g, group:default/platform-engineers, role:default/platform-team
g, group:default/all-developers, role:default/developers
`;
const POLICY = `${DOCUMENTED}
g, tests-developer, role:default/developers
g, tests-platform, group:default/platform-engineers
g, user:default/ada, role:default/developers
g, plugin:catalog, role:default/platform-team
`;

const TOKENS = { developer: 'token-of-developer', platform: 'token-of-platform', nobody: 'token-of-nobody' };
const DEVELOPER = ['spectrocloud.cluster.view-info', 'spectrocloud.profile.view-info'];
const may = { developer: permission => DEVELOPER.includes(permission), platform: () => true, nobody: () => false };

let simulator;
let folder;
let file;
let good;
const table = [];

before(async () => {
  simulator = await startSimulator('--seed', '7', '--projects', '3', '--clusters', '20');
  good = goodRequests(await simulator.world());
  folder = mkdtempSync(join(tmpdir(), 'policy-'));
  file = join(folder, 'permissions.csv');
});

after(async () => {
  const who = Object.keys(TOKENS);
  console.log(`\n${'permission'.padEnd(44)}${who.map(n => n.padStart(11)).join('')}`);
  for (const [permission, ...statuses] of table)
    console.log(permission.padEnd(44) + statuses.map(s => String(s).padStart(11)).join(''));
  rmSync(folder, { recursive: true, force: true });
  await simulator.stop();
});

// As an editor does it: the new file takes the old one's place.
function replace(text) {
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
}

function config() {
  const made = configuration([simulator], { standalone: { policyFile: file }, telemetry: { logLevel: 'debug' } });
  made.backend.auth.externalAccess = Object.entries(TOKENS).map(([who, token]) =>
    ({ type: 'static', options: { token, subject: `tests-${who}` } }));
  return made;
}

async function withPolicy(text, run, made = config()) {
  replace(text);
  const service = await startService(made);
  await run(service);
  assert.equal(await service.stop(), 0, service.log());
  assertNoTokenIn(service.log());
  for (const token of Object.values(TOKENS)) assert.ok(!service.log().includes(token));
}

const projects = (service, token = TOKENS.developer) =>
  service.request('GET', '/api/spectrocloud/projects', { token });
const status = async (...of) => (await projects(...of)).status;
const denied = who => new RegExp(`^The permission spectrocloud\\.cluster\\.view-info is denied to ${who}: `);

test('the documented policy: every route for every role', () => withPolicy(POLICY, async service => {
  const { json: document } = await service.request('GET', '/api/spectrocloud/openapi.json', { token: TOKENS.nobody });
  const rows = Object.entries(document.paths).flatMap(([path, item]) => Object.entries(item)
    .map(([method, operation]) => ({ path, method: method.toUpperCase(), ...operation })));
  const permissions = new Map();
  for (const row of rows.filter(r => r['x-backstage-permission'])) {
    const permission = row['x-backstage-permission'];
    for (const [who, token] of Object.entries(TOKENS)) {
      await simulator.forget();
      const answer = await ask(service, row, good[row.operationId], { token });
      if (may[who](permission)) {
        assert.ok([200, 201].includes(answer.status), `${row.operationId}, ${who}: ${answer.text}`);
      } else {
        const url = target(row, good[row.operationId]).replace('/api/spectrocloud', '');
        assertRefused(answer, 403, `The permission ${permission} is denied to tests-${who}: no rule allows it`,
          { method: row.method, url });
        assert.equal((await simulator.requests()).length, 0, row.operationId);
      }
      const wanted = may[who](permission) ? 'allowed' : 'denied';
      permissions.set(permission, { ...permissions.get(permission), [who]: wanted });
    }
  }
  for (const [permission, by] of permissions) table.push([permission, ...Object.keys(TOKENS).map(w => by[w])]);
  // The seventh, spectrocloud.profile.view-clusters, has no route.
  assert.equal(permissions.size, 6);
}));

test('a rule that denies beats one that allows, and a rule may name a caller', () => withPolicy(
  `${POLICY}p, tests-platform, spectrocloud.cluster.view-info, read, deny\n` +
  'p, tests-nobody, spectrocloud.cluster.view-info, read, allow\n', async service => {
    assertRefused(await projects(service, TOKENS.platform), 403, denied('tests-platform'));
    assert.equal(await status(service, TOKENS.nobody), 200);
  }));

test('access restrictions hold beside it', async () => {
  const made = config();
  made.backend.auth.externalAccess[1].accessRestrictions =
    [{ plugin: 'spectrocloud', permission: 'spectrocloud.profile.view-info' }];
  await withPolicy(POLICY, async service => {
    assertRefused(await projects(service, TOKENS.platform), 403, /^The access restrictions of tests-platform /);
    const answer = await service.request('POST', '/api/spectrocloud/profiles/search',
      { token: TOKENS.platform, body: '{"names":["x"]}' });
    assert.equal(answer.status, 200, answer.text);
  }, made);
});

test('a file that changes is in force within two seconds', () => withPolicy(POLICY, async service => {
  assert.equal(await status(service), 200);
  assert.equal(await status(service, TOKENS.nobody), 403);
  replace(POLICY.replace('g, tests-developer', 'g, tests-nobody'));
  await until(async () => await status(service) === 403, 'the new policy', 2000);
  assert.equal(await status(service, TOKENS.nobody), 200);
  writeFileSync(file, POLICY); // in place
  await until(async () => await status(service) === 200, 'the old policy', 2000);
  assert.equal(logLines(service, 'policy.reloaded').length, 2);
}));

test('a bad line: the old policy stays, and the log names the line; a good file mends it', () =>
  withPolicy(POLICY, async service => {
    const lines = POLICY.split('\n').length;
    const bad = [
      'p, role:default/developers, spectrocloud.cluster.view-inf, read, allow',
      'p, role:default/developers, spectrocloud.cluster.create, make, allow',
      'p, role:default/developers, spectrocloud.cluster.create, create, alow',
      'p, role:default/developers, spectrocloud.cluster.create',
      'x, y, z',
      '"open',
      'g, tests-nobody,',
    ];
    for (const [i, line] of bad.entries()) {
      // The whole file counts or nothing of it.
      replace(`${POLICY.replace('g, tests-developer', 'g, tests-nobody')}${line}\n`);
      await until(async () => {
        assert.equal(await status(service), 200);
        assert.equal(await status(service, TOKENS.nobody), 403);
        return logLines(service, 'policy.kept').length === i + 1;
      }, `noticed ${line}`, 3000);
      assert.ok(logLines(service, 'policy.kept').at(-1).includes(`${file}:${lines}: `), line);
    }
    unlinkSync(file);
    await until(async () => {
      assert.equal(await status(service), 200);
      return logLines(service, 'policy.kept').length === bad.length + 1;
    }, 'noticed that it is gone', 3000);
    replace(POLICY.replace('g, tests-developer', 'g, tests-nobody'));
    await until(async () => await status(service) === 403, 'the mended policy', 3000);
  }));

test('a start or a check with a bad file: status 2, and its name and line', async () => {
  for (const [text, line, pattern] of [
    [`${POLICY}p, x\n`, POLICY.split('\n').length, /wrong number of fields/],
    ['# one\n\nq, a, b\n', 3, /begins with p or g/],
    ['p, r, spectrocloud.cluster.creat, create, allow\n', 1, /did you mean 'spectrocloud\.cluster\.create'/],
  ]) {
    replace(text);
    const error = await startService(config()).then(() => assert.fail('it started'), e => e);
    assert.match(error.message, /ended with 2: /);
    const last = error.message.trim().split('\n').at(-1); // there may be warnings before it
    assert.ok(last.includes(`spectrocloud-backend: ${file}:${line}: `), error.message);
    assert.match(last, pattern);
    const checked = checkConfiguration(config());
    assert.equal(checked.status, 2);
    assert.ok(checked.stderr.includes(`${file}:${line}: `), checked.stderr);
    assert.equal(checked.stdout, '');
  }
  unlinkSync(file);
  const error = await startService(config()).then(() => assert.fail('it started'), e => e);
  assert.match(error.message,
    /ended with 2: \S+:\d+:\d+: spectrocloud\.standalone\.policyFile: .*No such file or directory/);
});

test('users and plugins of a Backstage whose permission framework is off are named in it, too', async () => {
  const backstage = await startBackstage();
  replace(POLICY);
  const service = await startBeside(backstage, beside(backstage, config(), { permission: { enabled: false } }));
  const [user] = backstage.users;
  const [catalog] = backstage.plugins.catalog;
  assert.equal(await status(service, userToken(user)), 200);
  assert.equal(await status(service, pluginToken(catalog)), 200);
  assert.equal(await status(service, pluginToken(catalog, { obo: userToken(user) })), 200);
  const bob = { sub: 'user:default/bob' };
  assertRefused(await projects(service, userToken(user, bob)), 403, denied('user:default/bob'));
  assertRefused(await projects(service, pluginToken(catalog, { obo: userToken(user, bob) })), 403,
    denied('user:default/bob'));
  assert.deepEqual(backstage.questions, []);
  await stopBeside(backstage, service);
  await backstage.stop();
});

test('where Backstage decides, the file is not in force, and a start says so', async () => {
  const backstage = await startBackstage();
  const made = beside(backstage, config());
  replace(POLICY);
  const service = await startBeside(backstage, made);
  backstage.decide = () => 'DENY';
  assert.equal(await status(service, userToken(backstage.users[0])), 403);
  assert.equal(backstage.questions.length, 1);
  assert.equal(await status(service, TOKENS.nobody), 200);
  assert.match(service.log(), /config\.notice .*setting="spectrocloud\.standalone\.policyFile" message="not in force/);
  await stopBeside(backstage, service);
  await backstage.stop();
});
