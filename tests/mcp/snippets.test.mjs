// The snippets of docs/agents.md do what they say: with the clients themselves where those run without a window and
// without an account, else with a client library at the address, or with the command, that stands there.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

import { TOKEN, configuration, startService, startSimulator } from '../contract/harness.mjs';

const HERE = fileURLToPath(new URL('.', import.meta.url));
const PAGE = readFileSync(join(HERE, '../../docs/agents.md'), 'utf8');
const BACKEND = resolve(process.env.SPECTROCLOUD_BACKEND ?? 'build/spectrocloud-backend');
const PACKAGES = join(HERE, 'clients/node_modules');
const CLIENTS = {
  claude: join(PACKAGES, '@anthropic-ai/claude-code/cli-wrapper.cjs'),
  gemini: join(PACKAGES, '@google/gemini-cli/bundle/gemini.js'),
};
const LIST = 'list_spectrocloud_clusters';
const CALLER = 'SPECTROCLOUD_CALLER_TOKEN';
const KEY = 'SPECTROCLOUD_API_TOKEN';

let simulator;
let service;
let folder;
let url;
let file;

before(async () => {
  for (const name of Object.keys(process.env)) if (/_proxy$/i.test(name)) delete process.env[name];
  simulator = await startSimulator('--seed', '7', '--projects', '2', '--clusters', '8');
  const config = configuration([simulator]);
  service = await startService(config);
  url = `http://127.0.0.1:${service.port}/api/spectrocloud/mcp`;
  folder = mkdtempSync(join(tmpdir(), 'snippets-'));
  file = join(folder, 'app-config.yaml');
  config.spectrocloud.environments[0].apiToken = `\${${KEY}}`;
  config.spectrocloud.telemetry = { logLevel: 'error' };
  writeFileSync(file, JSON.stringify(config));
});

after(async () => {
  assert.equal(await service.stop(), 0, service.log());
  await simulator.stop();
  rmSync(folder, { recursive: true, force: true });
});

// ---- the page ----

// The snippets of one kind, in the page's order.
const snippets = kind => [...PAGE.matchAll(/<!-- run: (\w+) -->\n```\w+\n([^]*?)```/g)]
  .filter(([, marked]) => marked === kind).map(([, , text]) => text);

// With the places and secrets of these tests.
const here = text => text
  .replaceAll('http://127.0.0.1:7727/api/spectrocloud/mcp', url)
  .replaceAll('/opt/spectrocloud/spectrocloud-backend', BACKEND)
  .replaceAll('/opt/spectrocloud/app-config.yaml', file)
  .replaceAll('YOUR-API-KEY', 'sim-key');

// What a person has in the shell in which they try it, and nothing of who runs the tests.
const person = home => ({
  HOME: home, PATH: `${join(home, 'bin')}:${process.env.PATH}`, [CALLER]: TOKEN, [KEY]: 'sim-key',
  GEMINI_CLI_TRUST_WORKSPACE: 'true',
});

// A home of its own, with the programs that the snippets call by their names.
function makeHome() {
  const home = mkdtempSync(join(folder, 'home-'));
  const put = (name, ...words) => writeFileSync(join(home, 'bin', name),
    `#!/bin/sh\nexec ${words.map(word => `'${word}'`).join(' ')} "$@"\n`, { mode: 0o755 });
  mkdirSync(join(home, 'bin'));
  put('spectrocloud-backend', BACKEND);
  for (const [name, script] of Object.entries(CLIENTS)) put(name, process.execPath, script);
  return home;
}

// { status, output } of a shell script.
function shell(script, home) {
  return new Promise((done, failed) => {
    const child = spawn('sh', ['-c', script], { cwd: home, env: person(home), stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 90000 });
    let output = '';
    let errors = '';
    child.stdout.setEncoding('utf8').on('data', text => { output += text; });
    child.stderr.setEncoding('utf8').on('data', text => { errors += text; });
    child.on('error', failed);
    child.on('close', status => done({ status, output, errors }));
  });
}

async function run(script, home) {
  const { status, output, errors } = await shell(script, home);
  assert.equal(status, 0, `${script}\n${output}${errors}`);
  return output;
}

test('each marked snippet is one that is run here', () => {
  const known = ['action', 'claude', 'codex', 'curl', 'gemini', 'mcpServers', 'servers', 'settings'];
  const marks = [...PAGE.matchAll(/<!-- run: (.*) -->/g)].map(([, kind]) => kind);
  assert.deepEqual([...new Set(marks)].sort(), known);
  assert.equal(marks.length, known.reduce((sum, kind) => sum + snippets(kind).length, 0));
});

// ---- at a shell ----

test('curl', async () => {
  for (const text of snippets('curl')) {
    const { result } = JSON.parse(await run(here(text), makeHome()));
    assert.ok(result.tools.some(tool => tool.name === LIST));
  }
});

test('action run', async () => {
  for (const text of snippets('action'))
    assert.equal(JSON.parse(await run(here(text), makeHome())).clusters.length, 5);
});

// ---- the clients themselves ----

// npm writes that file when all is there.
const missing = name => !(existsSync(CLIENTS[name]) && existsSync(join(PACKAGES, '.package-lock.json')))
  && `${name} is not installed in tests/mcp/clients`;
const connected = /^spectrocloud: .*Connected/m;

test('Claude Code', { skip: missing('claude'), timeout: 300000 }, async () => {
  for (const text of snippets('claude')) {
    const home = makeHome();
    await run(here(text), home);
    assert.match(await run('claude mcp list', home), connected, text);
  }
});

test('Claude Code, with a project\'s file', { skip: missing('claude'), timeout: 120000 }, async () => {
  const home = makeHome();
  writeFileSync(join(home, '.mcp.json'), here(snippets('mcpServers')[0]));
  mkdirSync(join(home, '.claude'));
  writeFileSync(join(home, '.claude/settings.json'), JSON.stringify({ enableAllProjectMcpServers: true }));
  assert.match(await run('claude mcp list', home), connected);
});

test('Claude Code is refused with another token', { skip: missing('claude'), timeout: 120000 }, async () => {
  const home = makeHome();
  await run(here(snippets('claude')[0]).replace(`$${CALLER}`, 'another-token'), home);
  assert.doesNotMatch(await run('claude mcp list', home), connected);
});

test('Gemini CLI', { skip: missing('gemini'), timeout: 300000 }, async () => {
  for (const text of snippets('gemini')) {
    const home = makeHome();
    mkdirSync(join(home, '.gemini'));
    writeFileSync(join(home, '.gemini/settings.json'), here(text));
    const { status, output, errors } = await shell('gemini mcp list', home);
    assert.equal(status, 0, output + errors);
    assert.match(output + errors, /spectrocloud: .*Connected/, text);
  }
});

// ---- the files of those that cannot be run here ----

// Puts in the variables, as the client would, and the inputs that it would ask for.
function fill(value, env, inputs = []) {
  const text = JSON.stringify(value).replace(/\$\{(input:|env:)?(\w+)\}/g, (all, kind, name) => {
    if (kind !== 'input:') return env[name] ?? assert.fail(`${name} is not set`);
    assert.ok(inputs.some(({ id, password }) => id === name && password), `${name} is no secret input`);
    return env[CALLER];
  });
  return JSON.parse(text);
}

// What a server of a client's file says is enough to use it.
async function use({ url: address, headers, command, args, env }) {
  assert.equal(typeof address, command === undefined ? 'string' : 'undefined');
  const client = new Client({ name: 'tests', version: '1' });
  await client.connect(command === undefined
    ? new StreamableHTTPClientTransport(new URL(address), { requestInit: { headers } })
    : new StdioClientTransport({ command, args, env }));
  try {
    const { tools } = await client.listTools();
    assert.ok(tools.some(tool => tool.name === LIST));
    const { isError, structuredContent, content } = await client.callTool({ name: LIST, arguments: { limit: 2 } });
    assert.ok(!isError, content[0]?.text);
    assert.equal(structuredContent.clusters.length, 2);
    return tools.map(tool => tool.name);
  } finally {
    await client.close();
  }
}

for (const key of ['mcpServers', 'servers'])
  test(`files with ${key}`, { timeout: 60000 }, async () => {
    for (const text of snippets(key)) {
      const { inputs, ...parsed } = JSON.parse(here(text));
      assert.deepEqual(Object.keys(parsed), [key]);
      await use(fill(parsed[key].spectrocloud, person(folder), inputs));
    }
  });

// As much of TOML as there is: a table, and lines of a key and a value that is JSON as well.
function parseToml(text) {
  const [head, ...lines] = text.trim().split('\n');
  assert.equal(head, '[mcp_servers.spectrocloud]');
  return Object.fromEntries(lines.map(line => {
    const [, key, value] = line.match(/^(\w+) = (.*)$/) ?? assert.fail(line);
    return [key, JSON.parse(value)];
  }));
}

test('Codex', { timeout: 60000 }, async () => {
  for (const text of snippets('codex')) {
    const { bearer_token_env_var: token, env_vars: passed = [], ...server } = parseToml(here(text));
    const known = person(folder);
    assert.deepEqual(Object.keys(server).filter(key => !['url', 'command', 'args'].includes(key)), []);
    await use({ ...server, ...(token && { headers: { Authorization: `Bearer ${known[token]}` } }),
      env: Object.fromEntries(passed.map(name => [name, known[name]])) });
  }
});

// ---- settings ----

test('toolsets, include and exclude', { timeout: 60000 }, async () => {
  const [text] = snippets('settings');
  const more = join(folder, 'more.yaml');
  const command = { command: BACKEND, env: { [KEY]: 'sim-key' } };
  writeFileSync(more, text);
  const before = await use({ ...command, args: ['mcp', '--config', file] });
  const now = await use({ ...command, args: ['mcp', '--config', file, '--config', more] });
  assert.equal(before.length, 17);
  assert.deepEqual(before.filter(name => !now.includes(name)).sort(),
    ['get_spectrocloud_kubeconfig_for_cluster', 'get_spectrocloud_kubeconfig_for_virtual_cluster']);
  assert.deepEqual(now.filter(name => !before.includes(name)).sort(), ['list_spectrocloud_cluster_events',
    'list_spectrocloud_cluster_machine_pools', 'list_spectrocloud_cluster_nodes',
    'list_spectrocloud_cluster_upgrades', 'update_spectrocloud_cluster_tags']);
});
