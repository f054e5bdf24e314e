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

const PRICE = '/api/spectrocloud/clusters?dryRun=true&projectUid=';
const priced = () => {
  const { query: { projectUid }, body } = good['cluster.create'];
  return service.request('POST', `${PRICE}${projectUid}`, { body: JSON.stringify(body) });
};

test('a dry run tells what Palette expects it to cost', async () => {
  const answer = await priced();
  assert.equal(answer.status, 200, answer.text);
  const { kind, entity, price, warnings } = answer.json;
  assert.equal(kind, 'eks');
  assert.equal(entity.metadata.name, good['cluster.create'].body.metadata.name);
  assert.equal(warnings, undefined);
  assert.equal(price.periodType, 'hourly');
  assert.ok(price.total > 0 && price.total === price.compute + price.storage, answer.text);
  const size = entity.spec.machinepoolconfig[0].poolConfig.size;
  assert.deepEqual(price.machinePools.map(pool => [pool.name, pool.nodesCount]), [['workers', size]]);
});

test('where Palette tells no price, a warning says so', async () => {
  for (const fault of [{ fault: 'status', status: 400 }, { fault: 'status', status: 500 },
    { fault: 'status', status: 502, body: '<html>', contentType: 'text/html' }, { fault: 'reset' },
    { fault: 'truncate' }, { fault: 'garbage' }, { fault: 'not-object' }]) {
    await simulator.fault({ match: { pathContains: '/rate' }, ...fault });
    const answer = await priced();
    await simulator.heal();
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.json.price, undefined);
    assert.equal(answer.json.warnings.length, 1, answer.text);
    assert.match(answer.json.warnings[0].message, /^The price of the eks cluster: /);
  }
});

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

test('a project that is there but empty is not taken for the tenant', async () => {
  for (const [operation, path] of [['cluster.create', '/clusters'], ['virtual_cluster.create', '/virtualclusters']]) {
    await simulator.forget();
    const answer = await service.request('POST', `/api/spectrocloud${path}?projectUid=`,
      { body: JSON.stringify(good[operation].body) });
    assert.equal(answer.status, 400, answer.text);
    assert.match(answer.json.error.message, /projectUid \(in the query\) must not be empty/);
    assert.equal((await simulator.requests()).length, 0, operation);
  }
});

test('what belongs into the query is not passed over in the body', async () => {
  for (const [operation, path] of [['cluster.create', '/clusters'], ['virtual_cluster.create', '/virtualclusters']])
    for (const [name, value] of [['dryRun', true], ['projectUid', 'x'], ['instance', 'first']]) {
      await simulator.forget();
      const answer = await service.request('POST', `/api/spectrocloud${path}`,
        { body: JSON.stringify({ ...good[operation].body, [name]: value }) });
      assert.equal(answer.status, 400, `${operation}, ${name}: ${answer.text}`);
      assert.ok(answer.json.error.message.includes(`${name} (in the body) goes into the query`), answer.text);
      assert.equal((await simulator.requests()).length, 0, operation);
    }
});
