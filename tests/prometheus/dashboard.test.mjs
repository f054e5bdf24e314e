// The dashboard for Grafana: its form, and what a real Prometheus answers to each of its queries while everything happens
// that its panels are about.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';

import { sleep, until } from '../contract/backstage.mjs';
import { ask, panelsOf, rateInterval, stepOf, variables } from './dashboard/ask.mjs';
import { CALCS, knowsMatcher, knowsUnit, matches, textOf } from './dashboard/field.mjs';
import { TYPES, knowsLegend, page } from './dashboard/page.mjs';
import { startScene } from './scene.mjs';
import { DASHBOARD, startPrometheus } from './server.mjs';

const dashboard = JSON.parse(readFileSync(DASHBOARD, 'utf8'));
const rows = dashboard.panels.filter(({ type }) => type === 'row');
const panels = panelsOf(dashboard).filter(({ type }) => type !== 'row');
const nameOf = panel => `${panel.id} "${panel.title}"`;
const SOURCE = { type: 'prometheus', uid: '${datasource}' };

// ---- its form ----

test('Grafana takes it: the members of a dashboard, and one source for all, which is a variable', () => {
  const { uid, title, schemaVersion, refresh, time, templating } = dashboard;
  assert.match(uid, /^[\w-]{1,40}$/);
  assert.ok(title && schemaVersion >= 38 && !('id' in dashboard && dashboard.id !== null) && !('__inputs' in dashboard));
  assert.match(refresh, /^\d+[smh]$/);
  assert.deepEqual(Object.keys(time), ['from', 'to']);
  const [source, ...others] = templating.list;
  assert.deepEqual([source.name, source.type, source.query], ['datasource', 'datasource', 'prometheus']);
  for (const variable of others) {
    assert.equal(variable.type, 'query');
    assert.equal(variable.definition, variable.query.query, variable.name);
  }
  for (const part of [...others, ...panels, ...panels.flatMap(({ targets }) => targets)])
    assert.deepEqual(part.datasource, SOURCE, JSON.stringify(part).slice(0, 200));
});

test('panels have an id, a known type, a title, a description and a unit, and no two queries one name', () => {
  const ids = panelsOf(dashboard).map(({ id }) => id);
  assert.equal(new Set(ids).size, ids.length);
  for (const panel of panels) {
    const what = nameOf(panel);
    const { type, title, description, fieldConfig: { defaults, overrides }, options, targets, pluginVersion } = panel;
    assert.ok(TYPES.includes(type) && title && targets.length > 0, what);
    assert.match(description ?? '', /^[A-Z].*[^.]\.$/s, `${what} has no description`);
    assert.match(pluginVersion, /^\d+\.\d+\.\d+$/, what); // without one Grafana takes it for one of version 6
    const refs = targets.map(({ refId }) => refId);
    assert.equal(new Set(refs).size, refs.length, what);
    for (const { matcher, properties } of overrides) {
      assert.ok(knowsMatcher(matcher.id) && properties.length > 0, what);
      for (const { id, value } of properties) if (id === 'unit') assert.ok(knowsUnit(value), `${what}: ${value}`);
    }
    assert.ok(knowsUnit(defaults.unit), `${what} is in ${defaults.unit}`);
    assert.ok(!options.legend || knowsLegend(options.legend), `${what}: ${JSON.stringify(options.legend)}`);
    for (const calc of [...options.legend?.calcs ?? [], ...options.reduceOptions?.calcs ?? []])
      assert.ok(calc in CALCS, `${what}: ${calc}`);
    // Grafana's own thresholds are red from 80 on, whatever is measured.
    if (type === 'stat') assert.equal(defaults.thresholds?.steps[0].value, null, `${what} has no thresholds`);
  }
});

test('the grid is full: no panel on another, none beside it, no hole', () => {
  const taken = new Map();
  for (const panel of dashboard.panels) {
    const { x, y, w, h } = panel.gridPos;
    assert.ok(x >= 0 && w > 0 && h > 0 && x + w <= 24, nameOf(panel));
    if (panel.type === 'row')
      assert.deepEqual([x, w, h, panel.collapsed, panel.panels], [0, 24, 1, false, []], nameOf(panel));
    for (let row = y; row < y + h; row++)
      for (let column = x; column < x + w; column++) {
        const place = `${column},${row}`;
        assert.ok(!taken.has(place), `${nameOf(panel)} lies on ${taken.get(place)}`);
        taken.set(place, nameOf(panel));
      }
  }
  const bottom = Math.max(...dashboard.panels.map(({ gridPos: { y, h } }) => y + h));
  assert.equal(taken.size, 24 * bottom);
  assert.ok(rows.length > 3);
});

// ---- how it is read ----

test('values read as Grafana writes them', () => {
  const cases = [['reqps', 12.345, '12.3 req/s'], ['reqps', 0, '0 req/s'], ['percentunit', 0.0512, '5.12%'],
    ['s', 0.0213, '21.3 ms'], ['s', 90, '1.50 mins'], ['s', 0, '0 s'], ['bytes', 3 << 20, '3 MiB'], ['short', 1500, '1.50 K'],
    ['short', 7, '7'], ['ops', 0.25, '0.250 ops/s']];
  for (const [unit, value, text] of cases) assert.equal(textOf({ unit }, value), text);
  assert.equal(textOf({ unit: 'short', mappings: [{ type: 'value', options: { 2: { text: 'open' } } }] }, 2), 'open');
  assert.equal(textOf({ unit: 'short' }, null), 'No data');
});

test('steps and intervals are those of Grafana', () => {
  const hours = n => ({ from: 0, to: n * 3600 });
  assert.equal(stepOf(hours(6), 500, 15), 30); // of 43.2
  assert.equal(stepOf(hours(0.1), 500, 15), 15);
  assert.equal(rateInterval(30, 15), 60);
  assert.equal(rateInterval(120, 15), 135);
});

// ---- what Prometheus answers ----

let scene;
let prometheus;
let range;
let values;

before(async () => {
  scene = await startScene();
  prometheus = await startPrometheus(scene.scrapes);
  await scene.trouble();
});

after(async () => {
  await prometheus.stop();
  assert.deepEqual(await scene.stop(), [0]);
});

const withScale = () => ({ range, width: 400, scrapeSeconds: 1 });
const hasValue = series => series.points.some(([, value]) => value !== null);

// Every query that has no value so far.
async function empty() {
  const found = [];
  for (const panel of panels)
    for (const target of panel.targets)
      if (!(await ask(prometheus.api, target, values, withScale())).some(hasValue))
        found.push(`${nameOf(panel)} ${target.refId}`);
  return found;
}

test('every query has an answer with a value when everything has happened', async () => {
  const from = Math.floor(Date.now() / 1000);
  const { acts } = scene.replicas[0];
  await until(async () => (await prometheus.api('query?query=spectrocloud_build_info')).result.length > 0, 'a scrape',
    60000);
  let missing;
  await until(async () => {
    // Some go wrong, as they should; what has to be there is looked at below.
    await Promise.allSettled(Object.values(acts).map(act => act()));
    await sleep(1500); // until it was scraped
    range = { from, to: Math.ceil(Date.now() / 1000) };
    ({ values } = await variables(dashboard, prometheus.api, range));
    missing = await empty();
    return missing.length === 0;
  }, 'every query has a value', 240000).catch(error => assert.fail(`${error.message}: ${missing}`));
});

test('variables have values, and one environment can be chosen', async () => {
  const { found } = await variables(dashboard, prometheus.api, range);
  const options = Object.fromEntries(found.map(({ name, options }) => [name, options]));
  assert.deepEqual(options.job, ['spectrocloud-backend']);
  assert.equal(options.instance.length, 1);
  assert.deepEqual([...options.environment].sort(), ['lab', 'production', 'staging']);
  const chosen = await variables(dashboard, prometheus.api, range, { environment: ['lab', 'staging'] });
  assert.equal(chosen.values.environment, '(lab|staging)');
  const panel = panels.find(({ targets }) => targets[0].expr.includes('spectrocloud_circuit_state'));
  const series = await ask(prometheus.api, panel.targets[0], chosen.values, withScale());
  assert.deepEqual(series.map(({ metric }) => metric.environment).sort(), ['lab', 'staging']);
});

test('legends and overrides are for labels and names that the series have, and no two series have one name', async () => {
  for (const panel of panels) {
    const all = [];
    for (const target of panel.targets) {
      const series = await ask(prometheus.api, target, values, withScale());
      all.push(...series.map(one => ({ ...one, refId: target.refId })));
      const grouped = [...target.expr.matchAll(/by \(([^)]*)\)/g)].flatMap(([, list]) => list.split(/, */))
        .filter(label => label !== 'le');
      const written = [...(target.legendFormat ?? '').matchAll(/\{\{(\w+)\}\}/g)].map(([, label]) => label);
      for (const label of [...grouped, ...written])
        assert.ok(series.every(({ metric }) => label in metric), `${nameOf(panel)} ${target.refId}: ${label}`);
      assert.ok(series.every(({ name }) => name), nameOf(panel));
    }
    const names = all.map(({ name }) => name);
    assert.equal(new Set(names).size, names.length, `${nameOf(panel)}: ${names}`);
    const { overrides } = panel.fieldConfig;
    assert.ok(overrides.length === 0 || overrides.some(({ matcher }) => all.some(series => matches(matcher, series))),
      `${nameOf(panel)}: no override is for any of ${names}`);
  }
});

test('it can be drawn', async () => {
  const text = await page(dashboard, { api: prometheus.api, range, scrapeSeconds: 1 });
  assert.equal(text.split('<section').length - 1, dashboard.panels.length);
  for (const wrong of ['No data', 'NaN', 'undefined', 'Infinity']) assert.ok(!text.includes(wrong), wrong);
});
