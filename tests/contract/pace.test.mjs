// Palette's published rate limits: several people who list many projects stay below them together, get all of it, and
// hold up nobody else.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { configuration, startService, startSimulator } from './harness.mjs';

const PROJECTS = 60;
const PEOPLE = ['ann', 'ben', 'eve', 'tom'];
const everyProject = Array.from({ length: PROJECTS }, (_, i) => i + 1).join(',');
const tokenOf = name => `contract-token-of-${name}`;

let simulator;
let world;

before(async () => {
  simulator = await startSimulator('--seed', '5', '--projects', `${PROJECTS}`, '--clusters', '300',
    '--api-key', `member:projects=${everyProject}`);
  world = await simulator.world();
});

after(() => simulator.stop());

// The apiToken has every project and nothing of the tenant, so that each project is asked for by itself.
async function startPaced(t, upstream, server = {}) {
  const config = configuration([simulator], { upstream, server });
  config.spectrocloud.environments[0].apiToken = 'member';
  config.backend.auth.externalAccess.push(...PEOPLE.map(name =>
    ({ type: 'static', options: { token: tokenOf(name), subject: name } })));
  await simulator.control('POST', '/rates', { mode: 'published' }); // with full budgets
  await simulator.forget();
  const service = await startService(config);
  t.after(async () => assert.equal(await service.stop(), 0, service.log()));
  return service;
}

async function ask(service, name, path) {
  const start = performance.now();
  // Each by themselves: what is equal would be asked once.
  const answer = await service.request('GET', `/api/spectrocloud${path}`,
    { token: tokenOf(name), headers: { 'Cache-Control': 'no-cache' } });
  return { ...answer, took: Math.round(performance.now() - start) };
}

const refused = async () => (await simulator.requests()).filter(r => r.status === 429).length;

function assertComplete({ status, text, json }) {
  assert.equal(status, 200, text.slice(0, 300));
  const wanted = world.clusters.filter(c => !c.deleted && c.project !== null).map(c => c.uid).sort();
  assert.deepEqual(json.clusters.map(c => c.metadata.uid).sort(), wanted);
  assert.equal(json.warnings, undefined);
}

async function listTogether(service) {
  return Promise.all(PEOPLE.slice(0, 3).map(name => ask(service, name, '/clusters')));
}

test('three people list all projects: complete, without a single 429, and a fourth reads meanwhile', async t => {
  const service = await startPaced(t, { ratePercent: 80 }, { workers: 2 });
  const lists = listTogether(service);
  const { uid, project } = world.clusters.find(c => !c.deleted && c.project !== null);
  const reads = [];
  for (let i = 0; i < 4; i++) {
    await new Promise(done => setTimeout(done, 2000));
    const read = await ask(service, 'tom', `/clusters/${uid}?projectUid=${project}`);
    assert.equal(read.status, 200, read.text);
    reads.push(read.took);
  }
  const answers = await lists;
  answers.forEach(assertComplete);
  assert.equal(await refused(), 0);
  const slowest = Math.max(...answers.map(answer => answer.took));
  t.diagnostic(`lists: ${answers.map(answer => answer.took).join(', ')} ms; reads: ${reads.join(', ')} ms`);
  assert.ok(slowest > 10000, 'the lists did not have to wait');
  assert.ok(Math.max(...reads) < 2000, `a read waited for ${Math.max(...reads)} ms`);
});

test('who asks what stands last in another\'s long line has their own turn, and both get that answer', async t => {
  const service = await startPaced(t, { ratePercent: 80 });
  const clusters = world.clusters.filter(c => !c.deleted && c.project !== null).slice(0, 100);
  const read = async (name, { uid, project }) => {
    const start = performance.now();
    const answer = await service.request('GET', `/api/spectrocloud/clusters/${uid}?projectUid=${project}`, { token: tokenOf(name) });
    assert.equal(answer.status, 200, answer.text);
    return Math.round(performance.now() - start);
  };
  const line = [];
  for (const cluster of clusters) {
    line.push(read('ann', cluster));
    await new Promise(done => setTimeout(done, 2)); // they come in this order
  }
  await new Promise(done => setTimeout(done, 500));
  const own = await read('tom', clusters.at(-1));
  const took = await Promise.all(line);
  t.diagnostic(`the line: ${Math.max(...took)} ms; who came later: ${own} ms`);
  assert.ok(Math.max(...took) > 5000, 'the line did not have to wait');
  assert.ok(own < 2000, `after ${own} ms`);
  assert.equal((await simulator.requests()).filter(r => r.target.includes(clusters.at(-1).uid)).length, 1);
});

test('with ratePercent 0 the same is refused by Palette', async t => {
  const service = await startPaced(t, { ratePercent: 0, retryDelay: '500ms', attempts: 10 });
  await listTogether(service);
  assert.ok(await refused() > 0);
});

test('replicas share the budget, and what cannot be done in time is not begun', async t => {
  const service = await startPaced(t, { ratePercent: 80, replicas: 10 }, { requestTimeout: '3s' });
  const { status, headers, json, took } = await ask(service, 'ann', '/clusters');
  assert.equal(status, 503);
  assert.match(json.error.message, /Palette's rate limit lets 60 requests through in 70 seconds/);
  assert.match(headers['retry-after'], /^[1-9]\d*$/);
  assert.ok(took < 3000, `after ${took} ms`);
  assert.deepEqual((await simulator.requests()).map(r => r.target), ['/v1/users/me']);
});

test('what has no turn in time, because of others, is told so', async t => {
  const service = await startPaced(t, { ratePercent: 80 }, { requestTimeout: '4s' });
  const answers = await Promise.all(PEOPLE.map(name => ask(service, name, '/clusters')));
  for (const { status, headers, json, took } of answers.filter(answer => answer.status !== 200)) {
    assert.equal(status, 503);
    assert.match(json.error.message, /Palette's rate limit lets no more requests through in time/);
    assert.match(headers['retry-after'], /^[1-9]\d*$/);
    assert.ok(took < 4000, `after ${took} ms`);
  }
  assert.ok(answers.some(answer => answer.status === 503));
  assert.equal(await refused(), 0);
});
