// The MCP endpoint over real sockets: both eras, who is let in, streams, cancellation, and what the configuration
// changes.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { ENDPOINT, eventsOf, legacy, modern, notification, send } from './agent.mjs';
import { assertRefused, beside, startBackstage, startBeside, stopBeside, until, userToken } from './backstage.mjs';
import { TRUSTED, configuration, startService, startSimulator } from './harness.mjs';

const LIST = 'list_spectrocloud_clusters';
const call = (make, id, name = LIST, params = {}) => make(id, 'tools/call', { name, arguments: {}, ...params });

let simulator;
let service;

before(async () => {
  simulator = await startSimulator('--seed', '7', '--projects', '30', '--clusters', '60', '--virtual-clusters', '9');
  service = await startService(configuration([simulator], { upstream: { parallel: 2 } }));
});

after(async () => {
  assert.equal(await service.stop(), 0, service.log());
  await simulator.stop();
});

async function withService(config, run, ...options) {
  const other = await startService(config, ...options);
  try {
    await run(other);
  } finally {
    assert.equal(await other.stop(), 0, other.log());
  }
}

const extra = mcp => configuration([simulator], { mcp });

// ---- both eras ----

test('the legacy era: initialize, tools, a call', async () => {
  const hello = await send(service, legacy(1, 'initialize', {
    protocolVersion: '2025-06-18', capabilities: {}, clientInfo: { name: 'test', version: '1' } }));
  assert.equal(hello.status, 200);
  assert.match(hello.headers['content-type'], /^application\/json/);
  assert.equal(hello.headers['mcp-session-id'], undefined);
  assert.equal(hello.json.result.protocolVersion, '2025-06-18');
  assert.match(hello.json.result.instructions, /nextCursor/);
  const ready = await send(service, notification('notifications/initialized'));
  assert.deepEqual([ready.status, ready.text, ready.headers['content-type']], [202, '', undefined]);
  const { json: { result: { tools } } } = await send(service, legacy(2, 'tools/list'),
    { headers: { 'mcp-protocol-version': '2025-06-18' } });
  assert.ok(tools.some(tool => tool.name === LIST));
  const answer = await send(service, call(legacy, 'three'));
  assert.equal(answer.headers['cache-control'], 'no-store');
  assert.equal(answer.json.id, 'three');
  assert.equal(answer.json.result.structuredContent.total, 69);
  assert.deepEqual(JSON.parse(answer.json.result.content[0].text), answer.json.result.structuredContent);
  assert.equal(answer.json.result.isError, undefined);
});

test('the modern era: discover, tools, a call', async () => {
  const { status, json } = await send(service, modern(1, 'server/discover'));
  assert.equal(status, 200);
  assert.deepEqual([json.result.resultType, json.result.supportedVersions], ['complete', ['2026-07-28']]);
  const { json: { result: { tools } } } = await send(service, modern(2, 'tools/list'));
  assert.ok(tools.some(tool => tool.name === LIST));
  const answer = await send(service, call(modern, 3));
  assert.deepEqual([answer.json.id, answer.json.result.resultType], [3, 'complete']);
  assert.equal(answer.json.result.structuredContent.total, 69);
  const ping = await send(service, modern(4, 'ping'));
  assert.deepEqual([ping.status, ping.json.error.code, ping.json.id], [404, -32601, 4]);
});

for (const [era, make] of [['legacy', legacy], ['modern', modern]]) {
  test(`${era}: what is wrong with a call is told the model, an unknown tool is an error`, async () => {
    const wrong = await send(service, call(make, 1, LIST, { arguments: { limit: 0, frob: 1 } }));
    assert.equal(wrong.status, 200);
    assert.equal(wrong.json.result.isError, true);
    assert.match(wrong.json.result.content[0].text, /limit.*frob/s);
    const unknown = await send(service, call(make, 2, 'no_such_tool'));
    assert.deepEqual([unknown.status, unknown.json.id, unknown.json.error.code], [200, 2, -32602]);
  });

  test(`${era}: a client that takes only streams gets one`, async () => {
    const answer = await send(service, make(1, 'tools/list'), { headers: { accept: 'text/event-stream' } });
    assert.equal(answer.headers['content-type'], 'text/event-stream');
    assert.equal(answer.headers['x-accel-buffering'], 'no');
    assert.equal(answer.headers['cache-control'], 'no-store');
    const [message, ...more] = eventsOf(answer.text);
    assert.deepEqual([message.id, more], [1, []]);
  });

  test(`${era}: progress comes as it is made`, async () => {
    // Then the projects are asked one by one.
    await simulator.fault({ match: { pathPrefix: '/v1/dashboard/spectroclusters/meta', project: '' }, times: -1,
      fault: 'status', status: 403 });
    const message = call(make, 1, LIST, { arguments: { limit: 1 }, _meta: { progressToken: 'p-1' } });
    const answer = await send(service, message);
    await simulator.heal();
    assert.equal(answer.headers['content-type'], 'text/event-stream');
    const events = eventsOf(answer.text);
    const { id, result } = events.pop();
    assert.equal(id, 1);
    assert.ok(result.structuredContent.total > 30, answer.text);
    assert.ok(events.length >= 5, answer.text);
    let last = -1;
    for (const { method, params } of events) {
      assert.equal(method, 'notifications/progress');
      assert.equal(params.progressToken, 'p-1');
      assert.ok(params.progress > last && (params.total === undefined || params.progress <= params.total), answer.text);
      last = params.progress;
    }
    const quiet = await send(service, message, { headers: { accept: 'application/json' } });
    assert.match(quiet.headers['content-type'], /^application\/json/);
  });
}

test('a failure of Palette is told the model', async () => {
  await simulator.fault({ match: { pathPrefix: '/v1' }, times: -1, fault: 'status', status: 403 });
  const { status, json } = await send(service, call(legacy, 1));
  await simulator.heal();
  assert.equal(status, 200);
  assert.equal(json.result.isError, true);
  assert.ok(!JSON.stringify(json).includes('sim-key'));
});

test('the mount without /api has it too', async () => {
  const { json } = await send(service, legacy(1, 'ping'), { path: '/spectrocloud/mcp' });
  assert.deepEqual(json.result, {});
});

// ---- who is let in ----

const ping = legacy(1, 'ping');

for (const [what, headers, status] of [
  ['a page of another origin', { origin: 'http://evil.example.com' }, 403],
  ['a page without an origin', { origin: 'null' }, 403],
  ['a page of a name like ours', { origin: 'http://localhost.evil.example' }, 403],
  ['an origin that is a lie', { origin: 'http://127.0.0.1.evil.example:80' }, 403],
  ['another host', { host: 'evil.example.com' }, 403],
  ['a host like ours', { host: '127.evil.example' }, 403],
  ['two origins', { origin: ['http://localhost', 'http://localhost'] }, 403],
  ['a page of this machine', { origin: 'http://localhost:6274' }, 200],
  ['the other name of this machine', { host: 'LOCALHOST:1', origin: 'https://[::1]:2' }, 200],
  ['nothing that it takes', { accept: 'text/html' }, 406],
  ['anything', { accept: 'text/html, */*;q=0.1' }, 200],
  ['a form', { 'content-type': 'application/x-www-form-urlencoded' }, 415],
  ['text', { 'content-type': 'text/plain' }, 415],
  ['a charset', { 'content-type': 'Application/JSON; charset=utf-8' }, 200],
  ['two versions', { 'mcp-protocol-version': ['2025-11-25', '2025-06-18'] }, 400],
  ['two methods', { 'mcp-method': ['ping', 'ping'] }, 400],
  ['an unknown version', { 'mcp-protocol-version': '1999-01-01' }, 400],
])
  test(`${what}: ${status}`, async () => {
    const answer = await send(service, ping, { headers });
    assert.equal(answer.status, status, answer.text);
    assert.equal(answer.json.jsonrpc, '2.0');
    if (status === 200) assert.deepEqual(answer.json.result, {});
    else assert.ok([-32600, -32020, -32022].includes(answer.json.error.code), answer.text);
    assert.equal(answer.headers['access-control-allow-origin'], undefined);
  });

for (const [what, raw, code] of [['no JSON', '{', -32700], ['nothing', '', -32700],
  ['a batch', JSON.stringify([ping]), -32600]])
  test(`${what} is no message`, async () => {
    const { status, json } = await send(service, null, { raw });
    assert.deepEqual([status, json.error.code, json.id], [400, code, null]);
  });

test('GET and DELETE are not for this revision', async () => {
  for (const method of ['GET', 'DELETE']) {
    const { status, headers } = await service.request(method, ENDPOINT, { headers: { accept: 'text/event-stream' } });
    assert.deepEqual([status, headers.allow], [405, 'POST']);
  }
});

test('nobody is let in without a token, or with a bad one', async () => {
  const none = await send(service, ping, { token: null });
  assert.equal(none.status, 401);
  assert.equal(none.headers['www-authenticate'], 'Bearer realm="spectrocloud"');
  const bad = await send(service, ping, { token: 'nobody-knows-it' });
  assert.equal(bad.status, 401);
  assert.equal(bad.headers['www-authenticate'], 'Bearer realm="spectrocloud", error="invalid_token"');
});

test('without clients that register there is no metadata', async () => {
  for (const path of ['', ENDPOINT]) {
    const { status } = await service.request('GET', `/.well-known/oauth-protected-resource${path}`, { token: null });
    assert.equal(status, 404);
  }
});

for (const kind of ['clientIdMetadataDocuments', 'experimentalDynamicClientRegistration'])
  test(`clients learn where they sign in (auth.${kind})`, async () => {
    const config = configuration([simulator]);
    config.backend.baseUrl = 'https://bs.example';
    config.app = { baseUrl: 'https://portal.example:8443' };
    config.auth = { [kind]: { enabled: true } };
    config.spectrocloud.mcp = { allowedOrigins: ['https://app.example'] };
    await withService(config, async other => {
      const metadata = `https://bs.example/.well-known/oauth-protected-resource${ENDPOINT}`;
      const none = await send(other, ping, { token: null });
      assert.equal(none.headers['www-authenticate'], `Bearer realm="spectrocloud", resource_metadata="${metadata}"`);
      const bad = await send(other, ping, { token: 'x' });
      assert.match(bad.headers['www-authenticate'], /resource_metadata=".*", error="invalid_token"$/);
      const elsewhere = await other.request('GET', '/api/spectrocloud/projects', { token: null });
      assert.equal(elsewhere.headers['www-authenticate'], 'Bearer realm="spectrocloud"');
      for (const path of ['', ENDPOINT]) {
        const { status, json } = await other.request('GET', `/.well-known/oauth-protected-resource${path}`,
          { token: null, headers: { host: 'evil.example' } });
        assert.equal(status, 200);
        assert.deepEqual(json, {
          resource: `https://bs.example${ENDPOINT}`,
          authorization_servers: ['https://bs.example/api/auth'],
          scopes_supported: ['openid', 'offline_access'],
          bearer_methods_supported: ['header'],
        });
      }
      for (const [origin, status] of [['https://bs.example', 200], ['https://portal.example:8443', 200],
        ['https://portal.example', 403], ['https://app.example', 200], ['http://bs.example', 403]])
        assert.equal((await send(other, ping, { headers: { origin, host: 'bs.example' } })).status, status, origin);
      assert.equal((await send(other, ping, { headers: { host: 'portal.example' } })).status, 200);
      assert.equal((await send(other, ping, { headers: { host: 'bs.example.evil' } })).status, 403);
    });
  });

// ---- what the configuration offers ----

const toolNames = async (other, make = legacy) =>
  (await send(other, make(1, 'tools/list'))).json.result.tools.map(tool => tool.name);

test('include and exclude choose the tools, and what is not offered is not there', async () => {
  await withService(extra({ include: ['list_*'], exclude: ['*_projects'] }), async other => {
    for (const make of [legacy, modern]) {
      const names = await toolNames(other, make);
      assert.ok(names.includes(LIST) && names.every(name => name.startsWith('list_')), names.join());
      assert.ok(!names.includes('list_spectrocloud_projects'));
      const { json } = await send(other, call(make, 1, 'list_spectrocloud_projects'));
      assert.equal(json.error.code, -32602);
    }
  });
});

test('readOnly leaves out what changes something', async () => {
  await withService(extra({ readOnly: true }), async other => {
    const { json: { result: { tools } } } = await send(other, legacy(1, 'tools/list'));
    assert.ok(tools.length > 0 && tools.every(tool => tool.annotations.readOnlyHint));
  });
});

test('where it is off there is no such route', async () => {
  await withService(extra({ enabled: false }), async other => {
    for (const method of ['POST', 'GET', 'DELETE']) {
      const { status, headers, json } = await other.request(method, ENDPOINT, { body: method === 'POST' ? '{}' : undefined });
      assert.deepEqual([status, headers.allow, json.error.name], [404, undefined, 'NotFoundError']);
    }
  });
});

// ---- cancellation ----

const asked = async () => (await simulator.requests()).length;

// Everything that Palette is asked hangs, and one call waits for it.
async function hanging(run) {
  await simulator.forget();
  await simulator.fault({ match: { pathPrefix: '/v1' }, times: -1, fault: 'slow-headers', ms: 20000 });
  try {
    await run();
  } finally {
    await simulator.heal();
  }
}

test('modern: who leaves has called it off', () => hanging(async () => {
  const answer = send(service, call(modern, 1));
  answer.catch(() => {});
  await until(asked, 'Palette is asked');
  const before = service.log().length;
  answer.request.destroy();
  await until(() => /status=503 .*called it off/.test(service.log().slice(before)), 'the call ended', 3000);
  const count = await asked();
  await new Promise(done => setTimeout(done, 300));
  assert.equal(await asked(), count);
}));

test('modern: who leaves a stream has called it off', () => hanging(async () => {
  const answer = send(service, call(modern, 1, LIST, { _meta: { progressToken: 1 } }));
  answer.catch(() => {});
  await until(asked, 'Palette is asked');
  const before = service.log().length;
  answer.request.destroy();
  await until(() => /status=503 .*called it off/.test(service.log().slice(before)), 'the call ended', 3000);
}));

for (const [form, params] of [['whole answers', {}], ['streams', { _meta: { progressToken: 'x' } }]])
  test(`legacy: a notification calls it off, a disconnect does not (${form})`, () => hanging(async () => {
    const before = service.log().length;
    const answer = send(service, call(legacy, 'id-7', LIST, params));
    answer.catch(() => {});
    await until(asked, 'Palette is asked');
    for (const [id, options] of [['id-8', {}], ['id-7', { token: TRUSTED }], ['id-7', { headers: { 'user-agent': 'x' } }]]) {
      const { status, text } = await send(service, notification('notifications/cancelled', { requestId: id }), options);
      assert.deepEqual([status, text], [202, '']);
    }
    answer.request.destroy();
    await new Promise(done => setTimeout(done, 300));
    assert.ok(!service.log().slice(before).includes('called it off'), service.log().slice(before));
    await send(service, notification('notifications/cancelled', { requestId: 'id-7' }));
    await until(() => service.log().slice(before).includes('called it off'), 'the call ended', 3000);
  }));

test('legacy: the call that was called off is answered', () => hanging(async () => {
  const answer = send(service, call(legacy, 1));
  await until(asked, 'Palette is asked');
  await send(service, notification('notifications/cancelled', { requestId: 1 }));
  const { status, json } = await answer;
  assert.deepEqual([status, json.id, json.result.isError], [200, 1, true]);
}));

test('legacy: of two calls with one id neither is ended', () => hanging(async () => {
  const before = service.log().length;
  // About two projects: what is equal would be asked once.
  const answers = ['one', 'two'].map(projectUid => send(service, call(legacy, 1, LIST, { arguments: { projectUid } })));
  await until(async () => await asked() >= 2, 'Palette is asked twice');
  await send(service, notification('notifications/cancelled', { requestId: 1 }));
  await new Promise(done => setTimeout(done, 300));
  assert.ok(!service.log().slice(before).includes('called it off'));
  for (const answer of answers) {
    answer.catch(() => {});
    answer.request.destroy();
  }
}));

test('modern: a notification over HTTP ends nothing', () => hanging(async () => {
  const before = service.log().length;
  const answer = send(service, call(modern, 1, LIST, { arguments: { projectUid: 'three' } }));
  answer.catch(() => {});
  await until(asked, 'Palette is asked');
  for (const message of [modern(undefined, 'notifications/cancelled', { requestId: 1 }),
    notification('notifications/cancelled', { requestId: 1 })])
    assert.equal((await send(service, message)).status, 202);
  await new Promise(done => setTimeout(done, 300));
  assert.ok(!service.log().slice(before).includes('called it off'));
  answer.request.destroy();
}));

// ---- streams that are quiet ----

test('a stream that has nothing to say shows that it lives', { timeout: 60000 }, () => hanging(async () => {
  const answer = send(service, call(legacy, 'quiet', LIST, { _meta: { progressToken: 1 } }));
  await new Promise(done => setTimeout(done, 17500));
  await send(service, notification('notifications/cancelled', { requestId: 'quiet' }));
  const events = eventsOf((await answer).text);
  assert.deepEqual(events.slice(0, -1), [': keep-alive']);
  assert.equal(events.at(-1).result.isError, true);
}));

// ---- people ----

test('a tool asks for the permission of the person who calls, and their token must be good', async () => {
  const backstage = await startBackstage();
  const other = await startBeside(backstage, beside(backstage, configuration([simulator])));
  const [key] = backstage.users;
  backstage.decide = () => 'DENY';
  const denied = await send(other, call(legacy, 1), { token: userToken(key) });
  assert.equal(denied.status, 200);
  assert.equal(denied.json.result.isError, true, denied.text);
  backstage.decide = () => 'ALLOW';
  assert.equal((await send(other, call(legacy, 1), { token: userToken(key, { sub: 'user:default/eve' }) }))
    .json.result.structuredContent.total, 69);
  const old = await send(other, call(legacy, 1), { token: userToken(key, { exp: 1000 }) });
  assertRefused(old, 401, /.+/, { method: 'POST', url: '/mcp' });
  await stopBeside(backstage, other);
});
