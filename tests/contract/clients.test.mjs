// Clients that mean harm, or are slow, or many: what they send is served or refused for what it is, they take nothing
// from anybody else, and they come to an end. tests/http/ has whole conversations of one such client each.
import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import net from 'node:net';
import { after, before, test } from 'node:test';

import { sleep, until } from './backstage.mjs';
import { inLanes } from './faults.mjs';
import { TOKEN, configuration, startServiceIn, startService } from './harness.mjs';

const HEALTH = '/api/spectrocloud/health';
const OPTIMISED = 'build/spectrocloud-backend';
const SLOW = 300;
const IDLE = 10000;

let service;
const table = new Map(); // by form: the statuses of what came

before(async () => {
  service = await startService(configuration([{ url: 'http://127.0.0.1:1' }]));
});

after(async () => {
  const width = Math.max(...forms.map(([form]) => form.length)) + 2;
  console.log(`\n${'form'.padEnd(width)}answers`);
  for (const [form] of forms) console.log(form.padEnd(width) + (table.get(form) ?? '-'));
  assert.equal(await service.stop(), 0, service.log());
});

// ---- what comes back ----

// The answers in bytes that came over one connection: { status, headers, body }.
function answersIn(text) {
  const answers = [];
  while (text.length > 0) {
    const end = text.indexOf('\r\n\r\n');
    const [, status] = text.match(/^HTTP\/1\.[01] (\d{3}) /) ?? [];
    if (end < 0 || !status) {
      answers.push({ status: 0, body: text });
      return answers;
    }
    const head = text.slice(0, end);
    const length = Number(head.match(/\r\ncontent-length: *(\d+)/i)?.[1] ?? 0);
    answers.push({ status: Number(status), head, body: text.slice(end + 4, end + 4 + length) });
    text = text.slice(end + 4 + length);
  }
  return answers;
}

// ---- requests that two servers could read differently ----

const POST = '/api/spectrocloud/profiles/search';
const HIDDEN = '/api/spectrocloud/hidden-request';
const hidden = `GET ${HIDDEN} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;
const LAST = '/api/spectrocloud/last-request';
const last = `GET ${LAST} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`;

const get = (...lines) => [`GET ${HEALTH} HTTP/1.1`, 'Host: a', ...lines, '', ''].join('\r\n');
const post = (...lines) => [`POST ${POST} HTTP/1.1`, 'Host: a', ...lines, '', ''].join('\r\n');
const chunked = (body, line = 'Transfer-Encoding: chunked') => post(line) + body;
const NO_MORE = 'refused'; // one answer of 4xx or 5xx, or none; then the end

// What is sent; then what it is: refused, or the statuses of the requests that it holds. Behind each comes a request
// that is one only if what stands before it is read as it should be.
const forms = [
  // lengths
  ['two equal lengths', post('Content-Length: 4', 'Content-Length: 4') + 'body', NO_MORE],
  ['two lengths, the second longer', post('Content-Length: 0', `Content-Length: ${hidden.length}`) + hidden, NO_MORE],
  ['two lengths in a list', post('Content-Length: 4, 4') + 'body', NO_MORE],
  ['length and chunks', post(`Content-Length: ${5 + hidden.length}`, 'Transfer-Encoding: chunked') + `0\r\n\r\n${hidden}`, NO_MORE],
  ['chunks and length', post('Transfer-Encoding: chunked', 'Content-Length: 5') + `0\r\n\r\n${hidden}`, NO_MORE],
  ...['-4', '+5', '0x5', '5x', '5;', '5.0', '1e1', '٥', '"4"', '4\v', '4\f', '', ' ', '18446744073709551620', '4294967300',
    '9223372036854775808', '-9223372036854775808'].map(length =>
    [`length ${JSON.stringify(length)}`, post(`Content-Length: ${length}`) + `body${hidden}`, NO_MORE]),
  ['length 0000004', post('Content-Length: 0000004') + 'body', [401]],
  ['length with a tab before', post('Content-Length:\t4') + 'body', [401]],
  ['length with a tab behind', post('Content-Length: 4\t') + `body${hidden}`, NO_MORE],
  ['length with a space behind', post('Content-Length: 4 ') + `body${hidden}`, NO_MORE],
  ['length of a GET', get('Content-Length: 4') + 'body', [200]],
  ['length, a space before the colon', post('Content-Length : 4') + 'body', NO_MORE],
  ['length, an underscore', post(`Content_Length: ${hidden.length}`), [401]],
  // codings
  ['coding chunked', chunked('4\r\nbody\r\n0\r\n\r\n'), [401]],
  ['coding CHUNKED', chunked('4\r\nbody\r\n0\r\n\r\n', 'transfer-encoding: CHUNKED'), [401]],
  ...['chunked, identity', 'identity, chunked', 'identity', 'gzip, chunked', 'xchunked', 'chunkedx', 'chunked;q=1', '"chunked"',
    'chunked,', ',chunked', 'chunked, chunked', 'chunked\v', '\vchunked', 'chun ked', 'chunked\u0000', 'cow', ''].map(coding =>
    [`coding ${JSON.stringify(coding)}`, chunked(`0\r\n\r\n${hidden}`, `Transfer-Encoding: ${coding}`), NO_MORE]),
  ['coding, a space before the colon', chunked(`0\r\n\r\n${hidden}`, 'Transfer-Encoding : chunked'), NO_MORE],
  ['coding, two lines', chunked(`0\r\n\r\n${hidden}`, 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked'), NO_MORE],
  ['coding, folded', chunked(`0\r\n\r\n${hidden}`, 'Transfer-Encoding:\r\n chunked'), NO_MORE],
  ['coding behind a folded line', chunked(`0\r\n\r\n${hidden}`, 'X: y\r\n Transfer-Encoding: chunked'), NO_MORE],
  ['coding in HTTP/1.0', chunked(`0\r\n\r\n${hidden}`).replace('HTTP/1.1', 'HTTP/1.0'), NO_MORE],
  // chunks
  ['chunk with an extension', chunked('4;name=value\r\nbody\r\n0\r\n\r\n'), [401]],
  ['chunk with a long extension', chunked(`4;${'x'.repeat(100000)}\r\nbody\r\n0\r\n\r\n`), 'either'],
  ['chunk whose extension holds LF', chunked(`4;a\nb\r\nbody\r\n0\r\n\r\n${hidden}`), NO_MORE],
  // A CR is part of the extension: the line ends with CR LF only.
  ['chunk whose extension holds CR', chunked('4;a\rb\r\nbody\r\n0\r\n\r\n'), [401]],
  ...['ffffffffffffffff', 'fffffffffffffffc', '10000000000000004', '7fffffffffffffff', '-4', '+4', '0x4', ' 4', '4 4', 'g', '',
    '4,4'].map(size => [`chunk size ${JSON.stringify(size)}`, chunked(`${size}\r\nbody\r\n0\r\n\r\n${hidden}`), NO_MORE]),
  ['chunk longer than it says', chunked(`3\r\nbody\r\n0\r\n\r\n${hidden}`), NO_MORE],
  ['chunk without its end', chunked(`4\r\nbody0\r\n\r\n${hidden}`), NO_MORE],
  ['trailer that names a length', chunked(`0\r\nContent-Length: ${hidden.length}\r\n\r\n`), [401]],
  // lines and names
  ['line ends LF alone', get().replaceAll('\r\n', '\n') + hidden, NO_MORE],
  ['a header ends with LF alone', `GET ${HEALTH} HTTP/1.1\r\nHost: a\r\nX: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`, NO_MORE],
  ['a header ends with CR alone', `GET ${HEALTH} HTTP/1.1\r\nHost: a\r\nX: y\rZ: z\r\n\r\n${hidden}`, NO_MORE],
  ['a folded header', get('X: a', ' b') + hidden, NO_MORE],
  ['a header folded with a tab', get('X: a', '\tb') + hidden, NO_MORE],
  ['a folded header before all', `GET ${HEALTH} HTTP/1.1\r\n Host: a\r\n\r\n${hidden}`, NO_MORE],
  ['a NUL in a value', get('X: a\u0000b') + hidden, NO_MORE],
  ['a NUL in a name', get('X\u0000: a') + hidden, NO_MORE],
  ['a NUL in the target', `GET ${HEALTH}\u0000x HTTP/1.1\r\nHost: a\r\n\r\n${hidden}`, NO_MORE],
  ['a space in a name', get('X Y: a') + hidden, NO_MORE],
  ['a line without a colon', get('nothing') + hidden, NO_MORE],
  ['an empty name', get(': a') + hidden, NO_MORE],
  // hosts, targets, versions
  ['no Host', `GET ${HEALTH} HTTP/1.1\r\n\r\n${hidden}`, NO_MORE],
  ['two Hosts', get('Host: b') + hidden, NO_MORE],
  ['two Hosts, the same', get('Host: a') + hidden, NO_MORE],
  ['absolute-form', get().replace(HEALTH, `http://a${HEALTH}`), [200]],
  ['absolute-form of another host', get().replace(HEALTH, `http://other.example${HEALTH}`), [200]],
  ['absolute-form with a user', get().replace(HEALTH, `http://u:p@a${HEALTH}`), 'either'],
  ['authority-form', get().replace(`GET ${HEALTH}`, 'GET a:80') + hidden, NO_MORE],
  ['method CONNECT', get().replace(`GET ${HEALTH}`, 'CONNECT a:443') + hidden, NO_MORE],
  ['asterisk-form', get().replace(`GET ${HEALTH}`, 'GET *') + hidden, NO_MORE],
  ['a fragment in the target', get().replace(HEALTH, `${HEALTH}#x`), 'either'],
  ['version HTTP/0.9', `GET ${HEALTH}\r\n\r\n${hidden}`, NO_MORE],
  ['version HTTP/1.2', get().replace('HTTP/1.1', 'HTTP/1.2') + hidden, NO_MORE],
  ['version HTTP/2.0', `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${hidden}`, NO_MORE],
  ['version http/1.1', get().replace('HTTP/1.1', 'http/1.1') + hidden, NO_MORE],
  ['two spaces', get().replace(' HTTP', '  HTTP') + hidden, NO_MORE],
  ['a tab instead of a space', get().replace(' HTTP', '\tHTTP') + hidden, NO_MORE],
  ['empty lines before', `\r\n\r\n${get()}`, [200]],
  // sizes
  ['a header of 70 KiB', get(`X: ${'x'.repeat(70 * 1024)}`) + hidden, NO_MORE],
  ['a header of 2 MiB', get(`X: ${'x'.repeat(2 << 20)}`) + hidden, NO_MORE],
  ['a name of 70 KiB', get(`${'x'.repeat(70 * 1024)}: x`) + hidden, NO_MORE],
  ['headers: 129', get(...Array.from({ length: 129 }, (_, i) => `X-${i}: x`)) + hidden, NO_MORE],
  ['headers: 20,000', get(...Array.from({ length: 20000 }, (_, i) => `X-${i}: x`)) + hidden, NO_MORE],
  ['a target of 70 KiB', get().replace(HEALTH, `${HEALTH}?${'x'.repeat(70 * 1024)}`) + hidden, NO_MORE],
  ['a method of 70 KiB', get().replace('GET', 'G'.repeat(70 * 1024)) + hidden, NO_MORE],
  ['a head within the limits', get(`X: ${'x'.repeat(30 * 1024)}`), [200]],
];

test('what could be read in two ways is read in one, or refused', async () => {
  const wrong = [];
  await inLanes(Array.from({ length: 8 }), forms, async ([form, bytes, wanted]) => {
    const answers = answersIn(await service.raw(bytes + last).catch(error => {
      assert.equal(error.code, 'ECONNRESET', form); // refused while it was still sending
      return '';
    }));
    const statuses = answers.map(answer => answer.status);
    table.set(form, statuses.slice(0, -1).concat(statuses.at(-1) ?? 'closed').join(' '));
    const refused = statuses.length <= 1 && statuses.every(status => status >= 400);
    const served = list => String(statuses) === String([...list, 401]) && answers.at(-1).body.includes(LAST.slice(17));
    const right = wanted === NO_MORE ? refused : wanted === 'either' ? refused || statuses.length === 2 : served(wanted);
    if (!right || answers.some(answer => answer.body.includes('hidden-request')))
      wrong.push(`${form}: ${statuses}, wanted ${wanted}: ${JSON.stringify(answers.at(-1)?.body).slice(0, 200)}`);
  });
  assert.deepEqual(wrong, []);
  assert.equal((await service.request('GET', HEALTH)).status, 200);
});

test('twenty requests in one packet are answered in their order', async () => {
  const paths = Array.from({ length: 20 }, (_, i) => (i % 4 === 0 ? HEALTH : `/api/spectrocloud/none-${i}`));
  const bytes = paths.map((path, i) => `${i % 3 === 2 ? 'POST' : 'GET'} ${path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer ${TOKEN}\r\n` +
    (i % 3 === 2 ? 'Content-Length: 2\r\n' : '') + (i === 19 ? 'Connection: close\r\n' : '') + `\r\n${i % 3 === 2 ? '{}' : ''}`).join('');
  const answers = answersIn(await service.raw(bytes));
  assert.equal(answers.length, 20);
  answers.forEach((answer, i) => {
    if (paths[i] !== HEALTH) {
      assert.equal(answer.status, 404, answer.body);
      assert.equal(JSON.parse(answer.body).request.url, `/none-${i}`);
    } else {
      assert.equal(answer.status, i % 3 === 2 ? 405 : 200, answer.body);
    }
  });
});

// ---- slow ones ----

function connect(port, localAddress = '127.0.0.1') {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1', localAddress }, () => resolve(socket));
    socket.once('error', reject);
  });
}

// Sends its head in pieces, and then a byte again and again. told: what it was told; closed: when it was ended.
async function slowClient(port, head) {
  const socket = await connect(port);
  const client = { told: '', open: true };
  let at = 0;
  const timer = setInterval(() => socket.write(at < head.length ? head.slice(at, at += 9) : 'x'), 100);
  socket.on('error', () => {}); // it may be ended while it sends
  socket.on('data', part => { client.told += part; });
  client.closed = new Promise(done => socket.on('close', done)).then(() => {
    clearInterval(timer);
    client.open = false;
  });
  return client;
}

test(`${SLOW} clients that send a byte now and then`, async t => {
  const own = await startService(configuration([{ url: 'http://127.0.0.1:1' }], { server: { receiveTimeout: '4s' } }));
  const heads = ['GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ', `POST ${POST} HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n`,
    `POST ${POST} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n186A0\r\n`];
  const begun = Date.now();
  const slow = await Promise.all(Array.from({ length: SLOW }, (_, i) => slowClient(own.port, heads[i % heads.length])));
  let served = 0;
  for (; slow.some(client => client.open) && served < 100; served++)
    assert.equal((await own.request('GET', HEALTH)).status, 200);
  assert.ok(served > 0);
  await Promise.race([Promise.all(slow.map(client => client.closed)),
    sleep(60000).then(() => assert.fail(`${slow.filter(client => client.open).length} are still there after 60 s`))]);
  t.diagnostic(`${SLOW} slow clients ended after ${Date.now() - begun} ms; ${served} requests of others served meanwhile`);
  for (const { told } of slow) assert.doesNotMatch(told, /^HTTP\/1\.1 [12]/);
  assert.equal((await own.request('GET', HEALTH)).status, 200);
  assert.equal(await own.stop(), 0, own.log());
});

test('clients that do not read what they asked for hold up nobody', async () => {
  const own = await startService(configuration([{ url: 'http://127.0.0.1:1' }], { server: { idleTimeout: '3s' } }));
  const request = `GET /api/spectrocloud/openapi.json HTTP/1.1\r\nHost: a\r\n\r\n`;
  const deaf = await Promise.all(Array.from({ length: 50 }, async () => {
    const socket = await connect(own.port);
    socket.on('error', () => {});
    socket.pause();
    socket.write(request.repeat(200));
    return socket;
  }));
  for (let i = 0; i < 30; i++) assert.equal((await own.request('GET', HEALTH)).status, 200);
  deaf.forEach(socket => socket.destroy());
  assert.equal((await own.request('GET', HEALTH)).status, 200);
  assert.equal(await own.stop(), 0, own.log());
});

// ---- many ----

const hardLimit = () => Number(readFileSync('/proc/self/limits', 'latin1').match(/Max open files +\S+ +(\d+)/)?.[1] ?? Infinity);
const memoryKib = pid => Number(readFileSync(`/proc/${pid}/status`, 'latin1').match(/VmRSS:\s+(\d+)/)[1]);

// An answered request on a connection that stays.
function idle(port, localAddress) {
  return new Promise((resolve, reject) => {
    const socket = net.connect({ port, host: '127.0.0.1', localAddress },
      () => socket.write(`GET ${HEALTH} HTTP/1.1\r\nHost: a\r\n\r\n`));
    socket.on('error', reject);
    socket.once('data', part => (String(part).startsWith('HTTP/1.1 200') ? resolve(socket) : reject(new Error(String(part)))));
  });
}

const few = hardLimit() < IDLE + 1000 && `the limit of descriptors is ${hardLimit()}; the test needs ${IDLE + 1000}`;

test(`${IDLE} idle connections`, { skip: few }, async t => {
  const program = existsSync(OPTIMISED) ? OPTIMISED : process.env.SPECTROCLOUD_BACKEND;
  const own = await startServiceIn({ program }, configuration([{ url: 'http://127.0.0.1:1' }],
    { server: { maxConnections: IDLE + 500, idleTimeout: '10m' } }));
  for (let i = 0; i < 100; i++) assert.equal((await own.request('GET', HEALTH)).status, 200);
  const before = memoryKib(own.pid);
  const sockets = [];
  while (sockets.length < IDLE)
    sockets.push(...await Promise.all(Array.from({ length: 250 }, (_, i) => idle(own.port, `127.0.0.${2 + i % 4}`))));
  const ended = [];
  sockets.forEach(socket => socket.on('close', () => ended.push(socket)));
  const held = memoryKib(own.pid);
  for (let i = 0; i < 50; i++) assert.equal((await own.request('GET', HEALTH)).status, 200);
  (await idle(own.port, '127.0.0.1')).destroy(); // a new one, too
  assert.equal(ended.length, 0, 'idle connections were ended');
  t.diagnostic(`${program}: ${before} KiB before, ${held} KiB with ${IDLE} connections: ` +
    `${((held - before) / IDLE).toFixed(1)} KiB each`);
  sockets.forEach(socket => socket.destroy());
  await until(async () => (await own.request('GET', HEALTH)).status === 200, 'served afterwards');
  assert.equal(await own.stop(), 0, own.log());
});
