// What Prometheus makes of the service's figures, its alerts and its dashboard.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import { until } from '../contract/backstage.mjs';
import { configuration, startService, startSimulator } from '../contract/harness.mjs';
import { fetchFrom, read, OPENMETRICS } from '../contract/scrape.mjs';
import { DASHBOARD, PACKAGING, RULES, assertGood, promtool, startPrometheus } from './server.mjs';

const TOKEN = 'token-of-prometheus-0001';
const OWN = /\b(?:spectrocloud|process)_[a-z0-9_]+/g;

let simulator;
let service;
let telemetry;

before(async () => {
  simulator = await startSimulator('--seed', '9', '--projects', '2', '--clusters', '6');
  const config = configuration([simulator]);
  config.spectrocloud.telemetry = { listen: '127.0.0.1:0' };
  config.backend.auth.externalAccess.push({ type: 'static', options: { token: TOKEN, subject: 'prometheus' },
    accessRestrictions: [{ plugin: 'spectrocloud', permission: 'spectrocloud.metrics.view' }] });
  service = await startService(config);
  telemetry = Number(service.log().match(/telemetry_port=(\d+)/)[1]);
});

after(async () => {
  assert.equal(await service.stop(), 0, service.log());
  await simulator.stop();
});

test('promtool finds nothing wrong with what is scraped', async () => {
  for (let i = 0; i < 3; i++) assert.equal((await service.request('GET', '/api/spectrocloud/projects')).status, 200);
  const { text } = await fetchFrom(telemetry);
  const found = promtool(['check', 'metrics'], text);
  assertGood(found);
  assert.equal(found.stderr + found.stdout, '');
});

test('promtool finds nothing wrong with the alerts', () => {
  assertGood(promtool(['check', 'rules', '--lint=all', '--lint-fatal', RULES]));
});

test('each alert fires and clears', () => {
  const tests = join(PACKAGING, 'prometheus/tests.yaml');
  const alerts = readFileSync(RULES, 'utf8').match(/(?<=- alert: )\w+/g);
  const tried = readFileSync(tests, 'utf8').match(/(?<=    name: )\w+/g);
  assert.ok(alerts.length > 15);
  assert.deepEqual([...tried].sort(), [...alerts].sort());
  assertGood(promtool(['test', 'rules', tests]));
});

// The names that samples have.
async function sampleNames() {
  const families = read((await fetchFrom(telemetry, '/metrics', { headers: { accept: OPENMETRICS } })).text);
  const endings = { counter: ['_total'], info: ['_info'], gauge: [''], histogram: ['_bucket', '_sum', '_count'] };
  return { families, names: new Set([...families.values()].flatMap(({ name, type }) => endings[type].map(end => name + end))) };
}

test('rules and dashboard name metrics that there are, and the dashboard has them all', async () => {
  const { families, names } = await sampleNames();
  const dashboard = JSON.parse(readFileSync(DASHBOARD, 'utf8'));
  const queries = [];
  JSON.stringify(dashboard, (key, value) => {
    if (key === 'expr' || key === 'query') queries.push(JSON.stringify(value));
    return value;
  });
  const inDashboard = new Set(queries.join('\n').match(OWN));
  const rules = readFileSync(RULES, 'utf8');
  const inRules = new Set(rules.match(OWN));
  const tests = new Set(readFileSync(join(PACKAGING, 'prometheus/tests.yaml'), 'utf8').match(OWN));
  // Descriptions may speak of histograms by the names of their families.
  const known = name => names.has(name) || families.has(name);
  for (const name of [...inDashboard, ...tests]) assert.ok(names.has(name), name);
  for (const name of inRules) assert.ok(known(name), name);
  for (const [, expr] of rules.matchAll(/expr: (.*(?:\n {10,}.*)*)/g))
    for (const name of expr.match(OWN) ?? []) assert.ok(names.has(name), `${name} in ${expr}`);
  const missing = [...families.keys()].filter(name => ![...inDashboard].some(used => used.startsWith(name)));
  assert.deepEqual(missing, []);
});

test('labels that rules and dashboard name are those of the metric', async () => {
  const page = readFileSync(fileURLToPath(new URL('../../docs/metrics.md', import.meta.url)), 'utf8');
  const labels = new Map([...page.matchAll(/^\| `(\w+)` \| \w+ \|([^|]*)\|/gm)]
    .map(([, name, list]) => [name, (list.split(':')[0].match(/`(\w+)`/g) ?? []).map(l => l.slice(1, -1))]));
  const text = readFileSync(RULES, 'utf8') +
    JSON.stringify(JSON.parse(readFileSync(DASHBOARD, 'utf8'))).replaceAll('\\"', '"');
  const selectors = [...text.matchAll(/\b((?:spectrocloud|process)_[a-z0-9_]+)\{([^}]*)\}/g)];
  assert.ok(selectors.length > 60);
  for (const [all, sample, list] of selectors) {
    const name = sample.replace(/_(bucket|sum|count)$/, '');
    assert.ok(labels.has(name), name);
    for (const [, label] of list.matchAll(/(\w+)[!=]~?"/g))
      assert.ok(['job', 'instance', 'le', ...labels.get(name)].includes(label), `${label} in ${all}`);
  }
});

// ---- the server ----

async function start(t) {
  const { api, stop } = await startPrometheus([
    { job_name: 'spectrocloud-backend', authorization: { credentials: TOKEN },
      static_configs: [{ targets: [`127.0.0.1:${service.port}`] }] },
    { job_name: 'own-listener', static_configs: [{ targets: [`127.0.0.1:${telemetry}`] }] },
    { job_name: 'stranger', static_configs: [{ targets: [`127.0.0.1:${service.port}`] }] },
  ]);
  t.after(stop);
  return api;
}

test('Prometheus scrapes both ways in, with the token only where one is needed', async t => {
  const api = await start(t);
  const value = async query => (await api(`query?query=${encodeURIComponent(query)}`)).result[0]?.value[1];
  for (const job of ['spectrocloud-backend', 'own-listener'])
    await until(async () => await value(`up{job="${job}"}`) === '1', `${job} is up`, 60000);
  await until(async () => await value('up{job="stranger"}') === '0', 'a stranger is not', 60000);
  const { activeTargets } = await api('targets?state=active');
  const target = job => activeTargets.find(({ labels }) => labels.job === job);
  assert.equal(target('spectrocloud-backend').lastError, '');
  assert.match(target('stranger').lastError, /401/);

  const before = Number((await service.request('GET', '/api/spectrocloud/projects')).status);
  assert.equal(before, 200);
  const { text } = await fetchFrom(telemetry, '/metrics', { headers: { accept: OPENMETRICS } });
  const wanted = read(text).get('spectrocloud_requests').samples
    .find(({ labels }) => labels.operation === 'project.list' && labels.status === '200').value;
  assert.ok(wanted >= 1);
  for (const job of ['spectrocloud-backend', 'own-listener'])
    await until(async () => await value(
      `spectrocloud_requests_total{job="${job}",operation="project.list",status="200"}`) === String(wanted),
    `${job} has the counter`, 60000);
  assert.equal(await value('count(spectrocloud_build_info{job="own-listener"})'), '1');
  assert.ok(Number(await value('histogram_quantile(0.5, sum by (le) ' +
    '(spectrocloud_request_duration_seconds_bucket{job="own-listener",operation="project.list"}))')) > 0);

  // The alerts are evaluated, and nothing is wrong with the service.
  await until(async () => {
    const { groups } = await api('rules');
    return groups[0].rules.every(({ health }) => health === 'ok');
  }, 'every rule was evaluated', 60000);
  const { alerts } = await api('alerts');
  assert.deepEqual(alerts.filter(({ state }) => state === 'firing'), []);
});
