// Several hundred environments, and one of them that fails: it is found on the status page and by the alerts' labels,
// however many series the others have taken. All of them are at a port where nobody listens.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { configurationOfTenants, freePort, startService } from './harness.mjs';
import { fetchFrom, scrape, withTelemetry } from './scrape.mjs';

const OTHERS = 700;
const LAST = 'zlast';
const UNASKED = 'zz-unasked';
const LISTS = ['/projects', '/clusters', '/overlords'];
const OFTEN = 51;
const AT_ONCE = 12;
const FAILED = 'connection';

let service;
let figures; // of a scrape
let status;

async function inTurns(count, ask) {
  let next = 0;
  await Promise.all(Array.from({ length: AT_ONCE }, async () => {
    while (next < count) await ask(next++);
  }));
}

async function ask(list, name) {
  const { status: answered, text } = await service.request('GET', `/api/spectrocloud${list}?instance=${name}`);
  assert.ok([502, 503].includes(answered), `${list} of ${name}: ${answered} ${text}`);
}

before(async () => {
  const config = configurationOfTenants(OTHERS + 2, { upstream: { attempts: 1, circuitFailures: 1000 } });
  const { environments } = config.spectrocloud;
  const port = await freePort();
  for (const environment of environments) environment.url = `http://127.0.0.1:${port}`;
  environments[OTHERS].name = LAST;
  environments[OTHERS + 1].name = UNASKED;
  config.spectrocloud.telemetry = { listen: '127.0.0.1:0' };
  service = withTelemetry(await startService(config));
  await inTurns(OTHERS * LISTS.length, i => ask(LISTS[i % LISTS.length], `tenant-${Math.floor(i / LISTS.length)}`));
  for (let i = 0; i < OFTEN; i++) await ask(LISTS[i % LISTS.length], LAST);
  figures = await scrape(service);
  status = JSON.parse((await fetchFrom(service.telemetry, '/status', { headers: { accept: 'application/json' } })).text);
});

after(async () => assert.equal(await service.stop(), 0, service.log()));

const UPSTREAM = 'spectrocloud_upstream_requests_total';
const labelsOf = (family, label) => new Set(figures.families.get(family).samples.map(({ labels }) => labels[label]));

test('what is asked beyond the bound on series gives up its endpoint, and keeps environment and status', () => {
  assert.ok(labelsOf('spectrocloud_upstream_requests', 'endpoint').has('other'), 'the others have not taken every series');
  assert.equal(figures.value(UPSTREAM, { environment: LAST, endpoint: 'other', status: FAILED }), OFTEN);
  assert.equal(figures.value(UPSTREAM, { environment: LAST }), OFTEN);
  assert.equal(figures.value(UPSTREAM, { environment: 'other' }), undefined);
  assert.deepEqual([...labelsOf('spectrocloud_upstream_requests', 'status')], [FAILED]);
  assert.equal(figures.value(UPSTREAM, { status: FAILED }), OTHERS * LISTS.length + OFTEN);
});

test('every environment has its gauges, counters and durations', () => {
  for (const [family, count] of [['spectrocloud_circuit_state', OTHERS + 2], ['spectrocloud_upstream_token_refused', OTHERS + 2],
    ['spectrocloud_circuit_openings', OTHERS + 2], ['spectrocloud_upstream_request_duration_seconds', OTHERS + 1]]) {
    const names = labelsOf(family, 'environment');
    assert.equal(names.size, count, family);
    assert.ok(names.has(LAST) && !names.has('other'), family);
  }
});

test('the status page has the last hour of each', () => {
  const environments = new Map(status.environments.map(environment => [environment.name, environment]));
  const { load, failures, failuresInARow, state } = environments.get(LAST);
  assert.deepEqual([failuresInARow, load.requests, load.failures, state], [OFTEN, OFTEN, OFTEN, 'fails']);
  assert.deepEqual(failures, [{ name: FAILED, hour: OFTEN, total: OFTEN }]);
  assert.equal(load.minutes.reduce((sum, minute) => sum + minute.failures, 0), OFTEN);
  assert.ok(load.medianUs >= 0 && load.p95Us >= load.medianUs);
  for (let i = 0; i < OTHERS; i++) {
    const { load: { requests }, failures: causes } = environments.get(`tenant-${i}`);
    assert.equal(requests, LISTS.length, `tenant-${i}`);
    assert.deepEqual(causes.map(({ name, hour }) => [name, hour]), [[FAILED, LISTS.length]], `tenant-${i}`);
  }
  const { load: nothing, state: unasked } = environments.get(UNASKED);
  assert.deepEqual([nothing.requests, nothing.medianUs, unasked], [0, undefined, 'not asked']);
});

test('its sentence does not count the one that was not asked among those that do not answer', () => {
  assert.match(status.sentence, new RegExp(`^None of the ${OTHERS + 1} environments that were asked answers; `));
  assert.match(status.sentence, new RegExp(`; ${UNASKED} was not asked in the last hour\\.$`));
});

test('and it is one page', async t => {
  const began = performance.now();
  const { status: answered, text } = await fetchFrom(service.telemetry, '/status');
  t.diagnostic(`${(text.length / 1048576).toFixed(1)} MiB in ${Math.round(performance.now() - began)} ms`);
  assert.equal(answered, 200);
  assert.equal(text.split('<article').length - 1, OTHERS + 2);
});
