// Requests that only wait hold no worker, and a crowd at one Palette is served, not refused, while another Palette's
// callers go on.
import assert from 'node:assert/strict';
import net from 'node:net';
import { test } from 'node:test';

import { until } from './backstage.mjs';
import { TOKEN, configuration, startService, startSimulator } from './harness.mjs';

async function startSome(t, seeds, server, upstream) {
  const simulators = await Promise.all(seeds.map(seed => startSimulator('--seed', seed, '--projects', '2',
    '--clusters', '10')));
  const config = configuration(simulators, { server, upstream: { timeout: '3s', attempts: 1, ...upstream } });
  const service = await startService(config);
  const names = config.spectrocloud.environments.map(environment => environment.name);
  t.after(async () => {
    assert.equal(await service.stop(), 0, service.log());
    await Promise.all(simulators.map(simulator => simulator.stop()));
  });
  const worlds = await Promise.all(simulators.map(simulator => simulator.world()));
  return { service, simulators, names, worlds };
}

const startTwo = (t, server) => startSome(t, ['3', '4'], server);

const read = (world, name, n) => {
  const { uid, project } = world.clusters.filter(c => !c.deleted && c.project !== null)[n % 5];
  return `/api/spectrocloud/clusters/${uid}?projectUid=${project}&instance=${name}`;
};

test('sixty reads at once of one of two environments are all answered', async t => {
  const { service, simulators, names, worlds } = await startTwo(t, { workers: 4, waiting: 100 });
  await simulators[0].fault({ fault: 'delay', ms: 20 });
  const answers = await Promise.all(Array.from({ length: 60 }, (_, n) =>
    service.request('GET', read(worlds[0], names[0], n))));
  assert.deepEqual([...new Set(answers.map(answer => answer.status))], [200]);
});

test('a Palette that hangs leaves room for the other one, and who cannot wait is told so at once', async t => {
  const { service, simulators, names, worlds } = await startTwo(t, { workers: 4, waiting: 8 });
  await simulators[0].fault({ fault: 'hang' });
  // Three are at work, six wait, and the others are refused.
  const stuck = Array.from({ length: 15 }, (_, n) => service.request('GET', read(worlds[0], names[0], n)));
  const refused = await Promise.race(stuck);
  assert.equal(refused.status, 503);
  assert.match(refused.headers['retry-after'], /^[1-9]\d*$/);
  for (let n = 0; n < 20; n++)
    assert.equal((await service.request('GET', read(worlds[1], names[1], n))).status, 200);
  const statuses = (await Promise.all(stuck)).map(answer => answer.status);
  assert.deepEqual([...new Set(statuses)].sort(), [503, 504], statuses.join());
  assert.ok(statuses.filter(status => status === 503).length >= 6, statuses.join());
});

test('two Palettes that hang leave room for a third', async t => {
  const { service, simulators, names, worlds } = await startSome(t, ['3', '4', '5'], { workers: 4, waiting: 100 },
    { timeout: '4s', circuitFailures: 0 });
  await Promise.all(simulators.slice(0, 2).map(simulator => simulator.fault({ fault: 'hang' })));
  let ended = 0;
  const stuck = [0, 1].flatMap(i => Array.from({ length: 5 }, (_, n) =>
    service.request('GET', read(worlds[i], names[i], n)).finally(() => { ended++; })));
  await until(async () => (await simulators[1].requests()).length > 0, 'both are asked');
  for (let n = 0; n < 20; n++)
    assert.equal((await service.request('GET', read(worlds[2], names[2], n))).status, 200);
  assert.equal(ended, 0, 'it waited for the others');
  assert.deepEqual([...new Set((await Promise.all(stuck)).map(answer => answer.status))], [504]);
});

test('a crowd with one question leaves room for another environment, too', async t => {
  const { service, simulators, names, worlds } = await startTwo(t, { workers: 4, waiting: 8 });
  await simulators[0].fault({ fault: 'hang' });
  const stuck = Array.from({ length: 30 }, () =>
    service.request('GET', `/api/spectrocloud/projects?instance=${names[0]}`));
  assert.equal((await Promise.race(stuck)).status, 503);
  for (let n = 0; n < 20; n++)
    assert.equal((await service.request('GET', read(worlds[1], names[1], n))).status, 200);
  const statuses = (await Promise.all(stuck)).map(answer => answer.status);
  assert.deepEqual([...new Set(statuses)].sort(), [503, 504], statuses.join());
});

test('who only reads and leaves is not asked for any more', async t => {
  const { service, simulators, names, worlds } = await startTwo(t, { workers: 1, waiting: 0 });
  await simulators[0].fault({ fault: 'hang', times: 1 });
  const { uid, project } = worlds[0].clusters.find(c => !c.deleted && c.project !== null);
  const socket = net.connect(service.port, '127.0.0.1');
  socket.write(`GET /api/spectrocloud/clusters/${uid}?projectUid=${project}&instance=${names[0]} HTTP/1.1\r\n` +
    `Host: x\r\nAuthorization: Bearer ${TOKEN}\r\n\r\n`);
  await until(async () => (await simulators[0].requests()).length > 0, 'Palette is asked');
  socket.destroy();
  const start = performance.now();
  assert.equal((await service.request('GET', read(worlds[0], names[0], 1))).status, 200);
  assert.ok(performance.now() - start < 2500, 'the one worker was held');
});
