// The stand-in for the catalog finds what the catalog would find; what it stands in for is tested with it.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Refusal, askCatalog, refOf } from './catalog.mjs';

const P = 'terasky.backstage.io';

const cluster = (name, title, annotations = {}) => ({
  apiVersion: 'backstage.io/v1alpha1',
  kind: 'Resource',
  metadata: { name, title, annotations: { [`${P}/cluster-id`]: `id-${name}`, ...annotations }, tags: ['cluster'] },
  spec: { type: 'spectrocloud-cluster', lifecycle: 'production' },
  relations: [{ type: 'ownedBy', targetRef: 'group:default/ops' }],
});

const entities = [
  cluster('one', 'a, "b" & c=d'),
  cluster('two', 'Web', { [`${P}/cluster-profile-refs`]: `[${'x'.repeat(300)}]` }),
  cluster('three', 'web', { [`${P}/cluster-profile-refs`]: '[]' }),
  { kind: 'Component', metadata: { name: 'Four', namespace: 'Ops', title: 'web' }, spec: { type: 'service' } },
];

const names = answer => (answer.items ?? answer).map(e => e?.metadata.name ?? null);
const get = (path, query = '', more = {}) =>
  askCatalog(entities, { method: 'GET', path, params: new URLSearchParams(query), ...more });
const post = (path, body, more = {}) => askCatalog(entities,
  { method: 'POST', path, body: JSON.stringify(body), type: 'application/json', ...more });
const filtered = (...filters) =>
  names(get('/entities', new URLSearchParams(filters.map(f => ['filter', f]))));
const queried = query => names(post('/entities/by-query', { query }));
const refused = (status, ask) => assert.throws(ask, e => e instanceof Refusal && e.status === status);

test('filters: a comma is and, another one is or, letters are folded', () => {
  assert.deepEqual(filtered(), ['one', 'two', 'three', 'Four']);
  assert.deepEqual(filtered('kind=resource,metadata.title=WEB'), ['two', 'three']);
  assert.deepEqual(filtered('kind=component', 'metadata.name=ONE'), ['one', 'Four']);
  assert.deepEqual(filtered('metadata.name=one,metadata.name=two'), ['one', 'two']);
  assert.deepEqual(filtered('metadata.namespace=default,metadata.title=web'), ['two', 'three']);
  assert.deepEqual(filtered(`metadata.annotations.${P}/cluster-profile-refs`), ['two', 'three']);
  assert.deepEqual(filtered('relations.ownedBy=group:default/ops,metadata.tags.cluster=true'), ['one', 'two', 'three']);
  assert.deepEqual(filtered('metadata.title=a, "b" & c=d'), []);
  assert.deepEqual(filtered(`metadata.annotations.${P}/cluster-profile-refs=[${'x'.repeat(300)}]`), []);
  refused(400, () => filtered('=x'));
});

test('predicates: any value, one of several, there or not', () => {
  assert.deepEqual(queried({ kind: 'Resource', 'spec.type': 'spectrocloud-cluster',
    'metadata.title': 'A, "B" & c=d' }), ['one']);
  assert.deepEqual(queried({ 'metadata.name': { $in: ['ONE', 'four'] } }), ['one', 'Four']);
  assert.deepEqual(queried({ kind: 'resource',
    [`metadata.annotations.${P}/cluster-profile-refs`]: { $exists: false } }), ['one']);
  assert.deepEqual(queried({ $not: { kind: 'resource' } }), ['Four']);
  refused(400, () => queried({ kind: { $like: 'x' } }));
  refused(400, () => queried('kind'));
  refused(400, () => post('/entities/by-query', {}, { type: 'text/plain' }));
  refused(404, () => post('/entities/by-query', {}, { predicates: false }));
});

test('pages go on where the last one ended, whoever asks for them', () => {
  const first = post('/entities/by-query', { query: { kind: 'resource' }, limit: 2, fields: ['metadata.name'] });
  assert.deepEqual(first.items, [{ metadata: { name: 'one' } }, { metadata: { name: 'two' } }]);
  assert.equal(first.totalItems, 3);
  const { nextCursor } = first.pageInfo;
  const last = { items: [entities[2]], totalItems: 3, pageInfo: {} };
  assert.deepEqual(post('/entities/by-query', { cursor: nextCursor, limit: 2 }), last);
  assert.deepEqual(get('/entities/by-query', { cursor: nextCursor, limit: 2 }), last);
  assert.deepEqual(names(get('/entities/by-query', 'filter=kind=resource&limit=3')), ['one', 'two', 'three']);
  assert.deepEqual(names(get('/entities', 'limit=1&offset=2&order=desc:metadata.name')), ['one']);
  refused(400, () => get('/entities/by-query', 'cursor=x'));
  refused(400, () => post('/entities/by-query', { cursor: '' }));
  refused(400, () => get('/entities', 'limit=0'));
});

test('fields: also those with dots in their name', () => {
  const annotation = `metadata.annotations.${P}/cluster-id`;
  assert.deepEqual(get('/entities', `filter=metadata.name=one&fields=${annotation},kind&fields=no`),
    [{ metadata: { annotations: { [`${P}/cluster-id`]: 'id-one' } }, kind: 'Resource' }]);
  refused(400, () => get('/entities', 'fields=metadata.tags[0]'));
});

test('by reference and by name', () => {
  assert.deepEqual(entities.map(refOf)[3], 'component:ops/four');
  assert.deepEqual(names(post('/entities/by-refs',
    { entityRefs: ['resource:default/two', 'Resource:default/two', 'resource:default/no', 'component:ops/four'] })),
  ['two', null, null, 'Four']);
  refused(400, () => post('/entities/by-refs', { entityRefs: [7] }));
  assert.equal(get('/entities/by-name/Component/ops/FOUR'), entities[3]);
  refused(404, () => get('/entities/by-name/resource/ops/four'));
  refused(404, () => get('/entities/by-uid/7'));
});
