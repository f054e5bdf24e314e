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

// Kills pid when this process ends, however it ends: its standard input is closed then.
function guard(pid) {
  const child = spawn('sh', ['-c', 'read -r _; kill -KILL "$1" 2>/dev/null', 'guard', String(pid)],
    { stdio: ['pipe', 'ignore', 'ignore'] });
  child.unref();
  child.stdin.unref();
  return { release: () => child.kill('SIGKILL') };
}

// The service as the plugin of that Backstage, with the same configuration.
// extra goes into the section `spectrocloud`, change beside it. Decisions are not kept, unless a test
// says so: most change the policy and look what happens then.
export async function startService(backstage, simulator, extra = {}, change = {}) {
  const { backend, discovery, permission, auth } = backstage.config;
  const { stop, ...service } = await startServiceAlone({
    backend, discovery, permission, auth, ...change,
    spectrocloud: {
      enablePermissions: true,
      permissions: { cacheTtl: '0s' },
      // Needed where Backstage's database is in a file.
      tokenStore: { encryptionKey: Buffer.alloc(32, 'key').toString('base64') },
      ...extra,
      upstream: { retryDelay: '1ms', ...extra.upstream },
      environments: [{ name: 'first', url: simulator.url, tenant: 'sim', apiToken: 'sim-key' }],
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
export async function startAll(options) {
  const simulator = await startSimulator('--seed', '7', '--projects', '3', '--clusters', '40',
    '--virtual-clusters', '9');
  const backstage = await startBackstage(options);
  let service;
  let rows;
  let good;
  try {
    service = await startService(backstage, simulator);
    ({ rows } = await operations(service));
    good = goodRequests(await simulator.world());
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
    simulator, backstage, rows, goodFor,
    get service() { return service; },

    // Another one in its place, with a new key.
    async restartService(...change) {
      assert.equal(await service.stop(), 0, service.log());
      service = await startService(backstage, simulator, ...change);
    },

    // The calls that Palette and the policy have seen since the last time.
    async forget() {
      await Promise.all([simulator.forget(), backstage.forgetAsked()]);
    },
    async seen() {
      const [requests, asked] = await Promise.all([simulator.requests(), backstage.asked()]);
      return { upstream: requests.length, asked };
    },

    async stop() {
      const code = await service.stop();
      await Promise.all([backstage.stop(), simulator.stop()]);
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
