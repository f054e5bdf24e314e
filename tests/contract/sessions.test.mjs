// Whose Palette session a request goes with: the one that is kept for the caller's own e-mail address, the one that
// was sent, or the environment's token; how sessions come in, end, and are refused.
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { beside, logLines, moods, note, pluginToken, requestLine, sleep, startBackstage, startBeside, stopBeside, until,
  userToken } from './backstage.mjs';
import { TOKEN, TRUSTED, checkConfiguration, configuration, startSimulator } from './harness.mjs';

const part = value => Buffer.from(JSON.stringify(value)).toString('base64url');
// What Palette hands out as a session, as far as anybody looks who does not verify it.
const session = claims => note(
  `${part({ alg: 'HS256', typ: 'JWT' })}.${part({ jti: randomBytes(8).toString('hex'), ...claims })}.` +
  randomBytes(32).toString('base64url'));
const inSeconds = s => Math.floor(Date.now() / 1000) + s;

const ADA = session({ exp: inSeconds(3600) });
const ADA_AGAIN = session({ exp: inSeconds(3600) });
const BOB = session({ exp: inSeconds(3600) });
const SENT = session({ exp: inSeconds(3600) });
const ENDED = session({ exp: inSeconds(-60) });
const OF = { 'session:0': 'ada', 'session:1': 'ada again', 'session:2': 'bob', 'session:3': 'sent', 'key:0': 'service' };

let first;
let second;
let backstage;

before(async () => {
  const tokens = [ADA, ADA_AGAIN, BOB, SENT].flatMap(token => ['--session-token', token]);
  [first, second] = await Promise.all([
    startSimulator('--seed', '7', '--projects', '3', '--clusters', '20', ...tokens),
    startSimulator('--seed', '8', '--projects', '3', '--clusters', '20', ...tokens)]);
  backstage = await startBackstage();
  backstage.emails = { 'user:default/ada': 'Ada@Example.com', 'user:default/bob': 'bob@example.com' };
});

after(async () => {
  await Promise.all([first.stop(), second.stop(), backstage.stop()]);
});

const ROUTE = '/api/spectrocloud/session-tokens/';

// The service with these settings, and what can be asked of it.
async function withService(extra, run, change = config => config) {
  const config = change(beside(backstage, configuration([first, second], extra), { permission: { enabled: false } }));
  const service = await startBeside(backstage, config);
  const user = name => userToken(backstage.users[0], { sub: `user:default/${name}` });
  const auth = () => pluginToken(backstage.plugins.auth[0], { sub: 'auth' });
  const call = (method, email, { body, token = auth() } = {}) => service.request(method,
    ROUTE + encodeURIComponent(email),
    { token, body: body === undefined || typeof body === 'string' ? body : JSON.stringify(body) });
  const put = async (email, token, more = {}) => {
    const answer = await call('PUT', email, { body: { token, ...more } });
    assert.equal(answer.status, 200, answer.text);
    return answer.json;
  };
  // Whose credential each Palette saw, and whether the caller is to sign in again.
  const ask = async (token, { email, sent, instance } = {}) => {
    await Promise.all([first.forget(), second.forget()]);
    const answer = await service.request('GET',
      `/api/spectrocloud/clusters${instance ? `?instance=${instance}` : ''}`, { token, headers: {
        ...(email && { 'X-SpectroCloud-User-Email': email }), ...(sent && { 'X-SpectroCloud-Token': sent }) } });
    const seen = async simulator =>
      [...new Set((await simulator.requests()).map(({ credential }) => OF[credential] ?? credential))].join();
    return { ...answer, first: await seen(first), second: await seen(second),
      again: answer.headers['x-spectrocloud-reauth-required'] === 'true' };
  };
  await run({ service, user, auth, call, put, ask });
  await stopBeside(backstage, service);
}

const outcome = ({ status, first: one, second: two, again }) => [status, one, two, again];

// MCP clients, and Backstage's registry of actions, have no header of ours to send.
test('what an agent asks for a user goes with that user\'s session', () => withService({ mcp: { toolsets: 'core' } },
  async ({ service, user, put }) => {
    await put('ada@example.com', ADA);
    const bobs = pluginToken(backstage.plugins.catalog[0], { obo: user('bob') });
    const adas = pluginToken(backstage.plugins.catalog[0], { obo: user('ada') });
    const rows = [
      [user('ada'), {}, 'ada', ''], [adas, {}, 'ada', ''], [adas, { instanceName: 'second' }, '', 'service'],
      [user('bob'), {}, 'service', ''], [bobs, {}, 'service', ''], [TRUSTED, {}, 'service', ''],
    ];
    const action = '/.backstage/actions/v1/actions/spectrocloud%3Alist_spectrocloud_projects/invoke';
    const ways = {
      registry: input => ['/api/spectrocloud' + action, input],
      mcp: input => ['/api/spectrocloud/mcp', { jsonrpc: '2.0', id: 1, method: 'tools/call',
        params: { name: 'list_spectrocloud_projects', arguments: input } }],
    };
    for (const [way, make] of Object.entries(ways))
      for (const [token, input, one, two] of rows) {
        await Promise.all([first.forget(), second.forget()]);
        const [path, body] = make(input);
        const answer = await service.request('POST', path, { token, body: JSON.stringify(body),
          headers: { 'Content-Type': 'application/json', Accept: 'application/json, text/event-stream' } });
        assert.equal(answer.status, 200, answer.text);
        const seen = async simulator =>
          [...new Set((await simulator.requests()).map(({ credential }) => OF[credential] ?? credential))].join();
        assert.deepEqual([await seen(first), await seen(second)], [one, two], `${way} ${JSON.stringify(input)}`);
      }
  }));

test('which token, and whether to sign in again', () => withService({}, async ({ user, put, ask }) => {
  await put('ADA@example.com', ADA);
  const rows = [
    // kept for      asks    names the e-mail     sends  of       status, first, second, sign in again
    ['ada', { email: 'ada@example.com' }, [200, 'ada', '', false]],
    ['ada', { email: 'Ada@Example.com', sent: SENT }, [200, 'ada', '', false]],
    ['ada', {}, [200, 'service', '', false]],
    ['ada', { sent: SENT }, [200, 'sent', '', false]],
    ['ada', { email: 'ada@example.com', instance: 'first' }, [200, 'ada', '', false]],
    // another environment never sees the session, and signing in would not help
    ['ada', { email: 'ada@example.com', instance: 'second' }, [200, '', 'service', false]],
    ['ada', { email: 'ada@example.com', instance: 'second', sent: SENT }, [200, '', 'sent', false]],
    ['bob', { email: 'bob@example.com' }, [200, 'service', '', true]],
    ['bob', { email: 'bob@example.com', sent: SENT }, [200, 'sent', '', false]],
    ['bob', { email: 'bob@example.com', instance: 'second' }, [200, '', 'service', false]],
    ['bob', { email: 'ada@example.com' }, [403, '', '', false]],
    ['bob', { email: 'ada@example.com', sent: SENT }, [403, '', '', false]],
    ['bob', { email: 'ada@example.com', instance: 'second' }, [403, '', '', false]],
    // of whom the catalog knows nothing
    ['eve', { email: 'ada@example.com' }, [403, '', '', false]],
    ['eve', { email: 'eve@example.com' }, [403, '', '', false]],
    ['eve', { sent: SENT }, [200, 'sent', '', false]],
  ];
  for (const [name, options, wanted] of rows)
    assert.deepEqual(outcome(await ask(user(name), options)), wanted, `${name} ${JSON.stringify(options)}`);
  // A service that is trusted names whom it likes; another, nobody.
  assert.deepEqual(outcome(await ask(TRUSTED, { email: 'ada@example.com' })), [200, 'ada', '', false]);
  assert.deepEqual(outcome(await ask(TOKEN, { email: 'ada@example.com' })), [403, '', '', false]);
  assert.deepEqual(outcome(await ask(pluginToken(backstage.plugins.catalog[0]), { email: 'ada@example.com' })),
    [403, '', '', false]);
  // A plugin that acts for a user is that user.
  const forAda = pluginToken(backstage.plugins.catalog[0], { obo: user('ada') });
  assert.deepEqual(outcome(await ask(forAda, { email: 'ada@example.com' })), [200, 'ada', '', false]);
  const forBob = pluginToken(backstage.plugins.catalog[0], { obo: user('bob') });
  assert.deepEqual(outcome(await ask(forBob, { email: 'ada@example.com' })), [403, '', '', false]);
}));

test('the e-mail header comes once, and an empty one says nothing', () => withService({}, async ({ user, put, ask, service }) => {
  await put('ada@example.com', ADA);
  assert.deepEqual(outcome(await ask(user('ada'), { email: ' ' })), [200, 'service', '', false]);
  const twice = await service.raw('GET /api/spectrocloud/clusters HTTP/1.1\r\nHost: x\r\nConnection: close\r\n' +
    `Authorization: Bearer ${user('ada')}\r\nX-SpectroCloud-User-Email: ada@example.com\r\n` +
    'X-SpectroCloud-User-Email: bob@example.com\r\n\r\n');
  assert.match(twice, /^HTTP\/1.1 400 /);
}));

test('a catalog that does not answer: nobody has a session, and nothing goes to Palette', () =>
  withService({ backstage: { timeout: '300ms' } }, async ({ user, put, ask }) => {
    await put('ada@example.com', ADA);
    for (const mood of [moods.status(500), moods.hangs, moods.says('{}'), moods.html, moods.resets]) {
      backstage.mood.catalog = mood;
      const answer = await ask(user('ada'), { email: 'ada@example.com' });
      assert.ok([403, 503].includes(answer.status), answer.text);
      assert.deepEqual([answer.first, answer.second], ['', '']);
    }
    backstage.mood.catalog = null;
    await until(async () => (await ask(user('ada'), { email: 'ada@example.com' })).first === 'ada', 'it is back');
  }));

test('in and out: kept, replaced, looked at and ended', () => withService({}, async ({ user, auth, call, put, ask }) => {
  const ada = { email: 'ada@example.com' };
  assert.deepEqual((await call('GET', 'ada@example.com')).json, { present: false, environment: 'first' });
  const kept = await put('ada@example.com', ADA);
  assert.equal(kept.environment, 'first');
  const looked = await call('GET', 'Ada@EXAMPLE.com');
  assert.deepEqual(looked.json, { present: true, environment: 'first', expiresAt: kept.expiresAt });
  assert.equal(looked.headers['cache-control'], 'no-store');
  await put('ada@example.com', ADA_AGAIN);
  assert.equal((await ask(user('ada'), ada)).first, 'ada again');
  // Their own, and nobody else's.
  for (const [token, method, status] of [
    [user('ada'), 'GET', 200], [user('bob'), 'GET', 403], [user('bob'), 'DELETE', 403], [user('eve'), 'DELETE', 403],
    [TOKEN, 'GET', 403], [TOKEN, 'DELETE', 403], [TRUSTED, 'GET', 200], [auth(), 'GET', 200],
    [pluginToken(backstage.plugins.catalog[0]), 'GET', 403], [null, 'GET', 401], [null, 'DELETE', 401]])
    assert.equal((await call(method, 'ada@example.com', { token })).status, status);
  assert.deepEqual((await call('DELETE', 'ADA@example.com', { token: user('ada') })).json, { deleted: 1 });
  assert.deepEqual((await call('DELETE', 'ada@example.com')).json, { deleted: 0 });
  assert.deepEqual(outcome(await ask(user('ada'), ada)), [200, 'service', '', true]);
}));

test('who may hand one over', () => withService({}, async ({ user, auth, call }) => {
  const body = { token: ADA };
  for (const [token, status] of [[auth(), 200], [TRUSTED, 200], [TOKEN, 403], [user('ada'), 403], [null, 401],
    [pluginToken(backstage.plugins.catalog[0]), 403],
    [pluginToken(backstage.plugins.auth[0], { sub: 'auth', obo: user('ada') }), 403],
    [pluginToken(backstage.plugins.auth[0], { sub: 'auth', aud: 'catalog' }), 401],
    [pluginToken(backstage.plugins.catalog[0], { sub: 'auth' }), 401]])
    assert.equal((await call('PUT', 'x@example.com', { body, token })).status, status);
}));

test('what is refused is not kept, and says what is wrong', () => withService({}, async ({ call, put, ask, user }) => {
  await put('ada@example.com', ADA);
  const long = 'x'.repeat(16 * 1024 + 1);
  const bad = [
    [{}, /token .*is required/], ['', /token .*is required/], ['{', /not valid JSON/], ['[]', /must be a JSON object/],
    [{ token: '' }, /token/], [{ token: 5 }, /token .*must be a string/], [{ token: null }, /token/],
    [{ token: long }, /16384/], [{ token: 'a b' }, /without spaces/], [{ token: 'a\r\nX: y' }, /without spaces/],
    [{ token: 'a\u0000b' }, /token/], [{ token: 'ä' }, /ASCII/], [{ token: ENDED }, /exp/],
    [{ token: ADA, expiresAt: Date.now() - 1 }, /expiresAt/], [{ token: ADA, expiresAt: 0 }, /expiresAt/],
    [{ token: ADA, expiresAt: -5 }, /expiresAt/], [{ token: ADA, expiresAt: 1.5 }, /expiresAt/],
    [{ token: ADA, expiresAt: inSeconds(3600) }, /milliseconds/], // seconds
    [{ token: ADA, expiresAt: '2030-01-01' }, /expiresAt/],
    ['{"token":"a","token":"b"}', /more than once/],
    [`{"token":"${ADA}","expiresAt":1e400}`, /expiresAt/],
    [`{"token":"${ADA}","expiresAt":99999999999999999999999}`, /expiresAt/],
  ];
  for (const [body, message] of bad) {
    const answer = await call('PUT', 'ada@example.com', { body });
    assert.equal(answer.status, 400, `${JSON.stringify(body).slice(0, 80)}: ${answer.text}`);
    assert.match(answer.json.error.message, message);
    for (const secret of [long, ADA, ENDED]) assert.ok(!answer.text.includes(secret));
  }
  for (const email of ['ada', '@x', 'x@', 'a b@x', 'a\n@x', '\u0000@x', `${'x'.repeat(320)}@x`, ' ada@x', 'a@x\u007f']) {
    const answer = await call('PUT', email, { body: { token: BOB } });
    assert.equal(answer.status, 400, email);
    assert.match(answer.json.error.message, /email/);
  }
  assert.deepEqual(outcome(await ask(user('ada'), { email: 'ada@example.com' })), [200, 'ada', '', false]);
  // The longest that fits, and an address of strange but legal letters.
  assert.equal((await call('PUT', "o'brien+tag/x@example.com", { body: { token: 'x'.repeat(16 * 1024) } })).status, 200);
  assert.equal((await call('GET', "O'BRIEN+tag/x@example.com")).json.present, true);
}));

test('how long one is good', () => withService({}, async ({ call, put, ask, user }) => {
  const near = (value, wanted) => assert.ok(Math.abs(value - wanted) < 60_000, `${value}, wanted about ${wanted}`);
  const minutes = n => Date.now() + n * 60_000;
  near((await put('x@example.com', 'opaque')).expiresAt, minutes(15));
  near((await put('x@example.com', 'opaque', { expiresAt: minutes(60) })).expiresAt, minutes(15));
  near((await put('x@example.com', 'opaque', { expiresAt: minutes(5) })).expiresAt, minutes(5));
  near((await put('x@example.com', ADA)).expiresAt, minutes(60));
  near((await put('x@example.com', ADA, { expiresAt: minutes(90) })).expiresAt, minutes(60));
  near((await put('x@example.com', ADA, { expiresAt: minutes(30) })).expiresAt, minutes(30));
  await put('ada@example.com', ADA, { expiresAt: Date.now() + 700 });
  assert.equal((await ask(user('ada'), { email: 'ada@example.com' })).first, 'ada');
  await sleep(800);
  assert.deepEqual(outcome(await ask(user('ada'), { email: 'ada@example.com' })), [200, 'service', '', true]);
  assert.equal((await call('GET', 'ada@example.com')).json.present, false);
}));

test('one that Palette refuses goes, and the answer says so', () => withService({}, async ({ put, ask, user, call }) => {
  const unknown = session({ exp: inSeconds(3600) });
  await put('ada@example.com', unknown);
  const answer = await ask(user('ada'), { email: 'ada@example.com' });
  assert.deepEqual([answer.status, answer.again, answer.json.requiresReAuth], [401, true, true], answer.text);
  assert.match(answer.headers['access-control-expose-headers'], /X-SpectroCloud-ReAuth-Required/i);
  assert.equal((await call('GET', 'ada@example.com')).json.present, false);
  assert.deepEqual(outcome(await ask(user('ada'), { email: 'ada@example.com' })), [200, 'service', '', true]);
  // Forbidden is not refused.
  await put('ada@example.com', ADA);
  await first.fault({ match: { pathPrefix: '/v1' }, times: -1, fault: 'status', status: 403 });
  assert.equal((await ask(user('ada'), { email: 'ada@example.com' })).status, 403);
  await first.heal();
  assert.equal((await ask(user('ada'), { email: 'ada@example.com' })).first, 'ada');
}));

test('without the header, where it is wanted so', () =>
  withService({ auth: { trustedServices: ['tests-trusted'], useSessionWithoutHeader: true } }, async ({ put, ask, user }) => {
    await put('ada@example.com', ADA);
    assert.deepEqual(outcome(await ask(user('ada'))), [200, 'ada', '', false]);
    assert.deepEqual(outcome(await ask(user('bob'))), [200, 'service', '', true]);
    assert.deepEqual(outcome(await ask(user('bob'), { sent: SENT })), [200, 'sent', '', false]);
    assert.deepEqual(outcome(await ask(user('eve'))), [200, 'service', '', false]);
    assert.deepEqual(outcome(await ask(TRUSTED)), [200, 'service', '', false]);
  }));

test('where a session is required, people have no other way', () =>
  withService({ auth: { trustedServices: ['tests-trusted'], requireUserSession: true } }, async ({ put, ask, user }) => {
    await put('ada@example.com', ADA);
    assert.deepEqual(outcome(await ask(user('ada'), { email: 'ada@example.com' })), [200, 'ada', '', false]);
    const refused = await ask(user('bob'), { email: 'bob@example.com' });
    assert.deepEqual(outcome(refused), [401, '', '', true]);
    assert.equal(refused.json.requiresReAuth, true);
    assert.deepEqual(outcome(await ask(user('ada'))), [401, '', '', true]); // leaving the header out is no way
    assert.deepEqual(outcome(await ask(user('ada'), { email: 'ada@example.com', instance: 'second' })), [401, '', '', false]);
    assert.deepEqual(outcome(await ask(user('bob'), { sent: SENT })), [200, 'sent', '', false]);
    assert.deepEqual(outcome(await ask(TOKEN)), [200, 'service', '', false]);
    assert.deepEqual(outcome(await ask(TRUSTED, { email: 'bob@example.com' })), [401, '', '', true]);
  }));

test("what the environment's token may be used for", () =>
  withService({ auth: { serviceTokenFor: ['profile.view-info'] } }, async ({ service, ask, user }) => {
    assert.deepEqual(outcome(await ask(user('bob'), { email: 'bob@example.com' })), [401, '', '', true]);
    const profiles = await service.request('POST', '/api/spectrocloud/profiles/search',
      { token: user('bob'), body: '{"names":["x"]}', headers: { 'X-SpectroCloud-User-Email': 'bob@example.com' } });
    assert.equal(profiles.status, 200, profiles.text);
    assert.equal(profiles.headers['x-spectrocloud-reauth-required'], 'true');
    assert.deepEqual(outcome(await ask(TOKEN)), [200, 'service', '', false]);
  }));

test('sessions can be of another environment than the first', () =>
  withService({ auth: { sessionEnvironment: 'second' } }, async ({ put, ask, user }) => {
    assert.equal((await put('ada@example.com', ADA)).environment, 'second');
    assert.deepEqual(outcome(await ask(user('ada'), { email: 'ada@example.com' })), [200, 'service', '', false]);
    assert.deepEqual(outcome(await ask(user('ada'), { email: 'ada@example.com', instance: 'second' })),
      [200, '', 'ada', false]);
    assert.deepEqual(outcome(await ask(user('bob'), { email: 'bob@example.com', instance: 'second' })),
      [200, '', 'service', true]);
  }));

test('without the binding everybody is everybody, and the start says so', () =>
  withService({ auth: { emailBinding: 'off' } }, async ({ service, put, ask, user }) => {
    assert.match(service.log(), /config\.notice .*setting="spectrocloud\.auth\.emailBinding" message="off: every user who names another's e-mail/);
    await put('ada@example.com', ADA);
    assert.deepEqual(outcome(await ask(user('bob'), { email: 'ada@example.com' })), [200, 'ada', '', false]);
    assert.deepEqual(outcome(await ask(TOKEN, { email: 'ada@example.com' })), [403, '', '', false]);
  }));

test('in a file they outlive a restart, and nobody can read them there', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'sessions-'));
  const extra = { tokenStore: { type: 'sqlite', path: join(folder, 'sessions.db'),
    encryptionKey: randomBytes(32).toString('base64') } };
  const clear = () => readdirSync(folder).filter(name => [ADA, BOB, 'ada@example.com'].slice(0, 2)
    .some(secret => readFileSync(join(folder, name), 'latin1').includes(secret)));
  await withService(extra, async ({ put }) => {
    await put('ada@example.com', ADA);
    assert.deepEqual(clear(), []);
  });
  await withService(extra, async ({ ask, user, put }) => {
    assert.equal((await ask(user('ada'), { email: 'ada@example.com' })).first, 'ada');
    await put('bob@example.com', BOB);
    assert.deepEqual(clear(), []);
  });
  // With another key they cannot be read: none, and the log says why. With the old one behind it they can.
  const other = randomBytes(32).toString('base64');
  await withService({ tokenStore: { ...extra.tokenStore, encryptionKey: other } }, async ({ service, ask, user }) => {
    assert.deepEqual(outcome(await ask(user('ada'), { email: 'ada@example.com' })), [200, 'service', '', true]);
    assert.ok(logLines(service, 'store.unreadable').length > 0);
  });
  await withService({ tokenStore: { ...extra.tokenStore, encryptionKey: [other, extra.tokenStore.encryptionKey] } },
    async ({ ask, user }) => assert.equal((await ask(user('ada'), { email: 'ada@example.com' })).first, 'ada'));
  assert.deepEqual(clear(), []);
  rmSync(folder, { recursive: true });
});

test('each change is in the audit trail, and no token is', () => withService({}, async ({ service, put, call, user }) => {
  await put('ada@example.com', ADA);
  await call('PUT', 'ada@example.com', { body: { token: BOB }, token: user('bob') });
  await call('DELETE', 'ada@example.com', { token: user('ada') });
  const answer = await call('GET', 'ada@example.com');
  await requestLine(service, answer);
  const lines = logLines(service, 'audit').join('\n');
  assert.match(lines, /operation=\S*session.put\S* principal="?plugin:auth"?.* outcome="?succeeded/);
  assert.match(lines, /operation=\S*session.put\S* principal="?user:default\/bob"?.* outcome="?denied/);
  assert.match(lines, /operation=\S*session.delete\S* principal="?user:default\/ada"?.* object="?ada@example.com"?.* outcome="?succeeded/);
}));

test('settings that cannot be are refused by name', () => {
  const check = extra => checkConfiguration(configuration([first, second], extra));
  for (const [extra, pattern] of [
    [{ auth: { sessionEnvironment: 'third' } }, /sessionEnvironment: no environment/],
    [{ auth: { emailBinding: 'maybe' } }, /emailBinding/],
    [{ auth: { serviceTokenFor: ['view-everything'] } }, /serviceTokenFor\[0\]: there is no permission/],
    [{ tokenStore: { type: 'sqlite', path: '/tmp/x.db' } }, /encryptionKey/],
    [{ tokenStore: { type: 'postgresql', connection: 'postgresql://x' } }, /encryptionKey/]]) {
    const { status, stderr } = check(extra);
    assert.notEqual(status, 0);
    assert.match(stderr, pattern);
  }
});
