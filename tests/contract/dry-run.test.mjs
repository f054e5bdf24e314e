// What is meant to be only tried creates nothing, however it is spelt.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { configuration, goodRequests, startService, startSimulator } from './harness.mjs';

let simulator;
let service;
let good;

before(async () => {
  simulator = await startSimulator('--seed', '31');
  service = await startService(configuration([simulator]));
  good = goodRequests(await simulator.world());
});

after(async () => {
  assert.equal(await service.stop(), 0, service.log());
  await simulator.stop();
});

const posts = async () => (await simulator.requests())
  .filter(r => r.method === 'POST' && /spectroclusters\/\w+(\?|$)/.test(r.target));

for (const operation of ['cluster.create', 'virtual_cluster.create']) {
  const path = operation === 'cluster.create' ? '/clusters' : '/virtualclusters';
  const send = async query => {
    await simulator.forget();
    const { query: { projectUid }, body } = good[operation];
    return service.request('POST', `/api/spectrocloud${path}?projectUid=${projectUid}&${query}`,
      { body: JSON.stringify(body) });
  };

  test(`${operation}: a dry run`, async () => {
    for (const query of ['dryRun', 'dryRun=', 'dryRun=true']) {
      const answer = await send(query);
      assert.ok([200, 422].includes(answer.status), `${query}: ${answer.status} ${answer.text}`);
      assert.equal((await posts()).length, 0, query);
    }
  });

  test(`${operation}: a misspelt one is refused`, async () => {
    for (const query of ['dryrun=true', 'dryRun=yes', 'dryRun=True', 'dry%zzRun=true', 'dryRun=%zz', 'x=1',
      'dryRun=true&dryRun=false', `${'a'.repeat(300)}=1`]) {
      const answer = await send(query);
      assert.equal(answer.status, 400, `${query}: ${answer.text}`);
      assert.equal((await simulator.requests()).length, 0, query);
    }
  });
}
