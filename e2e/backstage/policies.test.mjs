// The policies of the documentation: what they decide when Backstage is asked, and that this is what
// the service does.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { ask } from '../../tests/contract/harness.mjs';
import {
  PERMISSIONS, USERS, eventually, policyTable, startAll, startBackstage,
} from './harness.mjs';

const CSV = readFileSync(new URL('permissions.csv', import.meta.url), 'utf8');

// For each permission a route that needs it; one permission is for no route.
const PROBES = {
  'spectrocloud.cluster.view-info': 'cluster.get',
  'spectrocloud.cluster.download-kubeconfig': 'cluster.kubeconfig',
  'spectrocloud.cluster.view-pack-values': 'cluster.profiles',
  'spectrocloud.cluster.view-pack-manifests': 'cluster.manifest',
  'spectrocloud.cluster.create': 'cluster.create',
  'spectrocloud.profile.view-info': 'profile.get',
};

const granting = (...names) => ({
  ...policyTable('DENY'), ...policyTable('ALLOW', names.map(name => `spectrocloud.${name}`)),
});
const everything = policyTable('ALLOW');
const nothing = policyTable('DENY');

async function assertDecisions(backstage, expected) {
  for (const name of USERS)
    assert.deepEqual(await backstage.decisions(backstage.tokens[name]), expected[name], name);
}

// What a person's requests come to, in the shape of decisions.
async function decisionsOf({ simulator, service, rows, goodFor }, token) {
  const decisions = {};
  for (const [permission, operation] of Object.entries(PROBES)) {
    const row = rows.find(({ operationId }) => operationId === operation);
    await simulator.forget();
    const answer = await ask(service, row, goodFor(row), { token });
    const calls = (await simulator.requests()).length;
    assert.ok([200, 201, 403].includes(answer.status), `${operation}: ${answer.text}`);
    assert.equal(calls > 0, answer.status !== 403, `${operation}: ${calls} calls to Palette`);
    decisions[permission] = answer.status === 403 ? 'DENY' : 'ALLOW';
  }
  return decisions;
}

function onlyProbed(decisions) {
  return Object.fromEntries(Object.entries(decisions).filter(([name]) => PROBES[name]));
}

async function assertEnforced(all, expected) {
  for (const name of USERS)
    assert.deepEqual(await decisionsOf(all, all.backstage.tokens[name]),
      onlyProbed(expected[name]), name);
}

// ---- the two policies in code ----

const developers = granting('cluster.view-info', 'profile.view-info', 'cluster.view-pack-values');
const documented = {
  'documented-short': {
    ada: granting('cluster.view-info'),
    bob: granting('cluster.view-info'),
    eve: granting('cluster.view-info'),
    pat: granting('cluster.view-info', 'cluster.download-kubeconfig'),
  },
  'documented-full': { ada: developers, bob: developers, eve: developers, pat: everything },
};

for (const [policy, expected] of Object.entries(documented)) {
  test(policy, async t => {
    const all = await startAll({ policy });
    try {
      await t.test('decides as it reads', () => assertDecisions(all.backstage, expected));
      await t.test('is what the service does', () => assertEnforced(all, expected));
    } finally {
      await all.stop();
    }
  });
}

// Word for word it reads a property that today's permission backend does not set, and fails.
test('documented-full, word for word', async t => {
  const backstage = await startBackstage({ policy: 'documented-full-verbatim' });
  try {
    await t.test('fails in Backstage', () =>
      assert.rejects(backstage.decisions(backstage.tokens.pat), /ownershipEntityRefs/));
  } finally {
    await backstage.stop();
  }
});

// ---- the RBAC backend of the community, with the lines of the documentation ----

const byRole = {
  ada: everything, // group:default/platform-engineers
  bob: granting('cluster.view-info', 'profile.view-info'), // group:default/all-developers
  eve: nothing,
  pat: nothing, // may administer roles, which is another permission
};

test('RBAC', async t => {
  const all = await startAll({ policy: 'rbac', csv: CSV });
  const { backstage } = all;
  try {
    await t.test('decides as its file reads', () => assertDecisions(backstage, byRole));
    await t.test('is what the service does', () => assertEnforced(all, byRole));

    await t.test("lists the service's permissions", async () => {
      const { json } = await backstage.call('GET', '/permission/plugins/policies',
        { token: backstage.tokens.pat });
      const ours = json.find(({ pluginId }) => pluginId === 'spectrocloud');
      const expected = Object.entries(PERMISSIONS).map(([name, policy]) => ({ name, policy }));
      const byName = (a, b) => a.name.localeCompare(b.name);
      assert.deepEqual(ours?.policies.sort(byName), expected.sort(byName));
    });

    await t.test('a change of its file is enforced while everything runs', async () => {
      const next = CSV
        .replace(/^p, role:default\/developers, spectrocloud.profile.*\n/m, '')
        .replace('# Role assignments',
          'p, role:default/developers, spectrocloud.cluster.create, create, allow\n# Role assignments');
      let asked = 0;
      const changed = { ...byRole, bob: granting('cluster.view-info', 'cluster.create') };
      await eventually('RBAC has read its file again', 30, async () => {
        if (asked++ % 20 === 0) backstage.writeCsv(next); // a change that it overlooks on a busy machine is not our matter
        return (await backstage.decisions(backstage.tokens.bob))['spectrocloud.cluster.create'] === 'ALLOW';
      });
      await assertDecisions(backstage, changed);
      await assertEnforced(all, changed);
    });
  } finally {
    await all.stop();
  }
});
