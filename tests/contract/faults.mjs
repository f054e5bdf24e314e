// What can go wrong on the way to Palette and back, each with the statuses that are right for it; servers that TLS
// fails with; and how answers are compared.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import tls from 'node:tls';

// Of Palette's own errors, under a status that says success.
const ERROR_BODY = JSON.stringify({ code: 'ResourceBusy', message: 'sim-secret of a busy resource', ref: 'abc', details: null });
const HTML = '<html><head><title>502 Bad Gateway</title></head><body>sim-secret</body></html>';
const MIB = 1024 * 1024;

// column: its name in the table. rule: of the simulator's, for the requests that are hit.
// wanted: what routes answer. heals: the service asks again, and then gets what it wants.
// everywhere: not only at one request of a list. fine: operations for which it is an answer as documented.
// service: of three that differ in how long they wait for Palette and how often they ask; patient unless it says so.
export const faults = [
  { column: '429/3', rule: { fault: 'status', status: 429, every: 3 }, wanted: [], heals: true, service: 'insistent' },
  { column: '429', rule: { fault: 'status', status: 429 }, wanted: [503] },
  { column: '500', everywhere: true, rule: { fault: 'status', status: 500 }, wanted: [502] },
  { column: '503', rule: { fault: 'status', status: 503 }, wanted: [502] },
  { column: '502html', rule: { fault: 'status', status: 502, body: HTML, contentType: 'text/html' }, wanted: [502] },
  { column: 'redirect', rule: { fault: 'redirect', location: 'http://127.0.0.1:1/' }, wanted: [502] },
  { column: 'hang', rule: { fault: 'hang' }, wanted: [504], service: 'hasty' },
  { column: 'late', rule: { fault: 'slow-headers', ms: 3000 }, wanted: [504], service: 'hasty' },
  { column: 'stall', everywhere: true, rule: { fault: 'stall', bytes: 10 }, wanted: [504], service: 'hasty' },
  { column: 'drip', rule: { fault: 'drip', ms: 150 }, wanted: [504], service: 'hasty' },
  { column: 'cut', rule: { fault: 'truncate', bytes: 20 }, wanted: [502] },
  { column: 'cutchunk', rule: { fault: 'cut-chunks', bytes: 20 }, wanted: [502] },
  { column: 'long', rule: { fault: 'truncate', bytes: 1 << 30 }, wanted: [502] },
  { column: 'short', rule: { fault: 'wrong-length', bytes: 10 }, wanted: [502] },
  { column: 'garbage', rule: { fault: 'garbage' }, wanted: [502] },
  { column: 'string', rule: { fault: 'not-object' }, wanted: [502] },
  { column: '200error', everywhere: true, rule: { fault: 'status', status: 200, body: ERROR_BODY }, wanted: [502] },
  { column: '200html', rule: { fault: 'status', status: 200, body: HTML, contentType: 'text/html' }, wanted: [502] },
  { column: '200{}', rule: { fault: 'status', status: 200, body: '{}' }, wanted: [502],
    fine: /^profile\.variables$|_profile_variables$/ },
  { column: 'reset', rule: { fault: 'reset' }, wanted: [502] },
  { column: 'resetin', everywhere: true, rule: { fault: 'reset', bytes: 20 }, wanted: [502] },
  { column: '100MiB', rule: { fault: 'oversized', bytes: 100 * MIB }, wanted: [502] },
  { column: '100MiBch', rule: { fault: 'flood', bytes: 100 * MIB }, wanted: [502] },
  { column: 'deep', rule: { fault: 'deep', levels: 100000 }, wanted: [502] },
].map(fault => ({ service: 'patient', ...fault }));

// ---- servers that nobody comes to speak with ----

function certificate(folder, name) {
  const file = suffix => join(folder, `${name}.${suffix}`);
  const made = spawnSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes',
    '-keyout', file('key'), '-out', file('pem'), '-days', '2', '-subj', `/CN=${name}`,
    '-addext', `subjectAltName=DNS:${name}`], { encoding: 'utf8' });
  if (made.status !== 0) throw new Error(`openssl: ${made.stderr ?? made.error}`);
  return { key: readFileSync(file('key')), cert: readFileSync(file('pem')), file: file('pem') };
}

function listening(server, sockets) {
  server.on('connection', socket => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('tlsClientError', () => {});
  return new Promise(done => server.listen(0, '127.0.0.1', () => done(server.address().port)));
}

// Environments of the service: { name, url, caFile }. simulator: speaks plain HTTP.
export async function unreachable(simulator) {
  const folder = mkdtempSync(join(tmpdir(), 'faults-'));
  const stranger = certificate(folder, 'localhost');
  const other = certificate(folder, 'other.example');
  const sockets = new Set();
  let asked = 0; // requests that came through a handshake that should have failed
  const said = socket => socket.on('data', () => asked++);
  const servers = {
    untrusted: tls.createServer(stranger, said),
    'other-name': tls.createServer(other, said),
    handshake: net.createServer(socket => socket.resume()), // and says nothing
    closes: net.createServer(socket => socket.once('data', () => socket.end())),
  };
  const ports = {};
  for (const [name, server] of Object.entries(servers)) ports[name] = await listening(server, sockets);
  const closed = net.createServer();
  const port = await listening(closed, sockets);
  await new Promise(done => closed.close(done));
  return {
    environments: [
      { name: 'untrusted', url: `https://localhost:${ports.untrusted}` },
      { name: 'other-name', url: `https://localhost:${ports['other-name']}`, caFile: other.file },
      { name: 'handshake', url: `https://localhost:${ports.handshake}` },
      { name: 'closes', url: `https://localhost:${ports.closes}` },
      { name: 'plain', url: simulator.url.replace('http:', 'https:') },
      { name: 'no-name', url: 'https://palette.no-such-name.invalid' },
      { name: 'refused', url: `http://127.0.0.1:${port}` },
    ],
    asked: () => asked,
    async stop() {
      sockets.forEach(socket => socket.destroy());
      await Promise.all(Object.values(servers).map(server => new Promise(done => server.close(done))));
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

// ---- answers ----

// The same for answers that differ only in the order of members and items.
export function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).sort().join(',')}]`;
  if (value !== null && typeof value === 'object')
    return `{${Object.keys(value).sort().map(key => `${JSON.stringify(key)}:${canonical(value[key])}`).join(',')}}`;
  return JSON.stringify(value);
}

// ---- many cells at once ----

// Runs the cells, as many at a time as there are lanes; run(cell, lane).
export async function inLanes(lanes, cells, run) {
  let next = 0;
  await Promise.all(lanes.map(async lane => {
    while (next < cells.length) await run(cells[next++], lane);
  }));
}

// ---- the table ----

export class Table {
  #title;
  #rows = new Map();
  #columns = [];

  constructor(title, columns) {
    this.#title = title;
    this.#columns = columns;
  }

  note(row, column, status) {
    if (!this.#rows.has(row)) this.#rows.set(row, new Map());
    const cells = this.#rows.get(row);
    if (!cells.has(column)) cells.set(column, new Set());
    cells.get(column).add(status);
  }

  print() {
    const cell = (cells, column) => [...cells.get(column) ?? ['-']].sort().join('/');
    const width = Math.max(this.#title.length + 1, ...[...this.#rows.keys()].map(name => name.length));
    const widths = this.#columns.map(column => 1 +
      Math.max(column.length, ...[...this.#rows.values()].map(cells => cell(cells, column).length)));
    const line = (name, texts) => name.padEnd(width) + texts.map((text, i) => text.padStart(widths[i])).join('');
    console.log(`\n${line(this.#title, this.#columns)}`);
    for (const [name, cells] of this.#rows) console.log(line(name, this.#columns.map(column => cell(cells, column))));
  }
}
