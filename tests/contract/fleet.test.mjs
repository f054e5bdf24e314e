// A tenant of 500 projects and 10,000 clusters: the whole list, by the tenant's scope and project by project. And how
// much memory a list of 50,000 takes beside itself.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

import { configuration, isSanitized, startService, startSimulator } from './harness.mjs';

const SIZE = ['--seed', '5', '--projects', '500', '--clusters', '10000', '--virtual-clusters', '600'];

// Of /proc: VmHWM, the most so far, or VmRSS, now.
const bytesOf = (pid, field) =>
  Number(readFileSync(`/proc/${pid}/status`, 'utf8').match(new RegExp(`${field}:\\s+(\\d+)`))[1]) * 1024;
const peakMiB = pid => Math.round(bytesOf(pid, 'VmHWM') / 1048576);

async function listAll(t, title, simulator, config) {
  const world = await simulator.world();
  const service = await startService(config);
  await simulator.forget();
  const start = performance.now();
  const { status, text, json } = await service.request('GET', '/api/spectrocloud/clusters');
  const took = Math.round(performance.now() - start);
  const asked = (await simulator.requests()).length;
  assert.equal(status, 200, text.slice(0, 300));
  const wanted = world.clusters.filter(c => !c.deleted && visible(c, world, config)).map(c => c.uid).sort();
  assert.deepEqual(json.clusters.map(c => c.metadata.uid).sort(), wanted);
  assert.equal(json.warnings, undefined);
  t.diagnostic(`${title}: ${json.clusters.length} clusters, ${(text.length / 1048576).toFixed(1)} MiB, ` +
    `${took} ms, ${asked} requests to Palette, ${peakMiB(service.pid)} MiB at the peak`);
  assert.equal(await service.stop(), 0, service.log());
  return asked;
}

// What belongs to the tenant itself is not in any project.
function visible(cluster, world, config) {
  return cluster.project !== null || config.spectrocloud.environments[0].apiToken === 'sim-key';
}

test('by a tenant administrator', async t => {
  const simulator = await startSimulator(...SIZE);
  const asked = await listAll(t, 'tenant', simulator, configuration([simulator]));
  assert.ok(asked < 30, `${asked} requests where one list covers the projects`);
  await simulator.stop();
});

test('by someone who has every project and nothing of the tenant', async t => {
  const every = Array.from({ length: 500 }, (_, i) => i + 1).join(',');
  const simulator = await startSimulator(...SIZE, '--api-key', `member:projects=${every}`);
  const config = configuration([simulator]);
  config.spectrocloud.environments[0].apiToken = 'member';
  const asked = await listAll(t, 'projects', simulator, config);
  assert.equal(asked, 501, 'who am I, and each project once');
  await simulator.stop();
});

// What a sanitizer adds says nothing.
test('a list is in memory once', { skip: isSanitized() }, async t => {
  const simulator = await startSimulator('--seed', '7', '--projects', '500', '--clusters', '50000');
  const service = await startService(configuration([simulator], { upstream: { timeout: '2m', maxAnswerBytes: '512MiB' },
    server: { requestTimeout: '2m' } }));
  assert.equal((await service.request('GET', '/api/spectrocloud/users/me/projects')).status, 200);
  const idle = bytesOf(service.pid, 'VmRSS');
  const { status, text } = await service.request('GET', '/api/spectrocloud/clusters', { patience: 120000 });
  assert.equal(status, 200, text.slice(0, 300));
  const size = Buffer.byteLength(text);
  const more = bytesOf(service.pid, 'VmHWM') - idle;
  const mib = bytes => (bytes / 1048576).toFixed(1);
  t.diagnostic(`50,000 clusters: an answer of ${mib(size)} MiB takes ${mib(more)} MiB, ${(more / size).toFixed(2)} times ` +
    `its size; idle: ${mib(idle)} MiB`);
  assert.ok(more <= 1.5 * size, `${mib(more)} MiB for ${mib(size)} MiB`);
  assert.equal(await service.stop(), 0, service.log());
  await simulator.stop();
});
