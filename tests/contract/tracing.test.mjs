// Traces: what is taken from callers, passed on to Palette and Backstage, logged, and sent to a collector.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';

import { invoke } from './actions.mjs';
import { trailIn } from './audit.mjs';
import { beside, cutOff, requestLine, startBackstage, startBeside, stopBeside, until, userToken } from './backstage.mjs';
import {
  TOKEN, TRUSTED, checkConfiguration, configuration, goodRequests, runCommand, startService, startServiceIn, startSimulator,
} from './harness.mjs';
import { startCollector } from './otlp.mjs';
import { fetchFrom, withTelemetry as withOwnListener } from './scrape.mjs';

const ID = '0af7651916cd43dd8448eb211c80319c';
const PARENT = 'b7ad6b7169203331';
const header = (flags = '01') => `00-${ID}-${PARENT}-${flags}`;
const PROJECTS = '/api/spectrocloud/projects';

let simulator;
let palette; // in front of it: notes the headers that it gets
let collector;
let folder;

// Passes everything on.
async function startWitness(url) {
  const witness = { seen: [] };
  const server = http.createServer((request, response) => {
    witness.seen.push({ url: request.url, ...request.headers });
    const { hostname, port } = new URL(url);
    request.pipe(http.request({ hostname, port, method: request.method, path: request.url, headers: request.headers }, answer => {
      response.writeHead(answer.statusCode, answer.headers);
      answer.pipe(response);
    }));
  });
  await new Promise(done => server.listen(0, '127.0.0.1', done));
  server.unref();
  witness.url = `http://127.0.0.1:${server.address().port}`;
  witness.stop = () => new Promise(done => {
    server.close(done);
    server.closeAllConnections();
  });
  return witness;
}

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'tracing-'));
  simulator = await startSimulator('--seed', '5', '--projects', '3', '--clusters', '12');
  palette = await startWitness(simulator.url);
  collector = await startCollector();
});

after(async () => {
  rmSync(folder, { recursive: true, force: true });
  await Promise.all([palette.stop(), collector.stop()]);
  await simulator.stop();
});

beforeEach(() => {
  palette.seen.length = 0;
  Object.assign(collector, { spans: [], requests: [], bodies: [], faults: [], mood: null });
});

const withTelemetry = (telemetry, extra = {}) => configuration([palette], { ...extra, telemetry: { logLevel: 'debug', ...telemetry } });

async function withService(telemetry, run, extra) {
  const service = await startService(withTelemetry(telemetry, extra));
  await run(service);
  assert.equal(await service.stop(), 0, service.log());
  assert.deepEqual(collector.faults.map(String), []);
}

const seenParents = () => palette.seen.map(h => h.traceparent);
const traceOf = async (service, answer) => (await requestLine(service, answer)).match(/ trace=([0-9a-f]{32})$/)[1];

test('a trace that comes is logged and passed on, each call with a span of its own', () => withService({}, async service => {
  const answer = await service.request('GET', PROJECTS, { headers: { traceparent: header(), tracestate: 'rojo=1,congo=t61' } });
  assert.equal(answer.status, 200);
  assert.equal(await traceOf(service, answer), ID);
  assert.ok(palette.seen.length > 0);
  for (const seen of palette.seen) {
    assert.match(seen.traceparent, new RegExp(`^00-${ID}-[0-9a-f]{16}-01$`));
    assert.ok(!seen.traceparent.includes(PARENT));
    assert.equal(seen.tracestate, 'rojo=1,congo=t61');
  }
  assert.equal(new Set(seenParents()).size, palette.seen.length);
  palette.seen.length = 0;
  await service.request('GET', PROJECTS, { headers: { traceparent: header('00') } });
  for (const seen of palette.seen) {
    assert.match(seen.traceparent, new RegExp(`^00-${ID}-[0-9a-f]{16}-00$`));
    assert.equal(seen.tracestate, undefined);
  }
}));

test('without a good one there is a new trace, without a state', () => withService({}, async service => {
  const ids = new Set();
  const bad = [undefined, '', 'garbage', header().toUpperCase(), `${header()}-more`, `ff${header().slice(2)}`,
    header().replace(ID, '0'.repeat(32)), header().replace(PARENT, '0'.repeat(16)), [header(), header()]];
  for (const traceparent of bad) {
    palette.seen.length = 0;
    const answer = await service.request('GET', PROJECTS, {
      headers: { ...(traceparent !== undefined && { traceparent }), tracestate: 'rojo=1' } });
    const id = await traceOf(service, answer);
    assert.notEqual(id, ID, String(traceparent));
    ids.add(id);
    for (const seen of palette.seen) {
      assert.match(seen.traceparent, new RegExp(`^00-${id}-[0-9a-f]{16}-00$`));
      assert.equal(seen.tracestate, undefined, String(traceparent));
    }
  }
  assert.equal(ids.size, bad.length);
}));

test('several tracestate headers are one; what is not good or too long is not passed on', () => withService({}, async service => {
  for (const [tracestate, wanted] of [[['a=1', 'b=2'], 'a=1,b=2'], ['A=1', undefined], ['a=1,a=2', undefined],
    [`a=${'x'.repeat(256)},b=${'x'.repeat(252)}`, undefined], [`a=${'x'.repeat(250)},b=${'x'.repeat(250)}`,
      `a=${'x'.repeat(250)},b=${'x'.repeat(250)}`]]) {
    palette.seen.length = 0;
    await service.request('GET', PROJECTS, { headers: { traceparent: header(), tracestate } });
    assert.ok(palette.seen.length > 0);
    for (const seen of palette.seen) assert.equal(seen.tracestate, wanted);
  }
}));

test('the audit trail has the trace, and Backstage gets it', async () => {
  const file = join(folder, 'trail.jsonl');
  const backstage = await startBackstage();
  const seen = [];
  for (const part of ['permission', 'catalog'])
    backstage.mood[part] = x => {
      seen.push(x.request.headers.traceparent);
      x.good();
    };
  const made = beside(backstage, withTelemetry({}, { audit: { to: 'file', file } }));
  const service = await startBeside(backstage, made);
  const cluster = goodRequests(await simulator.world())['cluster.kubeconfig'];
  const path = `/api/spectrocloud/clusters/${cluster.path.clusterUid}/kubeconfig?projectUid=${cluster.query.projectUid}`;
  const answer = await service.request('GET', path, { token: userToken(backstage.users[0]), headers: { traceparent: header() } });
  assert.equal(answer.status, 200, answer.text);
  const line = trailIn(file).find(l => l.requestId === answer.headers['x-request-id']);
  assert.equal(line.traceId, ID);
  const ours = seen.filter(parent => parent?.includes(ID));
  assert.ok(ours.length > 0, `Backstage saw ${seen}`);
  await stopBeside(backstage, service);
  await backstage.stop();
});

// ---- levels ----

test('modules have levels of their own, which change while it runs', async () => {
  const made = withTelemetry({ logLevel: 'warn', logLevels: { request: 'debug' } }, { server: { watchConfig: false } });
  const service = await startService({ ...made, spectrocloud: { ...made.spectrocloud,
    telemetry: { logLevel: 'info' } } });
  const events = () => new Set(service.log().split('\n').map(line => line.split(/ +/)[2]).filter(Boolean));
  await service.request('GET', '/api/spectrocloud/health', { token: null });
  await service.request('GET', PROJECTS);
  await until(() => events().has('request'), 'the usual level');
  assert.ok(!/ debug /.test(service.log()));
  const reload = async telemetry => {
    const before = service.log().length;
    writeFileSync(service.file, JSON.stringify({ ...made, spectrocloud: { ...made.spectrocloud, telemetry } }));
    process.kill(service.pid, 'SIGHUP');
    await until(() => / config\.(reloaded|refused) /.test(service.log().slice(before)), 'it is read');
    return service.log().length;
  };
  let from = await reload({ logLevel: 'warn', logLevels: { request: 'debug', config: 'info' } });
  await service.request('GET', '/api/spectrocloud/health', { token: null });
  await until(() => / debug request /.test(service.log().slice(from)), 'requests at debug');
  from = await reload({ logLevel: 'info', logLevels: { palette: 'debug' } });
  const { headers } = await service.request('GET', PROJECTS, { headers: { 'Cache-Control': 'no-cache' } });
  await until(() => service.log().slice(from).split('\n').some(line => / debug upstream\.attempt .* status=200 /.test(line) &&
    line.includes(`request=${headers['x-request-id']} `) && /path="\/v1\/[^"]+"/.test(line)), 'calls to Palette at debug');
  from = await reload({ logLevel: 'info', logLevels: { request: 'error' } });
  const answer = await service.request('GET', PROJECTS);
  assert.equal(answer.status, 200);
  assert.equal(await service.stop(), 0);
  assert.ok(!service.log().slice(from).includes(answer.headers['x-request-id']));
  assert.match(service.log().slice(from), / info {2}stopped/);
});

test('modules that there are not are a fault that names those that there are', () => {
  for (const [logLevels, pattern] of [[{ pallete: 'debug' }, /logLevels\.pallete: .*no such module, only .*palette.*backstage/],
    [{ palette: 'loud' }, /logLevels\.palette: .*debug, info, warn or error/], ['debug', /logLevels/]]) {
    const result = checkConfiguration(withTelemetry({ logLevels }));
    assert.notEqual(result.status, 0);
    assert.match(result.stdout + result.stderr, pattern);
  }
});

test('each event of the program belongs to a module', () => {
  const words = new Set(readFileSync('docs/generated/log.md', 'utf8').split('\n').filter(line => line.startsWith('| `'))
    .flatMap(line => [...line.split(' | ')[1].matchAll(/`(\w+)`/g)].map(m => m[1])));
  let events = 0;
  for (const folder of readdirSync('src', { withFileTypes: true }).filter(entry => entry.isDirectory()))
    for (const name of readdirSync(join('src', folder.name)).filter(n => n.endsWith('.c'))) {
      const text = readFileSync(join('src', folder.name, name), 'utf8');
      for (const [, event] of text.matchAll(/\blog_(?:debug|info|warn|error)\(\s*"([\w.]+)"/g)) {
        assert.ok(words.has(event.split('.')[0]), `${folder.name}/${name}: ${event} belongs to no module (base/log.c)`);
        events++;
      }
    }
  assert.ok(events > 40, `${events} events`);
});

// ---- spans ----

const exporting = (extra = {}) => ({ otlpEndpoint: collector.url, otlpHeaders: { 'x-api-key': 'otlp-secret-value' }, ...extra });
const named = name => collector.spans.filter(span => span.name === name);

test('a request is a span, and so is each call for it', async () => {
  await withService(exporting(), async service => {
    const cluster = goodRequests(await simulator.world())['cluster.get'];
    const path = `/api/spectrocloud/clusters/${cluster.path.clusterUid}?projectUid=${cluster.query.projectUid}`;
    const answer = await service.request('GET', path, { headers: { traceparent: header() } });
    assert.equal(answer.status, 200);
    await until(() => named('cluster.get').length > 0, 'the span');
    const [span] = named('cluster.get');
    assert.deepEqual([span.traceId, span.parentSpanId, span.kind, span.status], [ID, PARENT, 2, {}]);
    assert.deepEqual(span.attributes, { 'http.request.method': 'GET', 'url.template': '/api/spectrocloud/clusters/:clusterUid',
      'spectrocloud.environment': 'first', 'http.response.status_code': 200 });
    assert.equal(span.resource['service.name'], 'spectrocloud-backend');
    const calls = collector.spans.filter(s => s.kind === 3 && s.parentSpanId === span.spanId);
    assert.ok(calls.length > 0);
    for (const call of calls) {
      assert.equal(call.traceId, ID);
      assert.equal(call.attributes['peer.service'], 'palette');
      assert.match(call.name, /^GET \/v1\/[a-z{}\/]+$/);
      assert.equal(call.name, `GET ${call.attributes['url.template']}`);
      assert.ok(BigInt(call.startTimeUnixNano) >= BigInt(span.startTimeUnixNano) - 2000000n);
      assert.ok(BigInt(call.endTimeUnixNano) <= BigInt(span.endTimeUnixNano) + 2000000n);
      // Palette got this very span as its parent.
      assert.ok(seenParents().includes(`00-${ID}-${call.spanId}-01`));
    }
    assert.equal(calls.length, palette.seen.length);
    assert.equal(collector.requests[0].headers['x-api-key'], 'otlp-secret-value');
    assert.equal(collector.requests[0].headers.traceparent, undefined);
  });
});

test('what fails is a span that failed; what is no operation has no path in it', () => withService(exporting(), async service => {
  await simulator.fault({ match: { pathPrefix: '/v1/' }, fault: 'status', status: 500 });
  const failed = await service.request('GET', PROJECTS);
  await simulator.heal();
  assert.equal(failed.status, 502);
  await service.request('GET', '/api/spectrocloud/secret-path-of-ada');
  await service.request('GET', PROJECTS, { token: 'guessed' });
  await until(() => named('project.list').length === 2 && named('no operation').length === 1, 'the spans');
  const statuses = named('project.list').map(s => [s.attributes['http.response.status_code'], s.status.code ?? 0]);
  assert.deepEqual(statuses.sort(), [[401, 0], [502, 2]]);
  assert.deepEqual(named('no operation')[0].attributes, { 'http.request.method': 'GET', 'http.response.status_code': 404 });
  await service.request('BREW', PROJECTS);
  await until(() => named('no operation').length === 2, 'the span of a method that nobody knows');
  assert.deepEqual(named('no operation')[1].attributes, { 'http.request.method': '_OTHER', 'http.response.status_code': 405 });
  const call = collector.spans.find(s => s.kind === 3 && s.status.code === 2);
  assert.equal(call.attributes['http.response.status_code'], 500);
}));

test('a tool that was run is named, whichever way it was called', () => withService(exporting(), async service => {
  const call = { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'list_spectrocloud_projects', arguments: {} } };
  const mcp = await service.request('POST', '/api/spectrocloud/mcp', { body: JSON.stringify(call),
    headers: { accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-06-18' } });
  assert.equal(mcp.status, 200, mcp.text);
  assert.equal((await invoke(service, 'list_spectrocloud_projects')).status, 200);
  await until(() => named('mcp.message').length > 0 && named('registry.invoke').length > 0, 'the spans');
  for (const name of ['mcp.message', 'registry.invoke'])
    assert.equal(named(name)[0].attributes['gen_ai.tool.name'], 'list_spectrocloud_projects', name);
}));

test('no name of a person, no identifier and no secret is in a span', () => withService(exporting(), async service => {
  const good = goodRequests(await simulator.world());
  const uid = good['cluster.kubeconfig'].path.clusterUid;
  await service.request('GET', `/api/spectrocloud/clusters/${uid}/kubeconfig?projectUid=${good['cluster.kubeconfig'].query.projectUid}`);
  await service.request('PUT', '/api/spectrocloud/session-tokens/ada@example.com', { token: TRUSTED,
    body: JSON.stringify({ token: 'session-of-ada', expiresAt: Date.now() + 600000 }) });
  await until(() => named('session.put').length > 0 && named('cluster.kubeconfig').length > 0, 'the spans');
  const text = collector.bodies.join('\n');
  for (const secret of [uid, good['cluster.kubeconfig'].query.projectUid, TOKEN, TRUSTED, 'sim-key', 'external:tests',
    'session-of-ada', 'otlp-secret-value'])
    assert.ok(!text.includes(secret), `${secret} is in a span`);
  assert.doesNotMatch(text, /\bada\b/); // a part of an id may be that
}));

test('who is not sampled makes no spans, and the ratio is for those that begin here', async () => {
  await withService(exporting({ sampleRatio: 0 }), async service => {
    await service.request('GET', PROJECTS);
    await service.request('GET', PROJECTS, { headers: { traceparent: header('00') } });
    await service.request('GET', PROJECTS, { headers: { traceparent: header('01') } });
    await until(() => named('project.list').length > 0, 'the span');
  });
  assert.equal(named('project.list').length, 1);
  assert.equal(named('project.list')[0].traceId, ID);
  collector.spans = [];
  await withService(exporting({ sampleRatio: 0.5 }), async service => {
    for (let i = 0; i < 400; i++) await service.request('GET', '/api/spectrocloud/health', { token: null });
  });
  // Ten standard deviations.
  assert.ok(named('service.health').length > 100 && named('service.health').length < 300, `${named('service.health').length}`);
});

test('what there is at the end is still sent', async () => {
  await withService(exporting(), async service => {
    await service.request('GET', PROJECTS);
  });
  assert.equal(named('project.list').length, 1);
});

test('a collector on this machine is not behind a proxy', async () => {
  const service = await startServiceIn({ env: { ...process.env, http_proxy: 'http://127.0.0.1:1' } }, withTelemetry(exporting()));
  await service.request('GET', PROJECTS);
  assert.equal(await service.stop(), 0, service.log());
  assert.equal(named('project.list').length, 1);
});

test('where a second signal cuts off what is under way the log says how many are lost', async () => {
  const slow = await startSimulator('--latency', '20000');
  collector.mood = () => {};
  const service = await startService(configuration([slow], { telemetry: exporting() }));
  assert.equal((await service.request('GET', '/api/spectrocloud/health', { token: null })).status, 200);
  await cutOff(service, slow);
  // That of the first one; those of the request that is cut off may come too late to be counted.
  assert.match(service.log(), / telemetry\.spans_dropped count=\d+[^]*what had not ended was cut off/);
  await service.stop();
  await slow.stop();
});

test('a collector that is away, slow or refuses holds up nobody; what is lost is counted', async () => {
  const service = await startService(withTelemetry(exporting()));
  for (const mood of [x => x.request.destroy(), () => {}, x => x.response.writeHead(503, { 'retry-after': '1' }).end(),
    x => x.response.writeHead(400).end()]) {
    collector.mood = mood;
    const seen = collector.requests.length;
    const begun = Date.now();
    for (let i = 0; i < 20; i++) assert.equal((await service.request('GET', '/api/spectrocloud/health', { token: null })).status, 200);
    assert.ok(Date.now() - begun < 10000);
    await until(() => collector.requests.length > seen, 'it is tried', 60000);
  }
  collector.mood = null;
  await service.request('GET', PROJECTS);
  await until(() => named('project.list').length > 0, 'it works again', 60000);
  assert.match(service.log(), / warn {2}telemetry\.spans_failed /);
  await until(() => / telemetry\.spans_work /.test(service.log()), 'the log says it');
  assert.equal(await service.stop(), 0, service.log());
  assert.match(service.log(), / telemetry\.spans_dropped count=\d+/);
  assert.ok(!service.log().includes('otlp-secret-value'));
});

test('a crowd does not wait for the collector: what there is no room for is dropped', async () => {
  collector.mood = () => {};
  const service = await startService(withTelemetry({ logLevel: 'info', logLevels: { request: 'error' }, ...exporting() }));
  for (let round = 0; round < 60; round++)
    await Promise.all(Array.from({ length: 100 }, () => service.request('GET', '/api/spectrocloud/health', { token: null })));
  const stopping = Date.now();
  assert.equal(await service.stop(), 0, service.log());
  assert.ok(Date.now() - stopping < 20000);
  const lost = [...service.log().matchAll(/telemetry\.spans_dropped count=(\d+)/g)].reduce((n, m) => n + Number(m[1]), 0);
  assert.equal(lost, 6000);
});

test('a collector that hangs at the end: figures are still to be had, and a second signal ends the wait', async () => {
  collector.mood = () => {};
  const service = withOwnListener(await startService(withTelemetry({ listen: '127.0.0.1:0', ...exporting() })));
  await service.request('GET', PROJECTS);
  await until(() => collector.requests.length > 0, 'it is tried');
  process.kill(service.pid, 'SIGTERM');
  await new Promise(done => setTimeout(done, 500));
  assert.equal((await fetchFrom(service.telemetry)).status, 200);
  const hurried = Date.now();
  assert.equal(await service.stop(), 0, service.log());
  assert.ok(Date.now() - hurried < 3000, `${Date.now() - hurried} ms`); // of five seconds that it might have taken
  assert.match(service.log(), / telemetry\.spans_dropped count=\d+[^]* info {2}stopped/);
});

test('a collector that refuses more spans than it was sent refused all of those', async () => {
  collector.mood = x => x.response.writeHead(200, { 'content-type': 'application/json' })
    .end('{"partialSuccess":{"rejectedSpans":"9000000000"}}');
  const service = await startService(withTelemetry(exporting()));
  for (let i = 0; i < 3; i++) await service.request('GET', '/api/spectrocloud/health', { token: null });
  assert.equal(await service.stop(), 0, service.log());
  assert.match(service.log(), /in_all=3$/m);
});

test('headers of the collector are not shown', () => {
  const shown = runCommand(withTelemetry(exporting()), 'config', 'show');
  assert.equal(shown.status, 0, shown.stderr);
  assert.ok(!shown.stdout.includes('otlp-secret-value'));
  const faulty = runCommand(withTelemetry(exporting({ otlpHeaders: { 'x-key': 'otlp-secret-välue' } })), 'config', 'check');
  assert.notEqual(faulty.status, 0);
  assert.ok(!(faulty.stdout + faulty.stderr).includes('otlp-secret'), faulty.stderr);
});
