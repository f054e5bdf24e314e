// How agents make a cluster: what it needs, a plan that creates nothing, and the creation of just that plan.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { creations } from '../schema/bodies.mjs';
import { assertConforms, assertErrorBody, badInputs, invoke, listActions } from './actions.mjs';
import { RESTRICTED, TRUSTED, configuration, startService, startSimulator } from './harness.mjs';

const FIELDS = 'get_spectrocloud_cluster_fields';
const PLAN = 'plan_spectrocloud_cluster';
const CREATE = 'create_spectrocloud_cluster';
const KINDS = ['eks', 'aws', 'aks', 'azure', 'vsphere', 'virtual'];

let simulator;
let service;
let actions;
let project;
let bodies; // flat, by kind

const start = mcp => startService(configuration([simulator], { mcp,
  upstream: { timeout: '2s', attempts: 2, connectTimeout: '500ms' } }));

before(async () => {
  simulator = await startSimulator('--seed', '7', '--projects', '3', '--inherit-tenant-objects');
  const world = await simulator.world();
  const account = type => world.accounts.find(a => a.type === type && a.scope === 'tenant').uid;
  project = world.projects[0].uid;
  const it = { aws: account('aws'), azure: account('azure'), vsphere: account('vsphere'), ...found(world) };
  bodies = Object.fromEntries(creations(it).filter(c => c.form === 'flat')
    .map(c => [c.kind, c.body(`agent-${c.kind}`)]));
  service = await start({ toolsets: 'create', include: ['*', CREATE] });
  actions = new Map((await listActions(service)).map(a => [a.name, a]));
});

after(async () => {
  assert.equal(await service.stop(), 0, service.log());
  await simulator.stop();
});
