// Reads what the service says at /metrics, strictly, and remembers all of it, for a look at what must never be there.
import assert from 'node:assert/strict';
import http from 'node:http';

import { beside, startBeside, stopBeside } from './backstage.mjs';
import { TOKEN } from './harness.mjs';

export const OPENMETRICS = 'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;' +
  'q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'; // as Prometheus sends it

const NAME = '[a-z][a-z0-9_]*';
const LABEL = new RegExp(`^(${NAME})="((?:[^"\\\\\\n]|\\\\["\\\\n])*)"(?:,|$)`);
const VALUE = /^(-?\d+(\.\d+)?(e[+-]\d+)?)$/;
const ENDINGS = {
  counter: ['_total'], gauge: [''], info: ['_info'], histogram: ['_bucket', '_sum', '_count'],
};

function readLabels(text) {
  const labels = {};
  for (let rest = text; rest;) {
    const [all, name, value] = rest.match(LABEL) ?? assert.fail(`labels: ${text}`);
    assert.ok(!Object.hasOwn(labels, name), `${name} twice: ${text}`);
    labels[name] = value.replace(/\\(.)/g, (_, c) => (c === 'n' ? '\n' : c));
    rest = rest.slice(all.length);
  }
  return labels;
}

// Of a text in OpenMetrics' form: the families by name, with { type, unit, help, samples: [{ name, labels, value }] }.
export function read(text) {
  assert.ok(text.endsWith('\n# EOF\n'), 'it is not whole');
  const families = new Map();
  const series = new Set();
  let family;
  for (const line of text.slice(0, -'# EOF\n'.length).split('\n').slice(0, -1)) {
    const [, keyword, name, rest] = line.match(new RegExp(`^# (HELP|TYPE|UNIT) (${NAME}) (.+)$`)) ?? [];
    if (keyword) {
      if (family?.name !== name) {
        assert.ok(!families.has(name), `${name} stands in two places`);
        family = { name, samples: [] };
        families.set(name, family);
      }
      family[keyword.toLowerCase()] = rest;
      continue;
    }
    const [, sample, , labels = '', value] = line.match(new RegExp(`^(${NAME})(\\{(.*)\\})? (\\S+)$`)) ??
      assert.fail(`a line: ${line}`);
    assert.ok(ENDINGS[family.type].includes(sample.slice(family.name.length)) && sample.startsWith(family.name),
      `${sample} in the family ${family.name}`);
    assert.match(value, VALUE, line);
    assert.ok(!series.has(`${sample}{${labels}}`), `twice: ${line}`);
    series.add(`${sample}{${labels}}`);
    family.samples.push({ name: sample, labels: readLabels(labels), value: Number(value) });
  }
  for (const { name, type, help, unit } of families.values()) {
    assert.ok(type in ENDINGS && help, `${name} has no type or no help`);
    assert.ok(unit === undefined || name.endsWith(`_${unit}`), `${name} is in ${unit}`);
  }
  return families;
}

export const scrapes = []; // every text that came

// From the listener of its own, where nothing is counted for it.
export function fetchFrom(port, path = '/metrics', { method = 'GET', headers = {}, socketPath } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request({ host: '127.0.0.1', port, socketPath, path, method, headers, agent: false }, response => {
      let text = '';
      response.setEncoding('utf8').on('data', part => { text += part; })
        .on('end', () => resolve({ status: response.statusCode, headers: response.headers, text }));
      response.on('error', reject);
    });
    request.on('error', reject);
    request.end();
  });
}

// Where it has a listener of its own for that: at which port.
export function withTelemetry(service) {
  const port = service.log().match(/ started .* telemetry_port=(\d+)/)?.[1];
  assert.ok(port, service.log());
  return Object.assign(service, { telemetry: Number(port) });
}

// Beside a Backstage, whose users and plugins come; it stops with the test.
export async function startMonitored(t, backstage, configuration, permission = { enabled: true }) {
  const made = beside(backstage, configuration, { permission });
  made.spectrocloud.telemetry.listen = '127.0.0.1:0';
  const service = withTelemetry(await startBeside(backstage, made));
  t.after(() => stopBeside(backstage, service));
  return service;
}

export async function scrape(service, { token = TOKEN } = {}) {
  const answer = service.telemetry
    ? await fetchFrom(service.telemetry, '/metrics', { headers: { accept: OPENMETRICS } })
    : await service.request('GET', '/metrics', { token, headers: { accept: OPENMETRICS } });
  assert.equal(answer.status, 200, answer.text);
  scrapes.push(answer.text);
  return new Figures(read(answer.text));
}

export const covered = new Set(); // families of which a value was asserted

export class Figures {
  constructor(families) {
    this.families = families;
  }

  // The value of the one sample that has these labels, or the sum of all that have them among others; undefined where
  // there is none.
  value(name, labels = {}) {
    const family = this.families.get(name.replace(/_(total|info|bucket|sum|count)$/, '')) ?? this.families.get(name);
    assert.ok(family, `there is no ${name}`);
    covered.add(family.name);
    const fitting = family.samples.filter(sample => sample.name === name &&
      Object.entries(labels).every(([label, value]) => sample.labels[label] === value));
    return fitting.length === 0 ? undefined : fitting.reduce((sum, { value }) => sum + value, 0);
  }
}
