// What an agent names, without a Backstage: names, uids, both at once; what it is told when it is refused; and that
// what is excluded is so at every door.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { invoke, listActions } from './actions.mjs';
import { configuration, startService, startSimulator } from './harness.mjs';

const HEALTH = 'get_spectrocloud_health_for_cluster';
const PROFILES = 'get_spectrocloud_cluster_profiles';
const KUBECONFIG = 'get_spectrocloud_kubeconfig_for_cluster';

let simulator;
let service;
let world;

before(async () => {
  simulator = await startSimulator('--seed', '7', '--projects', '3', '--clusters', '40');
  service = await startService(configuration([simulator]));
  world = await simulator.world();
});

after(async () => {
  assert.equal(await service.stop(), 0, service.log());
  await simulator.stop();
});

const hosts = () => world.clusters.filter(c => !c.deleted && c.project && c.cloudType !== 'nested');
const count = name => world.clusters.filter(c => !c.deleted && c.name === name).length;
const unique = () => hosts().find(c => count(c.name) === 1);

test('a name that several have is refused with what decides', async () => {
  const { name, uid } = hosts().find(c => count(c.name) > 1);
  const several = await invoke(service, HEALTH, { clusterName: name });
  assert.equal(several.status, 400, several.text);
  assert.match(several.json.error.message,
    new RegExp(`: ${count(name)} clusters are called "${name}": .*Give the uid instead of the name, or projectUid$`));
  const one = await invoke(service, HEALTH, { clusterName: uid });
  assert.equal(one.status, 200, one.text);
  assert.equal(one.json.output.cluster.uid, uid);
});

test('a name and a uid at once may mean two', async () => {
  const answer = await invoke(service, PROFILES,
    { clusterName: unique().name, clusterUid: unique().uid, projectUid: unique().project });
  assert.equal(answer.status, 400, answer.text);
  assert.match(answer.json.error.message, /Either clusterName or clusterUid \(in the input\), not both/);
});

test('where a person gets a kubeconfig that agents do not, it is', async () => {
  const cluster = hosts().find(c => c.kubeconfig === 'token' && c.hasKubeconfig && count(c.name) === 1);
  const refused = await invoke(service, KUBECONFIG, { clusterName: cluster.name });
  assert.equal(refused.status, 403, refused.text);
  const [, path] = refused.json.error.message.match(/gets it by: GET (\S+)$/);
  const file = await service.request('GET', path);
  assert.equal(file.status, 200, `${path}: ${file.text}`);
  assert.match(file.text, /token:/);
});

test('what Palette quotes of a secret is masked, in the answer and in the log', async () => {
  await simulator.fault({ match: { pathContains: '/profiles' }, times: -1, fault: 'status', status: 400,
    body: JSON.stringify({ code: 'Bad', message: 'value is wrong: password=quoted-secret-1' }) });
  try {
    const answer = await invoke(service, PROFILES, { clusterUid: unique().uid, projectUid: unique().project });
    assert.equal(answer.status, 400, answer.text);
    assert.match(answer.json.error.message, /value is wrong/);
    for (const text of [answer.text, service.log()]) assert.ok(!text.includes('quoted-secret-1'), text);
  } finally {
    await simulator.heal();
  }
});

test('what is excluded is so for Backstage and for MCP', async () => {
  const other = await startService(configuration([simulator], { mcp: { exclude: ['*_kubeconfig_*'] } }));
  const names = (await listActions(other)).map(action => action.name);
  assert.ok(names.includes(HEALTH) && !names.includes(KUBECONFIG), names.join());
  const invoked = await invoke(other, KUBECONFIG, { clusterName: 'x' });
  assert.equal(invoked.status, 404, invoked.text);
  const called = await other.request('POST', '/api/spectrocloud/mcp', { body: JSON.stringify({ jsonrpc: '2.0', id: 1,
    method: 'tools/call', params: { name: KUBECONFIG, arguments: { clusterName: 'x' } } }) });
  assert.equal(called.json.error.code, -32602, called.text);
  assert.equal(await other.stop(), 0, other.log());
});

test('the commands that run tools do without what only the service needs', () => {
  const config = configuration([simulator]);
  config.backend.auth.externalAccess[0].options.token = '${NO_SUCH_VARIABLE}';
  const folder = mkdtempSync(join(tmpdir(), 'contract-'));
  const file = join(folder, 'app-config.yaml');
  writeFileSync(file, JSON.stringify(config));
  const run = (...args) => spawnSync(process.env.SPECTROCLOUD_BACKEND, [...args, '--config', file],
    { encoding: 'utf8', input: '' });
  assert.equal(run('action', 'list').status, 0);
  assert.equal(run('mcp').status, 0);
  assert.match(run('serve').stderr, /externalAccess\[0\]\.options\.token/);
  config.spectrocloud.environments[0].url = '${NO_SUCH_VARIABLE}';
  writeFileSync(file, JSON.stringify(config));
  assert.match(run('mcp').stderr, /environments\[0\]\.url/);
  rmSync(folder, { recursive: true, force: true });
});
