// The arithmetic of docs/scaling.md: its formulas give the numbers of its tables, and a simulated Palette of a tenth of
// the size, with the published rate limits, is asked exactly as often as they say, in about the time they say.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, test } from 'node:test';

import { TRUSTED, configuration, startService, startSimulator } from './harness.mjs';

const page = readFileSync(new URL('../../docs/scaling.md', import.meta.url), 'utf8');

// The rows of the table behind <!-- NAME -->, each a list of cells.
function table(name) {
  const [, text] = page.match(new RegExp(`<!-- ${name} -->\\n\\n?((?:\\|.*\\n)+)`)) ?? assert.fail(`no table ${name}`);
  return text.trim().split('\n').slice(2).map(line => line.split('|').slice(1, -1).map(cell => cell.trim()));
}

const number = text => Number(text.replaceAll(',', ''));
const plain = cell => cell.replaceAll('`', '');

const quantities = table('quantities').map(([name, , large, small]) => [plain(name), number(large), number(small)]);
const LARGE = Object.fromEntries(quantities.map(([name, large]) => [name, large]));
const SMALL = Object.fromEntries(quantities.map(([name, , small]) => [name, small]));

// Of names, numbers, + - * / ( ) and ceil, max; nothing else is evaluated.
function evaluate(formula, values) {
  assert.match(formula, /^(?:[A-Za-z]+|[\d.]+|[-+*/(), ])+$/, formula);
  const known = { ...values, ceil: Math.ceil, max: Math.max };
  for (const name of formula.match(/[A-Za-z]+/g) ?? []) assert.ok(name in known, `${formula}: what is ${name}?`);
  return Function(...Object.keys(known), `return ${formula};`)(...Object.values(known));
}

const rows = new Map(table('calls').map(([name, , calls, paced, ...numbers]) => {
  const [callsLarge, secondsLarge, callsSmall, secondsSmall] = numbers.map(number);
  return [name, { calls: plain(calls), paced: plain(paced), large: [callsLarge, secondsLarge],
    small: [callsSmall, secondsSmall] }];
}));

const waiting = plain(page.match(/^seconds = (.*)$/m)?.[1] ?? assert.fail('no formula for the seconds'));

function predict(name, values) {
  const { calls, paced } = rows.get(name) ?? assert.fail(`no row ${name}`);
  const replicas = name.endsWith('of R replicas') ? values.R : 1;
  const seconds = evaluate(waiting, { ...values, paced: evaluate(paced, values), R: replicas });
  return [evaluate(calls, values), Math.round(seconds * 10) / 10];
}

test('the formulas give the numbers that stand beside them', () => {
  assert.ok(rows.size >= 8);
  for (const [name, { large, small }] of rows) {
    assert.deepEqual(predict(name, LARGE), large, `${name}, full size`);
    assert.deepEqual(predict(name, SMALL), small, `${name}, a tenth`);
  }
});

test('a tenth of the size is a tenth, and the rates are those that the service keeps', () => {
  for (const name of ['P', 'C', 'V', 'E', 'N']) assert.equal(SMALL[name], LARGE[name] / 10, name);
  const source = readFileSync(new URL('../../src/palette/pacer_rates.c', import.meta.url), 'utf8');
  assert.deepEqual(source.match(/define USUAL\(prefix\)[\s\\]*\{[\s\\]*\(prefix\), (\d+), (\d+)/).slice(1).map(Number),
    [LARGE.rate, LARGE.burst]);
});

// ---- the tenth ----

const everyProject = Array.from({ length: SMALL.P }, (_, i) => i + 1).join(',');
const personOf = i => `person${i}@example.com`;
const sessionOf = i => `session-of-person-${i}`;   // with rights in some projects
const wideSessionOf = i => `tenant-session-${i}`;
const started = [];
after(() => Promise.all(started.map(simulator => simulator.stop())));

// Simulators count by address, so scenarios one after the other begin with full budgets each.
async function startTenth() {
  const projectsOf = i => Array.from({ length: SMALL.O }, (_, k) => (i + k) % SMALL.P + 1).join(',');
  const sessions = Array.from({ length: SMALL.N }, (_, i) => ['--session-token',
    `${sessionOf(i)}:projects=${projectsOf(i)}`, '--session-token', wideSessionOf(i)]).flat();
  const simulator = await startSimulator('--seed', '9', '--projects', `${SMALL.P}`, '--clusters', `${SMALL.C}`,
    '--virtual-clusters', `${SMALL.V}`, '--api-key', `member:projects=${everyProject}`, ...sessions);
  started.push(simulator);
  return simulator;
}

async function withService(simulator, { apiToken, replicas = 1 }, run) {
  const config = configuration([simulator], { upstream: { ratePercent: 100 * SMALL.share, replicas },
    server: { workers: SMALL.N } });
  config.spectrocloud.environments[0].apiToken = apiToken;
  const service = await startService(config);
  const step = async (name, ask) => {
    await simulator.control('POST', '/rates', { mode: 'published' });
    await simulator.forget();
    const from = performance.now();
    const answers = await ask();
    const took = (performance.now() - from) / 1000;
    answers.forEach(({ status, text }) => assert.equal(status, 200, `${name}: ${text.slice(0, 300)}`));
    const requests = await simulator.requests();
    return { name, took, calls: requests.length, refused: requests.filter(r => r.status === 429).length };
  };
  const results = await run(service, step);
  assert.equal(await service.stop(), 0, service.log());
  return results;
}

const get = (service, path, options) => service.request('GET', `/api/spectrocloud${path}`, options);
const oneOf = (service, path) => async () => [await get(service, path)];
const byAll = ask => () => Promise.all(Array.from({ length: SMALL.N }, (_, i) => ask(i)));

async function assertIsTenth(simulator) {
  const world = await simulator.world();
  const live = world.clusters.filter(c => !c.deleted);
  const nested = live.filter(c => c.cloudType === 'nested');
  const owners = new Set(nested.map(c => c.project).filter(Boolean));
  assert.deepEqual([world.projects.length, live.length - nested.length, nested.length, SMALL.P - owners.size],
    [SMALL.P, SMALL.C, SMALL.V, SMALL.E], 'the tenant is as the page says: projects, clusters, virtual ones');
}

async function signIn(service, i, session) {
  const { status, text } = await service.request('PUT', `/api/spectrocloud/session-tokens/${encodeURIComponent(personOf(i))}`,
    { token: TRUSTED, body: JSON.stringify({ token: session, expiresAt: Date.now() + 600000 }) });
  assert.equal(status, 200, text);
}

async function withTenantRights(simulator) {
  await assertIsTenth(simulator);
  const results = [];
  for (const [name, path] of [['clusters', '/clusters'], ['virtual clusters', '/virtualclusters'], ['projects', '/projects']])
    results.push(...await withService(simulator, { apiToken: 'sim-key' }, async (service, step) =>
      [await step(`${name}, tenant rights`, oneOf(service, path))]));
  return results;
}

const everybody = (simulator, name, path, session) => withService(simulator, { apiToken: 'member' }, async (service, step) => {
  await byAll(i => signIn(service, i, session(i)))();
  return [await step(name, byAll(i =>
    get(service, path, { token: TRUSTED, headers: { 'x-spectrocloud-user-email': personOf(i) } })))];
});

const everybodyWithTenantRights = simulator => everybody(simulator, 'everybody, own sessions, tenant rights',
  '/users/me/projects', wideSessionOf);
const everybodyWithProjects = simulator => everybody(simulator, 'everybody, own sessions, project rights',
  '/clusters', sessionOf);

async function withProjectRights(simulator) {
  const results = [];
  for (const [name, path] of [['clusters', '/clusters'], ['own projects', '/users/me/projects']])
    results.push(...await withService(simulator, { apiToken: 'member' }, async (service, step) =>
      [await step(`${name}, project rights`, oneOf(service, path))]));
  return results;
}

const asOneReplica = simulator => withService(simulator, { apiToken: 'member', replicas: SMALL.R },
  async (service, step) => [await step('clusters, project rights, of R replicas', oneOf(service, '/clusters'))]);

// The times are what must be waited for; a busy machine may add to them, and nothing takes from them.
function assertPredicted(t, { name, calls, refused, took }) {
  const [wanted, seconds] = predict(name, SMALL);
  t.diagnostic(`${name}: ${calls} calls in ${took.toFixed(1)} s; ${wanted} in ${seconds} s were predicted`);
  assert.equal(calls, wanted, name);
  assert.equal(refused, 0, name);
  assert.ok(took >= seconds * 0.9 - 0.2, `${name}: ${took} s`);
  assert.ok(took <= seconds * 2 + 45, `${name}: ${took} s`);
}

test('Palette is asked as often as predicted, in that time', async t => {
  const inTurn = async (...scenarios) => {
    const simulator = await startTenth();
    const results = [];
    for (const scenario of scenarios) results.push(...await scenario(simulator));
    return results;
  };
  const results = (await Promise.all([inTurn(withTenantRights, everybodyWithProjects),
    inTurn(asOneReplica, withProjectRights, everybodyWithTenantRights)])).flat();
  results.forEach(result => assertPredicted(t, result));
  assert.deepEqual(results.map(({ name }) => name).sort(), [...rows.keys()].sort(), 'every row was tried');
});
