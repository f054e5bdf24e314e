// Stand-ins for Backstage's services, and a small server in place of the service.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import http from 'node:http';
import { afterEach } from 'node:test';

import bridgeModule from './lib/bridge.js';

export const CACHE = '__SPECTROCLOUD_TOKEN_CACHE__';
export const PATH = '/api/spectrocloud/session-tokens/';
export const seconds = () => Math.floor(Date.now() / 1000);
export const session = (token, expiresAt = seconds() + 900) =>
  ({ token: `secret-${token}`, expiresAt });

export const toEnd = [];

afterEach(async () => {
  for (const end of toEnd.splice(0).reverse()) await end();
  delete globalThis[CACHE];
});

export async function eventually(check, what) {
  for (let tries = 0; tries < 400; tries++) {
    if (await check()) return;
    await new Promise(resolve => setTimeout(resolve, 5));
  }
  assert.fail(`never: ${what}`);
}

export const pause = ms => new Promise(resolve => setTimeout(resolve, ms));

// The service's side: what it heard, and the sessions it has. answer(request) may say otherwise
// than 204: a status, 'hang' or 'reset'.
export async function startServer(port = 0) {
  const heard = [];
  const has = new Map();
  const server = http.createServer(async (request, response) => {
    const parts = [];
    for await (const part of request) parts.push(part);
    const { method, url, headers } = request;
    const text = Buffer.concat(parts).toString();
    const message = { method, url, headers, body: text && JSON.parse(text) };
    heard.push(message);
    const answer = await here.answer(message);
    if (answer === 'hang') return;
    if (answer === 'reset') { request.socket.destroy(); return; }
    if (answer === 204) {
      assert.ok(url.startsWith(PATH));
      const email = decodeURIComponent(url.slice(PATH.length));
      if (method === 'PUT') has.set(email, message.body);
      else has.delete(email);
    }
    response.writeHead(answer, answer === 307 ? { location: '/elsewhere' } : {});
    response.end(answer === 204 ? undefined : text); // an answer that repeats what it was told
  });
  const here = {
    heard,
    has,
    answer: () => 204,
    lines: () => heard.map(({ method, url }) => `${method} ${url.replace(PATH, '')}`),
    async stop() {
      server.closeAllConnections();
      if (server.listening) await new Promise(resolve => server.close(resolve));
    },
  };
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  here.port = server.address().port;
  toEnd.push(here.stop);
  return here;
}

function makeLogger() {
  const lines = [];
  const say = level => (...what) => lines.push(`${level} ${what.map(String).join(' ')}`);
  return { lines, debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') };
}

// Backstage's side. settings: spectrocloud.sessionBridge.
export function start(server, { settings = {}, auth = {}, discovery, limit } = {}) {
  const logger = makeLogger();
  const asked = [];
  const values = { timeout: '2s', retryDelay: '4ms', ...settings };
  const bridge = bridgeModule.startBridge({
    logger,
    limit,
    config: { getOptional: key => values[key.replace('spectrocloud.sessionBridge.', '')] },
    discovery: discovery ?? { getBaseUrl: async id => `http://127.0.0.1:${server.port}/api/${id}` },
    auth: {
      getOwnServiceCredentials: async () => ({ own: true }),
      getPluginRequestToken: async request => {
        asked.push(request);
        return { token: `plugin-token-${asked.length}` };
      },
      ...auth,
    },
  });
  if (bridge) toEnd.push(() => bridge.close(0));
  return { bridge, logger, asked, cache: globalThis[CACHE] };
}

export const delivered = ({ bridge }) => eventually(() => bridge.waiting() === 0, 'nothing waits');
