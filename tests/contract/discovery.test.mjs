// Where the service looks for Backstage's plugins: by discovery.endpoints, else below backend.baseUrl.
import assert from 'node:assert/strict';
import net from 'node:net';
import { after, before, test } from 'node:test';

import {
  assertRefused, beside, makeKey, pluginToken, startBackstage, startBeside, stopBeside, userToken,
} from './backstage.mjs';
import { TOKEN, configuration, startSimulator } from './harness.mjs';

let simulator;

before(async () => { simulator = await startSimulator('--seed', '3', '--clusters', '4'); });
after(() => simulator.stop());

// Runs a service whose configuration has these parts; found: where each kind of request should go.
const finds = (name, parts, found) => test(name, async () => {
  const backstage = await startBackstage();
  backstage.plugins['with_under-score9'] = [makeKey()];
  const config = beside(backstage, configuration([simulator]));
  const { baseUrl = backstage.url, endpoints } = parts(backstage.url);
  config.backend.baseUrl = baseUrl ?? undefined;
  config.discovery = { endpoints };
  const service = await startBeside(backstage, config);
  backstage.forget();
  const ask = async token => (await service.request('GET', '/api/spectrocloud/projects', { token })).status;
  assert.equal(await ask(userToken(backstage.users[0])), 200);
  assert.equal(await ask(pluginToken(backstage.plugins.catalog[0])), 200);
  assert.equal(await ask(pluginToken(backstage.plugins['with_under-score9'][0], { sub: 'with_under-score9' })), 200);
  const seen = backstage.requests.map(r => r.url.replace(/\?.*/, ''));
  const { permission, catalog, other } = found;
  // The keys of users were fetched at the start.
  assert.deepEqual(seen, [`${permission}/authorize`, `${catalog}/.backstage/auth/v1/jwks.json`,
    `${other}/.backstage/auth/v1/jwks.json`]);
  await stopBeside(backstage, service);
  await backstage.stop();
});

finds('below baseUrl', () => ({}),
  { permission: '/api/permission', catalog: '/api/catalog', other: '/api/with_under-score9' });

finds('below baseUrl with a path and a slash', url => ({ baseUrl: `${url}/portal/` }),
  { permission: '/portal/api/permission', catalog: '/portal/api/catalog', other: '/portal/api/with_under-score9' });

finds('by name, for all others by *, whatever their order', url => ({
  baseUrl: 'http://127.0.0.1:1',
  endpoints: [
    { target: `${url}/named/{{pluginId}}`, plugins: ['catalog', 'search'] },
    { target: `${url}/any/{{ pluginId }}`, plugins: ['*'] },
    { target: `${url}/decider/{{  pluginId  }}`, plugins: ['permission'] },
  ],
}), { permission: '/decider/permission', catalog: '/named/catalog', other: '/any/with_under-score9' });

finds('of equals the later one', url => ({
  endpoints: [
    { target: 'http://127.0.0.1:1/{{pluginId}}', plugins: ['*'] },
    { target: 'http://127.0.0.1:1/{{pluginId}}', plugins: ['catalog'] },
    { target: `${url}/second/{{pluginId}}`, plugins: ['catalog'] },
    { target: `${url}/last/{{pluginId}}/`, plugins: ['*'] },
  ],
}), { permission: '/last/permission', catalog: '/second/catalog', other: '/last/with_under-score9' });

finds('the internal side; an entry for browsers alone hides nothing', url => ({
  endpoints: [
    { target: { internal: `${url}/inside/{{pluginId}}`, external: 'http://127.0.0.1:1/{{pluginId}}' },
      plugins: ['catalog'] },
    { target: { external: 'http://127.0.0.1:1/{{pluginId}}' }, plugins: ['catalog', 'permission', '*'] },
  ],
}), { permission: '/api/permission', catalog: '/inside/catalog', other: '/api/with_under-score9' });

finds('the id in more than one place', url => ({
  endpoints: [{ target: `${url}/{{pluginId}}/at/{{pluginId}}`, plugins: ['*'] }],
}), { permission: '/permission/at/permission', catalog: '/catalog/at/catalog',
  other: '/with_under-score9/at/with_under-score9' });

// ---- where Backstage is not ----

const FAILED = 'Failed user token verification; caused by';
const NO_KEYS = `${FAILED} JWKSTimeout: the issuer's keys could not be fetched`;
const NO_ENDPOINT = `${FAILED} AuthenticationError: the issuer does not have a JWKS endpoint`;

// A port at which connections are made and nothing is answered.
const silent = () => new Promise(done => {
  const server = net.createServer(() => {}).listen(0, '127.0.0.1', () => done(server));
  server.unref();
});

const lost = (name, parts, said, message = NO_KEYS) => test(`${name}: users get 401, services are served`, async () => {
  const backstage = await startBackstage();
  const config = beside(backstage, configuration([simulator], { backstage: { timeout: '500ms' } }));
  const hole = await silent();
  const { baseUrl, endpoints } = parts(backstage.url, `http://127.0.0.1:${hole.address().port}`);
  config.backend.baseUrl = baseUrl;
  config.discovery = { endpoints };
  const service = await startBeside(backstage, config);
  const ask = token => service.request('GET', '/api/spectrocloud/projects', { token });
  const started = Date.now();
  assertRefused(await ask(userToken(backstage.users[0])), 401, message);
  assert.ok(Date.now() - started < 1500, `${Date.now() - started} ms`);
  assert.equal((await ask(TOKEN)).status, 200);
  assert.match(service.log(), said);
  assert.deepEqual(backstage.questions, []);
  await stopBeside(backstage, service);
  hole.close();
  await backstage.stop();
});

lost('nothing is said of where it is', () => ({}), /says where its plugin 'auth' is/);
lost('only other plugins are named', url => (
  { endpoints: [{ target: `${url}/api/{{pluginId}}`, plugins: ['catalog'] }] }),
/warn +keys\.unavailable .*plugin="auth" problem="[^"]*'auth'/);
lost('a port that nobody listens on', () => ({ baseUrl: 'http://127.0.0.1:1' }),
  /warn +keys\.unavailable .*url="http:\/\/127\.0\.0\.1:1\/api\/auth\//);
lost('a port that says nothing', (url, hole) => ({ baseUrl: hole }), /warn +keys\.unavailable .*problem="/);
lost('a path that it does not have', url => (
  { baseUrl: url, endpoints: [{ target: `${url}/nowhere/{{pluginId}}x`, plugins: ['auth'] }] }),
/warn +keys\.unavailable .*\/nowhere\/authx\/.* status=404/, NO_ENDPOINT);
lost('a name that there is not', () => ({ baseUrl: 'http://no-such-host.invalid:7007' }),
  /warn +keys\.unavailable .*no-such-host\.invalid/);
lost('a service name that there is not', url => ({ baseUrl: url,
  endpoints: [{ target: { internal: 'http+srv://no-such.invalid/{{pluginId}}' }, plugins: ['auth'] }] }),
/warn +keys\.unavailable .*no-such\.invalid/);
