// What checks the answers of a soak must itself be able to find something: each way in which an answer can be wrong is
// found, and a right one is not.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Disturbances } from './around.mjs';
import { growth } from './gauge.mjs';
import { Kept } from './people.mjs';
import { Report } from './report.mjs';
import { Truth, errorFaults, listFaults, listFaultsOfAny, objectFaults } from './truth.mjs';

const cluster = (uid, project, more = {}) => ({ uid, name: `name-${uid}`, project, cloudType: 'eks', deleted: false, ...more });

const world = () => ({
  credentials: [
    { name: 'key:1', tenantAdmin: true, projects: ['p1', 'p2'] },
    { name: 'session:0', tenantAdmin: false, projects: ['p1'] },
    { name: 'session:1', tenantAdmin: false, projects: ['p2'] },
  ],
  projects: [{ uid: 'p1', name: 'one' }, { uid: 'p2', name: 'two' }],
  clusters: [cluster('a', 'p1'), cluster('b', 'p1'), cluster('c', 'p2'), cluster('d', null),
    cluster('e', 'p1', { deleted: true }), cluster('v', 'p2', { cloudType: 'nested' })],
  accounts: [], clusterGroups: [], profiles: [],
});

const itemOf = ({ uid, name }) => ({ metadata: { uid, name } });
const itemsOf = uids => [...uids].map(uid => itemOf(cluster(uid)));
const time = { from: 1000, to: 2000 };
const asked = (credential, more) => ({ kind: 'clusters', credential, time, ...more });

test('exactly what a credential may see is right', () => {
  const truth = new Truth(world());
  assert.deepEqual(listFaults(truth, itemsOf('abcdv'), asked('key:1')), []);
  assert.deepEqual(listFaults(truth, itemsOf('ba'), asked('session:0')), []);
  assert.deepEqual(listFaults(truth, itemsOf('cv'), asked('session:1')), []);
  assert.deepEqual(listFaults(truth, itemsOf('v'), { ...asked('session:1'), kind: 'virtualClusters' }), []);
  assert.deepEqual(listFaults(truth, itemsOf('ab'), asked('key:1', { project: 'p1' })), []);
});

const wrongLists = [
  ['one too few', 'a', 'session:0', {}, /b \(name-b\) is missing/],
  ['one twice', 'aab', 'session:0', {}, /a is there twice/],
  ['of another project', 'abc', 'session:0', {}, /c \(name-c\) is there, which is not session:0's/],
  ["the tenant's own", 'abd', 'session:0', {}, /d \(name-d\) is there/],
  ['deleted', 'abe', 'session:0', {}, /e \(name-e\) is there/],
  ['of another environment', 'abx', 'session:0', {}, /x \(name-x\) is there, which is not of this environment/],
  ["another credential's", 'cv', 'session:0', {}, /c \(name-c\) is there/],
  ['none at all', '', 'session:0', {}, /is missing/],
  ['outside of the project that was asked for', 'abc', 'key:1', { project: 'p1' }, /c \(name-c\) is there/],
  ['left out without a word', 'a', 'session:0', { warned: new Set(['p2']) }, /b \(name-b\) is missing/],
  ['a wrong one on a page', 'c', 'session:0', { part: true }, /c \(name-c\) is there/],
];
for (const [what, uids, credential, more, wanted] of wrongLists)
  test(`a wrong list is found: ${what}`, () => {
    assert.match(listFaults(new Truth(world()), itemsOf(uids), asked(credential, more)).join(), wanted);
  });

test('another name, or a host among virtual clusters', () => {
  const truth = new Truth(world());
  const items = [itemOf({ uid: 'a', name: 'name-b' }), itemOf(cluster('b'))];
  assert.match(listFaults(truth, items, asked('session:0')).join(), /a is called name-b/);
  assert.match(listFaults(truth, itemsOf('cv'), { ...asked('session:1'), kind: 'virtualClusters' }).join(), /c .* is there/);
});

test('what is warned of may be left out', () => {
  const truth = new Truth(world());
  assert.deepEqual(listFaults(truth, itemsOf('cdv'), asked('key:1', { warned: new Set(['p1']) })), []);
  assert.deepEqual(listFaults(truth, [itemOf({ uid: 'p1', name: 'one' })],
    asked('key:1', { kind: 'myProjects', warned: new Set(['p2']) })), []);
  assert.match(listFaults(truth, [itemOf({ uid: 'p1', name: 'one' })], asked('key:1', { kind: 'myProjects' })).join(),
    /p2 \(two\) is missing/);
});

test('of several credentials one has to explain all', () => {
  const truth = new Truth(world());
  const ask = (uids, ...credentials) => listFaultsOfAny(truth, itemsOf(uids), credentials, { kind: 'clusters', time });
  assert.deepEqual(ask('ab', 'session:0', 'session:1'), []);
  assert.deepEqual(ask('cv', 'session:0', 'session:1'), []);
  assert.notDeepEqual(ask('abcv', 'session:0', 'session:1'), []);
  assert.notDeepEqual(ask(''), []);
});

test('what was created must be there from its answer until its end', () => {
  const truth = new Truth(world());
  const { creations } = truth;
  const made = itemOf({ uid: 'n', name: 'new' });
  const list = (from, to, ...items) =>
    listFaults(truth, [...itemsOf('ab'), ...items], { ...asked('session:0'), time: { from, to } });
  assert.match(list(0, 50, made).join(), /not of this environment/);
  creations.begun('new', { project: 'p1', nested: false }, 100);
  assert.deepEqual([list(150, 160, made), list(150, 160)], [[], []]);
  creations.made('new', 'n', { at: 200 });
  assert.match(list(300, 400).join(), /n \(new\), created before, is missing/);
  assert.deepEqual([list(150, 400), list(300, 400, made)], [[], []]);
  assert.match(listFaults(truth, [...itemsOf('cv'), made], { ...asked('session:1'), time }).join(), /not session:1's/);
  const gone = creations.allGoing(500);
  assert.deepEqual([list(450, 550), list(450, 550, made)], [[], []]);
  gone(600);
  assert.match(list(700, 800, made).join(), /or gone/);
  assert.deepEqual(list(700, 800), []);
});

test('an object that was not asked for, or is not theirs', () => {
  const truth = new Truth(world());
  const a = cluster('a', 'p1');
  assert.deepEqual(objectFaults(truth, itemOf(a), a, ['session:0']), []);
  assert.match(objectFaults(truth, itemOf(cluster('b')), a, ['session:0']).join(), /b came, and a was asked for/);
  assert.match(objectFaults(truth, itemOf(a), a, ['session:1']).join(), /not to be seen by session:1/);
});

test('an error has the documented form', () => {
  const request = { method: 'GET', path: '/api/spectrocloud/clusters?instance=first' };
  const good = (change = {}) => {
    const json = { error: { name: 'BadGatewayError', message: 'no' },
      request: { method: 'GET', url: '/clusters?instance=first' }, response: { statusCode: 502 }, ...change.json };
    return { status: 502, headers: { 'x-request-id': '1' }, text: JSON.stringify(json), ...change, json };
  };
  assert.deepEqual(errorFaults(good(), request), []);
  for (const change of [{ status: 500 }, { status: 503 }, { headers: {} }, { json: { error: { name: 'Error', message: 'no' } } },
    { json: { error: { name: 'BadGatewayError' } } }, { json: { request: { method: 'GET', url: '/projects' } } },
    { json: { response: { statusCode: 200 } } }, { text: 'sim-secret-1' }])
    assert.notDeepEqual(errorFaults(good(change), request), [], JSON.stringify(change));
});

test('which sessions may have been in force', () => {
  const kept = new Kept();
  assert.deepEqual(kept.inForce(0, Date.now()), [null]);
  const done = kept.begin('session:0');
  assert.deepEqual(kept.inForce(0, Date.now() + 1), [null, 'session:0']);
  done();
  assert.deepEqual(kept.inForce(Date.now() + 1, Date.now() + 2), ['session:0']);
  kept.begin('session:1');
  assert.deepEqual(kept.inForce(Date.now() + 1, Date.now() + 2), ['session:0', 'session:1']);
});

test('an error is explained only by what happened then and there', () => {
  const disturbances = new Disturbances(100);
  const end = disturbances.begin('faults of first');
  const at = Date.now();
  assert.ok(disturbances.met(['faults of first'], at, at + 5000));
  assert.ok(!disturbances.met(['faults of second'], at, at + 5000));
  end();
  assert.ok(disturbances.met(['faults of first'], Date.now() + 50, Date.now() + 60));
  assert.ok(!disturbances.met(['faults of first'], Date.now() + 200, Date.now() + 300));
});

const samplesOf = (change = () => ({})) => Array.from({ length: 400 }, (_, i) =>
  ({ rssKb: 30000, descriptors: 40, threads: 20, ...change(i) }));

test('growth after the warm-up is found, and none before', () => {
  assert.deepEqual(growth(samplesOf()).faults, []);
  assert.deepEqual(growth(samplesOf(i => ({ rssKb: i < 100 ? 300 * i : 30000 }))).faults, []);
  assert.match(growth(samplesOf(i => ({ rssKb: 30000 + 30 * i }))).faults.join(), /memory grew from/);
  assert.match(growth(samplesOf(i => ({ descriptors: 40 + Math.floor(i / 20) }))).faults.join(), /descriptors grew/);
  assert.match(growth(samplesOf(i => ({ threads: 20 + Math.floor(i / 40) }))).faults.join(), /threads grew/);
});

test('a report with one wrong answer is not good', () => {
  const report = new Report();
  report.check('list', [], '');
  assert.ok(report.isGood);
  report.check('list', ['a is missing'], 'GET /clusters');
  assert.ok(!report.isGood);
  const other = new Report();
  other.unexplainedError('503');
  assert.ok(!other.isGood);
});
