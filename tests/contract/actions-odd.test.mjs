// Palette's and the catalog's answers with something wrong in them: whatever it is, an action answers what its schema
// says, or an error.
//
// The service asks a server of this test's, which passes the simulator's answers on, changed. Each change follows from
// its number, so that ODD_ONLY=NAME:NUMBER repeats one.
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, test } from 'node:test';

import {
  TAG_ACTIONS, assertErrorBody, entitiesOf, goodInputs, invoke, listActions, moreInputs,
} from './actions.mjs';
import { beside, startBackstage, startBeside, stopBeside } from './backstage.mjs';
import { assertConforms } from './conforms.mjs';
import { RESTRICTED, TOKEN, TRUSTED, configuration, startSimulator } from './harness.mjs';

const CHANGES = Number(process.env.ODD_CHANGES ?? 90); // for each action
const GIVES_CREDENTIALS = /kubeconfig/;

let simulator;
let upstream;
let backstage;
let service;
let actions;
let good;
const errors = [];

before(async () => {
  simulator = await startSimulator('--seed', '9', '--projects', '2', '--clusters', '8', '--virtual-clusters', '3',
    '--profiles', '8');
  const world = await simulator.world();
  upstream = await startUpstream(simulator.url);
  backstage = await startBackstage();
  backstage.entities.push(...entitiesOf(world));
  service = await startBeside(backstage, beside(backstage, configuration([upstream], {
    mcp: { kubeconfig: 'full', toolsets: ['core', 'operations', 'packs', 'tags'], include: ['*', ...TAG_ACTIONS] },
    upstream: { timeout: '2s', attempts: 1, maxAnswerBytes: 2 * 1024 * 1024 } })));
  actions = await listActions(service);
  good = { ...goodInputs(world), ...await moreInputs(world, service) };
});

after(async () => {
  await stopBeside(backstage, service);
  await backstage.stop();
  await upstream.stop();
  await simulator.stop();
});

// ---- chance, the same each time ----

function chance(seed) {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
  const below = n => Math.floor(next() * n);
  return { below, one: list => list[below(list.length)], is: probability => next() < probability };
}

const seedOf = (name, number) => [...name].reduce((seed, c) => Math.imul(seed, 31) + c.charCodeAt(0), number * 7919);

// ---- changes ----

// What JSON.stringify cannot write stands as a text of its own until it has written the rest.
const RAW = { '@huge': '1e400', '@long': '123456789012345678901234567890', '@half': '-0.5e-7', '@nul': '"\\u0000"',
  '@lone': '"\\ud800"', '@edge': '9223372036854775808' };

const garbage = () => ({ metadata: { uid: { uid: [] }, name: [null] }, spec: [[{ cloudType: {} }]], status: 'x' });

const VALUES = [
  () => null, () => undefined, () => '', () => 'x', () => 0, () => -1, () => 1.5, () => true, () => false, () => [],
  () => ({}), () => [null], () => [{}], () => [[]], () => ['a', 1, null, {}], garbage, () => [garbage(), garbage()],
  () => 'y'.repeat(5000), () => ' \u0001\n"\\<b>\u2028', () => '\u{1F600}ä', () => '../../x', () => 'true', () => '7',
  ...Object.keys(RAW).map(raw => () => raw),
];

const isContainer = value => value !== null && typeof value === 'object' && Object.keys(value).length > 0;

// Somewhere in the tree, rather near its root: the container and the key.
function place(random, tree) {
  let at = tree;
  for (;;) {
    const key = random.one(Object.keys(at));
    if (!isContainer(at[key]) || random.is(0.25)) return [at, key];
    at = at[key];
  }
}

function change(random, tree) {
  const [at, key] = place(random, tree);
  const value = random.one(VALUES)();
  if (random.is(0.15)) {
    at[Array.isArray(at) ? at.length : random.one(['uid', 'name', 'extra', 'metadata', 'items'])] = value;
  } else if (value === undefined) {
    if (Array.isArray(at)) at.splice(Number(key), 1);
    else delete at[key];
  } else {
    at[key] = value;
  }
  // The same to all items of a list, where the first of them has it.
  if (Array.isArray(tree.items) && random.is(0.3) && isContainer(tree.items[0])) {
    const [inner, name] = place(random, tree.items[0]);
    const path = pathOf(tree.items[0], inner);
    for (const item of tree.items) {
      const same = path?.reduce((o, k) => o?.[k], item);
      if (isContainer(same)) same[name] = value === undefined ? null : structuredClone(value);
    }
  }
}

function pathOf(tree, wanted) {
  if (tree === wanted) return [];
  for (const key of Object.keys(tree).filter(k => isContainer(tree[k]))) {
    const rest = pathOf(tree[key], wanted);
    if (rest) return [key, ...rest];
  }
  return undefined;
}

// The answer's bytes, changed.
function mutate(random, text) {
  let tree;
  try { tree = JSON.parse(text); } catch { tree = undefined; }
  const scalars = ['', 'null', '{}', '[]', '7', '"x"', '{', text + text];
  if (!isContainer(tree)) return random.is(0.5) ? text : random.one(scalars);
  if (random.is(0.03)) return text.slice(0, random.below(text.length));
  if (random.is(0.05)) return JSON.stringify(random.one(VALUES)() ?? null);
  for (let i = random.below(4); i >= 0; i--) if (isContainer(tree)) change(random, tree);
  let changed = JSON.stringify(tree);
  for (const [mark, raw] of Object.entries(RAW)) changed = changed.replaceAll(`"${mark}"`, raw);
  // A name that stands twice.
  if (random.is(0.1)) changed = changed.replace(/"(uid|name|items|metadata)":/, '"$1":[7],$&');
  return changed;
}

// ---- the server between ----

async function startUpstream(url) {
  const known = new Map(); // the simulator's answers, by what was asked
  const sent = [];
  let random = null;

  async function original(request, body) {
    const headers = Object.fromEntries(['apikey', 'authorization', 'projectuid', 'content-type']
      .filter(name => request.headers[name] !== undefined).map(name => [name, request.headers[name]]));
    const what = JSON.stringify([request.method, request.url, headers, body]);
    if (!known.has(what)) {
      const response = await fetch(url + request.url, { method: request.method, headers, body: body || undefined });
      known.set(what, { status: response.status, type: response.headers.get('content-type'),
        text: await response.text() });
    }
    return known.get(what);
  }

  const server = http.createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const { status, type, text } = await original(request, body);
    const changed = random !== null && random.is(0.8) ? mutate(random, text) : text;
    sent.push(`${request.method} ${request.url}\n${changed.slice(0, 3000)}`);
    response.writeHead(status, { 'content-type': type ?? 'application/json' });
    response.end(changed);
  });
  server.listen(0, '127.0.0.1');
  await new Promise(done => server.once('listening', done));
  server.unref();
  return {
    url: `http://127.0.0.1:${server.address().port}`,
    sent,
    follow: next => { random = next; sent.length = 0; },
    stop: () => new Promise(done => { server.close(done); server.closeAllConnections(); }),
  };
}

// ---- the test ----

async function assertStands(action, number, follow = upstream.follow) {
  follow(number === null ? null : chance(seedOf(action.name, number)));
  const answer = await invoke(service, action.name, good[action.name]);
  try {
    if (answer.status === 200) {
      assertConforms(action.schema.output, answer.json.output, action.name);
      if (!GIVES_CREDENTIALS.test(action.name)) assert.ok(!answer.text.includes('sim-secret'), 'a secret');
    } else {
      assert.ok([400, 404, 409, 503].includes(answer.status), answer.text);
      assertErrorBody(answer, action.name);
      assert.ok(!answer.text.includes('sim-secret'), 'a secret');
      errors.push(answer.text);
    }
  } catch (error) {
    error.message = `ODD_ONLY=${action.name}:${number}: ${error.message}\n${answer.text.slice(0, 2000)}\nof\n` +
      upstream.sent.join('\n');
    throw error;
  }
  return answer.status;
}

test('every action over odd answers', async t => {
  const [only, single] = process.env.ODD_ONLY?.split(':') ?? [];
  for (const action of actions.filter(a => only === undefined || a.name === only)) {
    assert.ok(good[action.name], `no good input is known for ${action.name}: add it to goodInputs()`);
    assert.equal(await assertStands(action, null), 200, `${action.name}, unchanged`);
    const counts = {};
    for (let number = single ? Number(single) : 1; number <= (single ? Number(single) : CHANGES); number++) {
      const status = await assertStands(action, number);
      counts[status] = (counts[status] ?? 0) + 1;
    }
    t.diagnostic(`${action.name}: ${JSON.stringify(counts)}`);
    // Most of what Palette leaves out or adds must not cost the whole answer.
    if (!single) assert.ok(counts[200] > CHANGES / 10, `${action.name}: ${JSON.stringify(counts)}`);
  }
});

test('actions that take a name, over odd entities', async t => {
  upstream.follow(null);
  const follow = random => {
    backstage.mood.catalog = random && (x => x.good(found => mutate(random, JSON.stringify(found))));
  };
  for (const action of actions.filter(a => Object.keys(good[a.name]).some(n => /^(cluster|profile)Name$/.test(n)))) {
    const counts = {};
    for (let number = 1; number <= CHANGES / 3; number++) {
      const status = await assertStands(action, number, follow);
      counts[status] = (counts[status] ?? 0) + 1;
    }
    follow(null);
    t.diagnostic(`${action.name}: ${JSON.stringify(counts)}`);
    assert.ok(counts[200] > 0, action.name);
  }
});

test('no secret of Palette, no key and no token is in what was written', () => {
  const written = service.log() + errors.join('\n');
  for (const secret of ['sim-secret', 'sim-key', TOKEN, TRUSTED, RESTRICTED])
    assert.ok(!written.includes(secret), `${secret} was written`);
});
