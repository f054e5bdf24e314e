// Two environments: each request goes to the right Palette with the right key.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { configuration, startService, startSimulator } from './harness.mjs';

let simulators;
let service;

before(async () => {
  simulators = [
    await startSimulator('--seed', '1', '--name', 'one'),
    await startSimulator('--seed', '2', '--name', 'two', '--api-key', 'other-key'),
  ];
  const config = configuration(simulators);
  config.spectrocloud.environments[1].apiToken = 'other-key';
  service = await startService(config);
});

after(async () => {
  assert.equal(await service.stop(), 0, service.log());
  await Promise.all(simulators.map(s => s.stop()));
});

const uids = clusters => clusters.map(c => c.metadata?.uid ?? c.uid).sort();

async function truth(simulator) {
  const world = await simulator.world();
  return world.clusters.filter(c => !c.deleted && c.cloudType !== 'nested');
}

async function askAndCount(path) {
  await Promise.all(simulators.map(s => s.forget()));
  const answer = await service.request('GET', `/api/spectrocloud${path}`);
  const seen = await Promise.all(simulators.map(s => s.requests()));
  return { answer, seen };
}

for (const [query, index] of [['', 0], ['?instance=', 0], ['?instance=first', 0], ['?instance=second', 1]]) {
  test(`GET /clusters${query} is asked of environment ${index}`, async () => {
    const { answer, seen } = await askAndCount(`/clusters${query}`);
    assert.equal(answer.status, 200, answer.text);
    const wanted = uids(await truth(simulators[index]));
    const found = uids(answer.json.clusters.filter(c => c.spec?.cloudType !== 'nested'));
    assert.deepEqual(found, wanted);
    assert.ok(seen[index].length > 0);
    assert.equal(seen[1 - index].length, 0);
    for (const request of seen[index]) assert.match(request.credential, /^key:\d/);
  });
}

test('an unknown one is a 400 that lists the names', async () => {
  for (const name of ['third', 'First', 'first%20', 'first/..', '%00']) {
    const { answer, seen } = await askAndCount(`/clusters?instance=${name}`);
    assert.equal(answer.status, 400, answer.text);
    if (!name.includes('%00')) assert.match(answer.json.error.message, /first, second/);
    assert.deepEqual(seen.map(s => s.length), [0, 0]);
  }
});

test('given twice is a 400', async () => {
  const { answer, seen } = await askAndCount('/clusters?instance=first&instance=second');
  assert.equal(answer.status, 400);
  assert.deepEqual(seen.map(s => s.length), [0, 0]);
});

test('the second mount answers the same', async () => {
  const a = await service.request('GET', '/spectrocloud/projects?instance=second');
  const b = await service.request('GET', '/api/spectrocloud/projects?instance=second');
  assert.equal(a.status, 200);
  assert.equal(a.text, b.text);
});

test('no environment configured: a plain 500', async () => {
  const config = configuration([]);
  delete config.spectrocloud.environments;
  const empty = await startService(config);
  const answer = await empty.request('GET', '/api/spectrocloud/clusters');
  assert.equal(answer.status, 500);
  assert.match(answer.json.error.message, /spectrocloud\.environments/);
  assert.equal(await empty.stop(), 0);
});
