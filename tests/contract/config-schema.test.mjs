// The JSON Schema of the configuration: valid itself, fits what the service accepts, and refuses of
// each setting what the service refuses.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

import Ajv from 'ajv';
import { parse } from 'yaml';

const BACKEND = resolve(process.env.SPECTROCLOUD_BACKEND ?? 'build/spectrocloud-backend');
const ROOT = fileURLToPath(new URL('../..', import.meta.url));
// What stands in it is judged where sessions are kept there, and else Backstage's alone.
const DATABASE = /^backend\.database\./;

let folder;
let schema;
let validate;

function run(args, options = {}) {
  const { stdout, stderr, status } = spawnSync(BACKEND, args, {
    cwd: folder, encoding: 'utf8', timeout: 60000, maxBuffer: 64 << 20, env: { PATH: process.env.PATH }, ...options,
  });
  return { stdout, stderr, status };
}

// What `config check --json` says of a file, or of a value that is written to one.
function check(configuration) {
  const path = typeof configuration === 'string' ? configuration : join(folder, 'tried.json');
  if (path !== configuration) writeFileSync(path, JSON.stringify(configuration));
  const { stdout, stderr, status } = run(['config', 'check', '--json', '--config', path]);
  const said = JSON.parse(stdout);
  assert.equal(stderr, '');
  assert.equal(status, said.ok ? 0 : 2);
  assert.equal(said.ok, said.faults.length === 0);
  return said;
}

const places = () => (validate.errors ?? []).map(e => `${e.instancePath} ${e.message} ${JSON.stringify(e.params)}`).join('\n');

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'config-schema-'));
  const printed = run(['config', 'schema']);
  assert.deepEqual([printed.status, printed.stderr], [0, '']);
  schema = JSON.parse(printed.stdout);
  const ajv = new Ajv({ allErrors: true, allowUnionTypes: true, strictRequired: false });
  ajv.addKeyword('deprecationMessage'); // of VS Code's
  assert.ok(ajv.validateSchema(schema), JSON.stringify(ajv.errors));
  validate = ajv.compile(schema);
});

after(() => rmSync(folder, { recursive: true, force: true }));

test('it is draft-07, which editors take', () => {
  assert.equal(schema.$schema, 'http://json-schema.org/draft-07/schema#');
});

test('the example fits', () => {
  assert.ok(validate(parse(readFileSync(join(ROOT, 'examples/app-config.yaml'), 'utf8'))), places());
});

test('it reads no configuration', () => {
  const { stderr, status } = run(['config', 'schema', '--config', 'none.yaml']);
  assert.deepEqual([stderr, status], ['config schema reads no configuration\n', 2]);
});

// ---- what is accepted fits ----

function assertFits(path) {
  const text = readFileSync(path, 'utf8');
  // JSON Schema has no word for what YAML can and JSON cannot; an empty file is an empty map.
  const value = parse(text, { uniqueKeys: true, maxAliasCount: -1 }) ?? {};
  assert.ok(validate(value), `${path}\n${text}\n${places()}`);
}

test('what the service accepts of the corpus of the fuzzers fits', () => {
  const corpus = join(ROOT, 'tests/fuzz/corpus/config');
  let accepted = 0;
  for (const name of readdirSync(corpus).filter(n => /\.(yaml|json)$/.test(n))) {
    const said = check(join(corpus, name));
    if (!said.ok || said.notices.some(n => n.message.startsWith('unknown setting'))) continue;
    assertFits(join(corpus, name));
    accepted++;
  }
  assert.ok(accepted >= 5, `${accepted} accepted`);
});

test('what the unit tests load fits', t => {
  const programs = join(dirname(realpathSync(BACKEND)), '../tests');
  const tests = existsSync(programs) ? readdirSync(programs).filter(n => /^config_\w+_test$/.test(n)) : [];
  if (tests.length === 0) return t.skip('they are not built beside the program');
  const kept = join(folder, 'kept');
  mkdirSync(kept);
  for (const name of tests)
    spawnSync(join(programs, name), { env: { ...process.env, KEEP_ACCEPTED: kept }, stdio: 'ignore', timeout: 60000 });
  const files = readdirSync(kept);
  assert.ok(files.length > 100, `${files.length} configurations`);
  for (const name of files) assertFits(join(kept, name));
});

// ---- of each setting, what is refused ----

// Every setting: its path with the keys that lead there, and the schema of its value.
function* settings(of, path = [], base = {}) {
  for (const [name, each] of Object.entries(of.properties ?? {})) {
    if (name === '$include') continue;
    const here = [...path, name];
    if (each.anyOf === undefined) {
      yield* settings(each, here, base);
      continue;
    }
    yield { path: here, of: each, base };
    for (const list of each.anyOf.filter(s => s.type === 'array' && s.items.properties)) {
      yield* settings(list.items, [...here, 0], base);
      for (const type of list.items.allOf ?? [])
        yield* settings(type.then, [...here, 0], { at: [...here, 0, 'type'], is: type.if.properties.type.const });
    }
    for (const map of each.anyOf.filter(s => s.properties))
      yield* settings(map, here, base);
  }
}

function place(into, path, value) {
  let at = into;
  path.slice(0, -1).forEach((key, i) => {
    at[key] ??= typeof path[i + 1] === 'number' ? [] : {};
    at = at[key];
  });
  at[path.at(-1)] = value;
  return into;
}

const dotted = path => path.map(k => (typeof k === 'number' ? `[${k}]` : `.${k}`)).join('').slice(1);

function assertRefused(path, value, base) {
  const configuration = place({}, path, value);
  if (base.at) place(configuration, base.at, base.is);
  const name = dotted(path);
  // These keys are read where the type is static.
  if (name.startsWith('backend.auth.pluginKeyStore.static')) place(configuration, ['backend', 'auth', 'pluginKeyStore', 'type'], 'static');
  if (name === 'spectrocloud.audit.file') place(configuration, ['spectrocloud', 'audit', 'to'], 'file');
  const pointer = `/${path.join('/')}`;
  assert.equal(validate(configuration), false, `the schema takes ${name}: ${JSON.stringify(value)}`);
  assert.ok(validate.errors.some(e => e.instancePath.startsWith(pointer)), `${name} ${JSON.stringify(value)}\n${places()}`);
  if (DATABASE.test(name)) return;
  const { faults } = check(configuration);
  assert.ok(faults.some(f => f.path?.startsWith(name) && f.line === 1), `config check takes ${name}: ${JSON.stringify(value)} ${JSON.stringify(faults)}`);
}

test('each setting refuses what is no value of its kind, as the service does', () => {
  let count = 0;
  for (const { path, base } of settings(schema)) {
    assertRefused(path, [[[]]], base);
    count++;
  }
  assert.ok(count > 100, `${count} settings`);
});

test('numbers out of range, unknown choices and durations without a unit are refused by both', () => {
  let count = 0;
  for (const { path, of, base } of settings(schema)) {
    const bad = [];
    for (const alternative of of.anyOf) {
      if (alternative.type === 'integer') bad.push(alternative.minimum - 1, alternative.maximum + 1, 1.5);
      if (alternative.type === 'number') bad.push(alternative.minimum - 0.1, alternative.maximum + 0.1);
      if (alternative.enum) bad.push('no-such-choice');
      if (alternative.$ref === '#/definitions/duration') bad.push(5, '5', '5 parsecs');
      if (alternative.$ref === '#/definitions/boolean') bad.push('maybe', 2);
    }
    for (const value of bad) assertRefused(path, value, base);
    count += bad.length;
  }
  assert.ok(count > 150, `${count} values`);
});

test('keys that there are not are refused below spectrocloud, and elsewhere are left alone', () => {
  assert.ok(!validate({ spectrocloud: { server: { lisen: 'x' } } }));
  assert.ok(!validate({ spectrocloud: { environments: [{ url: 'https://a', tenant: 't', apiToken: 'k', tenat: 't' }] } }));
  assert.ok(validate({
    app: { title: 'x' }, integrations: { github: [] }, backend: { listen: ':7007', reading: {} },
    spectrocloud: { catalogProvider: { anything: [1] }, ingestor: {} },
  }), places());
});

test('what is required is missed', () => {
  assert.ok(!validate({ spectrocloud: { environments: [{ url: 'https://a', tenant: 't' }] } }));
  assert.match(places(), /apiToken/);
  assert.ok(validate({ spectrocloud: { environments: [{ $include: 'environment.yaml' }] } }), places());
  assert.ok(!validate({ backend: { auth: { externalAccess: [{ type: 'static', options: { subject: 's' } }] } } }));
  assert.match(places(), /token/);
});

test('a variable or a file may stand for any value', () => {
  for (const value of ['${A}', '${A:-1}', { $env: 'A' }, { $file: 'a' }, { $include: 'a.yaml#b' }])
    for (const { path, of, base } of settings(schema)) {
      if (of.anyOf.every(s => s.$ref !== '#/definitions/computed')) continue;
      const configuration = place({}, path, value);
      if (base.at) place(configuration, base.at, base.is);
      validate(configuration);
      const pointer = `/${path.join('/')}`;
      assert.deepEqual((validate.errors ?? []).filter(e => e.instancePath === pointer), [], dotted(path));
    }
});

test('every setting says what it does, and its default fits', () => {
  for (const { path, of } of settings(schema)) {
    assert.match(of.description ?? '', /\w.*\.$/, dotted(path));
    if (of.default === undefined) continue;
    const configuration = place({}, path, of.default);
    validate(configuration);
    assert.deepEqual((validate.errors ?? []).filter(e => e.instancePath === `/${path.join('/')}`), [], dotted(path));
  }
});
