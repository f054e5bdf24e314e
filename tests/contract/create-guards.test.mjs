// Who may not create clusters, and where: refused before Palette hears of it, whatever form the body has.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { creationsIn } from '../schema/bodies.mjs';
import { beside, startBackstage, startBeside, stopBeside, userToken } from './backstage.mjs';
import { OTHER_PLUGIN, RESTRICTED, configuration, startService, startSimulator } from './harness.mjs';

const UNKNOWN = 'ffffffffffffffffffffffff';
const PATHS = { 'cluster.create': 'clusters', 'virtual_cluster.create': 'virtualclusters' };

let simulator;
let service;
let world;
let forms; // one of each: a flat body, Palette's own, and Palette's own in clusterConfig

before(async () => {
  simulator = await startSimulator('--seed', '71', '--api-key', 'sim-key', '--api-key', 'member:projects=1',
    '--session-token', 'session-of-one:projects=1');
  service = await startService(configuration([simulator]));
  world = await simulator.world();
  const made = creationsIn(world);
  forms = ['flat', 'entity', 'wrapped'].map(form => made.find(c => c.form === form));
});

after(async () => {
  assert.equal(await service.stop(), 0, service.log());
  await simulator.stop();
});

const creates = async () => (await simulator.requests())
  .filter(r => r.method === 'POST' && /^\/v1\/spectroclusters\/\w+$/.test(r.path) && r.status === 201);

const send = (at, { operation, body }, name, query, options) => at.request('POST',
  `/api/spectrocloud/${PATHS[operation]}?${new URLSearchParams(query)}`, { body: JSON.stringify(body(name)), ...options });

// ---- who, and where ----

const project = () => world.projects[0].uid;

const REFUSALS = [
  ['no token', 401, 'AuthenticationError', { token: null }],
  ['a token that nobody has', 401, 'AuthenticationError', { token: 'contract-token-000' }],
  ['half a token', 401, 'AuthenticationError', { headers: { authorization: 'Bearer' }, token: null }],
  ['another scheme', 401, 'AuthenticationError', { headers: { authorization: 'Basic eDp5' }, token: null }],
  ['a token without the permission', 403, 'NotAllowedError', { token: RESTRICTED }],
  ['a token for another plugin', 403, 'NotAllowedError', { token: OTHER_PLUGIN }],
  ['an instance that nobody configured', 400, 'InputError', {}, { instance: 'nowhere' }],
  ['a project that is no identifier', 400, 'InputError', {}, { projectUid: 'a/b' }],
  ['a project named twice', 400, 'InputError', {}, [['projectUid', 'a'], ['projectUid', 'b']]],
  ['a parameter that there is not', 400, 'InputError', {}, { project: 'a' }],
  ["somebody else's session", 403, 'NotAllowedError', { headers: { 'X-SpectroCloud-User-Email': 'ada@example.com' } }],
];

for (const [what, status, name, options, query = { projectUid: undefined }] of REFUSALS)
  test(`${what}: ${status}, and Palette hears nothing`, async () => {
    for (const form of forms)
      for (const dryRun of [[], [['dryRun', 'true']]]) {
        const pairs = Array.isArray(query) ? query
          : Object.entries({ projectUid: project(), ...query }).filter(([, v]) => v !== undefined);
        await simulator.forget();
        const answer = await send(service, form, 'refused', [...pairs, ...dryRun], options);
        assert.equal(answer.status, status, `${form.form}: ${answer.text}`);
        assert.equal(answer.json.error.name, name);
        assert.deepEqual(await simulator.requests(), [], `${form.form}: something went upstream`);
      }
  });

test('a user whom the permission policy denies it: 403, and Palette hears nothing', async () => {
  const backstage = await startBackstage();
  const inside = await startBeside(backstage, beside(backstage, configuration([simulator])));
  backstage.decide = () => 'DENY';
  for (const form of forms)
    for (const dryRun of [{}, { dryRun: 'true' }]) {
      await simulator.forget();
      const answer = await send(inside, form, 'refused', { projectUid: project(), ...dryRun },
        { token: userToken(backstage.users[0], { sub: 'user:default/ada' }) });
      assert.equal(answer.status, 403, answer.text);
      assert.match(answer.json.error.message, /spectrocloud\.cluster\.create is denied to user:default\/ada/);
      assert.deepEqual(await simulator.requests(), []);
    }
  await stopBeside(backstage, inside);
  await backstage.stop();
});

// Which projects there are, and whose, is Palette's to know: it is asked, and nothing is created.
for (const [what, projectUid, session, statuses] of [
  ['a project that does not exist', () => UNKNOWN, undefined, [400, 403, 404, 502]],
  ["a project that is not the user's", () => world.projects[1].uid, 'session-of-one', [400, 403, 404]],
  ["the tenant, which is not the user's", () => undefined, 'session-of-one', [400, 403, 404]]])
  test(`${what}: nothing is created`, async () => {
    for (const form of forms) {
      await simulator.forget();
      const uid = projectUid();
      const answer = await send(service, form, 'nowhere', uid ? { projectUid: uid } : {},
        { headers: session ? { 'X-SpectroCloud-Token': session } : {} });
      assert.ok(statuses.includes(answer.status), `${form.form}: ${answer.status} ${answer.text}`);
      assert.deepEqual(await creates(), []);
      assert.ok(!(await simulator.world()).clusters.some(c => c.name === 'nowhere'));
    }
  });
