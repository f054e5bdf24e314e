// Starts a Backstage, the service as its plugin, and the simulated Palette. Everything ends with the
// test, also if that is killed.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';

import {
  goodRequests, operations, startService as startServiceAlone, startSimulator,
} from '../../tests/contract/harness.mjs';
import { startBackstage } from './host.mjs';

export * from './host.mjs';

// The environments of the service: a simulated Palette each.
export const INSTANCES = ['first', 'second'];

// Kills pid when this process ends, however it ends: its standard input is closed then.
function guard(pid) {
  const child = spawn('sh', ['-c', 'read -r _; kill -KILL "$1" 2>/dev/null', 'guard', String(pid)],
    { stdio: ['pipe', 'ignore', 'ignore'] });
  child.unref();
  child.stdin.unref();
  return { release: () => child.kill('SIGKILL') };
}

// The service as the plugin of that Backstage, with the same configuration, and an environment for
// each simulator.
// extra goes into the section `spectrocloud`, change beside it. Decisions are not kept, unless a
// test says so: most change the policy and look what happens then.
export async function startService(backstage, simulators, extra = {}, change = {}) {
  const { backend, discovery, permission, auth } = backstage.config;
  const { stop, ...service } = await startServiceAlone({
    backend, discovery, permission, auth, ...change,
    spectrocloud: {
      enablePermissions: true,
      permissions: { cacheTtl: '0s' },
      // Needed where Backstage's database is in a file.
      tokenStore: { encryptionKey: Buffer.alloc(32, 'key').toString('base64') },
      ...extra,
      upstream: { retryDelay: '1ms', ratePercent: 0, ...extra.upstream },
      cache: { ttl: { lists: '0s', details: '0s' } },
      environments: [simulators].flat().map(({ url }, i) =>
        ({ name: INSTANCES[i], url, tenant: 'sim', apiToken: 'sim-key' })),
    },
  }, '--listen', `127.0.0.1:${backstage.servicePort}`);
  const watcher = guard(service.pid);
  return {
    ...service,
    async stop() {
      const code = await stop();
      watcher.release();
      return code;
    },
  };
}

// All three, and the operations with a good request for each. stop() checks that the service ended
// well, which it does not if a sanitizer found something.
// environments: how many. settings: more of the section `spectrocloud`. entitiesOf: makes the
// entities that an ingestor brings, out of what each simulator has.
export async function startAll({
  environments = 1, settings = {}, entitiesOf = () => [], ...options
} = {}) {
  const simulators = await Promise.all(INSTANCES.slice(0, environments).map((_, i) =>
    startSimulator('--seed', String(7 + i), '--projects', '3', '--clusters', '40',
      '--virtual-clusters', '9')));
  const [simulator] = simulators;
  const worlds = await Promise.all(simulators.map(each => each.world()));
  const backstage = await startBackstage({ ...options, entities: entitiesOf(worlds) });
  const logs = []; // of services that have ended
  let service;
  let rows;
  let good;
  try {
    service = await startService(backstage, simulators, settings);
    ({ rows } = await operations(service));
    good = goodRequests(worlds[0]);
  } catch (error) {
    await backstage.stop();
    throw error;
  }
  let made = 0;

  // A cluster's name is free only once.
  function goodFor(row) {
    const request = structuredClone(good[row.operationId]);
    const entity = request.body?.clusterConfig ?? request.body;
    if (entity?.metadata) entity.metadata.name = `made-by-tests-${++made}`;
    return request;
  }

  return {
    simulator, simulators, worlds, backstage, rows, goodFor,
    get service() { return service; },

    // Another one in its place, with a new key.
    async restartService(extra = {}, change = {}) {
      assert.equal(await service.stop(), 0, service.log());
      logs.push(service.log());
      service = await startService(backstage, simulators, { ...settings, ...extra }, change);
    },

    // The calls that Palette and the policy have seen since the last time.
    async forget() {
      await Promise.all([...simulators.map(each => each.forget()), backstage.forgetAsked()]);
    },
    async seen() {
      const [asked, ...requests] = await Promise.all(
        [backstage.asked(), ...simulators.map(each => each.requests())]);
      return { upstream: requests.flat().length, asked };
    },

    // All that the service has written, also before it was started again.
    log: () => logs.join('') + service.log(),

    async stop() {
      const code = await service.stop();
      await Promise.all([backstage.stop(), ...simulators.map(each => each.stop())]);
      assert.equal(code, 0, service.log());
    },
  };
}

// What plays the service where that does not matter; hears: [{ method, url, headers, body }].
export async function startStandIn(backstage, answer = { status: 'here' }) {
  const heard = [];
  const server = http.createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const { method, url, headers } = request;
    heard.push({ method, url, headers, body: Buffer.concat(parts).toString() });
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify(answer));
  }).listen(backstage.servicePort, '127.0.0.1');
  await once(server, 'listening');
  return { heard, stop: () => { server.close(); server.closeAllConnections(); } };
}
