// Everything that goes wrong between the service and Palette while a cluster is created, at each request that it
// takes: there is one cluster or none, and the answer tells the truth about it. The requests are those of a create
// that goes well, so that a check that is added later is tried as well.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';

import { RESTRICTED, configuration, startService, startSimulator } from './harness.mjs';
import { assertTrue, auditOf, countOf, creations, isCreate, newName } from './creates.mjs';

// Passes on requests to the simulator, until it closes: then nothing answers at its address.
class Gate {
  #target;
  #server;
  #left = Infinity;
  #sockets = new Set();

  async open(target, port = 0) {
    this.#target = target ?? this.#target;
    this.#left = Infinity;
    this.#server = http.createServer((request, response) => this.#pass(request, response));
    this.#server.on('connection', socket => {
      this.#sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#server.keepAliveTimeout = 60000;
    this.#server.listen(port, '127.0.0.1');
    await new Promise(done => this.#server.once('listening', done));
    this.#server.unref();
    this.port = this.#server.address().port;
    this.url = `http://127.0.0.1:${this.port}`;
  }

  #pass(request, response) {
    const { port } = new URL(this.#target);
    const { 'transfer-encoding': _, ...headers } = request.headers;
    const onward = http.request({ host: '127.0.0.1', port, method: request.method, path: request.url, headers,
      agent: false }, answer => {
      const parts = [];
      answer.on('data', part => parts.push(part));
      answer.on('error', () => response.destroy());
      answer.on('end', () => {
        const last = --this.#left === 0;
        if (last) this.close(response.socket); // before whoever has this answer can ask for more
        const body = Buffer.concat(parts);
        response.writeHead(answer.statusCode, { 'content-type': answer.headers['content-type'] ?? 'text/plain',
          'content-length': body.length, ...(last ? { connection: 'close' } : {}) });
        response.end(body);
      });
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  }

  // Closes after so many answers.
  closeAfter(count) {
    if (count === 0) this.close();
    else this.#left = count;
  }

  // but: a connection that is left to its answer, which closes it.
  close(but) {
    this.#server.close();
    this.#sockets.forEach(socket => socket !== but && socket.destroy());
  }

  async reopen() {
    this.close();
    await this.open(undefined, this.port);
  }
}

const FAULTS = {
  'reset before': { fault: 'reset' },
  'reset within': { fault: 'reset', bytes: 5 },
  'truncated': { fault: 'truncate', bytes: 5 },
  'hangs': { fault: 'hang' },
  'late': { fault: 'delay', ms: 1000 },
  'status 500': { fault: 'status', status: 500 },
  '502 html': { fault: 'status', status: 502, body: '<html>busy</html>', contentType: 'text/html' },
  'not JSON': { fault: 'garbage' },
  'redirect': { fault: 'redirect', location: '/v1/elsewhere' },
  'a uid without end': { fault: 'status', status: 201, body: `{"uid":"${'u'.repeat(40000)}"}` },
  'a uid with a line end': { fault: 'status', status: 201, body: '{"uid":"a\\nb"}' },
  '429 first': { fault: 'status', status: 429, times: 1 },
  '429 broken': { fault: 'truncate', bytes: 5, status: 429, body: 'Too many requests' },
};

let simulator;
let direct;  // asks the simulator
let gated;   // asks the gate
let gate;
let all;

before(async () => {
  simulator = await startSimulator('--seed', '41');
  gate = new Gate();
  await gate.open(simulator.url);
  const settings = { upstream: { timeout: '700ms', circuitFailures: 0 }, server: { requestTimeout: '3s' } };
  direct = await startService(configuration([simulator], settings));
  gated = await startService(configuration([{ url: gate.url }], settings));
  all = creations(await simulator.world());
});

after(async () => {
  assert.equal(await direct.stop(), 0, direct.log());
  assert.equal(await gated.stop(), 0, gated.log());
  gate.close();
  await simulator.stop();
});

const send = (service, creation, name, options = {}) =>
  service.request('POST', creation.path, { body: creation.body(name), ...options });

// The requests of a create that goes well: { method, path }, in their order, each once.
async function stagesOf(service, creation) {
  await simulator.forget();
  const name = newName();
  const answer = await send(service, creation, name);
  assert.equal(answer.status, 201, answer.text);
  assert.equal(await countOf(simulator, name), 1);
  const seen = new Map();
  for (const { method, path } of await simulator.requests()) seen.set(`${method} ${path}`, { method, path });
  const stages = [...seen.values()];
  assert.ok(isCreate(stages.at(-1)), 'the create comes last');
  return stages;
}

function print(t, title, columns, rows) {
  t.diagnostic(`${title}: answer, outcome (= created, ? unknown, - not created), clusters`);
  const widths = [Math.max(...rows.map(([name]) => name.length)), ...columns.map(c => Math.max(c.length, 7))];
  const line = cells => cells.map((cell, i) => cell.padEnd(widths[i])).join('  ');
  t.diagnostic(line(['', ...columns]));
  rows.forEach(row => t.diagnostic(line(row)));
}

const SIGNS = { 'created': '=', 'unknown': '?', 'not created': '-' };
const short = path => path.replace(/[0-9a-f]{24}/g, '{uid}');

for (const index of [0, 1]) {
  test(`what goes wrong on the way: ${index === 0 ? 'cluster.create' : 'virtual_cluster.create'}`, async t => {
    const creation = all[index];
    const rows = [];
    for (const [at, stage] of (await stagesOf(direct, creation)).entries()) {
      const cells = [];
      const judge = async (what, service) => {
        const name = newName();
        await simulator.forget();
        const answer = await send(service, creation, name);
        await simulator.heal();
        await gate.reopen();
        const count = await countOf(simulator, name);
        const outcome = assertTrue(answer, count, name, `${stage.method} ${stage.path}, ${what}`);
        const sent = (await simulator.requests()).filter(r => isCreate(r) && r.status !== 429);
        assert.ok(sent.length <= 1, `${stage.path}, ${what}: sent ${sent.length} times`);
        if (!isCreate(stage)) assert.notEqual(outcome, 'unknown', `${stage.path}, ${what}`);
        const audited = auditOf(service.log(), name);
        assert.deepEqual(audited.map(a => a.outcome), [{ 'created': 'succeeded', 'unknown': 'unknown',
          'not created': 'failed' }[outcome]], what);
        cells.push(`${answer.status} ${SIGNS[outcome]} ${count}`);
      };
      for (const [what, fault] of Object.entries(FAULTS)) {
        await simulator.fault({ match: { method: stage.method, pathPrefix: stage.path }, ...fault });
        await judge(what, direct);
      }
      gate.closeAfter(at);
      await judge('refused', gated);
      rows.push([`${stage.method} ${short(stage.path)}`, ...cells]);
    }
    print(t, creation.operation, [...Object.keys(FAULTS), 'refused'], rows);
    // Each of these is seen at the create itself, so that the table means something.
    const create = rows.at(-1).join(' ');
    for (const sign of ['= 1', '? 0', '? 1', '- 0']) assert.ok(create.includes(sign), `${sign} in ${create}`);
  });
}

test('what is refused by us reaches nobody', async () => {
  for (const creation of all) {
    const name = newName();
    const broken = JSON.stringify(JSON.parse(creation.body(name).replaceAll('"name"', '"nam"')));
    for (const [what, path, options, status] of [
      ['no permission', creation.path, { token: RESTRICTED, body: creation.body(name) }, 403],
      ['nobody', creation.path, { token: null, body: creation.body(name) }, 401],
      ['no such instance', `${creation.path}&instance=nowhere`, { body: creation.body(name) }, 400],
      ['faults', creation.path, { body: broken }, 400],
      ['no JSON', creation.path, { body: creation.body(name).slice(1) }, 400],
      ['a bad key', creation.path, { body: creation.body(name), headers: { 'idempotency-key': 'a b' } }, 400],
    ]) {
      await simulator.forget();
      const answer = await direct.request('POST', path, options);
      assert.equal(answer.status, status, `${what}: ${answer.text}`);
      assert.deepEqual((await simulator.requests()).map(r => r.target), [], what);
      assert.equal(await countOf(simulator, name), 0, what);
    }
  }
});
