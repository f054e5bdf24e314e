// The header Idempotency-Key: a create that is sent again, at the same time or later, to the same process or another
// one, makes one cluster, and the first answer comes again.
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { sleep } from './backstage.mjs';
import { SECRET, auditOf, countOf, createsOf, creations, isCreate, newName } from './creates.mjs';
import { TRUSTED, configuration, startService, startSimulator } from './harness.mjs';
import { startPostgres, startRelay } from './postgres.mjs';

const REPLAYED = 'idempotency-replayed';
const CROWD = 50;
const GRACE = 10000; // after a request's deadline, until whoever worked on it counts as dead

let simulator;
let service; // with its store in memory
let all;
const folder = mkdtempSync(join(tmpdir(), 'contract-once-'));
const encryptionKey = crypto.randomBytes(32).toString('base64');

before(async () => {
  simulator = await startSimulator('--seed', '43');
  service = await startService(configuration([simulator]));
  all = creations(await simulator.world());
});

after(async () => {
  assert.equal(await service.stop(), 0, service.log());
  await simulator.stop();
  rmSync(folder, { recursive: true, force: true });
});

const newKey = () => crypto.randomUUID();
const send = (to, creation, name, key, options = {}) => to.request('POST', creation.path + (options.query ?? ''),
  { body: creation.body(name), ...options, headers: { 'idempotency-key': key, ...options.headers } });

function assertReplay(answer, first) {
  assert.equal(answer.headers[REPLAYED], 'true', answer.text);
  assert.equal(answer.status, first.status);
  assert.equal(answer.text, first.text);
}

// Many at once: one creates, the others wait or get its answer. Resolves with that answer.
async function crowd(services, creation, name, key) {
  const answers = await Promise.all(Array.from({ length: CROWD }, (_, i) =>
    send(services[i % services.length], creation, name, key)));
  const first = answers.filter(a => a.status === 201 && a.headers[REPLAYED] === undefined);
  assert.equal(first.length, 1, answers.map(a => a.text).join('\n'));
  for (const answer of answers) {
    if (answer === first[0]) continue;
    if (answer.status === 201) {
      assertReplay(answer, first[0]);
      continue;
    }
    assert.equal(answer.status, 409, answer.text);
    assert.ok(Number(answer.headers['retry-after']) > 0, JSON.stringify(answer.headers));
    assert.match(answer.json.error.message, /still being worked on/);
    assert.deepEqual([answer.json.error.outcome, answer.json.error.clusterName], ['running', name]);
  }
  assert.equal(await countOf(simulator, name), 1);
  assert.equal(await createsOf(simulator, name), 1);
  return first[0];
}

for (const index of [0, 1]) {
  const title = what => `${index === 0 ? 'cluster.create' : 'virtual_cluster.create'}: ${what}`;

  test(title('the first answer comes again'), async () => {
    const name = newName();
    const key = newKey();
    const first = await send(service, all[index], name, key);
    assert.equal(first.status, 201, first.text);
    assert.equal(first.headers[REPLAYED], undefined);
    for (const form of [key, `"${key}"`, ` ${key} `])
      assertReplay(await send(service, all[index], name, form), first);
    assert.equal(await createsOf(simulator, name), 1);
    const audit = auditOf(service.log(), name);
    assert.deepEqual(audit.map(a => a.outcome), ['succeeded', 'replayed', 'replayed', 'replayed']);
    assert.ok(audit.every(a => a.object === first.json.uid));
    assert.ok(!service.log().includes(SECRET));
  });

  test(title('another body with the same key'), async () => {
    const [name, other] = [newName(), newName()];
    const key = newKey();
    assert.equal((await send(service, all[index], name, key)).status, 201);
    const answer = await send(service, all[index], other, key);
    assert.equal(answer.status, 422, answer.text);
    assert.match(answer.json.error.message, /Idempotency-Key was used with another body/);
    assert.equal(answer.headers[REPLAYED], undefined);
    assert.equal(await countOf(simulator, other), 0);
  });

  test(title('many at once'), async () => {
    await simulator.fault({ match: { method: 'POST', pathPrefix: `/v1/spectroclusters/${all[index].kind}` },
      fault: 'delay', ms: 300 });
    const name = newName();
    const key = newKey();
    const first = await crowd([service], all[index], name, key);
    await simulator.heal();
    assertReplay(await send(service, all[index], name, key), first);
  });

  test(title("Palette's refusal comes again"), async () => {
    const name = newName();
    const key = newKey();
    await simulator.fault({ match: { method: 'POST', pathPrefix: `/v1/spectroclusters/${all[index].kind}` },
      fault: 'status', status: 422, times: 1 });
    const first = await send(service, all[index], name, key);
    assert.equal(first.status, 422, first.text);
    assert.equal(first.json.error.outcome, 'not created');
    assertReplay(await send(service, all[index], name, key), first);
    assert.equal(await countOf(simulator, name), 0);
    assert.equal((await send(service, all[index], name, newKey())).status, 201);
  });

  test(title('what is not known is never done again'), async () => {
    const name = newName();
    const key = newKey();
    await simulator.fault({ match: { method: 'POST', pathPrefix: `/v1/spectroclusters/${all[index].kind}` },
      fault: 'reset', times: 1 });
    const first = await send(service, all[index], name, key);
    assert.equal(first.status, 502, first.text);
    for (let i = 0; i < 3; i++) {
      const again = await send(service, all[index], name, key);
      assert.equal(again.status, 409, again.text);
      const { outcome, clusterName, message } = again.json.error;
      assert.deepEqual([outcome, clusterName], ['unknown', name]);
      assert.ok(message.includes(`look for one named ${name}`), message);
      assert.equal(again.headers['retry-after'], undefined);
    }
    assert.equal(await countOf(simulator, name), 1);
    assert.equal(await createsOf(simulator, name), 1);
  });

  test(title('what surely was not created may be tried again'), async () => {
    const name = newName();
    const key = newKey();
    await simulator.fault({ match: { method: 'POST', pathPrefix: `/v1/spectroclusters/${all[index].kind}` },
      fault: 'status', status: 429, headers: { 'Retry-After': '3600' }, times: 1 });
    const first = await send(service, all[index], name, key);
    assert.equal(first.status, 503, first.text);
    assert.equal(first.json.error.outcome, 'not created');
    const again = await send(service, all[index], name, key);
    assert.equal(again.status, 201, again.text);
    assert.equal(again.headers[REPLAYED], undefined);
  });

  test(title('a dry run takes no key into account'), async () => {
    const name = newName();
    const key = newKey();
    const tried = () => send(service, all[index], name, key, { query: '&dryRun=true' });
    assert.equal((await tried()).status, 200);
    assert.equal((await send(service, all[index], name, key)).status, 201);
    // A check may find the cluster that is there now; what was created does not come again.
    assert.equal((await tried()).headers[REPLAYED], undefined);
  });
}

test('one that is overtaken while it is checked gets the answer of the other', async () => {
  const name = newName();
  const key = newKey();
  await simulator.forget();
  // What the check finds may be the cluster of the other.
  await simulator.fault({ match: { pathContains: '/validate/name' }, fault: 'delay', ms: 800, times: 1 });
  const slow = send(service, all[0], name, key);
  await until('it is being checked', async () => (await simulator.requests()).some(r =>
    r.path.endsWith('/validate/name')));
  const quick = await send(service, all[0], name, key);
  assert.equal(quick.status, 201, quick.text);
  assert.equal(quick.headers[REPLAYED], undefined);
  assertReplay(await slow, quick);
  assert.equal(await createsOf(simulator, name), 1);
  await simulator.fault({ match: { pathContains: '/validate/name' }, fault: 'status', status: 409, times: 1 });
  assertReplay(await send(service, all[0], name, key), quick);
  await simulator.heal();
});

test('keys of others are others', async () => {
  const key = newKey();
  const name = newName();
  assert.equal((await send(service, all[0], name, key)).status, 201);
  const other = newName();
  const answer = await send(service, all[0], other, key, { token: TRUSTED });
  assert.equal(answer.status, 201, answer.text);
  assert.equal(answer.headers[REPLAYED], undefined);
  assert.equal((await send(service, all[1], newName(), key)).status, 201);
});

test('what is no key is refused, and nothing is sent', async () => {
  await simulator.forget();
  const name = newName();
  for (const key of ['', '""', 'a b', '"a', '"a";b=1', 'k'.repeat(256), 'k\u00e9y', 'a\tb']) {
    const answer = await send(service, all[0], name, key);
    assert.equal(answer.status, 400, `${key}: ${answer.text}`);
    assert.match(answer.json.error.message, /^Idempotency-Key \(in the header\) must be 1 to 255 visible ASCII/);
  }
  const twice = await send(service, all[0], name, ['a', 'a']);
  assert.equal(twice.status, 400);
  assert.match(twice.json.error.message, /^Idempotency-Key \(in the header\) was given more than once/);
  assert.deepEqual((await simulator.requests()).map(r => r.target), []);
  for (const key of ['k'.repeat(255), '!~', '"a\\"b\\\\c"'])
    assert.equal((await send(service, all[0], newName(), key)).status, 201);
});

test('the document says where it may be sent', async () => {
  const { paths } = (await service.request('GET', '/api/spectrocloud/openapi.json')).json;
  for (const path of ['/clusters', '/virtualclusters']) {
    const found = paths[path].post.parameters.find(p => p.name === 'Idempotency-Key');
    assert.deepEqual([found.in, found.required, found.schema.maxLength], ['header', false, 255]);
  }
  const said = Object.values(paths).flatMap(Object.values).filter(o => o.parameters?.some(p => p.in === 'header'));
  assert.equal(said.length, 2);
});

test('pages of other origins may send it', async () => {
  const config = configuration([simulator]);
  config.backend.cors = { origin: 'https://page.example', allowedHeaders: ['Content-Type'] };
  const other = await startService(config);
  const headers = { origin: 'https://page.example', 'access-control-request-method': 'POST',
    'access-control-request-headers': 'content-type,idempotency-key' };
  const answer = await other.request('OPTIONS', all[0].path, { token: null, headers });
  assert.match(answer.headers['access-control-allow-headers'], /Idempotency-Key/);
  assert.match(answer.headers['access-control-expose-headers'], /Idempotency-Replayed/);
  assert.equal(await other.stop(), 0);
});

// Sends and hangs up as soon as Palette has the create.
async function sendAndLeave(to, creation, name, key) {
  const request = http.request({ host: '127.0.0.1', port: to.port, method: 'POST', path: creation.path, agent: false,
    headers: { authorization: `Bearer ${TRUSTED}`, 'content-type': 'application/json', 'idempotency-key': key } });
  request.on('error', () => {});
  request.end(creation.body(name));
  await underWay(name);
  request.destroy();
}

async function until(what, test) {
  for (let i = 0; i < 200; i++) {
    if (await test()) return;
    await sleep(50);
  }
  assert.fail(`never: ${what}`);
}

const underWay = name => until('Palette has the create', async () => (await simulator.requests())
  .some(r => isCreate(r) && JSON.stringify(r.body ?? '').includes(name)));

test('a client that leaves does not stop a create that has begun', async () => {
  const name = newName();
  const key = newKey();
  await simulator.fault({ match: { method: 'POST', pathPrefix: '/v1/spectroclusters/eks' }, fault: 'delay', ms: 700 });
  await sendAndLeave(service, all[0], name, key);
  await until('it is in the audit trail', () => auditOf(service.log(), name).length > 0);
  await simulator.heal();
  assert.deepEqual(auditOf(service.log(), name).map(a => a.outcome), ['succeeded']);
  const again = await send(service, all[0], name, key, { token: TRUSTED });
  assert.equal(again.status, 201, again.text);
  assert.equal(again.headers[REPLAYED], 'true');
  assert.equal(await createsOf(simulator, name), 1);
});

// ---- across processes ----

const kept = (store, extra = {}) => {
  const config = configuration([simulator], extra);
  config.spectrocloud.tokenStore = { ...store, encryptionKey };
  return config;
};
const inFile = name => ({ type: 'sqlite', path: join(folder, name) });

test('a key outlives a restart, and what is kept says nothing', async () => {
  const config = kept(inFile('restart.sqlite'));
  const name = newName();
  const key = newKey();
  let running = await startService(config);
  const first = await send(running, all[0], name, key);
  assert.equal(first.status, 201, first.text);
  await running.kill();
  running = await startService(config);
  assertReplay(await send(running, all[0], name, key), first);
  assert.equal((await send(running, all[0], newName(), key)).status, 422);
  assert.equal(await running.stop(), 0);
  assert.equal(await createsOf(simulator, name), 1);
  for (const file of readdirSync(folder)) {
    const bytes = readFileSync(join(folder, file), 'latin1');
    for (const word of [SECRET, name, key, first.json.uid]) assert.ok(!bytes.includes(word), `${file} has ${word}`);
  }
});

test('a process that is killed in the middle of it leaves an unknown outcome', async () => {
  const timeout = 2000;
  const config = kept(inFile('killed.sqlite'), { server: { requestTimeout: `${timeout}ms` } });
  const name = newName();
  const key = newKey();
  let running = await startService(config);
  await simulator.fault({ match: { method: 'POST', pathPrefix: '/v1/spectroclusters/eks' }, fault: 'hang', times: 1 });
  const lost = send(running, all[0], name, key).catch(() => 'lost');
  await underWay(name);
  const begun = Date.now();
  await running.kill();
  assert.equal(await lost, 'lost');
  running = await startService(config);
  const soon = await send(running, all[0], name, key);
  assert.equal(soon.status, 409, soon.text);
  assert.match(soon.json.error.message, /still being worked on/);
  await sleep(begun + timeout + GRACE + 500 - Date.now());
  for (let i = 0; i < 2; i++) {
    const answer = await send(running, all[0], name, key);
    assert.equal(answer.status, 409, answer.text);
    const { outcome, clusterName } = answer.json.error;
    assert.deepEqual([outcome, clusterName], ['unknown', name]);
    assert.equal(answer.headers['retry-after'], undefined);
  }
  assert.equal(await createsOf(simulator, name), 1);
  assert.equal(await running.stop(), 0);
});

test('three replicas with one database', async t => {
  const postgres = await startPostgres();
  await postgres.makeDatabase('once', 'password');
  const relay = await startRelay(postgres.port);
  const store = port => kept({ connection: postgres.url('once', 'password', port) },
    { server: { requestTimeout: '4s' } });
  const replicas = await Promise.all([postgres.port, postgres.port, relay.port].map(port => startService(store(port))));

  try {
    await t.test('many at once create one', async () => {
      for (const creation of all) {
        for (let round = 0; round < 3; round++) {
          const name = newName();
          const key = newKey();
          const first = await crowd(replicas, creation, name, key);
          for (const replica of replicas) assertReplay(await send(replica, creation, name, key), first);
        }
      }
    });

    await t.test('one finds what another was killed over', async () => {
      const name = newName();
      const key = newKey();
      await simulator.fault({ match: { method: 'POST', pathPrefix: '/v1/spectroclusters/eks' }, fault: 'hang',
        times: 1 });
      const lost = send(replicas[0], all[0], name, key).catch(() => 'lost');
      await underWay(name);
      await replicas.shift().kill();
      assert.equal(await lost, 'lost');
      await until('it counts as not known', async () => {
        const answer = await send(replicas[0], all[0], name, key);
        assert.equal(answer.status, 409, answer.text);
        await sleep(500);
        return answer.json.error.outcome === 'unknown';
      });
      assert.equal(await createsOf(simulator, name), 1);
    });

    for (const how of ['cut', 'stall']) await t.test(`without the database nothing is sent: ${how}`, async () => {
      const last = replicas.at(-1);
      const name = newName();
      const key = newKey();
      relay[how]();
      const answer = await send(last, all[0], name, key);
      assert.equal(answer.status, 503, answer.text);
      assert.match(answer.json.error.message, /^Nothing was created, for the Idempotency-Key could not be written/);
      assert.equal(answer.json.error.outcome, 'not created');
      assert.equal(await createsOf(simulator, name), 0);
      assert.equal((await last.request('POST', all[0].path, { body: all[0].body(newName()) })).status, 201);
      relay.restore();
      await until('it may be tried again', async () =>
        (await send(last, all[0], name, key)).status === 201);
      assert.equal(await createsOf(simulator, name), 1);
    });

    await t.test('a database that is lost in the middle of it leaves the answer, and no second create', async () => {
      const last = replicas.at(-1);
      const name = newName();
      const key = newKey();
      await simulator.fault({ match: { method: 'POST', pathPrefix: '/v1/spectroclusters/eks' }, fault: 'delay',
        ms: 800 });
      const first = send(last, all[0], name, key);
      await underWay(name);
      relay.cut();
      assert.equal((await first).status, 201);
      await simulator.heal();
      relay.restore();
      await until('what is there is seen', async () => {
        const answer = await send(last, all[0], name, key);
        assert.ok([409, 503].includes(answer.status), answer.text);
        return answer.status === 409;
      });
      assert.equal(await createsOf(simulator, name), 1);
    });

    await t.test('what is kept says nothing', async () => {
      const dump = await postgres.dump('once');
      assert.match(dump, /spectrocloud_once/);
      assert.ok(!dump.includes(SECRET));
      assert.ok(!dump.includes(Buffer.from(SECRET).toString('hex')));
    });
  } finally {
    for (const replica of replicas) assert.equal(await replica.stop(), 0, replica.log());
    relay.stop();
    await postgres.remove();
  }
});
