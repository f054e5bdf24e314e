// What a process of the service makes of the store that it finds when it starts: databases that do not let it in, rows
// that it cannot open, Backstage's own settings. And what it leaves behind.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';

import { startServiceIn } from './harness.mjs';
import { startPostgres } from './postgres.mjs';
import {
  Replica, assertNoSecretIn, configurationOf, filesBelow, newKey, newPassword, newToken, sleep, start, startPalette,
  stopAll,
} from './replicas.mjs';

const BACKEND = resolve(process.env.SPECTROCLOUD_BACKEND ?? 'build/spectrocloud-backend');
const DATABASE = 'sessions';
const EMAIL = 'ada@example.com';

const password = newPassword();
const key = newKey();

let postgres;
let palette;
let folder;

before(async () => {
  [postgres, palette] = await Promise.all([startPostgres(), startPalette()]);
  await postgres.makeDatabase(DATABASE, password);
  folder = mkdtempSync(join(tmpdir(), 'contract-store-'));
});

after(async () => {
  palette?.stop();
  await postgres?.remove();
  rmSync(folder, { recursive: true, force: true });
});

const onPostgres = (change = {}) => configurationOf(palette, {
  store: { connection: postgres.url(DATABASE, password), encryptionKey: key, ...change },
});

async function withReplica(config, run) {
  const replica = await start(palette, config);
  try {
    await run(replica);
  } finally {
    await replica.stop();
    replica.assertKeepsSecrets();
    replica.remove();
  }
}

// ---- it does not let us in ----

// The service ends, soon, and says why, on one line, and no secret with it.
async function assertEnds(config, why) {
  const begun = performance.now();
  const replica = new Replica(palette, config);
  const error = await replica.start().then(() => null, e => e);
  await replica.stop();
  replica.remove();
  assert.ok(error, 'it started');
  assert.match(error.message, why);
  assert.match(error.message, /^the service ended with [12]: /);
  assert.equal(error.message.match(/^spectrocloud-backend: /gm)?.length ?? 1, 1, error.message);
  assertNoSecretIn(error.message, 'what it says');
  assert.ok(performance.now() - begun < 15000);
}

test('a database that is down ends the start', () =>
  assertEnds(onPostgres({ connection: postgres.url(DATABASE, password, 1) }), /refused/));

test('so does one that refuses the password', () =>
  assertEnds(onPostgres({ connection: postgres.url(DATABASE, newPassword()) }), /password authentication failed/));

test('one that is not there', () => {
  const connection = postgres.url(DATABASE, password).replace(`/${DATABASE}?`, '/missing?');
  return assertEnds(onPostgres({ connection }), /"missing" does not exist/);
});

test('and one where we may make nothing', async () => {
  const other = newPassword();
  await postgres.sql(`CREATE ROLE guest LOGIN PASSWORD '${other}'`);
  await postgres.sql('CREATE DATABASE house');
  await postgres.sql('GRANT CONNECT ON DATABASE house TO guest');
  const connection = postgres.url('guest', other).replace('/guest?', '/house?');
  await assertEnds(onPostgres({ connection }), /for want of rights: SQLSTATE 42501/);
});

test('a role without rights to make something is enough where all is made', async () => {
  await withReplica(onPostgres(), async () => {});
  const other = newPassword();
  await postgres.sql(`CREATE ROLE worker LOGIN PASSWORD '${other}'`);
  await postgres.sql('GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO worker', DATABASE);
  const connection = postgres.url('worker', other).replace('/worker?', `/${DATABASE}?`);
  await withReplica(onPostgres({ connection }), async replica => {
    const token = newToken(EMAIL);
    await replica.put(EMAIL, token);
    assert.equal((await replica.read(EMAIL)).credential, token);
    assert.equal(await replica.drop(EMAIL), 1);
  });
});

test('a table that somebody dropped is made again', async () => {
  await withReplica(onPostgres(), async () => {});
  await postgres.sql('DROP TABLE spectrocloud_sessions', DATABASE);
  await withReplica(onPostgres(), async replica => {
    await replica.put(EMAIL, newToken(EMAIL));
    assert.equal(await replica.drop(EMAIL), 1);
  });
});

test('one that only reads says so', async () => {
  await postgres.sql('ALTER ROLE sessions SET default_transaction_read_only = on');
  await withReplica(onPostgres(), async replica => {
    const answer = await replica.tryPut(EMAIL, newToken(EMAIL));
    assert.equal(answer.status, 503);
    assert.match(answer.text + replica.said, /the database is read-only: SQLSTATE 25006/);
  });
  await postgres.sql('ALTER ROLE sessions RESET default_transaction_read_only');
});

// ---- it is not said, or not rightly, where they are ----

// Of the service and of `config check`, with status 2.
async function assertFault(store, why) {
  const config = configurationOf(palette, { store: { encryptionKey: key, ...store } });
  const file = join(folder, 'fault.yaml');
  writeFileSync(file, JSON.stringify(config));
  const { status, stdout, stderr } = spawnSync(BACKEND, ['config', 'check', '--config', file], { encoding: 'utf8' });
  assert.equal(status, 2, stdout);
  assert.match(stderr, why);
  assertNoSecretIn(stderr, 'config check');
  await assertEnds(config, why);
}

test('a password that is not encoded is not told, in no part', async () => {
  const [one, other] = [newPassword(), newPassword()];
  const address = `127.0.0.1:${postgres.port}/${DATABASE}`;
  for (const [connection, why] of [
    [`postgresql://${DATABASE}:${one}/${other}@${address}`, /percent-encoded: \/ as %2F, @ as %40/],
    [`postgresql://${DATABASE}:12/${other}@${address}`, /percent-encoded/],
    [`postgresql://${DATABASE}:${one}@${other}@${address}`, /more than one @/],
    [`postgresql://${DATABASE}:${one}%${other}zz%@${address}`, /percent-encoded/],
    [`host=127.0.0.1 password=${one} ${other}=1`, /neither a URL nor keywords/],
    [`host=127.0.0.1 port=${other}`, /its port has to be a number/],
    [`${postgres.url(DATABASE, one)}&sslmode=no-verify`, /its sslmode has to be one of disable, /],
  ]) await assertFault({ connection }, why);
});

test('encoded, it is as good as any', async () => {
  const other = `${newPassword()}/@:?#%&= ${newPassword()}`;
  await postgres.sql(`CREATE ROLE odd LOGIN PASSWORD '${other}'`);
  await postgres.sql('CREATE DATABASE odd OWNER odd');
  const connection = postgres.url('odd', encodeURIComponent(other));
  await withReplica(onPostgres({ connection }), replica => replica.put(EMAIL, newToken(EMAIL)));
});

test('a variable that is not set is a fault, and no store in memory', async () => {
  const why = /: a variable in it is not set/;
  await assertFault({ connection: '${NO_SUCH_VARIABLE}' },
    /tokenStore\.connection: a variable in it is not set: NO_SUCH/);
  await assertFault({ type: 'postgresql', connection: '${NO_SUCH_VARIABLE}' }, why);
  await assertFault({ connection: postgres.url(DATABASE, password), encryptionKey: [key, '${NO_SUCH_VARIABLE}'] }, why);
});

// ---- it is slow ----

const backends = async () => (await postgres.sql(
  `SELECT pid FROM pg_stat_activity WHERE application_name = 'spectrocloud-backend' AND datname = '${DATABASE}'`))
  .split('\n').filter(Boolean).map(Number);

test('what was answered as failed is not done later', async () => {
  await withReplica(onPostgres(), async replica => {
    await replica.put(EMAIL, newToken(EMAIL));
    const stopped = await backends();
    assert.ok(stopped.length >= 2);
    stopped.forEach(pid => process.kill(pid, 'SIGSTOP'));
    try {
      assert.equal((await replica.tryPut(EMAIL, newToken(EMAIL))).status, 503);
      // After that nobody else waits for the store, but one a second.
      let answer;
      for (let i = 0; i < 100 && answer?.status !== 200; i++, await sleep(100)) answer = await replica.tryDrop(EMAIL);
      assert.deepEqual([answer.status, answer.json], [200, { deleted: 1 }], answer.text);
    } finally {
      stopped.forEach(pid => process.kill(pid, 'SIGCONT'));
    }
    // The one that had it ends when it finds nobody to tell; the one that listens may stay.
    const end = Date.now() + 10000;
    while ((await backends()).filter(pid => stopped.includes(pid)).length > 1 && Date.now() < end) await sleep(20);
    assert.equal((await replica.read(EMAIL)).credential, null);
    assert.equal(await postgres.sql(`SELECT token FROM spectrocloud_sessions WHERE email = '${EMAIL}'`, DATABASE), '');
  });
});

// ---- rows that it cannot open ----

const unreadable = replica => replica.said.split('\n').filter(line => /warn .*unreadable/.test(line)).length;

test('with another key a row is none, and with the right one it is there again', async () => {
  const token = newToken(EMAIL);
  await withReplica(onPostgres(), replica => replica.put(EMAIL, token));
  await withReplica(onPostgres({ encryptionKey: newKey() }), async replica => {
    assert.equal((await replica.read(EMAIL)).credential, null);
    assert.ok(unreadable(replica) >= 1);
  });
  await withReplica(onPostgres(), async replica => {
    assert.equal((await replica.read(EMAIL)).credential, token);
    assert.equal(unreadable(replica), 0);
  });
  // Keys take turns: the new one in front, the old one behind it.
  const next = newKey();
  await withReplica(onPostgres({ encryptionKey: [next, key] }), async replica => {
    assert.equal((await replica.read(EMAIL)).credential, token);
    await replica.put('new@example.com', newToken('new@example.com'));
  });
  await withReplica(onPostgres({ encryptionKey: next }), async replica => {
    assert.equal((await replica.read(EMAIL)).credential, null);
    assert.notEqual((await replica.read('new@example.com')).credential, null);
  });
});

test('a row that is broken, or somebody else\'s, is none; others go on', async () => {
  await withReplica(onPostgres(), async replica => {
    const [ada, bob] = [newToken(EMAIL), newToken('bob@example.com')];
    await replica.put(EMAIL, ada);
    await replica.put('bob@example.com', bob);
  });
  const change = (to, where) =>
    postgres.sql(`UPDATE spectrocloud_sessions SET token = ${to} WHERE email = '${where}'`, DATABASE);
  const kept = await postgres.sql(`SELECT encode(token, 'hex') FROM spectrocloud_sessions WHERE email = '${EMAIL}'`,
    DATABASE);
  for (const broken of ["set_byte(token, 20, get_byte(token, 20) # 1)", "set_byte(token, 0, 255)",
    "substring(token for 5)", "''::bytea", "token || '\\x00'::bytea", "'not sealed at all'::bytea",
    "(SELECT token FROM spectrocloud_sessions WHERE email = 'bob@example.com')"]) {
    await change(broken, EMAIL);
    await withReplica(onPostgres(), async replica => {
      assert.equal((await replica.read(EMAIL)).credential, null, broken);
      assert.ok(unreadable(replica) >= 1, broken);
      assert.match((await replica.read('bob@example.com')).credential, /^token-of-bob@/);
    });
    await change(`decode('${kept}', 'hex')`, EMAIL);
  }
  await withReplica(onPostgres(), async replica => {
    assert.match((await replica.read(EMAIL)).credential, /^token-of-ada@/);
    const token = newToken(EMAIL); // a new one takes the place of a broken one
    await change("''::bytea", 'bob@example.com');
    await replica.put('bob@example.com', token);
    assert.equal((await replica.readUntil('bob@example.com', token)).credential, token);
  });
});

// ---- where Backstage keeps what it has ----

async function asBackstage(name, change, sessionsIn) {
  const other = newPassword();
  await postgres.sql(`CREATE ROLE ${name} LOGIN CREATEDB PASSWORD '${other}'`);
  await postgres.sql(`CREATE DATABASE ${name} OWNER ${name}`);
  const config = configurationOf(palette, {
    store: { encryptionKey: key },
    database: { client: 'pg', ...change,
      connection: { host: '127.0.0.1', port: postgres.port, user: name, password: other, ...change.connection } },
  });
  const token = newToken(EMAIL);
  await withReplica(config, async replica => {
    await replica.put(EMAIL, token);
    assert.equal((await replica.read(EMAIL)).credential, token);
  });
  await withReplica(config, async replica => assert.equal((await replica.read(EMAIL)).credential, token));
  const [database, table] = sessionsIn;
  assert.equal(await postgres.sql(`SELECT email FROM ${table}`, database), EMAIL);
  assertNoSecretIn(await postgres.dump(database), database);
}

test('with backend.database of client pg it makes a database of its own', () =>
  asBackstage('backstage', {}, ['backstage_plugin_spectrocloud', 'public.spectrocloud_sessions']));

test('with pluginDivisionMode: schema, a schema of its own', () =>
  asBackstage('divided', { pluginDivisionMode: 'schema', connection: { database: 'divided' } },
    ['divided', 'spectrocloud.spectrocloud_sessions']));

// ---- SQLite ----

test('an SQLite file has sessions through a kill and a start, and none of them in clear', async () => {
  const path = join(folder, 'sessions', 'spectrocloud.sqlite');
  const config = configurationOf(palette, { store: { path, encryptionKey: key } });
  const people = Array.from({ length: 20 }, (_, i) => ({ email: `user${i}@example.com` }));
  const assertSealed = () => filesBelow(join(folder, 'sessions')).forEach(file => {
    assert.equal(statSync(file).mode & 0o777, 0o600, file);
    assertNoSecretIn(readFileSync(file, 'latin1'), file);
  });
  await withReplica(config, async replica => {
    for (const person of people) {
      person.token = newToken(person.email);
      await replica.put(person.email, person.token);
    }
    await replica.drop(people.pop().email);
    assert.deepEqual(filesBelow(join(folder, 'sessions')).map(file => file.slice(path.length)).sort(),
      ['', '-shm', '-wal']);
    assertSealed();
    await replica.killAndStart();
    for (const { email, token } of people) assert.equal((await replica.read(email)).credential, token);
    assert.equal((await replica.read('user19@example.com')).credential, null);
    assertSealed();
  });
  assertSealed();
  assert.ok(readFileSync(path, 'latin1').includes('user0@example.com'));
});

// ---- the process's memory ----

// Core files of what this test starts are not limited, if that is for us to say.
const unlimit = pid => spawnSync('prlimit', ['--pid', String(pid), '--core=unlimited']).status === 0;

test('it leaves no core file, whatever limit it is given', async t => {
  const [place, others] = [1, 2].map(() => mkdtempSync(join(folder, 'core-')));
  // The sanitizer has a limit and a handler of its own.
  const env = { ...process.env, ASAN_OPTIONS: `${process.env.ASAN_OPTIONS ?? ''}:handle_segv=0:disable_coredump=0` };
  unlimit(process.pid);
  spawnSync('sh', ['-c', 'kill -SEGV $$'], { cwd: others });
  const service = await startServiceIn({ cwd: place, env }, onPostgres());
  assert.match(readFileSync(`/proc/${service.pid}/limits`, 'utf8'), /^Max core file size +0 +0 /m);
  const again = unlimit(service.pid);
  assert.equal(await service.stop('SIGSEGV'), null, 'the signal ends it');
  assert.deepEqual(filesBelow(place), []);
  t.diagnostic(`of others a core file is ${filesBelow(others).length > 0 ? 'there' : 'not seen here'}; ` +
    `its limit was ${again ? '' : 'not '}lifted from outside`);
});
