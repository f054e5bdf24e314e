// The service's own MCP endpoint beside Backstage: people's tokens, directly and through a plugin, and
// clients that sign in at Backstage.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';

import { TITLES, castOf, connect, connectBySigningIn, entitiesOf, textOf } from './agents.mjs';
import { inputsFor } from './agents-inputs.mjs';
import { EXTERNAL, INSTANCES, eventually, policyTable, refOf, startAll } from './harness.mjs';
import { bent, now, payloadOf, userToken } from './tokens.mjs';

const LIST = '/api/spectrocloud/.backstage/actions/v1/actions';
const ENDPOINT = '/api/spectrocloud/mcp';
const HEALTH = 'get_spectrocloud_health_for_cluster';

let all;
let address;
let actions;

before(async () => {
  all = await startAll({
    entitiesOf: worlds => entitiesOf(worlds, INSTANCES),
    extra: { auth: {
      experimentalDynamicClientRegistration: { enabled: true },
      experimentalRefreshToken: { enabled: true },
    } },
  });
  const count = entitiesOf(all.worlds, INSTANCES).length;
  await eventually(`${count} entities are in the catalog`, 60,
    async () => await all.backstage.ingested() === count);
  address = `http://127.0.0.1:${all.backstage.servicePort}${ENDPOINT}`;
  ({ json: { actions } } = await all.service.request('GET', LIST));
});

beforeEach(() => allow());

after(() => all?.stop());

const allow = (...withheld) => all.backstage.setPolicy({ 'catalog.entity.read': 'ALLOW',
  ...policyTable('ALLOW'), ...policyTable('DENY', withheld) });

const isOurs = ({ permission }) => permission.startsWith('spectrocloud.');

// What every person's client gets, and nobody else's.
async function assertServes(client, name) {
  const tools = await client.tools();
  assert.deepEqual(tools.map(tool => tool.name), actions.map(action => action.name));
  await all.forget();
  const result = await client.call(HEALTH, { clusterName: TITLES.odd });
  assert.ok(!result.isError, textOf(result));
  assert.equal(result.structuredContent.cluster.uid, castOf(all.worlds[0]).cluster.uid);
  const { asked, upstream } = await all.seen();
  assert.deepEqual(asked.filter(isOurs).map(({ permission, user }) => [permission, user]),
    [['spectrocloud.cluster.view-info', refOf(name)]]);
  assert.ok(upstream > 0);
}

test('the tools are what the registry offers, with the schemas of their answers', async () => {
  const client = await connect(address, { token: all.backstage.tokens.ada });
  const tools = await client.tools();
  for (const { name, title, description, schema } of actions) {
    const tool = tools.find(each => each.name === name);
    assert.deepEqual([tool?.title, tool?.description, tool?.inputSchema, tool?.outputSchema],
      [title, description, schema.input, schema.output], name);
  }
  await client.close();
});

test("a person's token is good", async () => {
  const client = await connect(address, { token: all.backstage.tokens.bob });
  await assertServes(client, 'bob');
  await client.close();
});

test('and so is what a plugin sends for them', async () => {
  const client = await connect(`${all.backstage.url}/api/relay/as-caller/mcp`,
    { token: all.backstage.tokens.bob });
  await assertServes(client, 'bob');
  await client.close();
});

// The client checks each answer against the schema that it was told.
test('every tool, allowed and denied', async () => {
  const inputs = inputsFor(all.worlds[0]);
  const client = await connect(address, { token: all.backstage.tokens.ada });
  await client.tools();
  for (const { name } of actions) {
    const { good, permission } = inputs[name];
    await allow();
    const done = await client.call(name, good[0]);
    assert.ok(!done.isError, `${name}: ${textOf(done)}`);
    await allow(permission);
    await all.forget();
    const denied = await client.call(name, good[0]);
    assert.equal(denied.isError, true, name);
    assert.match(textOf(denied), /not allowed|denied|permission/i, name);
    assert.equal((await all.seen()).upstream, 0, `${name}: something went to Palette`);
  }
  await client.close();
});

// ---- signing in ----

const INITIALIZE = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: {
  protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'e2e', version: '1' } } });

const post = token => all.service.request('POST', ENDPOINT,
  { token, body: INITIALIZE, headers: { accept: 'application/json, text/event-stream' } });

test('whoever has no good token is led to Backstage', async () => {
  const { tokens, key, issuer, url } = all.backstage;
  const expired = userToken(key, issuer, refOf('ada'), { iat: now() - 7200, exp: now() - 3600 });
  for (const token of [null, bent(tokens.ada), expired]) {
    const answer = await post(token);
    assert.equal(answer.status, 401, answer.text);
    const [, metadata] = /^Bearer .*resource_metadata="([^"]+)"/.exec(answer.headers['www-authenticate']) ?? [];
    assert.equal(answer.headers['www-authenticate'].includes('error="invalid_token"'), token !== null);
    assert.equal(metadata, `http://127.0.0.1:${all.backstage.servicePort}`
      + `/.well-known/oauth-protected-resource${ENDPOINT}`);
    const resource = await (await fetch(metadata)).json();
    assert.equal(resource.resource, address);
    assert.deepEqual(resource.authorization_servers, [`${url}/api/auth`]);
    const [server] = resource.authorization_servers;
    const metadataOfServer = await (await fetch(`${server}/.well-known/openid-configuration`)).json();
    assert.equal(metadataOfServer.issuer, server);
    assert.ok(metadataOfServer.registration_endpoint);
  }
  assert.equal((await post(EXTERNAL.unrestricted)).status, 200);
});

test('a client registers, the person agrees, and the token is good', async () => {
  const { backstage } = all;
  const client = await connectBySigningIn(address, backstage, backstage.tokens.pat);
  assert.equal(payloadOf(client.signIn.tokens().access_token).sub, refOf('pat'));
  await assertServes(client, 'pat');
  await client.close();

  // When it is over, the client gets another one by itself.
  const { signIn } = client;
  signIn.saveTokens({ ...signIn.tokens(), access_token: bent(signIn.tokens().access_token) });
  delete signIn.sentTo;
  const later = await connect(address, { authProvider: signIn });
  await assertServes(later, 'pat');
  assert.equal(signIn.sentTo, undefined, 'the person was asked again');
  await later.close();
});

test('the service says where to sign in only if clients can register there', async () => {
  const { experimentalDynamicClientRegistration: _, ...auth } = all.backstage.config.auth;
  const DOCUMENT = `/.well-known/oauth-protected-resource${ENDPOINT}`;
  for (const [change, status] of [[{}, 404], [{ clientIdMetadataDocuments: { enabled: true } }, 200]]) {
    await all.restartService({}, { auth: { ...auth, ...change } });
    assert.equal((await all.service.request('GET', DOCUMENT, { token: null })).status, status);
    const answer = await post(null);
    assert.equal(answer.status, 401, answer.text);
    assert.equal(answer.headers['www-authenticate'].includes('resource_metadata='), status === 200);
  }
  await all.restartService();
});

test('no token is in what the service has written', () => {
  const log = all.log();
  for (const secret of [...Object.values(all.backstage.tokens), 'eyJ', 'sim-secret', 'sim-key'])
    assert.ok(!log.includes(secret), `the log has ${secret.slice(0, 40)}`);
});
