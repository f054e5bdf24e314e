// The command action: every tool of the table at a shell, over the simulated Palette and without
// Backstage. What is listed decides what is tested.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';

import Ajv2020 from 'ajv/dist/2020.js';

import { startSimulator } from './harness.mjs';

const BACKEND = resolve(process.env.SPECTROCLOUD_BACKEND ?? 'build/spectrocloud-backend');
const API_KEY = 'sim-key';
const WRONG_KEY = 'wrong-api-key-0001';
const SESSION = 'somebodys-session-0001';

let folder;
let simulator;
let world;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'action-'));
  simulator = await startSimulator();
  world = await simulator.world();
  configure('app-config.yaml', {});
});

after(async () => {
  await simulator.stop();
  rmSync(folder, { recursive: true, force: true });
});

// The file has environments and no Backstage at all.
function configure(name, { apiToken = API_KEY, url = simulator.url, ...more }) {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify({ spectrocloud: {
    upstream: { retryDelay: '1ms', ratePercent: 0 },
    cache: { ttl: { lists: '0s', details: '0s' } },
    environments: [{ name: 'first', url, tenant: 'sim', apiToken }],
    ...more,
  } }));
  return path;
}

function start(program, args, { env, input, stdio, seconds = 60 } = {}) {
  return new Promise((done, reject) => {
    const child = spawn(program, args, {
      cwd: folder, stdio: stdio ?? 'pipe', env: { ...process.env, SPECTROCLOUD_TOKEN: '', ...env } });
    const result = { stdout: '', stderr: '' };
    const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000);
    child.stdout?.setEncoding('utf8').on('data', chunk => { result.stdout += chunk; });
    child.stderr.setEncoding('utf8').on('data', chunk => { result.stderr += chunk; });
    child.stdin?.on('error', () => {});
    child.stdin?.end(input ?? '');
    child.on('error', reject);
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      done({ ...result, status: status ?? signal });
    });
  });
}

const action = (args, options) => start(BACKEND, ['action', ...args], options);

const quoted = word => `'${word.replaceAll("'", "'\\''")}'`;

// On a terminal of so many columns; standard error stays apart.
async function onTerminal(args, columns, options) {
  const errors = join(folder, 'errors');
  const command = [BACKEND, 'action', ...args].map(quoted).join(' ');
  const result = await start('script',
    ['-qec', `stty cols ${columns}; ${command} 2>${quoted(errors)}`, '/dev/null'], options);
  return { ...result, stdout: result.stdout.replaceAll('\r\n', '\n') };
}

async function json(args, options) {
  const result = await action(args, options);
  assert.equal(result.stderr, '');
  assert.equal(result.status, 0);
  return JSON.parse(result.stdout);
}

const lines = text => text.split('\n').slice(0, -1);
const list = () => json(['list', '--json']);
const show = name => json(['show', name, '--json']);

function assertFails(result, status, pattern) {
  assert.equal(result.stdout, '');
  assert.match(result.stderr, pattern);
  assert.equal(result.status, status);
  for (const secret of [API_KEY, WRONG_KEY, SESSION, 'sim-secret'])
    assert.ok(!result.stderr.includes(secret), result.stderr);
}

// A good value of each input that a tool may require, out of the simulator's own truth.
function goodArguments(tool) {
  const live = world.clusters.filter(c => c.project && !c.deleted && c.hasKubeconfig);
  const cluster = live.find(c => c.cloudType !== 'nested' && c.manifests?.length);
  const virtual = live.find(c => c.cloudType === 'nested');
  const profile = world.profiles.find(p => p.project === null);
  const good = {
    projectUid: (/virtual/.test(tool.name) ? virtual : cluster).project,
    clusterUid: (/virtual/.test(tool.name) ? virtual : cluster).uid,
    profileUid: profile.uid,
    names: profile.name,
    cloudType: 'aws',
  };
  const required = tool.inputSchema.required ?? [];
  if (!required.every(name => name in good)) return null;
  return required.flatMap(name => ['--arg', `${name}=${good[name]}`]);
}

// ---- list ----

test('list: a line a tool, by toolset, as the JSON has them', async () => {
  const tools = await list();
  const result = await action(['list']);
  assert.deepEqual([result.status, result.stderr], [0, '']);
  const [heading, ...rows] = lines(result.stdout);
  assert.match(heading, /^TOOLSET +NAME +TO AGENTS +TITLE$/);
  assert.equal(rows.length, tools.length);
  for (const tool of tools)
    assert.equal(rows.filter(row => row.startsWith(tool.toolset) && row.includes(` ${tool.name} `) &&
      row.endsWith(tool.title)).length, 1, tool.name);
  const toolsets = rows.map(row => row.split(' ')[0]);
  for (const toolset of new Set(toolsets))
    assert.equal(toolsets.lastIndexOf(toolset) - toolsets.indexOf(toolset) + 1,
      toolsets.filter(other => other === toolset).length, `${toolset} is in one piece`);
  assert.ok(tools.some(tool => tool.name === 'list_spectrocloud_clusters'));
  assert.equal(new Set(tools.map(tool => tool.name)).size, tools.length);
});

test('list marks what the configuration does not offer to agents', async () => {
  const config = configure('offered.yaml', { mcp: { toolsets: ['core'],
    exclude: ['list_spectrocloud_projects'] } });
  const tools = await json(['list', '--json', '--config', config]);
  const projects = tools.find(tool => tool.name === 'list_spectrocloud_projects');
  const clusters = tools.find(tool => tool.name === 'list_spectrocloud_clusters');
  assert.deepEqual([projects.offeredByBackstage, projects.offeredByMcp], [false, false]);
  assert.deepEqual([clusters.offeredByBackstage, clusters.offeredByMcp], [true, true]);
  for (const tool of tools.filter(tool => tool.toolset !== 'core' || tool.destroys))
    assert.deepEqual([tool.offeredByBackstage, tool.offeredByMcp], [false, false], tool.name);
  const { stdout } = await action(['list', '--config', config]);
  assert.match(stdout, /list_spectrocloud_projects +off /);
  assert.match(stdout, /list_spectrocloud_clusters +offered /);
});

// ---- show ----

test('show: every tool, its inputs and outputs as its schemas have them', async () => {
  for (const { name } of await list()) {
    const tool = await show(name);
    const result = await action(['show', name]);
    assert.deepEqual([result.status, result.stderr], [0, ''], name);
    assert.ok(result.stdout.startsWith(`${name}\n${tool.title}\n\n${tool.description}\n`), name);
    assert.match(result.stdout, new RegExp(`^Toolset: +${tool.toolset}$`, 'm'));
    if (tool.permission)
      assert.match(result.stdout, new RegExp(`^Permission: +${tool.permission.replaceAll('.', '\\.')}$`, 'm'));
    assert.match(result.stdout, tool.destroys ? /^Does: +takes away or overwrites$/m
      : tool.spends ? /^Does: +makes what costs money$/m
        : tool.writes ? /^Does: +writes$/m : /^Does: +reads$/m);
    const inputs = result.stdout.slice(result.stdout.indexOf('\nInputs:'),
      result.stdout.indexOf('\nOutputs:'));
    for (const [input, schema] of Object.entries(tool.inputSchema.properties)) {
      const row = lines(inputs).find(line => line.startsWith(`  ${input} `));
      assert.ok(row?.endsWith(schema.description), `${name} ${input}: ${row}`);
      const required = (tool.inputSchema.required ?? []).includes(input) ? 'yes' : 'no';
      assert.match(row, new RegExp(`  ${required} +${schema.default ?? '-'} `), `${name} ${input}`);
    }
    const outputs = result.stdout.slice(result.stdout.indexOf('\nOutputs:'));
    for (const output of Object.keys(tool.outputSchema.properties))
      assert.match(outputs, new RegExp(`^  ${output} `, 'm'), name);
  }
});

test('show on a narrow terminal stays within it', async () => {
  for (const { name } of await list()) {
    const result = await onTerminal(['show', name], 80);
    assert.equal(result.status, 0);
    for (const line of lines(result.stdout)) assert.ok(line.length <= 80, `${name}: ${line}`);
  }
});

// ---- run ----

test('run: every tool in a pipe answers JSON that its schema wants', async () => {
  const ajv = new Ajv2020({ strict: false });
  let ran = 0;
  for (const { name, writes } of await list()) {
    const tool = await show(name);
    const good = goodArguments(tool);
    if (writes || good === null) continue;
    const result = await action(['run', name, ...good]);
    // A tool may refuse for its own reasons, but not for the shell's.
    if (result.status !== 0) {
      assertFails(result, result.status, new RegExp(`^spectrocloud-backend: ${name}: `, 'm'));
      continue;
    }
    assert.equal(result.stderr, '', name);
    const validate = ajv.compile(tool.outputSchema);
    assert.ok(validate(JSON.parse(result.stdout)), `${name}: ${ajv.errorsText(validate.errors)}`);
    ran++;
  }
  assert.ok(ran >= 7, `${ran} tools`);
});

test('run: every tool on a terminal shows what the JSON has, and nothing that moves the cursor',
  async () => {
    for (const { name, writes } of await list()) {
      const tool = await show(name);
      const good = goodArguments(tool);
      if (writes || good === null) continue;
      const piped = await action(['run', name, ...good]);
      if (piped.status !== 0) continue;
      const answer = JSON.parse(piped.stdout);
      for (const columns of [80, 400]) {
        const { stdout, status } = await onTerminal(['run', name, ...good], columns);
        assert.equal(status, 0, name);
        // eslint-disable-next-line no-control-regex
        assert.doesNotMatch(stdout, /[\x00-\x09\x0b-\x1f\x7f-\x9f]/, name);
        assert.doesNotMatch(stdout, /^\{/, `${name}: no JSON`);
        for (const items of Object.values(answer).filter(Array.isArray))
          for (const { uid } of items)
            if (uid) assert.ok(stdout.includes(uid), `${name} at ${columns}: ${uid}`);
        if ('total' in answer)
          assert.match(stdout, new RegExp(`^total: ${answer.total}$`, 'm'), name);
      }
      const forced = await onTerminal(['run', name, '--json', ...good], 80);
      assert.deepEqual(JSON.parse(forced.stdout), answer, name);
    }
  });

test('run: inputs of every type arrive', async () => {
  const run = (...args) => json(['run', 'list_spectrocloud_clusters', ...args]);
  const all = await run('--arg', 'limit=500');
  assert.equal(all.clusters.length, all.total);
  const one = await run('--arg', 'limit=1', '--arg', 'fields=state,cloudType');
  assert.deepEqual(Object.keys(one.clusters[0]), ['uid', 'name', 'state', 'cloudType']);
  const repeated = await run('--arg', 'limit=1', '--arg', 'fields=state', '--arg', 'fields=cloudType');
  assert.deepEqual(repeated.clusters, one.clusters);
  const array = await run('--arg', 'limit=1', '--arg', 'fields=["state","cloudType"]');
  assert.deepEqual(array.clusters, one.clusters);
  const eks = await run('--arg', 'cloudType=EKS');
  assert.ok(eks.total > 0 && eks.total < all.total);
  const behind = await run('--arg', 'limit=500', '--arg', `cursor=${one.nextCursor}`);
  assert.deepEqual(behind.clusters.map(c => c.uid), all.clusters.slice(1).map(c => c.uid));
});

test('run on a terminal says how to go on', async () => {
  const first = await json(['run', 'list_spectrocloud_clusters', '--arg', 'limit=2']);
  const { stdout } = await onTerminal(['run', 'list_spectrocloud_clusters', '--arg', 'limit=2'], 80);
  const cursor = stdout.match(/^more: --arg cursor=(\S+)$/m)?.[1];
  assert.ok(cursor, stdout);
  assert.doesNotMatch(stdout, /nextCursor/);
  const second = await json(['run', 'list_spectrocloud_clusters', '--arg', `cursor=${cursor}`]);
  assert.equal(second.clusters.length, first.total - 2);
});

test('run: --input is an object, and --arg counts more', async () => {
  const run = (args, options) => action(['run', 'list_spectrocloud_clusters', ...args], options);
  const input = join(folder, 'input.json');
  writeFileSync(input, '{"limit": 3, "fields": ["state"]}');
  const clusters = result => {
    assert.deepEqual([result.stderr, result.status], ['', 0]);
    return JSON.parse(result.stdout).clusters;
  };
  assert.equal(clusters(await run(['--input', input])).length, 3);
  assert.equal(clusters(await run(['--input', '-'], { input: '{"limit":2}' })).length, 2);
  const merged = clusters(await run(['--input', input, '--arg', 'limit=1']));
  assert.deepEqual(merged.map(Object.keys), [['uid', 'name', 'state']]);
  assert.equal(clusters(await run(['--arg', 'limit=1'])).length, 1);

  assertFails(await run(['--input', join(folder, 'none.json')]), 2,
    /^spectrocloud-backend: .*--input: cannot read .*none\.json: No such file/);
  assertFails(await run(['--input', folder]), 2, /--input: cannot read .*: Is a directory/);
  assertFails(await run(['--input', '-'], { input: '{"limit":' }), 2,
    /--input: standard input is not valid JSON/);
  assertFails(await run(['--input', '-'], { input: '' }), 2, /--input: standard input is not valid JSON/);
  assertFails(await run(['--input', '-'], { input: '[1]' }), 2, /must hold a JSON object/);
  assertFails(await run(['--input', '/dev/zero']), 1, /--input: cannot read \/dev\/zero: larger than/);
  assertFails(await run(['--input', '-'], { input: '{"limt":1,"state":7}' }), 2,
    /^ {2}state must be a string\n {2}limt is not a parameter here; did you mean limit\?$/m);
});

// ---- what goes wrong ----

test('run: every tool without an input that it requires names it', async () => {
  let refused = 0;
  for (const { name } of await list()) {
    const { inputSchema } = await show(name);
    const required = inputSchema.required ?? [];
    if (required.length === 0) continue;
    const result = await action(['run', name]);
    assertFails(result, 2, new RegExp(`^spectrocloud-backend: ${name} was not run: its inputs have faults\n`));
    for (const input of required)
      assert.match(result.stderr, new RegExp(`^ {2}--arg ${input} is required$`, 'm'), name);
    refused++;
  }
  assert.ok(refused > 0);
});

test('run: every tool names every fault as it was typed, and no value', async () => {
  const wrong = 'wrong-value-0001\u001b[2J';
  for (const { name } of await list()) {
    const { inputSchema } = await show(name);
    const typed = Object.entries(inputSchema.properties)
      .filter(([, s]) => ['integer', 'boolean', 'object', 'array'].includes(s.type) &&
        (s.type !== 'array' || s.items.enum) || s.enum || s.pattern)
      .map(([input]) => input);
    const result = await action(['run', name, '--arg', `surely_none=${wrong}`,
      ...typed.flatMap(input => ['--arg', `${input}=${wrong}`])]);
    assertFails(result, 2, / was not run: its inputs have faults\n/);
    for (const input of typed)
      assert.match(result.stderr, new RegExp(`^ {2}--arg ${input} must be `, 'm'), name);
    assert.match(result.stderr, /^ {2}--arg surely_none is not a parameter here$/m);
    assert.doesNotMatch(result.stderr, /wrong-value|\u001b/);
  }
});

test('run: arguments that are none', async () => {
  const run = (...args) => action(['run', 'list_spectrocloud_clusters', ...args]);
  assertFails(await run('--arg', 'limit'), 2, /--arg wants NAME=VALUE\n$/);
  assertFails(await run('--arg', '=1'), 2, /--arg wants NAME=VALUE\n$/);
  assertFails(await run('--arg', 'limit=1', '--arg', 'limit=2'), 2,
    /^ {2}--arg limit was given more than once$/m);
  assertFails(await run('--arg', 'limt=1'), 2,
    /^ {2}--arg limt is not a parameter here; did you mean limit\?$/m);
  assertFails(await run('--arg', 'instanceName=second'), 2,
    /instanceName must be the name of a configured environment, one of: first\n$/);
});

test('a name that is no tool: the one that was meant, status 2', async () => {
  for (const verb of ['show', 'run']) {
    assertFails(await action([verb, 'list_spectrocloud_cluster']), 2,
      /^spectrocloud-backend: there is no tool `list_spectrocloud_cluster`; did you mean list_spectrocloud_clusters\?\n$/);
    assertFails(await action([verb, 'projects']), 2, /did you mean list_spectrocloud_projects\?\n$/);
    assertFails(await action([verb, '\u001b[2J']), 2,
      /^spectrocloud-backend: there is no tool `\\u001b\[2J`; `action list` has all\n$/);
  }
});

test("what Palette refuses: one sentence, status 1, no secret", async () => {
  const clusters = ['run', 'list_spectrocloud_clusters'];
  const wrong = configure('wrong.yaml', { apiToken: WRONG_KEY });
  assertFails(await action([...clusters, '--config', wrong]), 1,
    /^spectrocloud-backend: list_spectrocloud_clusters: .*Palette refused the apiToken configured for environment first/);
  assertFails(await action(clusters, { env: { SPECTROCLOUD_TOKEN: SESSION } }), 1,
    /^spectrocloud-backend: list_spectrocloud_clusters: SPECTROCLOUD_TOKEN: .*no longer accepts your session/);
  assertFails(await action(clusters, { env: { SPECTROCLOUD_TOKEN: `${SESSION} x` } }), 2,
    /SPECTROCLOUD_TOKEN must be /);
  assertFails(await action(['run', 'list_spectrocloud_profiles_for_project', '--arg',
    'projectUid=nope']), 1, /project nope not found\n$/);
  const nowhere = configure('nowhere.yaml', { url: 'http://127.0.0.1:9' });
  assertFails(await action([...clusters, '--config', nowhere]), 1,
    /^spectrocloud-backend: list_spectrocloud_clusters: .*nothing answers at its address/m);
});

test('a slow Palette: the time-out of a request holds', async () => {
  const config = configure('slow.yaml', { upstream: { timeout: '1s', attempts: 1 },
    server: { requestTimeout: '1s' } });
  await simulator.fault({ match: { pathPrefix: '/v1' }, fault: 'hang' });
  try {
    const started = Date.now();
    assertFails(await action(['run', 'list_spectrocloud_projects', '--config', config]), 1,
      /^spectrocloud-backend: list_spectrocloud_projects: /m);
    assert.ok(Date.now() - started < 15000);
  } finally {
    await simulator.heal();
  }
});

// ---- whose rights ----

test('the shell has its own apiToken, whatever is asked of people', async () => {
  const config = configure('required.yaml', { auth: { requireUserSession: true } });
  await simulator.forget();
  const { total } = await json(['run', 'list_spectrocloud_clusters', '--config', config]);
  assert.ok(total > 0);
  const requests = await simulator.requests();
  assert.ok(requests.length > 0);
  assert.ok(requests.every(r => r.credential === 'key:0'), JSON.stringify(requests[0]));
});

test('nothing of Backstage or a store is needed or made', async () => {
  const store = join(folder, 'store.sqlite');
  const config = configure('store.yaml', {
    tokenStore: { type: 'sqlite', path: store, encryptionKey: '0123456789abcdef'.repeat(4) } });
  const { total } = await json(['run', 'list_spectrocloud_projects', '--config', config]);
  assert.ok(total > 0);
  assert.equal(existsSync(store), false);
});

// ---- output that is not taken, and an end ----

test('output that nobody reads to its end is no error', async () => {
  const command = `${quoted(BACKEND)} action run list_spectrocloud_clusters --arg limit=500 | head -n 1`;
  const result = await start('sh', ['-c', command]);
  assert.deepEqual(result, { stdout: '{\n', stderr: '', status: 0 });
});

test('output that cannot be written is an error', async () => {
  const command = `${quoted(BACKEND)} action run list_spectrocloud_clusters >/dev/full`;
  const result = await start('sh', ['-c', command]);
  assert.deepEqual([result.status, result.stderr],
    [1, 'spectrocloud-backend: could not write all of the output\n']);
});

test('an interrupt ends it', async () => {
  await simulator.fault({ match: { pathPrefix: '/v1' }, fault: 'hang' });
  try {
    const child = spawn(BACKEND, ['action', 'run', 'list_spectrocloud_clusters'],
      { cwd: folder, stdio: 'ignore' });
    const ended = new Promise(done => child.on('close', (status, signal) => done(signal ?? status)));
    while ((await simulator.requests()).every(r => r.status !== 0))
      await new Promise(done => setTimeout(done, 20));
    child.kill('SIGINT');
    assert.equal(await ended, 'SIGINT');
  } finally {
    await simulator.heal();
  }
});
