// What the pages name is there: files, headings, settings, metrics, options, checks, events, alerts, folders.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { test } from 'node:test';

import { parse } from 'yaml';

import { ALL_PAGES, OPERATORS_PAGES, ROOT, anchorsOf, badLinksOf, blocksOf, proseOf, read, spansOf } from './pages.mjs';

const BACKEND = resolve(process.env.SPECTROCLOUD_BACKEND ?? 'build/spectrocloud-backend');
const PLACEHOLDER = /\b[A-Z]{3,}\./; // src/op/RESOURCE.c
const RULES = 'packaging/prometheus/spectrocloud-backend.rules.yaml';

function prints(...args) {
  const { status, stdout, stderr } = spawnSync(BACKEND, args, { encoding: 'utf8', maxBuffer: 64 << 20 });
  assert.equal(status, 0, `${args.join(' ')}: ${stderr}`);
  return stdout;
}

const sources = readdirSync(join(ROOT, 'src'), { recursive: true }).filter(path => /\.[ch]$/.test(path));

test('every link leads to a file and a heading that are there', () =>
  assert.deepEqual(ALL_PAGES.flatMap(badLinksOf), []));

// ---- settings ----

// Of the tables of the reference page: `section.name`, without [].
function knownSettings() {
  const names = new Set();
  let section = '';
  for (const line of prints('docs', 'settings').split('\n')) {
    section = line.match(/^## `([\w.[\]]+)`/)?.[1] ?? section;
    const name = line.match(/^\| `([\w.]+)` \|/)?.[1];
    if (name) names.add(`${section}.${name}`.replaceAll('[]', ''));
    for (const [, ignored] of line.startsWith('Accepted for') ? line.matchAll(/`([\w.[\]]+)`/g) : [])
      names.add(ignored.replaceAll('[]', ''));
  }
  return names;
}

test('every setting that is named in backquotes is one', () => {
  const settings = knownSettings();
  assert.ok(settings.size > 100);
  const sections = new Set([...settings].flatMap(name => name.split('.').map((_, i, parts) =>
    parts.slice(0, i + 1).join('.'))));
  const others = new Set([...prints('docs', 'operations').matchAll(/spectrocloud\.[a-z]+\.[a-z-]+/g),
    ...prints('docs', 'tools').matchAll(/spectrocloud\.[a-z]+\.[a-z-]+/g)].map(([permission]) => permission))
    .add('spectrocloud.environment'); // an attribute of spans
  const named = span => span.match(/(?<![\w./:-])spectrocloud\.[\w.[\]-]*\w/g) ?? [];
  const unknown = ALL_PAGES.flatMap(page => spansOf(page).flatMap(span => named(span)
    .map(name => name.replaceAll(/\[\w*\]|\.\d+(?=\.|$)/g, ''))
    .filter(name => !sections.has(name) && !others.has(name) && !/^spectrocloud\.\w+_spectrocloud_/.test(name))
    .map(name => `${page}: ${name}`)));
  assert.deepEqual(unknown, []);
});

test('every metric that is named is one', () => {
  const names = new Set([...prints('docs', 'metrics').matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name));
  assert.ok(names.size > 30);
  const unknown = ALL_PAGES.flatMap(page => [...spansOf(page), ...blocksOf(page).map(b => b.text)]
    .flatMap(text => text.match(/\b(?:spectrocloud|process)_\w+/g) ?? [])
    .filter(name => !names.has(name) && !names.has(name.replace(/_(bucket|sum|count)$/, '')) && name !== 'spectrocloud_')
    .map(name => `${page}: ${name}`));
  assert.deepEqual(unknown, []);
});

// ---- commands ----

const helps = new Map();
const help = command => helps.get(command) ?? helps.set(command, prints(command, '--help')).get(command);

// A line of a shell, or a span: what is wrong with the command of ours in it.
function badCommand(text) {
  const commands = new Set(prints('--help').match(/^ {2}([a-z]+) {2,}/gm).map(line => line.trim()));
  return [...text.matchAll(/(?<![\w.])spectrocloud-backend ((?:[^\s|;&`)<>#]+ ?)+)/g)].flatMap(([all, words]) => {
    const [command, ...rest] = words.trim().split(/ +/);
    if (command.startsWith('-') || !/^[a-z]+$/.test(command)) return [];
    if (!commands.has(command)) return [`there is no command ${command}: ${all}`];
    const end = rest.indexOf('--') < 0 ? rest.length : rest.indexOf('--');
    return rest.slice(0, end).filter(word => /^--?[a-z]/.test(word)).map(word => word.replace(/[=,.].*/, ''))
      .filter(option => !new RegExp(`(^|[ ,])${option}(?![\\w-])`, 'm').test(help(command)))
      .map(option => `${command} has no ${option}`);
  });
}

test('every command that is named is one, and so is each of its options', () => {
  assert.deepEqual(badCommand('spectrocloud-backend serve --nonsense').length, 1);
  assert.deepEqual(badCommand('spectrocloud-backend nonsense').length, 1);
  const seen = [];
  const bad = ALL_PAGES.filter(page => page !== 'CHANGELOG.md').flatMap(page => {
    const shell = blocksOf(page).filter(b => b.language === 'sh').flatMap(b => b.text.replaceAll('\\\n', ' ').split('\n'));
    const texts = [...spansOf(page), ...shell].filter(text => /(^|[/ ])spectrocloud-backend [a-z]/.test(text));
    seen.push(...texts);
    return texts.flatMap(text => badCommand(text).map(why => `${page}: ${why}`));
  });
  assert.deepEqual(bad, []);
  assert.ok(seen.length > 40, `${seen.length} commands`);
});

test('every doctor check that is named is one', () => {
  const checks = new Set(JSON.parse(prints('doctor', '--list', '--json')).map(check => check.name));
  const lists = OPERATORS_PAGES.flatMap(page => [...spansOf(page), ...blocksOf(page).map(b => b.text)]
    .flatMap(text => [...text.matchAll(/doctor [^#\n]*?--only ([\w,-]+)/g)].map(([, list]) => [page, list])));
  assert.ok(lists.length > 10);
  for (const [page, list] of lists) for (const name of list.split(','))
    assert.ok(checks.has(name) || name === 'NAME', `${page}: doctor --only ${name}`);
});

test('every event of the log that the runbook names is logged', () => {
  const code = sources.filter(path => path.endsWith('.c')).map(path => read(join('src', path))).join('\n');
  const modules = [...read('docs/generated/log.md').matchAll(/^\| `\w+` \| (.*?) \|/gm)]
    .flatMap(([, list]) => [...list.matchAll(/`(\w+)`/g)].map(([, first]) => first));
  const named = spansOf('docs/operations.md').filter(span => /^[a-z]+\.[a-z_]+$/.test(span) &&
    modules.includes(span.split('.')[0]) && span !== 'permission.enabled');
  assert.ok(new Set(named).size > 12);
  for (const name of named) assert.ok(code.includes(`"${name}"`), name);
});

// ---- alerts ----

test('each alert has its section in the runbook, and leads there', () => {
  const rules = parse(read(RULES)).groups.flatMap(group => group.rules);
  const page = read('docs/operations.md');
  const anchors = anchorsOf('docs/operations.md');
  const sections = new Map(page.split(/^### /m).slice(1).map(text => [text.split('\n')[0], text.split(/^## /m)[0]]));
  assert.ok(rules.length > 15);
  for (const { alert, annotations } of rules) {
    assert.ok(sections.has(alert), `${alert} has no section`);
    assert.equal(annotations.runbook, `docs/operations.md#${alert.toLowerCase()}`);
    assert.ok(anchors.has(alert.toLowerCase()));
    assert.match(sections.get(alert), /^- \*\*Look:\*\* [^]*^- \*\*Do:\*\* /m, alert);
  }
  const left = [...sections.keys()].filter(name => /^Spectrocloud/.test(name) && !rules.some(rule => rule.alert === name));
  assert.deepEqual(left, [], 'sections without an alert');
});

// ---- the house ----

test('the pages about the source name every folder, and no file that is not there', () => {
  const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter(e => e.isDirectory()).map(e => e.name);
  const house = blocksOf('docs/architecture.md')[0].text;
  for (const folder of folders) assert.match(house, new RegExp(`(^|\\s)${folder}/ `, 'm'));
  // Those of one line may stand in any order.
  const layers = read('dev.d/layers').match(/^layers='\n([^']*)'/m)[1].trim().split('\n').reverse().map(l => l.split(' ').sort());
  const said = proseOf('CONTRIBUTING.md').match(/Layers, from the top: ([^.]*)\./)[1].match(/(?<=`)\w+(?=`)/g);
  assert.deepEqual(layers.map(line => said.splice(0, line.length).sort()), layers);
  assert.deepEqual(said, []);
  const headers = sources.filter(path => /^base\/\w+\.h$/.test(path)).map(path => path.slice(5, -2));
  const base = house.match(/^ *base\/ (.*)$/m)[1];
  // What stands behind another's name belongs to it.
  const own = headers.filter(name => !headers.some(other => name !== other && name.startsWith(`${other}_`)));
  for (const name of own) assert.match(base, new RegExp(`\\b${name}\\b`));
  const named = ['CONTRIBUTING.md', 'docs/architecture.md', 'docs/security.md', 'docs/reliability.md'].flatMap(page =>
    (read(page).match(/(?<![\w/.-])(?:src\/)?(?:\w+\/)?\w+\*?\.[ch]\b(?!\w)/g) ?? [])
    .filter(path => !PLACEHOLDER.test(path)).map(path => [page, path]));
  assert.ok(named.length > 100);
  const short = sources.map(path => path.split('/').at(-1));
  for (const [page, path] of named) {
    const pattern = new RegExp(`^${path.replace('src/', '').replaceAll('.', '\\.').replace('*', '\\w*')}$`);
    assert.ok((path.includes('/') ? sources : short).some(name => pattern.test(name)), `${page}: ${path}`);
  }
});

test('every file of the repository that a page names is there', () => {
  const roots = readdirSync(ROOT).filter(name => !name.startsWith('.') && !name.startsWith('build'));
  const missing = ALL_PAGES.filter(page => page !== 'sim/README.md').flatMap(page => spansOf(page)
    .filter(span => /^[\w.-]+\/[\w./-]*$/.test(span) && roots.includes(span.split('/')[0]))
    .filter(path => !PLACEHOLDER.test(path) && !existsSync(join(ROOT, path))).map(path => `${page}: ${path}`));
  assert.deepEqual(missing, []);
});
