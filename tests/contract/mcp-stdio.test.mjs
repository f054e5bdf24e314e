// MCP over the pipes of a process: a message a line, both eras side by side, cancellation, and a prompt end.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { legacy, modern, notification, startStdio } from './agent.mjs';
import { until } from './backstage.mjs';
import { configuration, startSimulator } from './harness.mjs';

const LIST = 'list_spectrocloud_clusters';
const call = (make, id, params = {}) => make(id, 'tools/call', { name: LIST, arguments: { limit: 1 }, ...params });
const is = id => line => line.id === id;

let simulator;

before(async () => {
  simulator = await startSimulator('--seed', '7', '--projects', '3', '--clusters', '12', '--virtual-clusters', '3');
});

after(() => simulator.stop());

const asked = async () => (await simulator.requests()).length;

async function withStdio(run, extra = {}, ...options) {
  const config = configuration([simulator], extra);
  const stdio = startStdio(config, ...options);
  try {
    await run(stdio);
    assert.equal(await stdio.stop(), 0, stdio.log());
    assert.equal(stdio.left(), '');
    assert.ok(!stdio.log().includes('sim-key'), 'the key is in the log');
  } finally {
    stdio.child.kill('SIGKILL');
  }
}

async function hanging(run) {
  await simulator.forget();
  await simulator.fault({ match: { pathPrefix: '/v1' }, times: -1, fault: 'slow-headers', ms: 20000 });
  try {
    await run();
  } finally {
    await simulator.heal();
  }
}

test('both eras, one after the other and at once', () => withStdio(async stdio => {
  stdio.say(modern(1, 'server/discover'));
  assert.deepEqual((await stdio.line(is(1))).result.supportedVersions, ['2026-07-28']);
  stdio.say(legacy(2, 'initialize', {
    protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'test', version: '1' } }));
  assert.equal((await stdio.line(is(2))).result.protocolVersion, '2025-11-25');
  stdio.say(notification('notifications/initialized'));
  stdio.say(legacy(3, 'tools/list'));
  const { result: { tools } } = await stdio.line(is(3));
  assert.ok(tools.some(tool => tool.name === LIST));
  for (let i = 0; i < 20; i++) stdio.say(call(i % 2 ? legacy : modern, `c-${i}`));
  for (let i = 0; i < 20; i++) assert.equal((await stdio.line(is(`c-${i}`))).result.structuredContent.total, 15);
  assert.equal(stdio.lines.length, 23);
}));

test('a slow call does not hold up the others', () => withStdio(async stdio => {
  await hanging(async () => {
    stdio.say(call(legacy, 1));
    await until(asked, 'Palette is asked');
  });
  // Something else: what is equal would be asked once, and wait.
  stdio.say(call(legacy, 2, { name: 'list_spectrocloud_cluster_groups' }));
  await stdio.line(is(2));
  assert.ok(!stdio.lines.some(is(1)));
  stdio.say(notification('notifications/cancelled', { requestId: 1 }));
  await until(() => stdio.log().includes('called it off'), 'the call ended', 3000);
}));

for (const [era, make] of [['legacy', legacy], ['modern', modern]])
  test(`${era}: a notification calls it off, and nothing is answered`, () => withStdio(stdio => hanging(async () => {
    stdio.say(call(make, 'x'));
    await until(asked, 'Palette is asked');
    stdio.say(make === modern ? { ...modern(1, 'notifications/cancelled', { requestId: 'x' }), id: undefined }
      : notification('notifications/cancelled', { requestId: 'x', reason: 'enough' }));
    await until(() => stdio.log().includes('called it off'), 'the call ended', 3000);
    stdio.say(make === modern ? modern(2, 'server/discover') : legacy(2, 'ping'));
    await stdio.line(is(2));
    assert.deepEqual(stdio.lines.map(line => line.id), [2]);
  })));

test('more calls than there is room for are refused, and those that wait can be called off', () => withStdio(stdio =>
  hanging(async () => {
    for (let i = 0; i < 100; i++) stdio.say(call(legacy, i));
    const refused = await stdio.line(line => line.result?.isError);
    assert.match(refused.result.content[0].text, /Too many calls/);
    for (let i = 0; i < 100; i++) stdio.say(notification('notifications/cancelled', { requestId: i }));
    stdio.say(legacy('last', 'ping'));
    await stdio.line(is('last'));
    await until(() => stdio.log().split('called it off').length - 1 >= 8, 'the running ones ended', 5000);
  })));

test('progress comes as it is made', () => withStdio(async stdio => {
  await simulator.fault({ match: { pathPrefix: '/v1/dashboard/spectroclusters/meta', project: '' }, times: -1,
    fault: 'status', status: 403 });
  stdio.say(call(legacy, 1, { _meta: { progressToken: 5 } }));
  await stdio.line(is(1));
  await simulator.heal();
  const [first] = stdio.lines;
  assert.equal(first.method, 'notifications/progress');
  assert.equal(first.params.progressToken, 5);
  assert.equal(stdio.lines.at(-1).id, 1);
}, { upstream: { parallel: 1 } }));

test('what is no message is told so, and the next one is read', () => withStdio(async stdio => {
  stdio.write('{\n\n  \r\n[]\n');
  stdio.write(`"${'x'.repeat(70 * 1024)}`);
  stdio.write(`${'y'.repeat(70 * 1024)}"\n`);
  stdio.say(legacy(1, 'ping'));
  await stdio.line(is(1));
  assert.deepEqual(stdio.lines.map(line => line.error?.code), [-32700, -32600, -32700, undefined]);
  assert.match(stdio.lines[2].error.message, /maxBodyBytes/);
}, { server: { maxBodyBytes: 65536 } }));

test('a message may come in pieces, and the last line without its end', async () => {
  const stdio = startStdio(configuration([simulator]));
  const [one, two] = [legacy(1, 'ping'), legacy(2, 'ping')].map(message => JSON.stringify(message));
  stdio.write(one.slice(0, 9));
  await new Promise(done => setTimeout(done, 50));
  stdio.write(`${one.slice(9)}\r\n${two}`);
  await stdio.line(is(1));
  assert.equal(await stdio.stop(), 0, stdio.log());
  assert.deepEqual(stdio.lines.map(line => line.id), [1, 2]);
});

test('what was asked before the end of the input is answered', async () => {
  const stdio = startStdio(configuration([simulator]));
  for (let id = 1; id <= 20; id++) stdio.say(call(id % 2 ? modern : legacy, id));
  assert.equal(await stdio.stop(), 0, stdio.log());
  assert.deepEqual(stdio.lines.map(line => line.id).sort((a, b) => a - b), Array.from({ length: 20 }, (_, i) => i + 1));
});

test('the end of the input ends it soon, whatever runs', () => hanging(async () => {
  const stdio = startStdio(configuration([simulator]));
  stdio.say(call(modern, 1));
  await until(asked, 'Palette is asked');
  const started = Date.now();
  assert.equal(await stdio.stop(), 0, stdio.log());
  assert.ok(Date.now() - started < 5000, `${Date.now() - started} ms`);
  assert.deepEqual(stdio.lines, []);
}));

test('a client that reads no more ends it too', async () => {
  const stdio = startStdio(configuration([simulator]));
  stdio.say(legacy(1, 'ping'));
  await stdio.line(is(1));
  stdio.child.stdout.destroy();
  stdio.say(legacy(2, 'ping'));
  assert.equal(await Promise.race([stdio.ended(), new Promise(done => setTimeout(done, 5000, 'runs on'))]), 0);
});

test('a client that has left its pipe full does not keep it', async () => {
  const stdio = startStdio(configuration([simulator]));
  stdio.say(legacy(0, 'ping'));
  await stdio.line(is(0));
  stdio.child.stdout.pause();
  for (let i = 1; i < 200; i++) stdio.say(legacy(i, 'tools/list'));
  await new Promise(done => setTimeout(done, 300));
  stdio.child.stdin.destroy();
  const exited = new Promise(done => stdio.child.on('exit', done));
  assert.equal(await Promise.race([exited, new Promise(done => setTimeout(done, 8000, 'runs on'))]), 0);
});

test('the configuration chooses the tools, and the endpoint over HTTP need not be on', () => withStdio(async stdio => {
  stdio.say(legacy(1, 'tools/list'));
  const { result: { tools } } = await stdio.line(is(1));
  assert.ok(tools.length > 0 && tools.every(tool => tool.name.startsWith('list_')));
  stdio.say(legacy(2, 'tools/call', { name: 'get_spectrocloud_health_for_cluster', arguments: {} }));
  assert.equal((await stdio.line(is(2))).error.code, -32602);
}, { mcp: { enabled: false, include: ['list_*'] } }));
