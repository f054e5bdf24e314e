// Values of sensitive variables are Palette's and the caller's: not in the log, the audit trail or any error.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { creationsIn } from '../schema/bodies.mjs';
import { configuration, startService, startSimulator } from './harness.mjs';

const PASSWORD = 'canary-Pa55w0rd-never-seen-again';
const BUNDLE = 'Y2FuYXJ5LWJ1bmRsZS1uZXZlci1zZWVuLWFnYWlu';

// A text as it may hide: plain, in hex, and in base64 from any of three offsets.
const disguises = secret => [secret, Buffer.from(secret).toString('hex'), Buffer.from(secret).toString('hex').toUpperCase(),
  ...[0, 1, 2].map(shift => Buffer.from('x'.repeat(shift) + secret).toString('base64').slice(shift ? 4 : 0, -4)),
  encodeURIComponent(secret)];

let simulator;
let service;
let profile; // a version of a profile that declares sensitive variables
let project;
let plain;   // a flat body without values
const answers = []; // all that were not 2xx

before(async () => {
  simulator = await startSimulator('--seed', '81', '--profiles', '60');
  service = await startService(configuration([simulator], { telemetry: { logLevel: 'debug' },
    upstream: { timeout: '1s', attempts: 1, circuitFailures: 0 } }));
  const world = await simulator.world();
  project = world.projects[0].uid;
  profile = world.profiles.find(p => p.type === 'cluster' && p.cloudType === 'eks' && p.versions[0].published &&
    (p.project === null || p.project === project)).versions[0].uid;
  const { body } = creationsIn(world).find(c => c.kind === 'eks' && c.form === 'flat');
  plain = name => ({ ...body(name), profileUids: [profile] });
});

after(async () => {
  assert.equal(await service.stop(), 0, service.log());
  await simulator.stop();
});

const VALUES = { cluster_domain: 'demo.example.com', admin_password: PASSWORD, ca_bundle: BUNDLE };

// Tries to create it, and keeps what was answered.
async function create(body, status, { query = '', path = 'clusters', raw } = {}) {
  const answer = await service.request('POST', `/api/spectrocloud/${path}?projectUid=${project}${query}`,
    { body: raw ?? JSON.stringify(body) });
  assert.ok([status].flat().includes(answer.status), `${answer.status} ${answer.text.slice(0, 400)}`);
  if (answer.status >= 300) answers.push(answer);
  return answer;
}

const flat = (name, values, more) => ({ ...plain(name), profileVariables: values, ...more });
const entity = (name, variables, more) => ({ metadata: { name }, spec: { cloudType: 'eks', cloudConfig: { region: 'x' },
  profiles: [{ uid: profile, variables }], ...more } });
const given = Object.entries(VALUES).map(([name, value]) => ({ name, value }));

test('the profile declares what is sensitive', async () => {
  const { json } = await service.request('GET', `/api/spectrocloud/profiles/${profile}/variables`);
  const sensitive = json.variables.filter(v => v.isSensitive).map(v => v.name).sort();
  assert.deepEqual(sensitive, ['admin_password', 'ca_bundle']);
});

test('a cluster is created with them, and Palette gets them', async () => {
  await create(flat('with-secrets', VALUES), 201);
  const sent = (await simulator.requests()).find(r => /spectroclusters\/eks$/.test(r.path)).body;
  assert.ok(sent.includes(PASSWORD) && sent.includes(BUNDLE));
  await create(flat('with-secrets-in-both', VALUES, { clusterVariables: { admin_password: PASSWORD } }), 201);
});

test('every way in which it can fail', async () => {
  // What the body says by itself.
  await create(flat('a', { ...VALUES, admin_password: [PASSWORD] }), 400);
  await create(flat('a', { ...VALUES, admin_password: { [PASSWORD]: PASSWORD } }), 400);
  await create(flat('A_', VALUES), 400);
  await create(flat('a', VALUES, { cloudConfig: {} }), 400);
  await create(flat('a', PASSWORD), 400);
  await create(flat('a', [PASSWORD]), 400);
  await create(undefined, 400, { raw: JSON.stringify(flat('a', VALUES)).slice(0, -1) });
  await create(undefined, 400, { raw: JSON.stringify(flat('a', VALUES)).replace('}', ',"admin_password":"x"}}') });
  // What the profiles declare.
  await create(flat('a', { ...VALUES, nobody_declares: 'x' }), 400);
  await create(flat('bad-bundle', { ...VALUES, ca_bundle: `${PASSWORD} is no base64` }), 400);
  await create(flat('empty', { ...VALUES, admin_password: '' }), 201);
  await create(flat('b', { admin_password: PASSWORD, ca_bundle: BUNDLE }), 400); // one is missing
  // Palette's own entity.
  await create(entity('a', given, { machinePoolConfig: [], machinepoolconfig: [] }), 400);
  await create(entity('', given), 400);
  await create(entity('a', given), 400);
  await create({ clusterConfig: entity('a', given) }, 400, { path: 'virtualclusters' });
  // Names that are taken, and what Palette would not create.
  await create(flat('with-secrets', VALUES), 400);
  await create(flat('with-secrets', VALUES, { cloudAccountUid: 'f'.repeat(24) }), 400, { query: '&dryRun' });
});

test('and when Palette fails', async () => {
  for (const fault of [{ fault: 'status', status: 500 }, { fault: 'status', status: 429 }, { fault: 'status', status: 401 },
    { fault: 'garbage' }, { fault: 'reset', bytes: 0 }, { fault: 'truncate', bytes: 5 }, { fault: 'hang' }]) {
    for (const query of ['', '&dryRun']) {
      await simulator.fault({ match: { method: 'POST', pathContains: 'spectroclusters' }, ...fault });
      await create(flat(`failed-${answers.length}`, VALUES), [502, 503, 504], { query });
      await simulator.heal();
    }
  }
});

test('none of it was written anywhere', async () => {
  const log = service.log();
  assert.match(log, / audit .*operation="?cluster\.create/);
  assert.match(log, / debug /, 'the log has all that there is');
  assert.ok(answers.length >= 25, `${answers.length} answers`);
  const written = [['the log', log], ...answers.map(a => [`${a.status} of ${a.json?.request?.url}`, a.text +
    JSON.stringify(a.headers)])];
  for (const [what, text] of written)
    for (const secret of [PASSWORD, BUNDLE])
      for (const form of disguises(secret)) {
        assert.ok(form.length > 20, form);
        assert.ok(!text.includes(form), `${what} has ${form}`);
      }
});

test('the search finds what is there', () => {
  for (const shift of [0, 1, 2]) {
    const hidden = Buffer.from(`${'x'.repeat(shift)}${PASSWORD} and more`).toString('base64');
    assert.ok(disguises(PASSWORD).some(form => hidden.includes(form)), `${shift}`);
  }
});
