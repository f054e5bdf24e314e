// Clients that have the service hold a lot: answers that they ask for and do not read, bodies that they begin and do not
// end. What is held has a bound; beyond it whoever is slowest is cut off or refused, and everybody else is served.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, test } from 'node:test';

import { sleep, until } from './backstage.mjs';
import { TOKEN, configuration, freePort, startService, startSimulator } from './harness.mjs';

const MIB = 1024 * 1024;
const BUFFERED = 32 * MIB;
const BODIES = BUFFERED / 4;
const ANSWERS = BUFFERED - BODIES;
const CLUSTERS = 6000; // 5 MB: more than a socket takes of what nobody reads
const DEAF = 12;
const STALLED = 40;
const SLOW_MS = 1100; // who is slow for so long may be cut off
const API = '/api/spectrocloud';

let simulator;
let service;
let monitor;

before(async () => {
  simulator = await startSimulator('--seed', '4', '--projects', '3', '--clusters', String(CLUSTERS));
  monitor = await freePort();
  service = await startService(configuration([simulator], { server: { maxBufferedBytes: BUFFERED },
    telemetry: { listen: `127.0.0.1:${monitor}` } }));
});

after(() => simulator.stop());

// ---- what is held, and who was turned away ----

async function figure(name, labels) {
  const text = await (await fetch(`http://127.0.0.1:${monitor}/metrics`)).text();
  const line = text.split('\n').find(each => each.startsWith(`${name}{${labels}} `));
  return line === undefined ? 0 : Number(line.split(' ')[1]);
}

const held = what => figure('spectrocloud_buffered_bytes', `what="${what}"`);
const turnedAway = reason => figure('spectrocloud_requests_refused_total', `reason="${reason}"`);

async function assertAllGivenBack() {
  await until(async () => await held('bodies') === 0 && await held('answers') === 0, 'everything is given back');
}

// ---- clients ----

function client(bytes) {
  const socket = net.connect({ port: service.port, host: '127.0.0.1' });
  const parts = [];
  const own = { socket, ended: false, text: () => Buffer.concat(parts).toString('latin1') };
  own.closed = new Promise(done => socket.on('close', done)).then(() => { own.ended = true; });
  own.listen = () => socket.on('data', part => parts.push(part));
  socket.on('error', () => {});
  socket.pause();
  socket.write(bytes);
  return own;
}

const list = `GET ${API}/clusters HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${TOKEN}\r\nCache-Control: no-cache\r\n` +
  'Connection: close\r\n\r\n';
const begun = `POST ${API}/profiles/search HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Type: application/json\r\n` +
  `Content-Length: ${MIB - 1}\r\n\r\n`;

// All that comes until the connection's end.
async function read(of) {
  of.listen();
  of.socket.resume();
  await of.closed;
  const [head, body] = of.text().split(/\r\n\r\n(.*)/s);
  return { status: Number(head.match(/^HTTP\/1\.1 (\d{3})/)?.[1] ?? 0), head, body,
    whole: body?.length === Number(head.match(/\r\nContent-Length: (\d+)/i)?.[1]) };
}

function assertComeAgain({ status, head, body }, url) {
  assert.equal(status, 503);
  assert.match(head, /\r\nRetry-After: [1-9]/);
  assert.match(head, /\r\nX-Request-Id: /);
  const { error, request, response } = JSON.parse(body);
  assert.deepEqual(error, { name: 'ServiceUnavailableError', message: 'Too much is being sent and received at the moment' });
  assert.equal(request.url, url);
  assert.equal(response.statusCode, 503);
}

async function assertHealthy() {
  const answer = await service.request('GET', `${API}/health`, { token: null, patience: 5000 });
  assert.equal(answer.status, 200);
}

async function assertListed() {
  const answer = await service.request('GET', `${API}/clusters`, { headers: { 'Cache-Control': 'no-cache' } });
  assert.equal(answer.status, 200, answer.text.slice(0, 300));
  return answer.json.clusters.length;
}

test('answers that nobody reads have a bound, and the slowest readers make room', async t => {
  const all = await assertListed();
  const deaf = [];
  while (deaf.length < DEAF) {
    const before = [await held('answers'), await turnedAway('unread'), await turnedAway('memory')];
    deaf.push(client(list));
    await until(async () => await held('answers') !== before[0] || await turnedAway('unread') !== before[1] ||
      await turnedAway('memory') !== before[2], 'its answer is there', 30000);
    const now = await held('answers');
    assert.ok(now <= ANSWERS, `${now} bytes are held`);
    await assertHealthy();
  }
  // Who reads is served meanwhile, and in full.
  await sleep(SLOW_MS);
  for (let i = 0; i < 3; i++) assert.equal(await assertListed(), all);
  // The last of the deaf ones is not the slowest: its answer is still there, whole.
  const answers = await Promise.all(deaf.map(read));
  const [whole, cut, instead] = [answers.filter(a => a.status === 200 && a.whole),
    answers.filter(a => a.status === 200 && !a.whole), answers.filter(a => a.status === 503)];
  t.diagnostic(`of ${DEAF}: ${whole.length} whole, ${cut.length} cut off, ${instead.length} told to come again`);
  assert.equal(whole.length + cut.length + instead.length, DEAF);
  assert.ok(cut.length > 0);
  for (const { body } of whole) assert.equal(JSON.parse(body).clusters.length, all);
  instead.forEach(answer => assertComeAgain(answer, '/clusters'));
  assert.equal(await turnedAway('unread'), cut.length);
  assert.equal(await turnedAway('memory'), instead.length);
  await assertAllGivenBack();
  assert.match(service.log(), / warn +http\.memory_full bodies=\d+ answers=\d+ cut_off=\d+\n/);
});

test('bodies of strangers have a bound, and who sends a whole one is served', async t => {
  const refused = await turnedAway('memory');
  const stalled = Array.from({ length: STALLED }, () => client(Buffer.concat([Buffer.from(begun), Buffer.alloc(900 * 1024, 32)])));
  await until(async () => await turnedAway('memory') > refused, 'one is refused');
  assert.ok(await held('bodies') <= BODIES);
  await assertHealthy();
  assert.ok(await assertListed() > 0, 'they take nothing from answers');
  await sleep(SLOW_MS);
  for (let i = 0; i < 5; i++) {
    const answer = await service.request('POST', `${API}/profiles/search`, { body: JSON.stringify({ names: ['none'] }) });
    assert.equal(answer.status, 200, answer.text.slice(0, 300));
    assert.ok(await held('bodies') <= BODIES);
  }
  // Those who were not refused may go on, and learn that nobody knows them.
  stalled.forEach(each => each.socket.write(Buffer.alloc(MIB - 1 - 900 * 1024, 32)));
  const answers = await Promise.all(stalled.map(read));
  const [asked, later] = [answers.filter(a => a.status === 401), answers.filter(a => a.status === 503)];
  t.diagnostic(`of ${STALLED}: ${asked.length} came to an end, ${later.length} told to come again`);
  assert.equal(asked.length + later.length, STALLED, answers.map(a => a.status).join());
  later.forEach(answer => assertComeAgain(answer, '/profiles/search'));
  assert.equal(await turnedAway('memory'), refused + later.length);
  await assertAllGivenBack();
});

test('a stop does not wait for what is held', async () => {
  const deaf = client(list);
  await until(async () => await held('answers') > 0, 'its answer waits', 30000);
  const ended = service.stop();
  deaf.listen();
  deaf.socket.resume();
  await deaf.closed;
  assert.equal(await ended, 0, service.log());
});
