// Three processes of the service with their users' sessions in one PostgreSQL: each acts on what the others were told,
// nothing is lost when one of them or the database ends, and nothing that is secret is written down.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { runCommand } from './harness.mjs';
import { startPostgres, startRelay } from './postgres.mjs';
import {
  assertNoSecretIn, configurationOf, figures, newKey, newPassword, newToken, ownerOf, sleep, spoken, start,
  startPalette, stopAll,
} from './replicas.mjs';

const SOON = 100;        // ms in which a change is seen by others
const SOME_DAY = 1000;   // and on a machine that is busy
const DEADLINE = 3000;   // of a request
const SLACK = 1500;      // until its answer is here, on such a machine
const DATABASE = 'sessions';

const password = newPassword();

const encryptionKey = newKey();

let postgres;
let relay; // between the third replica and PostgreSQL
let palette;
let replicas = [];

const configuration = (port, timeout = `${DEADLINE}ms`) => configurationOf(palette, {
  store: { connection: postgres.url(DATABASE, password, port), encryptionKey }, timeout,
});

// All at once, on a database with nothing in it.
before(async () => {
  [postgres, palette] = await Promise.all([startPostgres(), startPalette()]);
  await postgres.makeDatabase(DATABASE, password);
  relay = await startRelay(postgres.port);
  replicas = await Promise.all([postgres.port, postgres.port, relay.port].map(port =>
    start(palette, configuration(port))));
});

after(async () => {
  await stopAll(replicas);
  relay?.stop();
  palette?.stop();
  await postgres?.remove();
});

const others = replica => replicas.filter(r => r !== replica);
const each = act => Promise.all(replicas.map(act));

let users = 0;
const newUser = () => `user${++users}@example.com`;

// Someone with a session that was stored by this replica.
async function signIn(replica, email = newUser()) {
  const token = newToken(email);
  await replica.put(email, token);
  return { email, token };
}

// ---- one is told, the others know ----

test('what one replica is told, the others act on within 100 ms', async t => {
  const waits = { stored: [], replaced: [], deleted: [] };
  for (let round = 0; round < 30; round++) {
    const writer = replicas[round % replicas.length];
    const email = newUser();
    const put = () => signIn(writer, email).then(({ token }) => token);
    let credential = null;
    for (const [what, change] of [['stored', put], ['replaced', put], ['deleted', () => writer.drop(email)]]) {
      // They have it in mind as it was.
      await Promise.all(others(writer).map(reader => reader.readUntil(email, credential)));
      const changed = await change();
      credential = what === 'deleted' ? null : changed;
      const answered = performance.now();
      await Promise.all(others(writer).map(async reader =>
        waits[what].push((await reader.readUntil(email, credential, 2 * SOME_DAY)).at - answered)));
    }
  }
  for (const [what, numbers] of Object.entries(waits)) {
    const found = figures(numbers);
    t.diagnostic(`${what}, until another replica sends it to Palette: ${spoken(found)}`);
    assert.ok(found.median < SOON, what);
    assert.ok(found.longest < SOME_DAY, what);
  }
});

test('the letters of an address make no difference, nor do others with a part of it', async () => {
  const { token } = await signIn(replicas[0], 'Ada.Lovelace@Example.com');
  await each(replica => replica.readUntil('ada.LOVELACE@example.COM', token));
  for (const email of ['lovelace@example.com', 'ada.lovelace@example.co', 'ada.lovelace@example.com.test'])
    await each(async replica => assert.equal((await replica.read(email)).credential, null, email));
  assert.equal(await replicas[1].drop('ADA.lovelace@example.com'), 1);
  await each(replica => replica.readUntil('ada.lovelace@example.com', null));
});

test('so is what an operator revokes', async () => {
  const { email, token } = await signIn(replicas[0]);
  await each(replica => replica.readUntil(email, token));
  const { status, stdout, stderr } = runCommand(configuration(postgres.port), 'sessions', 'revoke', email);
  assert.equal(status, 0, stderr);
  await each(replica => replica.readUntil(email, null, SOME_DAY));
  const list = runCommand(configuration(postgres.port), 'sessions', 'list');
  assert.equal(list.status, 0, list.stderr);
  assert.ok(!list.stdout.includes(email), list.stdout);
  assertNoSecretIn(stdout + stderr + list.stdout + list.stderr, 'what the commands say');
});

// ---- one is killed ----

test('a replica that is killed loses no session', async () => {
  for (const replica of replicas) {
    const old = await signIn(replica);
    await replica.readUntil(old.email, old.token);
    const latest = await signIn(replica); // its answer is the last thing that it does
    await replica.killAndStart();
    for (const { email, token } of [old, latest]) {
      await each(async r => assert.equal((await r.read(email)).credential, token));
      assert.equal((await replica.show(email)).present, true);
    }
  }
});

test('nor do all of them that are killed at once, in the middle of their work', async () => {
  const signedIn = await Promise.all(Array.from({ length: 20 }, (_, i) => signIn(replicas[i % 3])));
  const work = signedIn.map(({ email }, i) => replicas[i % 3].read(email).catch(() => {}));
  await each(replica => replica.killAndStart());
  await Promise.all(work);
  for (const { email, token } of signedIn)
    await each(async replica => assert.equal((await replica.read(email)).credential, token));
});

// ---- the database is away ----

// Everybody's requests, until it is told to stop: each is answered, with the user's own session or as if there were
// none. Resolves with how long they took.
function keepReading(t, readers, people) {
  let going = true;
  const times = [];
  const loops = readers.flatMap(reader => people.map(async ({ email, tokens }) => {
    while (going) {
      const { credential, ms } = await reader.read(email);
      assert.ok(credential === null || tokens.includes(credential), `${credential} for ${email}`);
      times.push(ms);
      await sleep(20);
    }
  }));
  const all = Promise.all(loops);
  const stop = async () => {
    going = false;
    await all;
    return figures(times);
  };
  t.after(() => stop().catch(() => {}));
  return stop;
}

const linesOf = (text, pattern) => text.split('\n').filter(line => pattern.test(line));

// An answer to a change that could not be made: ours, in time, without what the driver says of hosts and users.
async function assertRefused(request) {
  const begun = performance.now();
  const { status, text } = await request;
  const ms = performance.now() - begun;
  assert.equal(status, 503, text);
  assert.doesNotMatch(text, /postgres|127\.0\.0\.1|"sessions|timeout expired|connection to|SQL/i);
  assert.ok(ms < DEADLINE + SLACK);
  return ms;
}

// One line when it went away and one when it came back.
function assertTold(said) {
  assert.equal(linesOf(said, / warn +(sessions|store)\./).length, 1, said.slice(-3000));
  assert.equal(linesOf(said, / info +(sessions|store)\./).length, 1, said.slice(-3000));
}

async function outage(t, title, begin, end) {
  const known = await signIn(replicas[0]);
  const unknown = await signIn(replicas[1]);
  await each(replica => replica.readUntil(known.email, known.token));
  const lengths = replicas.map(replica => replica.said.length);
  const people = [known, unknown].map(({ email, token }) => ({ email, tokens: [token] }));
  const stopReading = keepReading(t, replicas, people);
  t.after(end); // it is there again for the next test, come what may
  await begin();
  await sleep(500);
  const away = await Promise.all(replicas.map(replica => replica.read(newUser())));
  await assertRefused(replicas[0].tryPut(newUser(), newToken('nobody')));
  await assertRefused(replicas[1].tryDrop(newUser()));
  await end();
  const back = performance.now();
  const waits = await each(async replica => {
    for (const { email, token } of [known, unknown]) await replica.readUntil(email, token);
    return performance.now() - back;
  });
  const times = await stopReading();
  t.diagnostic(`${title}: requests took ${spoken(times)}, while it was away at most ` +
    `${Math.round(Math.max(...away.map(({ ms }) => ms)))} ms; sessions worked again after ` +
    `${waits.map(Math.round).join(', ')} ms`);
  assert.ok(times.longest < DEADLINE + SLACK);
  for (const [i, replica] of replicas.entries()) assertTold(replica.saidSince(lengths[i]));
  // And others' changes are heard of again.
  for (const replica of replicas) {
    const { email, token } = await signIn(replica);
    await Promise.all(others(replica).map(r => r.readUntil(email, token)));
    await replica.drop(email);
    await Promise.all(others(replica).map(r => r.readUntil(email, null, SOME_DAY)));
  }
}

for (const how of ['fast', 'immediate', 'kill'])
  test(`PostgreSQL that is stopped (${how}) and comes back takes no session with it`, t =>
    outage(t, how, () => postgres.stop(how), () => postgres.start()));

// ---- the network is away, for one of them ----

for (const how of ['cut', 'stall'])
  test(`a replica whose connections ${how === 'cut' ? 'are cut' : 'fall silent'} answers all the same`, async t => {
    const [writer, reader, lonely] = replicas;
    const kept = await signIn(writer);
    const replaced = await signIn(writer);
    const deleted = await signIn(writer);
    await each(async replica => {
      for (const { email, token } of [kept, replaced, deleted]) await replica.readUntil(email, token);
    });
    const newer = newToken(replaced.email);
    const people = [kept, replaced, deleted].map(({ email, token }) => ({ email, tokens: [token, newer] }));
    const { length } = lonely.said;
    const stopLonely = keepReading(t, [lonely], people);
    const stopReader = keepReading(t, [reader], people);
    t.after(() => relay.restore());
    relay[how]();
    await writer.put(replaced.email, newer);
    await writer.drop(deleted.email);
    const added = await signIn(writer);
    await reader.readUntil(replaced.email, newer, SOME_DAY);
    await reader.readUntil(deleted.email, null, SOME_DAY);
    await reader.readUntil(added.email, added.token, SOME_DAY);
    const silent = await Promise.all(Array.from({ length: 30 }, () => lonely.read(newUser())));
    const refusals = await Promise.all([
      assertRefused(lonely.tryPut(newUser(), newToken('nobody'))),
      assertRefused(lonely.tryDrop(newUser())),
      sleep(1000),
    ]);
    const readerTimes = await stopReader();
    relay.restore();
    const back = performance.now();
    await lonely.readUntil(replaced.email, newer); // not from its memory: it has the database again
    await lonely.readUntil(kept.email, kept.token);
    await lonely.readUntil(deleted.email, null);
    await lonely.readUntil(added.email, added.token);
    const wait = Math.round(performance.now() - back);
    const lonelyTimes = await stopLonely();
    const longest = Math.max(lonelyTimes.longest, ...silent.map(({ ms }) => ms));
    t.diagnostic(`${how}: its requests took ${spoken(lonelyTimes)}, thirty at once for users that it does not know ` +
      `${spoken(figures(silent.map(({ ms }) => ms)))}, changes were refused after at most ` +
      `${Math.round(Math.max(refusals[0], refusals[1]))} ms; another's ${spoken(readerTimes)}; ` +
      `it knows all that changed after ${wait} ms`);
    assertTold(lonely.saidSince(length));
    assert.ok(longest < DEADLINE + SLACK);
    assert.ok(readerTimes.longest < DEADLINE);
    assert.ok(readerTimes.median < SOON * 2, 'others take no notice');
    const again = await signIn(writer);
    await lonely.readUntil(again.email, again.token);
    await writer.drop(again.email);
    await lonely.readUntil(again.email, null, SOME_DAY);
  });

// ---- a crowd ----

test('two hundred that write and read at once lose nothing and mix nothing up', async t => {
  // Without the relay, which is as slow as this process, and whatever time a busy machine takes.
  await each(replica => replica.stop());
  await each(replica => replica.start(configuration(postgres.port, '60s')));
  const crowd = Array.from({ length: 100 }, () => ({ email: newUser(), puts: [], done: false }));
  const writer = async (member, i) => {
    for (let n = 0; n < 5; n++) {
      const token = newToken(member.email);
      const put = { token, answered: Infinity };
      member.puts.push(put);
      await replicas[(i + n) % 3].put(member.email, token);
      put.answered = performance.now();
    }
    member.done = true;
  };
  const times = [];
  const misses = [];
  const reader = async (member, i) => {
    for (let n = 0; !member.done || n < 10; n++) {
      const begun = performance.now();
      const { credential, ms } = await replicas[(i + n) % 3].read(member.email);
      times.push(ms);
      // What was stored well before is not lost, and nothing that is older, or another's, comes in its place.
      const due = member.puts.findLastIndex(put => put.answered < begun - SOME_DAY);
      const got = member.puts.findIndex(put => put.token === credential);
      if (credential === null && due >= 0) misses.push(member.email);
      else assert.ok(got >= due, `the session ${got} of ${member.email}, where ${due} was due`);
      if (credential !== null) assert.equal(ownerOf(credential), member.email, 'mixed up');
    }
  };
  const lengths = replicas.map(replica => replica.said.length);
  const begun = performance.now();
  await Promise.all(crowd.flatMap((member, i) => [writer(member, i), reader(member, i)]));
  const took = performance.now() - begun;
  // A machine may be so slow that a replica gives the database up for a moment; then it says so.
  const lost = replicas.flatMap((replica, i) => linesOf(replica.saidSince(lengths[i]), / warn +sessions\.lost/));
  assert.ok(misses.length === 0 || lost.length > 0, misses.join(' '));
  await Promise.all(crowd.map(({ email, puts }) => each(replica => replica.readUntil(email, puts.at(-1).token))));
  const count = times.length + crowd.length * 5;
  t.diagnostic(`${count} requests in ${Math.round(took)} ms; readings took ${spoken(figures(times))}; ` +
    `${misses.length} without the session that was due`);
});

// ---- what is left ----

test('what has expired goes away', async () => {
  const { email, token } = await signIn(replicas[0]);
  const brief = newUser();
  const { expiresAt } = await replicas[1].put(brief, newToken(brief), Date.now() + 1500);
  const rows = of => postgres.sql(`SELECT count(*) FROM spectrocloud_sessions WHERE email = '${of}'`, DATABASE);
  assert.equal(await rows(brief), '1');
  await sleep(Math.max(0, expiresAt - Date.now()) + 50);
  await each(async replica => {
    assert.equal((await replica.read(brief)).credential, null);
    assert.equal((await replica.show(brief)).present, false);
  });
  await replicas[0].killAndStart(); // it looks when it starts, and now and then
  for (let n = 0; await rows(brief) !== '0'; n++) {
    assert.ok(n < 100, 'it is still there');
    await sleep(50);
  }
  assert.equal((await replicas[0].read(email)).credential, token);
});

test('no session, key or password is in a log, in a file, in the database or in what it was sent', async () => {
  await each(replica => replica.stop());
  for (const replica of replicas) replica.assertKeepsSecrets();
  const dump = await postgres.dump(DATABASE);
  assert.match(dump, /COPY public\.spectrocloud_sessions/);
  assert.ok(dump.includes('@example.com'));
  assertNoSecretIn(dump, 'the database');
  const log = postgres.log().split('\n').filter(line => !line.includes('CREATE ROLE')).join('\n');
  assert.match(log, /parameters: \$1 = '/);
  assertNoSecretIn(log, 'what the database was sent');
});
