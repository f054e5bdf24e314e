// The audit trail: a line for each sensitive operation, field by field; refusals; rotation; a full disk.
import assert from 'node:assert/strict';
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, statSync, symlinkSync, unlinkSync,
  writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { creationsIn } from '../schema/bodies.mjs';
import { TAG_ACTIONS, goodInputs, invoke, moreInputs } from './actions.mjs';
import { documentedEvents, documentedFields, namesIn, trailIn } from './audit.mjs';
import { beside, cutOff, startBackstage, startBeside, stopBeside, until, userToken } from './backstage.mjs';
import {
  OTHER_PLUGIN, RESTRICTED, TOKEN, TRUSTED, ask, checkConfiguration, configuration, goodRequests, operations, runCommand,
  startService, startSimulator, target,
} from './harness.mjs';

const CREATE = 'create_spectrocloud_cluster';
const PLAN = 'plan_spectrocloud_cluster';
const AGENT = 'audit-tests/1.0';

let simulator;
let world;
let folder;
let count = 0;

const newFile = () => join(folder, `trail-${++count}.jsonl`);
const config = (file, extra = {}) => configuration([simulator], {
  mcp: { kubeconfig: 'full', toolsets: ['core', 'operations', 'packs', 'tags', 'create'], include: ['*', CREATE, ...TAG_ACTIONS] },
  upstream: { timeout: '2s', attempts: 1, circuitFailures: 0 }, ...extra,
  audit: { to: 'file', file, ...extra.audit },
});

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'audit-'));
  simulator = await startSimulator('--seed', '7', '--projects', '3', '--clusters', '40', '--virtual-clusters', '9',
    '--inherit-tenant-objects');
  world = await simulator.world();
});

after(async () => {
  await simulator.stop();
  rmSync(folder, { recursive: true, force: true });
});

async function withService(extra, run) {
  const file = newFile();
  const service = await startService(config(file, extra));
  const lines = () => trailIn(file);
  // The line of an answer: there is no other one.
  const lineOf = answer => {
    const own = lines().filter(line => line.requestId === answer.headers['x-request-id']);
    assert.equal(own.length, 1, `${own.length} lines for ${answer.status} ${answer.text}`);
    return own[0];
  };
  await run({ service, file, lines, lineOf });
  assert.equal(await service.stop(), 0, service.log());
  const text = readFileSync(file, 'utf8');
  for (const secret of [TOKEN, TRUSTED, RESTRICTED, OTHER_PLUGIN, 'sim-key', 'sim-secret', 'session-of-somebody', 'guessed'])
    assert.ok(!text.includes(secret), `${secret} is in the trail`);
}

const withoutTimes = ({ time, traceId, requestId, ...rest }) => rest;

// What every line has, but for what differs.
function wanted(event, severity, { service, actor = {}, request, meta, status = 'succeeded', error }) {
  return {
    level: 'info', event: 'audit', message: `spectrocloud.${event}`, eventId: event, severityLevel: severity, status,
    isAuditEvent: true, schemaVersion: 1, service: 'spectrocloud-backend', plugin: 'spectrocloud',
    ...(error && { error }),
    actor: { actorId: 'tests', kind: 'service', ip: '127.0.0.1', hostname: `127.0.0.1:${service.port}`, userAgent: AGENT,
      ...actor },
    request, meta,
  };
}

const headers = { 'user-agent': AGENT };
const routeOf = row => row.path.replace(/\{(\w+)\}/g, ':$1');
const objectOf = good => Object.values(good.path ?? {})[0];

// A body of cluster.create for another cluster.
function named(good, name) {
  const body = structuredClone(good['cluster.create'].body);
  body.metadata.name = name;
  return JSON.stringify(body);
}

// ---- field by field ----

test('each audited route has its line, field by field', () => withService({}, async ({ service, lineOf }) => {
  const { rows } = await operations(service);
  const good = goodRequests(world);
  const events = documentedEvents().filter(e => e.path && e.event !== 'session-get');
  assert.ok(events.length >= 9, `${events.length} routes`);
  for (const { event, severity, method, path } of events) {
    const row = rows.find(r => r.method === method && routeOf(r) === path);
    assert.ok(row, `${method} ${path} is no operation`);
    const before = Date.now();
    const answer = await ask(service, row, good[row.operationId], { headers });
    assert.ok(answer.status < 300, `${row.operationId}: ${answer.text}`);
    const line = lineOf(answer);
    assert.equal(event, row.operationId.replaceAll(/[._]/g, '-'));
    assert.ok(Date.parse(line.time) >= before - 1 && Date.parse(line.time) <= Date.now() + 1, line.time);
    assert.match(line.traceId, /^[0-9a-f]{32}$/);
    const { body, query = {}, token } = good[row.operationId];
    const made = body?.metadata?.name ?? body?.clusterConfig?.metadata?.name;
    assert.deepEqual(withoutTimes(line), wanted(event, severity, { service,
      actor: token === TRUSTED ? { actorId: 'tests-trusted' } : {},
      request: { method, url: target(row, good[row.operationId]).split('?')[0] },
      meta: { operation: row.operationId, environment: 'first', ...(query.projectUid && { project: query.projectUid }),
        object: made ? answer.json.uid : objectOf(good[row.operationId]), outcome: 'succeeded',
        ...(made && { objectName: made }) } }), row.operationId);
  }
}));

// Of a tool, what it was done to, and in which project.
function aboutTool(name, input, output) {
  const object = output.clusterUid ?? output.uid ?? output.cluster?.uid ?? output.packUid ?? output.profileUid ?? output.profile?.uid;
  if (name === PLAN) return { object: `${input.cluster.name} (only planned)` };
  return { object: TAG_ACTIONS.includes(name) ? `${object} (only tried)` : object };
}

test('each audited tool has its line, field by field', () => withService({}, async ({ service, lineOf }) => {
  const inputs = { ...goodInputs(world), ...await moreInputs(world, service) };
  const creation = creationsIn(world).find(c => c.form === 'flat' && c.kind === 'eks');
  const creating = { cluster: creation.body('audited'), projectUid: world.projects[0].uid };
  inputs[PLAN] = creating;
  inputs[CREATE] = { ...creating, planId: (await invoke(service, PLAN, creating)).json.output.planId };
  const events = documentedEvents().filter(e => e.tool);
  assert.ok(events.length >= 10, `${events.length} tools`);
  for (const { event, severity, tool } of events) {
    assert.ok(inputs[tool], `no good input is known for ${tool}`);
    const answer = await invoke(service, tool, inputs[tool], { headers });
    // These need a catalog: what their name means is not known without one. It is audited all the same.
    const ok = answer.status === 200;
    const line = lineOf(answer);
    const { project, object, objectName, environment, ...meta } = line.meta;
    assert.deepEqual(withoutTimes({ ...line, meta }), wanted(event, severity, { service, status: ok ? 'succeeded' : 'failed',
      ...(!ok && { error: line.error }),
      request: { method: 'POST', url: `/api/spectrocloud/.backstage/actions/v1/actions/spectrocloud%3A${tool}/invoke` },
      meta: { operation: meta.operation, tool, door: 'backstage', outcome: ok ? 'succeeded' : 'failed' } }), tool);
    assert.match(meta.operation, /^agent\./);
    assert.ok(ok, `${tool}: ${answer.text}`);
    assert.equal(environment, 'first', tool);
    assert.equal(object, aboutTool(tool, inputs[tool], answer.json.output).object, tool);
    assert.equal(project ?? '', inputs[tool].projectUid ?? project ?? '', tool);
    assert.equal(objectName, tool === CREATE ? 'audited' : undefined, tool);
  }
}));

test('fields that are not documented do not come, and each that is comes somewhere', () => withService({},
  async ({ service, lines }) => {
    const known = documentedFields();
    const cluster = goodRequests(world)['cluster.kubeconfig'].path.clusterUid;
    await service.request('GET', `/api/spectrocloud/clusters/${cluster}/kubeconfig?instance=second`, { headers });
    await service.request('GET', `/api/spectrocloud/clusters/${'x'.repeat(3000)}/kubeconfig`, {
      headers: { 'user-agent': 'a'.repeat(1000) } });
    for (const line of lines())
      for (const name of namesIn(line)) assert.ok(known.includes(name), `${name} is not documented`);
    const long = lines().at(-1);
    assert.deepEqual(long.shortened, ['actor.userAgent', 'request.url']);
    assert.equal(long.actor.userAgent.length, 256);
    assert.equal(long.request.url.length, 1024);
  }));

// ---- refusals and failures ----

test('each denial is there, of whatever operation', () => withService({}, async ({ service, lineOf, lines }) => {
  const { rows } = await operations(service);
  const good = goodRequests(world);
  let denied = 0;
  for (const row of rows) {
    if (!row['x-backstage-permission']) continue;
    const { token: _, ...request } = good[row.operationId];
    const answer = await ask(service, row, request, { headers, token: RESTRICTED });
    assert.equal(answer.status, 403, row.operationId);
    const line = lineOf(answer);
    assert.equal(line.eventId, row.operationId.replaceAll(/[._]/g, '-'));
    assert.deepEqual([line.status, line.meta.outcome, line.actor.actorId], ['failed', 'denied', 'tests-restricted']);
    assert.equal(line.error, answer.json.error.message);
    denied++;
  }
  assert.ok(denied > 20, `${denied} operations`);
  // A token for others: it is known whose it is.
  const other = await service.request('GET', '/api/spectrocloud/projects', { token: OTHER_PLUGIN });
  assert.equal(other.status, 403);
  assert.equal(lineOf(other).actor.actorId, 'tests-other');
  assert.equal(lines().length, denied + 1);
}));

test('what fails, and what nobody knows the end of, says so', () => withService({}, async ({ service, lineOf }) => {
  const { rows } = await operations(service);
  const row = name => rows.find(r => r.operationId === name);
  const good = goodRequests(world);
  const missing = await ask(service, row('cluster.kubeconfig'), good['cluster.kubeconfig'],
    { path: { clusterUid: 'f'.repeat(24) } });
  assert.equal(missing.status, 404);
  assert.deepEqual([lineOf(missing).status, lineOf(missing).meta.outcome, lineOf(missing).meta.object],
    ['failed', 'failed', 'f'.repeat(24)]);
  const wrong = await ask(service, row('cluster.kubeconfig'), good['cluster.kubeconfig'], { query: { instance: 'none' } });
  assert.equal(wrong.status, 400);
  assert.equal(lineOf(wrong).meta.outcome, 'failed');
  await simulator.fault({ match: { method: 'POST', pathPrefix: '/v1/spectroclusters/eks' }, fault: 'reset', bytes: 0 });
  const unknown = await ask(service, row('cluster.create'), good['cluster.create'], { body: named(good, 'nobody-knows') });
  await simulator.heal();
  assert.ok(unknown.status >= 500, unknown.text);
  assert.deepEqual([lineOf(unknown).status, lineOf(unknown).meta.outcome], ['failed', 'unknown']);
}));

test('refused credentials are there, those that are missing are not, and a flood of them is bounded', () => withService({},
  async ({ service, lineOf, lines }) => {
    const projects = '/api/spectrocloud/projects';
    const begun = Date.now();
    const guessed = await service.request('GET', projects, { token: 'guessed-token', headers });
    assert.equal(guessed.status, 401);
    const line = lineOf(guessed);
    assert.deepEqual([line.eventId, line.severityLevel, line.status, line.actor.kind, line.actor.actorId, line.meta.outcome,
      line.meta.operation], ['credential-refused', 'low', 'failed', 'unknown', undefined, 'denied', 'project.list']);
    assert.equal(lineOf(await service.request('GET', '/api/spectrocloud/none', { token: 'guessed-token' })).eventId,
      'credential-refused');
    const none = await service.request('GET', projects, { token: null });
    assert.equal(none.status, 401);
    assert.equal(lines().length, 2);
    for (let round = 0; round < 30; round++)
      await Promise.all(Array.from({ length: 20 }, () => service.request('GET', projects, { token: 'guessed-token' })));
    // 60 at once, and one in five seconds.
    const written = lines().length;
    const most = 62 + (Date.now() - begun) / 5000;
    assert.ok(written >= 60 && written <= most, `${written} lines, at most ${most}`);
    // Whoever is known is written down meanwhile.
    const { rows } = await operations(service);
    const row = rows.find(r => r.operationId === 'cluster.kubeconfig');
    assert.equal(lineOf(await ask(service, row, goodRequests(world)['cluster.kubeconfig'])).status, 'succeeded');
  }));

test('how many refusals were left out is said at the end', async () => {
  const file = newFile();
  const service = await startService(config(file));
  for (let i = 0; i < 100; i++) await service.request('GET', '/api/spectrocloud/projects', { token: 'guessed-token' });
  assert.equal(await service.stop(), 0);
  const lines = trailIn(file);
  const last = lines.at(-1);
  assert.equal(last.eventId, 'refusals-suppressed');
  assert.equal(last.meta.suppressed + lines.length - 1, 100);
});

test('it is said on standard error, too, and by a process that is cut off', async () => {
  const slow = await startSimulator('--latency', '20000');
  const service = await startService(configuration([slow]));
  for (let i = 0; i < 100; i++) await service.request('GET', '/api/spectrocloud/projects', { token: 'guessed-token' });
  await cutOff(service, slow);
  const written = service.log().match(/ audit .* event="credential-refused"/g).length;
  const [[, left], ...more] = service.log().matchAll(/ audit .* suppressed="(\d+)" event="refusals-suppressed"/g);
  assert.equal(Number(left) + written, 100);
  assert.equal(more.length, 0);
  await service.stop();
  await slow.stop();
});

test('who looks at the session of another is there, who looks at their own is not', async () => {
  const file = newFile();
  const backstage = await startBackstage();
  backstage.emails['user:default/ada'] = 'ada@example.com';
  const service = await startBeside(backstage, beside(backstage, config(file)));
  const path = email => `/api/spectrocloud/session-tokens/${email}`;
  const answer = await service.request('GET', path('somebody@example.com'), { token: TRUSTED });
  assert.equal(answer.status, 200, answer.text);
  const line = trailIn(file).find(l => l.requestId === answer.headers['x-request-id']);
  assert.deepEqual([line.eventId, line.severityLevel, line.meta.object, line.actor.actorId],
    ['session-get', 'medium', 'somebody@example.com', 'tests-trusted']);
  const lines = trailIn(file).length;
  const own = await service.request('GET', path('ada@example.com'), { token: userToken(backstage.users[0]) });
  assert.equal(own.status, 200, own.text);
  assert.equal(trailIn(file).length, lines);
  const other = await service.request('GET', path('somebody@example.com'), { token: userToken(backstage.users[0]) });
  assert.equal(other.status, 403, other.text);
  assert.deepEqual([trailIn(file).at(-1).eventId, trailIn(file).at(-1).meta.outcome, trailIn(file).at(-1).actor.actorId],
    ['session-get', 'denied', 'user:default/ada']);
  await stopBeside(backstage, service);
  await backstage.stop();
});

// ---- where it goes ----

test('on standard error it is part of the log', async () => {
  const made = config('/unused');
  delete made.spectrocloud.audit;
  const service = await startService(made);
  const { rows } = await operations(service);
  const good = goodRequests(world)['cluster.kubeconfig'];
  const answer = await ask(service, rows.find(r => r.operationId === 'cluster.kubeconfig'), good);
  const line = await until(() => service.log().split('\n').find(l => / audit /.test(l)), 'the line');
  assert.match(line, / audit request=\S+ operation="cluster.kubeconfig" principal="tests" actor="" kind="service"/);
  assert.match(line, new RegExp(`object="${good.path.clusterUid}" outcome="succeeded"`));
  assert.ok(line.includes(answer.headers['x-request-id']));
  assert.equal(await service.stop(), 0);
});

test('a log that nobody reads holds up nobody; what needs the trail in it is refused meanwhile', async () => {
  const service = await startService(configuration([simulator], { audit: { required: true } }));
  const row = (await operations(service)).rows.find(r => r.operationId === 'cluster.kubeconfig');
  const good = goodRequests(world)['cluster.kubeconfig'];
  assert.equal((await ask(service, row, good)).status, 200);
  service.stopReading();
  const chatter = () => service.request('GET', `/api/spectrocloud/none/${'x'.repeat(2000)}`, { token: 'guessed-token' });
  let refused;
  for (let round = 0; round < 400 && refused?.status !== 503; round++) {
    await Promise.all(Array.from({ length: 20 }, chatter));
    refused = await ask(service, row, good);
  }
  assert.equal(refused.status, 503);
  assert.match(refused.json.error.message, /audit trail cannot be written/);
  assert.equal((await service.request('GET', '/api/spectrocloud/health', { token: null })).status, 200);
  service.readOn();
  await until(async () => (await ask(service, row, good)).status === 200, 'it is done again');
  await until(() => / warn {2}log\.lost .*count=\d+ /.test(service.log()), 'the log says how many');
  assert.equal(await service.stop(), 0);
});

test('a level of the log that hides the trail is remarked on', () => {
  const hidden = configuration([simulator], { telemetry: { logLevel: 'warn' } });
  assert.match(checkConfiguration(hidden).stdout + checkConfiguration(hidden).stderr, /audit\.to.*there is no audit trail/);
  hidden.spectrocloud.telemetry.logLevels = { audit: 'info' };
  assert.doesNotMatch(checkConfiguration(hidden).stdout + checkConfiguration(hidden).stderr, /no audit trail/);
});

test('where it is required it may not be hidden, not even by a reload', async () => {
  const made = configuration([simulator], { telemetry: { logLevel: 'warn' }, audit: { required: true } });
  const refused = checkConfiguration(made);
  assert.notEqual(refused.status, 0);
  assert.match(refused.stdout + refused.stderr, /audit\.required: nothing could be done/);
  made.spectrocloud.telemetry.logLevel = 'info';
  const service = await startService(made);
  made.spectrocloud.telemetry.logLevel = 'warn';
  writeFileSync(service.file, JSON.stringify(made));
  process.kill(service.pid, 'SIGHUP');
  await until(() => /config\.refused .*audit\.required/.test(service.log()), 'the refusal');
  assert.equal(await service.stop(), 0);
});

test('what cannot be is refused by name', () => {
  for (const [audit, pattern] of [
    [{ to: 'file' }, /spectrocloud\.audit\.file/], [{ to: 'nowhere' }, /spectrocloud\.audit\.to/],
    [{ to: 'file', file: 'relative' }, /audit\.file: .*absolute path/], [{ required: 'perhaps' }, /audit\.required/]]) {
    const result = checkConfiguration(configuration([simulator], { audit }));
    assert.notEqual(result.status, 0, JSON.stringify(audit));
    assert.match(result.stdout + result.stderr, pattern);
  }
});

test('a file that cannot be written stops the start where the trail is required, and is told elsewhere', async () => {
  await assert.rejects(startService(config('/nowhere/at/all', { audit: { required: true } })),
    /the audit trail, \/nowhere\/at\/all, cannot be written/);
  // It is tried again with each line.
  const later = join(folder, 'later');
  const service = await startService(config(join(later, 'trail')));
  assert.match(service.log(), /telemetry\.audit_failed/);
  mkdirSync(later);
  const { rows } = await operations(service);
  await ask(service, rows.find(r => r.operationId === 'cluster.kubeconfig'), goodRequests(world)['cluster.kubeconfig']);
  assert.equal(trailIn(join(later, 'trail')).length, 1);
  assert.equal(await service.stop(), 0);
});

test('what root makes in a shell belongs to whom the folder does', { skip: process.getuid() !== 0 && 'for root' }, () => {
  const owned = join(folder, 'owned');
  const { clusterUid, projectUid } = goodInputs(world).get_spectrocloud_cluster_profiles;
  mkdirSync(owned);
  chownSync(owned, 65534, 65534);
  const made = config(join(owned, 'trail'));
  assert.equal(runCommand(made, 'action', 'run', 'list_spectrocloud_projects').status, 0);
  assert.ok(!existsSync(join(owned, 'trail')), 'that is not audited');
  runCommand(made, 'action', 'run', 'get_spectrocloud_cluster_profiles', '--arg', `clusterUid=${clusterUid}`, '--arg',
    `projectUid=${projectUid}`);
  const { uid, gid } = statSync(join(owned, 'trail'));
  assert.deepEqual([uid, gid], [65534, 65534]);
  // A link there may be anybody's, and lead anywhere.
  const precious = join(folder, 'precious');
  writeFileSync(precious, 'as it was');
  symlinkSync(precious, join(owned, 'link'));
  const said = runCommand(config(join(owned, 'link')), 'action', 'run', 'get_spectrocloud_cluster_profiles', '--arg',
    `clusterUid=${clusterUid}`, '--arg', `projectUid=${projectUid}`);
  assert.equal(readFileSync(precious, 'utf8'), 'as it was');
  assert.match(said.stderr, /telemetry\.audit_failed .*Too many levels of symbolic links/);
});

// ---- at a shell ----

test('commands write into the same trail, by their operator', () => {
  const file = newFile();
  const { clusterUid, projectUid } = goodInputs(world).get_spectrocloud_cluster_profiles;
  const args = ['action', 'run', 'get_spectrocloud_cluster_profiles', '--arg', `clusterUid=${clusterUid}`, '--arg',
    `projectUid=${projectUid}`];
  const done = runCommand(config(file), ...args);
  assert.equal(done.status, 0, done.stderr);
  const [line, ...more] = trailIn(file);
  assert.deepEqual(more, []);
  assert.match(line.actor.actorId, /^local:/);
  assert.deepEqual([line.eventId, line.status, line.actor.kind, line.actor.ip, line.request, line.meta],
    ['agent-cluster-profiles', 'succeeded', 'shell', undefined, undefined, { operation: 'agent.cluster_profiles',
      tool: 'get_spectrocloud_cluster_profiles', door: 'shell', environment: 'first', project: projectUid, object: clusterUid,
      outcome: 'succeeded' }]);
  // Where it cannot be opened, a command goes on and says so, unless the trail is required.
  const lost = runCommand(config('/nowhere/at/all'), ...args);
  assert.equal(lost.status, 0, lost.stderr);
  assert.match(lost.stderr, /telemetry\.audit_failed/);
  const refused = runCommand(config('/nowhere/at/all', { audit: { required: true } }), ...args);
  assert.notEqual(refused.status, 0);
  assert.match(refused.stderr, /The audit trail cannot be written, and without it this is not done/);
  assert.equal(refused.stdout, '');
});

// ---- a full disk ----

test('a trail that fails for another reason says that, too, and goes on by itself', async () => {
  const place = join(folder, 'place');
  mkdirSync(place);
  const service = await startService(config(join(place, 'trail')));
  const refuse = () => service.request('GET', '/api/spectrocloud/projects', { token: 'guessed-token' });
  rmSync(place, { recursive: true });
  for (let i = 0; i < 3; i++) await refuse();
  writeFileSync(place, 'no folder');
  for (let i = 0; i < 3; i++) await refuse();
  rmSync(place);
  mkdirSync(place);
  await refuse();
  assert.equal(await service.stop(), 0);
  assert.deepEqual([...service.log().matchAll(/ telemetry\.audit_failed .*problem="([^"]*)"/g)].map(([, problem]) => problem),
    ['No such file or directory', 'Not a directory']);
  assert.match(service.log(), / telemetry\.audit_works .*missing=6/);
  assert.equal(trailIn(join(place, 'trail')).length, 1);
});

test('where the trail cannot be written: said, counted, and refused if it is required', async () => {
  for (const required of [false, true]) {
    const file = newFile();
    symlinkSync('/dev/full', file);
    const service = await startService(config(file, { audit: { required } }));
    const { rows } = await operations(service);
    const row = rows.find(r => r.operationId === 'cluster.kubeconfig');
    const good = goodRequests(world)['cluster.kubeconfig'];
    await simulator.forget();
    const answer = await ask(service, row, good);
    const asked = (await simulator.requests()).length;
    if (required) {
      assert.equal(answer.status, 503, answer.text);
      assert.match(answer.json.error.message, /audit trail cannot be written.*spectrocloud\.audit\.required/);
      assert.equal(asked, 0, 'nothing was done');
      // What is not audited goes on.
      assert.equal((await service.request('GET', '/api/spectrocloud/projects')).status, 200);
    } else {
      assert.equal(answer.status, 200);
    }
    await until(() => / error telemetry\.audit_failed .*No space left/.test(service.log()), 'the log says it');
    // The lines themselves are on standard error.
    await until(() => service.log().includes('"eventId":"cluster-kubeconfig"'), 'the line');
    unlinkSync(file);
    writeFileSync(file, '');
    const after = await ask(service, row, good);
    assert.equal(after.status, 200, after.text);
    assert.deepEqual(trailIn(file).map(l => [l.eventId, l.status]),
      [...(required ? [['cluster-kubeconfig', 'initiated']] : []), ['cluster-kubeconfig', 'succeeded']]);
    await until(() => / telemetry\.audit_works .*missing=\d/.test(service.log()), 'the log says that it is over');
    assert.equal(await service.stop(), 0);
  }
});

// ---- a scripted day ----

const WRITERS = 8;
const REQUESTS = 40;

async function day(required) {
  const file = newFile();
  const service = await startService(config(file, { audit: { required }, server: { watchConfig: false } }));
  const { rows } = await operations(service);
  const good = goodRequests(world);
  const row = name => rows.find(r => r.operationId === name);
  const happened = new Map(); // by request: the event, its outcome, and whether it was begun
  const deeds = [
    ['cluster.kubeconfig', {}, 'succeeded'], ['cluster.manifest', {}, 'succeeded'], ['cluster.profiles', {}, 'succeeded'],
    ['cluster.kubeconfig', { token: RESTRICTED }, 'denied'], ['cluster.list', { token: RESTRICTED }, 'denied'],
    ['cluster.kubeconfig', { path: { clusterUid: 'f'.repeat(24) } }, 'failed'],
    ['cluster.create', { query: { dryRun: 'true' } }, 'succeeded'], ['profile.packs', {}, 'succeeded'],
    ['cluster.create', {}, 'succeeded'],
  ];
  let rotations = 0;
  const rotate = async () => {
    await until(() => existsSync(file), 'a line was written since the last time');
    renameSync(file, `${file}.${rotations++}`);
    process.kill(service.pid, 'SIGHUP');
  };
  const write = async writer => {
    for (let i = 0; i < REQUESTS; i++) {
      // In the middle of what the others write.
      if (writer === 0 && i % 4 === 3) await rotate();
      const [name, usual, outcome] = deeds[(writer + i) % deeds.length];
      const change = name === 'cluster.create' ? { ...usual, body: named(good, `day-${count}-${writer}-${i}`) } : usual;
      const email = `user-${writer}-${i}@example.com`;
      const session = i % 10 === 9;
      const answer = session
        ? await ask(service, row('session.put'), good['session.put'], { path: { email } })
        : await ask(service, row(name), good[name], change);
      assert.ok(outcome !== 'succeeded' || session || answer.status < 300, answer.text);
      const id = answer.headers['x-request-id'];
      assert.ok(!happened.has(id));
      happened.set(id, session ? ['session-put', 'succeeded', true] : [name.replaceAll(/[._]/g, '-'), outcome, outcome !== 'denied']);
    }
  };
  await Promise.all(Array.from({ length: WRITERS }, (_, writer) => write(writer)));
  assert.equal(await service.stop(), 0, service.log());
  const files = readdirSync(folder).map(name => join(folder, name)).filter(name => name.startsWith(file));
  return { happened, rotations, lines: trailIn(...files) };
}

for (const required of [false, true])
  test(`a day of ${WRITERS} writers, with rotations: no line lost, none twice, none torn${required ? '; begun before done' : ''}`,
    async t => {
      const { happened, rotations, lines } = await day(required);
      const ended = lines.filter(line => line.status !== 'initiated');
      const begun = lines.filter(line => line.status === 'initiated');
      assert.equal(happened.size, WRITERS * REQUESTS);
      assert.equal(rotations, REQUESTS / 4);
      assert.equal(new Set(ended.map(line => line.requestId)).size, ended.length, 'none twice');
      assert.deepEqual(new Map(ended.map(line => [line.requestId, [line.eventId, line.meta.outcome]]).sort()),
        new Map([...happened].map(([id, [event, outcome]]) => [id, [event, outcome]]).sort()));
      const wantBegun = required ? [...happened].filter(([, [, , begins]]) => begins).map(([id]) => id) : [];
      assert.deepEqual(begun.map(line => line.requestId).sort(), wantBegun.sort());
      t.diagnostic(`${lines.length} lines in ${rotations + 1} files`);
    });
