// What the simulator has for one cluster, as Palette's published schema says it: events, cloud
// configs, machines, variables. The paths and queries are those that src/palette/ asks with.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';

import { startSimulator } from '../contract/harness.mjs';

const swaggerFile = process.env.PALETTE_SPEC ?? '';
const skip = existsSync(swaggerFile) ? false : 'PALETTE_SPEC names no Swagger file of Palette';

// What is unset may be null, and members that nobody has heard of pass through.
const EXPECTED = [/ must be (array|object), not null$/, /\.futureField is not declared$/];

let prism;
let send;
let simulator;
let swagger;
let world;

async function start() {
  const [{ startPrism }, { openSwagger }, wire] = await Promise.all(
    [import('./prism.mjs'), import('./swagger.mjs'), import('./wire.mjs')]);
  swagger = openSwagger(swaggerFile);
  send = wire.send;
  simulator = await startSimulator('--seed', '11', '--clusters', '130');
  prism = await startPrism(swaggerFile);
  world = await simulator.world();
}

async function stop() {
  await simulator?.stop();
  await prism?.stop();
}

// One request, judged on its way out and on its way back. Its answer.
async function judge(target, project) {
  const record = { method: 'GET', target, body: '',
    headers: { ApiKey: 'sim-key', Accept: 'application/json', ...project && { ProjectUid: project } } };
  record.answer = await send(Number(new URL(simulator.url).port), record);
  assert.equal(record.answer.status, 200, `${target}: ${record.answer.body}`);
  const { template } = swagger.find(record) ?? assert.fail(`${target} is not in the schema`);
  assert.deepEqual(await prism.judge(record), [], template);
  assert.deepEqual(swagger.unknownNames(record), [], template);
  const faults = swagger.answerFaults(record).filter(f => !EXPECTED.some(e => e.test(f)));
  assert.deepEqual(faults, [], template);
  return JSON.parse(record.answer.body);
}

const PUBLISHED = ['eks', 'aws', 'aks', 'azure', 'vsphere', 'nested'];

// A cluster of each cloud that the file has, in each state that there is of it.
const sample = () => [...new Map(world.clusters
  .filter(c => !c.deleted && PUBLISHED.includes(c.cloudType))
  .map(c => [`${c.cloudType} ${c.state} ${c.health}`, c])).values()];

const suite = skip ? test : describe; // a suite that is left out would not be counted

suite("Palette's published schema of what a cluster has", { skip }, () => {
  before(start);
  after(stop);

  test('cloud configs and machines of each cloud and state', async () => {
    let machines = 0;
    for (const cluster of sample()) {
      const cloud = cluster.cloudType === 'nested' ? 'virtual' : cluster.cloudType;
      const base = `/v1/cloudconfigs/${cloud}/${cluster.configUid}`;
      const { spec } = await judge(base, cluster.project);
      for (const { name } of spec.machinePoolConfig) {
        const list = `${base}/machinePools/${name}/machines`;
        const { items } = await judge(`${list}?limit=50`, cluster.project);
        machines += items?.length ?? 0;
        if (items) await judge(`${list}/${items[0].metadata.uid}`, cluster.project);
      }
    }
    assert.ok(machines > 100);
  });

  test('events', async () => {
    for (const cluster of sample()) {
      const target = `/v1/events/components/spectrocluster/${cluster.uid}` +
        '?orderBy=metadata.creationTimestamp=-1&limit=50';
      const { items, listmeta } = await judge(target, cluster.project);
      assert.equal(items.length, 50);
      const next = encodeURIComponent(listmeta.continue);
      await judge(`${target}&continue=${next}`, cluster.project);
    }
  });

  test('variables, and a cluster with its labels and upgrades', async () => {
    let upgrades = 0;
    for (const cluster of sample()) {
      await judge(`/v1/spectroclusters/${cluster.uid}/variables`, cluster.project);
      const { metadata } = await judge(`/v1/spectroclusters/${cluster.uid}?includeTags=true`,
        cluster.project);
      assert.deepEqual(metadata.labels ?? {}, cluster.labels);
      const { status } = await judge(`/v1/dashboard/spectroclusters/${cluster.uid}`,
        cluster.project);
      upgrades += status.upgrades?.length ?? 0;
    }
    assert.ok(upgrades > 0);
  });
});
