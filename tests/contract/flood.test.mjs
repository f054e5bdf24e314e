// A flood of forged tokens: each is turned away, Backstage hardly notices, and whoever has a good one is served as
// before.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import {
  beside, limitedToken, makeKey, note, now, parts, pluginToken, startBackstage, startBeside, stopBeside, token, TYPES,
  userToken,
} from './backstage.mjs';
import { TOKEN, configuration, startSimulator } from './harness.mjs';

const FORGED = 2000;
const AT_ONCE = 200;

// One pair for all: Node 20 may lock up while it makes thousands.
const forger = makeKey();

// Well-shaped, and signed by nobody who counts. Each is another one, so that none can be remembered.
function forge(i, backstage) {
  const [user] = backstage.users;
  const [catalog] = backstage.plugins.catalog;
  const stranger = { ...forger, kid: user.kid };
  const unknown = { ...forger, kid: `unknown-${i}` };
  const sub = `user:default/f${i}`;
  const made = [
    () => userToken(stranger, { sub }),
    () => userToken(unknown, { sub }),
    () => pluginToken({ ...stranger, kid: catalog.kid }, { exp: now() + 600 + i }),
    () => pluginToken(unknown, { sub: `no-such-plugin-${i}` }),
    () => pluginToken(catalog, { obo: limitedToken(stranger, { sub, iat: now(), exp: now() + 60 }) }),
    () => token({ typ: TYPES.user, alg: 'ES256', kid: user.kid }, { sub, iat: now(), exp: now() + 60 },
      () => Buffer.alloc(64, i % 255 + 1).toString('base64url')),
    () => note(`${parts(userToken(user, { sub })).input}x`),
    () => `forged-static-token-${i}`,
  ];
  return made[i % made.length]();
}

// Sends requests with these tokens, so many at once; the answers by their status.
async function send(service, tokens, atOnce) {
  const statuses = new Map();
  let next = 0;
  const one = async () => {
    while (next < tokens.length) {
      const { status } = await service.request('GET', '/api/spectrocloud/projects', { token: tokens[next++] });
      statuses.set(status, (statuses.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: atOnce }, one));
  return statuses;
}

// Sends requests with a good token, one after the other, until it is told to stop.
async function goOn(service, token, flood) {
  const seen = { answers: 0, slowest: 0 };
  while (!flood.over) {
    const started = Date.now();
    const answer = await service.request('GET', '/api/spectrocloud/projects', { token });
    assert.equal(answer.status, 200, answer.text);
    seen.answers++;
    seen.slowest = Math.max(seen.slowest, Date.now() - started);
  }
  return seen;
}

test(`${FORGED} forged tokens beside good ones`, async t => {
  const simulator = await startSimulator('--seed', '3', '--clusters', '4');
  const backstage = await startBackstage();
  const service = await startBeside(backstage, beside(backstage, configuration([simulator])));
  const [user] = backstage.users;
  const [catalog] = backstage.plugins.catalog;
  const good = {
    'a service': TOKEN, 'a user': userToken(user), 'a plugin': pluginToken(catalog),
    'a plugin for a user': pluginToken(catalog, { obo: userToken(user, { sub: 'user:default/bob' }) }),
  };
  for (const token of Object.values(good))
    assert.deepEqual([...await send(service, [token], 1)], [[200, 1]]);
  const forged = Array.from({ length: FORGED }, (_, i) => forge(i, backstage));
  backstage.forget();

  const flood = { over: false };
  const others = Object.entries(good).map(async ([who, token]) => [who, await goOn(service, token, flood)]);
  const started = Date.now();
  const statuses = await send(service, forged, AT_ONCE);
  t.diagnostic(`forged: ${JSON.stringify(Object.fromEntries(statuses))} in ${Date.now() - started} ms`);
  flood.over = true;
  for (const [who, seen] of await Promise.all(others)) {
    t.diagnostic(`${who}: ${seen.answers} answers, the slowest in ${seen.slowest} ms`);
    assert.ok(seen.answers > 0 && seen.slowest < 5000, `${who}: ${JSON.stringify(seen)}`);
  }
  assert.deepEqual([...statuses.keys()].filter(s => s !== 401 && s !== 503), []);
  assert.ok(statuses.get(401) > 0);

  const fetches = [/auth\/\.well-known/, /catalog\/\.backstage/, /no-such-plugin/].map(backstage.fetches);
  t.diagnostic(`fetches of keys: users ${fetches[0]}, catalog ${fetches[1]}, others ${fetches[2]}`);
  assert.ok(fetches[0] <= 10 && fetches[1] <= 10 && fetches[2] <= 20, String(fetches));
  assert.deepEqual(backstage.questions.filter(q => !['user:default/ada', 'user:default/bob'].includes(q.user)), []);

  assert.deepEqual([...await send(service, [userToken(user, { sub: 'user:default/late' }),
    pluginToken(catalog, { exp: now() + 50 })], 2)], [[200, 2]]);
  await stopBeside(backstage, service);
  await backstage.stop();
  await simulator.stop();
});
