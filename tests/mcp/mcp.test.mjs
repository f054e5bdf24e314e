// What others make of our endpoint and of the command over pipes: the conformance suites, the inspector and the
// client libraries, in every era.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { TOKEN, configuration, startService, startSimulator } from '../contract/harness.mjs';
import { runSuite, suites } from './conformance.mjs';
import { startDoorman } from './doorman.mjs';
import { recentNode } from './node.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const INSPECTOR = join(HERE, 'node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js');
const BACKEND = resolve(process.env.SPECTROCLOUD_BACKEND ?? 'build/spectrocloud-backend');
const LIST = 'list_spectrocloud_clusters';
const MODERN = '2026-07-28';
const node = recentNode();
const skip = node === undefined && 'it needs Node 22';

let simulator;
let service;
let doorman;
let url;
let folder;
let command;

before(async () => {
  // These tests and what they start talk to this machine.
  for (const name of Object.keys(process.env)) if (/_proxy$/i.test(name)) delete process.env[name];
  simulator = await startSimulator('--seed', '7', '--projects', '5', '--clusters', '20', '--virtual-clusters', '5');
  const config = configuration([simulator]);
  service = await startService(config);
  url = `http://127.0.0.1:${service.port}/api/spectrocloud/mcp`;
  doorman = await startDoorman(url, { Authorization: `Bearer ${TOKEN}` });
  folder = mkdtempSync(join(tmpdir(), 'mcp-'));
  writeFileSync(join(folder, 'app-config.yaml'), JSON.stringify(config));
  command = [BACKEND, 'mcp', '--config', join(folder, 'app-config.yaml'), '--set', 'spectrocloud.telemetry.logLevel=error'];
});

after(async () => {
  await doorman.stop();
  assert.equal(await service.stop(), 0, service.log());
  await simulator.stop();
  rmSync(folder, { recursive: true, force: true });
});

// ---- conformance ----

for (const suite of suites)
  test(`conformance: ${suite.name}`, { skip, timeout: 300000 }, async () => {
    const { ok, passed, failed, said } = await runSuite(suite, doorman.url('/api/spectrocloud/mcp'));
    console.log(`score  ${suite.name.padEnd(26)} ${passed} checks passed, ${failed} failed${ok ? ', as expected' : ''}`);
    assert.ok(ok, said);
  });

// ---- the inspector ----

function inspect(...args) {
  return new Promise((done, failed) => {
    const child = spawn(node, [INSPECTOR, '--cli', ...args], { cwd: folder, env: { ...process.env, HOME: folder },
      stdio: ['ignore', 'pipe', 'pipe'], timeout: 60000 });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', text => { stdout += text; });
    child.stderr.setEncoding('utf8').on('data', text => { stderr += text; });
    child.on('error', failed);
    child.on('close', status => done({ status, stdout, stderr }));
  });
}

const overHttp = () => [url, '--transport', 'http', '--header', `Authorization: Bearer ${TOKEN}`];
// Options behind the command would be the inspector's.
function overPipes() {
  const script = join(folder, 'serve');
  writeFileSync(script, `#!/bin/sh\nexec ${command.map(word => `'${word}'`).join(' ')}\n`, { mode: 0o755 });
  return [script, '--transport', 'stdio'];
}

for (const [carrier, target] of [['HTTP', overHttp], ['pipes', overPipes]])
  for (const era of ['legacy', 'auto', 'modern'])
    test(`inspector over ${carrier}, ${era}: schemas are portable, and a tool can be called`, { skip }, async () => {
      const list = await inspect(...target(), '--protocol-era', era, '--method', 'tools/list', '--strict');
      assert.equal(list.status, 0, list.stderr + list.stdout);
      const { tools } = JSON.parse(list.stdout);
      assert.ok(tools.some(tool => tool.name === LIST));
      const call = await inspect(...target(), '--protocol-era', era, '--method', 'tools/call', '--tool-name', LIST,
        '--tool-args-json', '{"limit":3}');
      assert.equal(call.status, 0, call.stderr);
      assert.equal(JSON.parse(call.stdout).structuredContent.clusters.length, 3);
    });

test('inspector: many calls at once', { skip }, async () => {
  const { status, stdout, stderr } = await inspect(...overHttp(), '--method', 'tools/call', '--tool-name', LIST,
    '--tool-args-json', '{"limit":3}', '--load', '--load-requests', '100', '--load-concurrency', '8');
  assert.equal(status, 0, stderr);
  const { ok, requests, throughput, latencyMs } = JSON.parse(stdout);
  assert.equal(ok, 100, stdout);
  console.log(`score  ${'inspector --load'.padEnd(26)} ${ok} of ${requests} calls good, ${throughput} a second, `
    + `p99 ${latencyMs.p99} ms (with sanitizers)`);
});

// ---- the client libraries ----

const requestInit = { headers: { Authorization: `Bearer ${TOKEN}` } };

// Version 1 speaks the legacy era only; version 2 both.
async function clientOf(version, carrier, versionNegotiation) {
  const info = { name: 'tests', version: '1' };
  const [program, ...args] = command;
  if (version === 1) {
    const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
    const { StreamableHTTPClientTransport } = await import('@modelcontextprotocol/sdk/client/streamableHttp.js');
    const { StdioClientTransport } = await import('@modelcontextprotocol/sdk/client/stdio.js');
    const transport = carrier === 'HTTP' ? new StreamableHTTPClientTransport(new URL(url), { requestInit })
      : new StdioClientTransport({ command: program, args });
    const client = new Client(info);
    await client.connect(transport);
    return client;
  }
  const { Client, StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
  const { StdioClientTransport } = await import('@modelcontextprotocol/client/stdio');
  const transport = carrier === 'HTTP' ? new StreamableHTTPClientTransport(new URL(url), { requestInit })
    : new StdioClientTransport({ command: program, args });
  const client = new Client(info, { versionNegotiation });
  await client.connect(transport);
  return client;
}

async function useClient(client, callTool) {
  const { tools } = await client.listTools();
  assert.ok(tools.some(tool => tool.name === LIST));
  assert.match(client.getInstructions(), /nextCursor/);
  assert.equal(client.getServerVersion().name, 'spectrocloud-backend');
  // The client checks the answer against the output schema.
  const { structuredContent } = await client.callTool({ name: LIST, arguments: { limit: 2 } });
  assert.equal(structuredContent.clusters.length, 2);
  const wrong = await client.callTool({ name: LIST, arguments: { limit: -1 } });
  assert.equal(wrong.isError, true);
  await assert.rejects(client.callTool({ name: 'no_such_tool', arguments: {} }));

  const steps = [];
  await simulator.fault({ match: { pathPrefix: '/v1/dashboard/spectroclusters/meta', project: '' }, times: -1,
    fault: 'status', status: 403 });
  // Step by step: of a step that comes together with the answer the clients tell nobody.
  await simulator.fault({ match: { pathPrefix: '/v1/dashboard/spectroclusters/meta' }, times: -1, every: 2,
    fault: 'slow-headers', ms: 200 });
  await callTool({ name: LIST, arguments: { limit: 2 } }, { onprogress: step => steps.push(step) });
  await simulator.heal();
  assert.ok(steps.length > 0);

  // What the client gives up, the service gives up.
  await simulator.forget();
  await simulator.fault({ match: { pathPrefix: '/v1' }, times: -1, fault: 'slow-headers', ms: 20000 });
  const leave = new AbortController();
  const answer = callTool({ name: LIST, arguments: {} }, { signal: leave.signal });
  answer.catch(() => {});
  while ((await simulator.requests()).length === 0) await new Promise(done => setTimeout(done, 20));
  leave.abort();
  await assert.rejects(answer);
  await simulator.heal();
}

const eras = [
  ['SDK v1', 1, undefined, 'legacy'],
  ['SDK v2, legacy', 2, { mode: 'legacy' }, 'legacy'],
  ['SDK v2, auto', 2, { mode: 'auto' }, 'modern'],
  ['SDK v2, pinned', 2, { mode: { pin: MODERN } }, 'modern'],
];

for (const carrier of ['HTTP', 'pipes'])
  for (const [name, version, negotiation, era] of eras)
    test(`${name} over ${carrier}`, { timeout: 60000 }, async () => {
      const client = await clientOf(version, carrier, negotiation);
      try {
        if (version === 2) assert.equal(client.getProtocolEra(), era);
        const callTool = version === 1 ? (params, options) => client.callTool(params, undefined, options)
          : (params, options) => client.callTool(params, options);
        const before = service.log().length;
        await useClient(client, callTool);
        if (carrier === 'HTTP') {
          for (let i = 0; i < 150 && !service.log().slice(before).includes('called it off'); i++)
            await new Promise(done => setTimeout(done, 20));
          assert.match(service.log().slice(before), /called it off/);
        }
      } finally {
        await client.close();
      }
    });
