// Large lists do not end in a model's context by accident: what is not asked for stays behind a cursor, and walking on
// gives each item exactly once.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { goodInputs, invoke, listActions } from './actions.mjs';
import { assertConforms } from './conforms.mjs';
import { configuration, startService, startSimulator } from './harness.mjs';

let simulator;
let service;
let world;
let lists; // those that answer in pages

before(async () => {
  simulator = await startSimulator('--seed', '5', '--projects', '20', '--clusters', '5000', '--virtual-clusters', '120',
    '--profiles', '130');
  world = await simulator.world();
  service = await startService(configuration([simulator], { upstream: { timeout: '30s' } }));
  lists = (await listActions(service)).filter(a => 'cursor' in a.schema.input.properties);
});

after(async () => {
  assert.equal(await service.stop(), 0, service.log());
  await simulator.stop();
});

async function page(action, input) {
  const answer = await invoke(service, action.name, input);
  assert.equal(answer.status, 200, `${action.name}: ${answer.text.slice(0, 500)}`);
  assertConforms(action.schema.output, answer.json.output, action.name);
  const { output } = answer.json;
  const [items] = Object.values(output).filter(Array.isArray);
  return { items, total: output.total, next: output.nextCursor, bytes: answer.text.length };
}

async function walk(action, input) {
  const items = [];
  let pages = 0;
  for (let { cursor } = input; pages === 0 || cursor; pages++) {
    const answer = await page(action, { ...input, ...(cursor && { cursor }) });
    items.push(...answer.items);
    assert.ok(answer.items.length > 0 || !answer.next, `${action.name}: an empty page that goes on`);
    assert.ok(pages < 200, `${action.name}: it does not end`);
    cursor = answer.next;
  }
  return { items, pages };
}

const uidOf = item => item.uid ?? item.metadata.uid;
const nameOf = item => item.name ?? item.metadata.name;
const clusters = () => lists.find(a => a.name === 'list_spectrocloud_clusters');

test('5,000 clusters: a hundred of them, and how many there are', async () => {
  const { items, total, next, bytes } = await page(clusters(), {});
  assert.equal(items.length, 100);
  assert.ok(total >= 4500, String(total)); // some are deleted
  assert.ok(next.length > 0 && next.length <= 1024);
  assert.ok(bytes < 40000, `${bytes} bytes`);
  const few = await page(clusters(), { fields: ['state'] });
  assert.deepEqual([...new Set(few.items.flatMap(Object.keys))].sort(), ['name', 'state', 'uid']);
  assert.ok(few.bytes < bytes);
});

test('5,000 clusters: each of them exactly once', async () => {
  const whole = (await service.request('GET', '/api/spectrocloud/clusters')).json.clusters;
  const { items, pages } = await walk(clusters(), { limit: 500, fields: ['uid'] });
  assert.equal(pages, Math.ceil(whole.length / 500));
  assert.deepEqual(items.map(uidOf).sort(), whole.map(uidOf).sort());
  assert.equal(new Set(items.map(uidOf)).size, items.length);
});

test('what a filter leaves is what is counted and walked', async () => {
  const [name] = [...new Set(world.clusters.filter(c => !c.deleted).map(c => c.name))].filter(n => n.length > 4);
  const part = name.slice(1, 4).toUpperCase();
  const { items } = await walk(clusters(), { nameContains: part, limit: 50 });
  assert.ok(items.length > 0);
  assert.ok(items.every(i => i.name.toUpperCase().includes(part)));
  assert.equal((await page(clusters(), { nameContains: part, limit: 1 })).total, items.length);
  const running = await page(clusters(), { state: 'running', limit: 500 });
  assert.ok(running.items.every(i => i.state === 'Running') && running.total > 0);
  const none = await page(clusters(), { nameContains: 'no cluster has such a name' });
  assert.deepEqual([none.items, none.total, none.next], [[], 0, undefined]);
});

test('every list: pages of seven are the whole, in order', async () => {
  const good = goodInputs(world);
  assert.ok(lists.length >= 7);
  for (const action of lists) {
    // Of the clusters those of one project.
    const input = { ...good[action.name],
      ...(action === clusters() && { projectUid: world.projects[0].uid, state: 'Running' }) };
    const { total } = await page(action, input);
    const { items, pages } = await walk(action, { ...input, limit: 7 });
    assert.equal(items.length, total, action.name);
    assert.equal(pages, Math.max(1, Math.ceil(total / 7)), action.name);
    assert.equal(new Set(items.map(uidOf)).size, total, action.name);
    const names = items.map(i => Buffer.from(nameOf(i)));
    assert.deepEqual(names, [...names].sort(Buffer.compare), action.name);
  }
});

test('clusters that go meanwhile: no other is skipped or seen twice', async () => {
  const list = { limit: 200, projectUid: world.projects[1].uid, fields: ['uid'] };
  const before = (await walk(clusters(), list)).items.map(uidOf);
  const first = await page(clusters(), { ...list, limit: 20 });
  const gone = [before[3], before[19], before[25]];
  for (const uid of gone) await simulator.control('POST', '/world/delete-cluster', { uid });
  const rest = await walk(clusters(), { ...list, cursor: first.next });
  assert.deepEqual([...first.items, ...rest.items].map(uidOf),
    before.filter((uid, i) => i < 20 || !gone.includes(uid)));
});

test('a cursor of another list, or of other inputs, is refused', async () => {
  const { next } = await page(clusters(), { limit: 5 });
  const projects = lists.find(a => a.name === 'list_spectrocloud_projects');
  for (const [action, input] of [[projects, {}], [clusters(), { state: 'Running' }],
    [clusters(), { projectUid: world.projects[0].uid }]]) {
    const answer = await invoke(service, action.name, { ...input, cursor: next });
    assert.equal(answer.status, 400);
    assert.match(answer.json.error.message, /cursor \(in the input\) must be nextCursor/);
  }
});
