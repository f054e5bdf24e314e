// The permission backend in every state it can be in: nobody is let in without its clear yes, nobody waits for long,
// and whoever does not need it does not notice.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
  assertRefused, beside, logLines, moods, readiness, requestLine, sleep, startBackstage, startBeside, stopBeside, until,
  userToken,
} from './backstage.mjs';
import { TOKEN, configuration, startSimulator } from './harness.mjs';

const CLUSTER_INFO = 'spectrocloud.cluster.view-info';

let simulator;
const table = [];

before(async () => { simulator = await startSimulator('--seed', '3', '--clusters', '4'); });

after(async () => {
  console.log(`\n${'permission backend'.padEnd(20)} answer    ms  readiness  why`);
  for (const [name, status, ms, ready, why] of table)
    console.log(`${name.padEnd(20)} ${status} ${String(ms).padStart(8)}  ${ready}        ${why}`);
  await simulator.stop();
});

// Runs with a Backstage and a service of its own.
const isolated = (name, timeoutMs, run, options = {}) => test(name, options, async () => {
  const backstage = await startBackstage();
  const service = await startBeside(backstage, beside(backstage,
    configuration([simulator], { backstage: { timeout: `${timeoutMs}ms` } })));
  const user = (sub = 'user:default/ada') => userToken(backstage.users[0], { sub });
  const ask = (token, path = '/projects') => service.request('GET', `/api/spectrocloud${path}`, { token });
  const health = () => Promise.all([ask(null, '/health'),
    service.request('GET', '/.backstage/health/v1/liveness', { token: null })]);
  await run({ backstage, service, user, ask, health });
  await stopBeside(backstage, service);
  await backstage.stop();
});

// ---- answers that are no answer ----

const TIMEOUT_MS = 400;
const allowing = status => x => x.response.writeHead(status, { 'content-type': 'application/json' }).end(
  JSON.stringify({ items: JSON.parse(x.body).items.map(i => ({ id: i.id, result: 'ALLOW' })) }));
const result = value => moods.edited(a => ({ items: a.items.map(i => ({ ...i, result: value })) }));
const bad = [
  ['is slow', moods.slow(3 * TIMEOUT_MS)],
  ['hangs', moods.hangs],
  ['drips', moods.drips],
  ['resets', moods.resets],
  ['half', moods.half],
  ...[500, 502, 503, 404, 400, 401, 403].map(code => [`a bare ${code}`, moods.notBackstage(code)]),
  ['204', x => x.response.writeHead(204).end()],
  ['201 with ALLOW', allowing(201)],
  ['500 with ALLOW', allowing(500)],
  ['redirects', moods.redirect('/api/permission/authorize')],
  ['nothing', moods.says('')],
  ['garbage', moods.says('{"items":[{"id":')],
  ['text behind', moods.edited(a => `${JSON.stringify(a)}{}`)],
  ['HTML', moods.html],
  ['null', moods.says('null')],
  ['a list', moods.edited(a => a.items)],
  ['no items', moods.says('{}')],
  ['no item', moods.says('{"items":[]}')],
  ['an item too many', moods.edited(a => ({ items: [...a.items, ...a.items] }))],
  ['another id', moods.edited(a => ({ items: a.items.map(i => ({ ...i, id: `${i.id}x` })) }))],
  ['id in capitals', moods.edited(a => ({ items: a.items.map(i => ({ ...i, id: i.id.toUpperCase() })) }))],
  ['no id', moods.edited(a => ({ items: a.items.map(i => ({ result: i.result })) }))],
  ['id twice', moods.edited(a => `{"items":[{"id":"x","id":"${a.items[0].id}","result":"ALLOW"}]}`)],
  ['result twice', moods.edited(a => `{"items":[{"id":"${a.items[0].id}","result":"DENY","result":"ALLOW"}]}`)],
  ['items twice', moods.edited(a => `{"items":[],"items":${JSON.stringify(a.items)}}`)],
  ['CONDITIONAL', moods.edited(a => ({ items: [{ ...a.items[0], result: 'CONDITIONAL', pluginId: 'spectrocloud',
    resourceType: 'x', conditions: { anyOf: [] } }] }))],
  ['allow', result('allow')],
  ['ALLOWED', result('ALLOWED')],
  ['a list of ALLOW', result(['ALLOW'])],
  ['true', result(true)],
  ['no result', result(undefined)],
  ['huge', moods.huge],
];
// Backstage's own errors are about this caller: the backend counts as working.
const errors = [500, 503, 404, 400, 401, 403].map(code => [`an error, ${code}`, moods.status(code)]);

for (const [name, mood] of [...bad, ...errors])
  isolated(`its answer: ${name}. 403 in time, one line of log, nothing upstream, the rest goes on`, TIMEOUT_MS,
    async ({ backstage, service, user, ask, health }) => {
      backstage.mood.permission = mood;
      backstage.forget();
      await simulator.forget();
      const started = Date.now();
      const pending = ask(user());
      const others = await health();
      const answer = await pending;
      const took = Date.now() - started;
      assertRefused(answer, 403, new RegExp(`^The permission ${CLUSTER_INFO} could not be checked: ` +
        'the permission backend gave no clear answer \\([^()]+\\)$'));
      assert.ok(took < TIMEOUT_MS + 1000, `${took} ms`);
      assert.deepEqual(others.map(a => a.status), [200, 200]);
      assert.equal((await simulator.requests()).length, 0);
      // One that breaks off on a connection of before may be put again, on a new one.
      assert.ok(backstage.questions.length <= (name === 'resets' ? 2 : 1));
      await requestLine(service, answer);
      assert.equal(logLines(service, 'permission.unanswered').length, 1);
      // What may be one caller's trouble is looked at first.
      const ready = name.startsWith('an error') ? await readiness(service)
        : await until(async () => {
          const seen = await readiness(service);
          return seen.status === 503 && seen;
        }, 'not ready', 10000);
      assert.equal(ready.status, name.startsWith('an error') ? 200 : 503);
      assert.equal((await ask(TOKEN)).status, 200);
      table.push([name, answer.status, took, ready.status, answer.json.error.message.match(/\((.+)\)$/)[1]]);
    });

isolated('no permission backend there at all', TIMEOUT_MS, async ({ backstage, service, user, ask }) => {
  const made = user();
  assert.equal((await ask(made)).status, 200);
  await backstage.stop();
  const other = userToken(backstage.users[0], { sub: 'user:default/bob' });
  assertRefused(await ask(other), 403, /gave no clear answer/);
  assert.equal((await ask(TOKEN)).status, 200);
  assert.equal((await readiness(service)).status, 503);
});

isolated('readiness says what is wrong, finds out by itself, and recovers by itself', TIMEOUT_MS,
  async ({ backstage, service, user, ask, health }) => {
    assert.deepEqual((await readiness(service)).json, { status: 'ok' });
    backstage.mood.permission = moods.status(500);
    // Nobody asks anything: the service looks by itself.
    const bad = await until(async () => {
      const answer = await readiness(service);
      return answer.status === 503 && answer;
    }, 'not ready', 20000);
    assert.deepEqual(Object.keys(bad.json), ['message', 'status']);
    assert.equal(bad.json.status, 'error');
    assert.match(bad.json.message, /^The permission backend does not answer as it should: /);
    assert.match(bad.headers['content-type'], /^application\/json/);
    for (const { status, json } of await health()) assert.deepEqual([status, json], [200, { status: 'ok' }]);
    const looks = backstage.fetches(/authorize$/);
    await until(() => backstage.fetches(/authorize$/) >= looks + 2, 'looked twice more');
    assert.equal(logLines(service, 'permission.backend_failed').length, 1, 'said once, not each time');
    backstage.mood.permission = null;
    await until(async () => (await readiness(service)).status === 200, 'ready again', 6000);
    assert.equal((await ask(user())).status, 200);
  });

// ---- many callers while it hangs ----

const WORKERS = 16;
const quickly = async (promise, what, ms = 1000) => {
  const started = Date.now();
  const value = await promise;
  assert.ok(Date.now() - started < ms, `${what}: ${Date.now() - started} ms`);
  return value;
};

isolated('while it hangs, at most half of the workers wait for it; the rest is told so at once', 4000,
  async ({ backstage, user, ask, health }) => {
    backstage.mood.permission = moods.hangs;
    // One shows that it is slow before the crowd comes.
    const first = ask(user('user:default/first'));
    await sleep(1200);
    const crowd = Array.from({ length: 40 }, (_, i) => ask(user(`user:default/u${i}`)));
    await sleep(300);
    for (let i = 0; i < 5; i++) {
      for (const answer of await quickly(health(), 'health')) assert.equal(answer.status, 200);
      assert.equal((await quickly(ask(TOKEN), 'a service')).status, 200);
    }
    const answers = await Promise.all([first, ...crowd]);
    const refusals = answers.filter(a => a.status === 503);
    for (const answer of refusals) {
      assertRefused(answer, 503, 'The permission backend is slow, and too many requests wait for it');
      assert.ok(Number(answer.headers['retry-after']) > 0);
    }
    const waited = answers.filter(a => a.status === 403);
    assert.equal(waited.length + refusals.length, answers.length);
    assert.ok(waited.length <= WORKERS / 2, `${waited.length} waited`);
    assert.ok(backstage.questions.length <= WORKERS / 2, `${backstage.questions.length} questions`);
  });

isolated('as many callers as there are workers, at the moment it begins to hang: services are still answered', 4000,
  async ({ backstage, user, ask, health }) => {
    backstage.mood.permission = moods.hangs;
    const crowd = Array.from({ length: WORKERS }, (_, i) => ask(user(`user:default/u${i}`)));
    await sleep(300);
    for (const answer of await quickly(health(), 'health')) assert.equal(answer.status, 200);
    assert.equal((await quickly(ask(TOKEN), 'a service', 2500)).status, 200);
    for (const { status } of await Promise.all(crowd)) assert.ok([403, 503].includes(status), String(status));
  });
