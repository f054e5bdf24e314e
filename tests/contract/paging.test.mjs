// Lists in pages, for who asks for them with limit and cursor: together they are the whole list, item by item to the
// byte, whatever comes and goes meanwhile. Who does not ask gets the list whole, as ever.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { creations, newName } from './creates.mjs';
import { configuration, goodRequests, operations, startService, startSimulator } from './harness.mjs';

const SEED = ['--seed', '11', '--projects', '20', '--clusters', '5000', '--virtual-clusters', '60', '--profiles', '130'];

let simulator;
let service;
let world;
let lists; // [{ name, method, path, query, body, key }]

before(async () => {
  simulator = await startSimulator(...SEED);
  world = await simulator.world();
  const config = configuration([simulator, simulator], { upstream: { timeout: '30s' } });
  service = await startService(config);
  const ofProject = uid => world.profiles.filter(p => p.project === uid && ['infra', 'cluster'].includes(p.type)).length;
  const [{ uid: projectUid }] = [...world.projects].sort((a, b) => ofProject(b.uid) - ofProject(a.uid));
  const good = { ...goodRequests(world), 'project.profiles': { path: { projectUid } } };
  const { rows } = await operations(service);
  lists = rows.filter(row => row.parameters.some(p => p.name === 'cursor')).map(row => asked(row, good[row.operationId]));
});

after(async () => {
  assert.equal(await service.stop(), 0, service.log());
  await simulator.stop();
});

function asked(row, { path: values = {}, query = {}, body }) {
  return {
    name: row.operationId,
    method: row.method,
    path: row.path.replaceAll(/\{(\w+)\}/g, (_, name) => values[name]).replace(/^(?!\/api\/)/, '/api/spectrocloud'),
    query: Object.fromEntries(Object.entries(query).filter(([, value]) => value !== undefined)),
    body: row.operationId === 'profile.search' ? { names: [...new Set(world.profiles.map(p => p.name))] } : body,
  };
}

const listOf = name => lists.find(list => list.name === name);

function ask(list, query = {}, body = list.body, by = service) {
  const all = new URLSearchParams({ ...list.query, ...query }).toString();
  return by.request(list.method, list.path + (all && `?${all}`), body && { body: JSON.stringify(body) });
}

// The items of an answer as they were sent. The first array in it is the list.
function itemsOf(text) {
  const items = [];
  let depth = 0;
  let quoted = false;
  let from = text.indexOf('[') + 1;
  for (let i = from; ; i++) {
    assert.ok(i < text.length, 'the list has an end');
    if (quoted) {
      if (text[i] === '\\') i++;
      else if (text[i] === '"') quoted = false;
    } else if (text[i] === '"') {
      quoted = true;
    } else if (text[i] === '{' || text[i] === '[') {
      depth++;
    } else if (depth === 0 && (text[i] === ',' || text[i] === ']')) {
      if (i > from) items.push(text.slice(from, i));
      from = i + 1;
      if (text[i] === ']') return items;
    } else if (text[i] === '}' || text[i] === ']') {
      depth--;
    }
  }
}

async function page(list, query, body, by) {
  const answer = await ask(list, query, body, by);
  assert.equal(answer.status, 200, `${list.name}: ${answer.text.slice(0, 500)}`);
  return { ...answer.json, items: itemsOf(answer.text), text: answer.text };
}

// All pages, or those behind a cursor.
async function walk(list, query, between = async () => {}) {
  const pages = [];
  for (let { cursor } = query; pages.length === 0 || cursor;) {
    const next = await page(list, { ...query, ...(cursor && { cursor }) });
    assert.ok(next.items.length <= Number(query.limit ?? 100), `${list.name}: ${next.items.length} items`);
    assert.ok(next.items.length > 0 || !next.nextCursor, `${list.name}: an empty page that goes on`);
    pages.push(next);
    assert.ok(pages.length < 300, `${list.name}: it does not end`);
    cursor = next.nextCursor;
    if (cursor) await between(pages.length);
  }
  return pages;
}

const named = item => ({ uid: item.uid, name: item.name, ...item.metadata });
const uidOf = item => named(JSON.parse(item)).uid;
const keyOf = item => Buffer.from(`${named(JSON.parse(item)).name}\0${uidOf(item)}`);

test('5,000 clusters by pages of 500: the whole list, each item once and to the byte', async () => {
  const whole = await page(listOf('cluster.list'));
  assert.ok(whole.items.length > 4500, String(whole.items.length));
  const pages = await walk(listOf('cluster.list'), { limit: 500 });
  const items = pages.flatMap(p => p.items);
  assert.equal(pages.length, Math.ceil(whole.items.length / 500));
  assert.ok(pages.every(p => p.total === whole.items.length));
  assert.equal(new Set(items.map(uidOf)).size, items.length);
  assert.deepEqual([...items].sort(), [...whole.items].sort());
  const keys = items.map(keyOf);
  assert.deepEqual(keys, [...keys].sort(Buffer.compare));
});

test('the routes that have pages', () => {
  assert.deepEqual(lists.map(list => list.name).sort(), ['cloud_account.list', 'cluster.list', 'cluster_group.list',
    'profile.search', 'project.list', 'project.profiles', 'user.projects', 'virtual_cluster.list']);
});

test('every list: whole without parameters, and its pages are the whole', async () => {
  for (const list of lists.filter(l => l.name !== 'cluster.list')) {
    const whole = await page(list);
    assert.equal('total' in whole || 'nextCursor' in whole, false, list.name);
    assert.equal((await ask(list, { limit: '', cursor: '' })).text, whole.text, list.name);
    assert.ok(whole.items.length > 1, `${list.name} has too few items to tell`);
    const pages = await walk(list, { limit: Math.ceil(whole.items.length / 4) });
    const items = pages.flatMap(p => p.items);
    assert.ok(pages.length > 1, list.name);
    assert.ok(pages.every(p => p.total === whole.items.length), list.name);
    assert.deepEqual([...items].sort(), [...whole.items].sort(), list.name);
    const keys = items.map(keyOf);
    assert.deepEqual(keys, [...keys].sort(Buffer.compare), list.name);
  }
});

test('without limit and cursor an answer is what Palette sent, in its order', async () => {
  const { uid } = world.projects.find(p => p.clusters.length > 60);
  const direct = await fetch(`${simulator.url}/v1/dashboard/spectroclusters/meta`,
    { headers: { ApiKey: 'sim-key', ProjectUid: uid } });
  const ours = await page(listOf('cluster.list'), { projectUid: uid });
  const theirs = itemsOf(await direct.text());
  assert.deepEqual(Object.keys(JSON.parse(ours.text)), ['clusters']);
  assert.equal(ours.text, `{"clusters":[${ours.items.join(',')}]}`);
  assert.deepEqual(ours.items.map(i => i.trim()), theirs.map(i => i.trim()));
});

test('a cursor alone leads to a page of a hundred', async () => {
  const list = listOf('cluster.list');
  const first = await page(list, { limit: 1 });
  const second = await page(list, { cursor: first.nextCursor });
  assert.equal(second.items.length, 100);
  const both = await page(list, { limit: 101 });
  assert.deepEqual([...first.items, ...second.items], both.items);
});

test('limits that are none', async () => {
  for (const list of lists)
    for (const limit of ['0', '501', '-1', 'abc', '1.5', '1e2', '99999999999999999999']) {
      const { status, json } = await ask(list, { limit });
      assert.equal(status, 400, `${list.name} ${limit}`);
      assert.equal(json.error.message, 'limit (in the query) must be a whole number from 1 to 500');
      assert.deepEqual(json.error.faults.map(f => [f.field, f.in]), [['limit', 'query']]);
    }
});

async function assertRefused(list, query, body) {
  const { status, json } = await ask(list, query, body);
  assert.equal(status, 400, `${list.name} ${JSON.stringify(query)}`);
  assert.equal(json.error.message, 'cursor (in the query) must be nextCursor of an answer to the same call, with the ' +
    'same other parameters');
  assert.deepEqual(json.error.faults.map(f => [f.field, f.in]), [['cursor', 'query']]);
}

test('cursors of another list, of other parameters, and broken ones', async () => {
  const cursors = new Map();
  for (const list of lists) cursors.set(list, (await page(list, { limit: 1 })).nextCursor);
  for (const list of lists) {
    const cursor = cursors.get(list);
    for (const [other, foreign] of cursors) if (other !== list) await assertRefused(list, { cursor: foreign });
    if (list.name !== 'project.list' && list.name !== 'user.projects' && list.name !== 'project.profiles')
      await assertRefused(list, { cursor, projectUid: world.projects[2].uid });
    await assertRefused(list, { cursor, instance: 'second' });
    await page(list, { cursor, instance: 'first' });
    for (const broken of ['x', '!', 'AAAA', cursor.slice(0, 18), `A${cursor.slice(1)}`, `${cursor}=`, 'A'.repeat(1024)])
      if (broken !== cursor) await assertRefused(list, { cursor: broken, limit: 5 });
    const long = await ask(list, { cursor: 'A'.repeat(1025) });
    assert.deepEqual([long.status, long.json.error.faults[0].field], [400, 'cursor']);
  }
  const search = listOf('profile.search');
  await assertRefused(search, { cursor: cursors.get(search) }, { names: search.body.names.slice(1) });
  const profiles = listOf('project.profiles');
  await assertRefused(profiles, { cursor: cursors.get(profiles), cloudType: 'eks' });
  const elsewhere = world.projects.find(p => !profiles.path.includes(p.uid));
  const other = { ...profiles, path: profiles.path.replace(/\/projects\/\w+/, `/projects/${elsewhere.uid}`) };
  await assertRefused(other, { cursor: cursors.get(profiles) });
});

test('clusters that come and go meanwhile: each that is there throughout comes once', async () => {
  const list = { ...listOf('cluster.list'), query: { projectUid: world.projects[0].uid } };
  const [eks] = creations(world);
  const before = (await walk(list, { limit: 500 })).flatMap(p => p.items).map(uidOf);
  const gone = new Set();
  const made = [];
  const pages = await walk(list, { limit: 20 }, async count => {
    // One that was seen, the one the cursor names, and the next one go; one comes to an end of the order or the other.
    for (const uid of [before[count * 20 - 11], before[count * 20 - 1], before[count * 20 + 5]])
      if (uid && !gone.has(uid)) {
        await simulator.control('POST', '/world/delete-cluster', { uid });
        gone.add(uid);
      }
    const name = `${count % 2 ? 'a0' : 'zz'}-${String(count).padStart(3, '0')}-${newName()}`;
    const answer = await service.request('POST', eks.path, { body: eks.body(name) });
    assert.equal(answer.status, 201, answer.text);
    made.push(answer.json.uid);
  });
  const seen = pages.flatMap(p => p.items).map(uidOf);
  assert.ok(pages.length > 5 && gone.size > 10 && made.length > 5, `${pages.length} pages`);
  assert.equal(new Set(seen).size, seen.length);
  const throughout = before.filter(uid => !gone.has(uid));
  assert.deepEqual(seen.filter(uid => throughout.includes(uid)), throughout);
  assert.deepEqual(made.map((uid, i) => seen.includes(uid) === (i % 2 === 1)), made.map(() => true),
    'what comes behind the cursor is seen, what comes before it is not');
});

test('what Palette forbids is named on every page', async () => {
  const truth = world.projects.slice(0, 3);
  const key = `limited-key:projects=${truth.map(p => p.uid).join(',')}`;
  const restricted = await startSimulator(...SEED, '--api-key', key);
  const config = configuration([restricted], { upstream: { timeout: '30s' } });
  config.spectrocloud.environments[0].apiToken = 'limited-key';
  const own = await startService(config);
  await restricted.fault({ match: { pathContains: 'spectroclusters/meta', project: truth[0].uid }, times: -1,
    fault: 'status', status: 403 });
  const list = listOf('cluster.list');
  const whole = await page(list, {}, undefined, own);
  const first = await page(list, { limit: 3 }, undefined, own);
  const second = await page(list, { limit: 3, cursor: first.nextCursor }, undefined, own);
  for (const answer of [whole, first, second])
    assert.deepEqual(answer.warnings.map(w => [w.projectUid, w.status]), [[truth[0].uid, 403]]);
  assert.equal(first.total, whole.items.length);
  assert.equal(await own.stop(), 0, own.log());
  await restricted.stop();
});
