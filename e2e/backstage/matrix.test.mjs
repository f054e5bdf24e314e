// Who may do what: every route of the service, for every permission granted and withheld, and for
// every kind of caller. A request that is refused or denied sends nothing to Palette, and the policy
// is asked once, about the right person, and never about a service.
// What is expected stands in docs/security.md, in the table of callers.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { ask, asksPalette } from '../../tests/contract/harness.mjs';
import { EXTERNAL, PERMISSIONS, policyTable, refOf, startAll } from './harness.mjs';
import {
  bent, hmac, limited, newKey, now, pluginToken, renamed, unsigned, userToken,
} from './tokens.mjs';

let all;
const table = new Map();

// "| `user` | what it is | who decides | none needed | allowed | denied |"; a ✓ is undefined here.
const documented = new Map(
  readFileSync(new URL('../../docs/security.md', import.meta.url), 'utf8').split('\n')
    .filter(line => /^\| `[^`]+` \|.*\|$/.test(line))
    .map(line => line.split('|').slice(1, -1).map(cell => cell.trim()))
    .filter(cells => cells.length === 6)
    .map(([name, , , ...cells]) => [name.slice(1, -1),
      cells.map(cell => (cell === '✓' ? undefined : Number(cell)))]));

const NAMES = { 401: 'AuthenticationError', 403: 'NotAllowedError' };

before(async () => {
  all = await startAll();
});

after(async () => {
  print();
  await all?.stop();
});

// What carries an action needs what that does: here one that views clusters.
const permissionOf = row => row['x-backstage-permission'] ??
  (row.operationId.startsWith('registry.invoke') ? 'spectrocloud.cluster.view-info' : undefined);
const isOpen = row => row.security !== undefined;
const isAtRoot = row => row.servers !== undefined;
const success = row => (row.responses['201'] ? 201 : 200);

function note(row, column, status) {
  if (!table.has(column)) table.set(column, new Map());
  const cells = table.get(column);
  const before = cells.get(row.operationId);
  cells.set(row.operationId, before === undefined || before === status ? status : `${before}/${status}`);
}

// A line for each route with those who may call; a line for each stranger with how often what came.
function print() {
  const known = [...table.keys()].filter(column => !strangers[column]);
  const line = (first, second, cell) => console.log(first.padEnd(33) + second.padEnd(30) +
    known.map(name => String(cell(name)).padStart(name.length + 2)).join(''));
  console.log();
  line('operation', 'permission', name => name);
  for (const row of all?.rows ?? [])
    line(row.operationId, permissionOf(row)?.replace('spectrocloud.', '') ?? '-',
      name => table.get(name).get(row.operationId) ?? '-');
  for (const column of Object.keys(strangers)) {
    const count = {};
    for (const status of table.get(column)?.values() ?? []) count[status] = (count[status] ?? 0) + 1;
    console.log(`refused: ${column}`.padEnd(33) + Object.entries(count).sort()
      .map(([status, times]) => `${status} on ${times} routes`).join(', '));
  }
}

// The faults of a test are told all at once: one route that fails hides no other.
async function eachRow(run) {
  const faults = [];
  for (const row of all.rows) {
    try {
      await run(row);
    } catch (error) {
      if (!(error instanceof assert.AssertionError)) throw error;
      faults.push(error.message);
    }
  }
  assert.equal(faults.length, 0, `${faults.length} faults\n${faults.join('\n')}`);
}

// One request; what came back, and what it made the service do.
async function observe(row, through, token) {
  await all.forget();
  const answer = await ask(through, row, all.goodFor(row), { token });
  return { ...answer, ...await all.seen(), what: `${row.operationId}: ${answer.text.slice(0, 200)}` };
}

// What docs/security.md says of a request: granted is undefined where no permission is needed.
function assertDocumented(row, who, granted, seen) {
  const [none, allowed, denied] = documented.get(who);
  let status = { undefined: none, true: allowed, false: denied }[granted];
  if (isOpen(row)) status = undefined;
  // Another's session is not for any of these.
  else if (status === undefined && row.operationId.startsWith('session.')) status = 403;
  // For services, and of those that are restricted to permissions for whom it is named.
  else if (status === undefined && ['service.metrics', 'service.status'].includes(row.operationId) && ['user', 'for user', 'viewer'].includes(who)) status = 403;
  // Only plugins ask this, also for people.
  else if (who === 'user' && row.operationId === 'host.apply_conditions') status = 403;
  if (status === undefined) assertDone(row, seen);
  else assertRefused(row, seen, status, NAMES[status]);
}

function assertDone(row, seen) {
  assert.equal(seen.status, success(row), seen.what);
  if (asksPalette(row)) assert.ok(seen.upstream > 0, `${seen.what}: Palette was not asked`);
}

function assertRefused(row, seen, status, name) {
  assert.equal(seen.status, status, seen.what);
  assert.equal(seen.json?.error?.name, name, seen.what);
  assert.equal(seen.upstream, 0, `${seen.what}: something went to Palette`);
}

// ---- people, directly and through another plugin ----

const isOurs = ({ permission }) => permission.startsWith('spectrocloud.');

// Asked once and about ada, by this service; or not at all where no permission is needed. What the catalog asks when it
// is asked for ada's e-mail is its own affair.
function assertAskedFor(row, seen) {
  const expected = permissionOf(row) === undefined ? [] : [{
    permission: permissionOf(row),
    action: PERMISSIONS[permissionOf(row)],
    user: refOf('ada'),
    owns: [refOf('ada'), 'group:default/platform-engineers'],
    principal: { type: 'user', userEntityRef: refOf('ada'),
      actor: { type: 'service', subject: 'plugin:spectrocloud' } },
  }];
  assert.deepEqual(seen.asked.filter(isOurs), expected, `${seen.what}: what the policy was asked`);
}

const people = {
  user: () => all.service,
  'for user': () => all.backstage.relay('as-caller'),
};

const others = name => Object.keys(PERMISSIONS).filter(permission => permission !== name);
const effects = {
  allow: { tableFor: name => policyTable('ALLOW', [name]), grants: (name, asked) => name === asked },
  deny: { tableFor: name => policyTable('ALLOW', others(name)), grants: (name, asked) => name !== asked },
};

for (const [who, through] of Object.entries(people)) {
  for (const [effect, { tableFor, grants }] of Object.entries(effects)) {
    for (const name of Object.keys(PERMISSIONS)) {
      test(`${who}: ${effect} ${name} alone`, async () => {
        await all.backstage.setPolicy(tableFor(name));
        await eachRow(async row => {
          if (who !== 'user' && isAtRoot(row)) return; // other plugins only see what is below ours
          const seen = await observe(row, through(), all.backstage.tokens.ada);
          const asked = permissionOf(row);
          if (asked === undefined || asked === name) note(row, `${who} ${effect}`, seen.status);
          assertDocumented(row, who, asked && grants(name, asked), seen);
          assertAskedFor(row, seen);
        });
      });
    }
  }
}

// ---- services: the policy is not asked ----

// Who they are, by which token, through what, and which rows they may use.
const anything = () => true;
const services = {
  external: { token: () => EXTERNAL.unrestricted, may: anything },
  plugin: { token: () => all.backstage.tokens.ada, may: anything,
    through: () => all.backstage.relay('as-service') },
  viewer: { token: () => EXTERNAL.viewer,
    may: row => [undefined, 'spectrocloud.cluster.view-info'].includes(permissionOf(row)) },
  reader: { token: () => EXTERNAL.reader,
    may: row => [undefined, 'read'].includes(PERMISSIONS[permissionOf(row)]) },
  elsewhere: { token: () => EXTERNAL.elsewhere, may: isOpen },
};

for (const [who, { token, may, through = () => all.service }] of Object.entries(services)) {
  test(`service: ${who}`, async () => {
    await all.backstage.setPolicy(policyTable(who === 'external' || who === 'plugin' ? 'DENY' : 'ALLOW'));
    await eachRow(async row => {
      if (who === 'plugin' && isAtRoot(row)) return;
      const seen = await observe(row, through(), token());
      note(row, who, seen.status);
      assertDocumented(row, who, permissionOf(row) && may(row), seen);
      assert.deepEqual(seen.asked, [], `${seen.what}: the policy was asked about a service`);
    });
  });
}

// ---- those who do not show who they are ----

const past = { iat: now() - 7200, exp: now() - 3600 };
const minted = (change, key = all.backstage.key) =>
  userToken(key, all.backstage.issuer, refOf('ada'), change);
const puppet = change =>
  pluginToken(all.backstage.puppetKey, { sub: 'puppet', aud: 'spectrocloud', ...change });

const strangers = {
  'no token': () => undefined,
  'no JWT': () => 'e2e-token-nobody',
  expired: () => minted(past),
  tampered: () => renamed(minted(), refOf('bob')),
  bent: () => bent(minted()),
  audience: () => all.backstage.relayToken(all.backstage.tokens.ada, { target: 'catalog' }),
  'alg none': () => unsigned(minted()),
  hmac: () => hmac(minted(), all.backstage.key.publicKey),
  'foreign key': () => minted({}, newKey('e2e')),
  'foreign kid': () => minted({}, newKey('foreign')),
  limited: () => limited(minted()),
  'p expired': () => puppet(past),
  'p tampered': () => renamed(puppet(), 'relay'),
  'p audience': () => puppet({ aud: 'catalog' }),
  'p alg none': () => unsigned(puppet()),
  'p hmac': () => hmac(puppet(), all.backstage.puppetKey.publicKey),
  'p subject': () => puppet({ sub: '../puppet' }),
  'p no plugin': () => puppet({ sub: 'nowhere' }),
  'obo expired': () => puppet({ obo: limited(minted(past)) }),
  'obo tampered': () => puppet({ obo: renamed(limited(minted()), refOf('bob')) }),
  'obo hmac': () => puppet({ obo: hmac(limited(minted()), all.backstage.key.publicKey) }),
  'obo plugin': () => puppet({ obo: puppet() }),
};

for (const [who, token] of Object.entries(strangers)) {
  test(`refused: ${who}`, async () => {
    await all.backstage.setPolicy(policyTable('ALLOW'));
    const sent = await token();
    await eachRow(async row => {
      const seen = await observe(row, all.service, sent ?? null);
      note(row, who, seen.status);
      assertDocumented(row, who, permissionOf(row) && false, seen);
      assert.deepEqual(seen.asked, [], `${seen.what}: the policy was asked about a stranger`);
    });
  });
}

// What the strangers' tokens are made from is good.
test('a plugin with keys of its own, for itself and for a user', async () => {
  await all.backstage.setPolicy(policyTable('ALLOW'));
  for (const [sent, asked] of [[puppet(), 0], [puppet({ obo: limited(minted()) }), 1],
    [puppet({ obo: minted() }), 1], [minted(), 1]]) {
    const row = all.rows.find(({ operationId }) => operationId === 'cluster.list');
    const seen = await observe(row, all.service, sent);
    assertDone(row, seen);
    assert.equal(seen.asked.length, asked, seen.what);
  }
});

test('the table of docs/security.md has all of these and no others', () => {
  assert.deepEqual([...documented.keys()].sort(),
    [...Object.keys(people), ...Object.keys(services), ...Object.keys(strangers)].sort());
});
