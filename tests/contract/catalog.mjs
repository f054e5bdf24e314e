// A stand-in for Backstage's catalog, on entities in memory: what it finds, how it folds letters, pages and cuts
// down is as in @backstage/plugin-catalog-backend 4. Left out: full text search, orders by several fields, facets,
// $hasPrefix and $contains.

export class Refusal extends Error {
  constructor(status, name, message) {
    super(message);
    this.status = status;
    this.body = name === null ? '' : { error: { name, message }, response: { statusCode: status } };
  }
}

const inputError = message => new Refusal(400, 'InputError', message);

export const refOf = ({ kind, metadata: { namespace = 'default', name } }) =>
  `${kind}:${namespace}/${name}`.toLowerCase();

// ---- what can be searched: [path, value] in lower case; the value of what is too long is null ----

const NOT_SEARCHED = ['attachments', 'relations', 'status', 'metadata.name', 'metadata.namespace', 'metadata.uid',
  'metadata.etag'];

function* leaves(path, value) {
  if (NOT_SEARCHED.includes(path)) return;
  if (value === null || typeof value !== 'object') {
    yield [path, value];
  } else if (Array.isArray(value)) {
    for (const item of value) {
      yield* leaves(path, item);
      if (typeof item === 'string') yield [`${path}.${item}`, true];
    }
  } else {
    for (const [key, inner] of Object.entries(value)) yield* leaves(path ? `${path}.${key}` : key, inner);
  }
}

function searchOf(entity) {
  const { name, namespace = 'default', uid } = entity.metadata;
  const all = [...leaves('', entity), ['metadata.name', name], ['metadata.namespace', namespace],
    ['metadata.uid', uid], ...(entity.relations ?? []).map(r => [`relations.${r.type}`, r.targetRef])];
  const rows = new Map();
  for (const [path, value] of all) {
    const key = path.toLowerCase();
    if (key.length > 200) continue;
    const folded = value === null || value === undefined ? null : String(value).toLowerCase();
    rows.set(key, [...(rows.get(key) ?? []), folded?.length > 200 ? null : folded]);
  }
  return rows;
}

// ---- predicates, and filters as predicates ----

function fieldHolds(rows, key, wanted) {
  const values = rows.get(key.toLowerCase());
  const is = value => values?.includes(String(value).toLowerCase()) ?? false;
  if (['string', 'number', 'boolean'].includes(typeof wanted)) return is(wanted);
  if (wanted?.$exists !== undefined) return wanted.$exists === (values !== undefined);
  if (Array.isArray(wanted?.$in)) return wanted.$in.some(is);
  throw inputError(`Invalid filter predicate value for field "${key}"`);
}

function holds(rows, query) {
  if (query === null || typeof query !== 'object' || Array.isArray(query))
    throw inputError('Query must be an object');
  if ('$not' in query) return !holds(rows, query.$not);
  if ('$all' in query) return query.$all.every(part => holds(rows, part));
  if ('$any' in query) return query.$any.some(part => holds(rows, part));
  return Object.entries(query).every(([key, wanted]) => fieldHolds(rows, key, wanted));
}

// 'a=1,b=2': commas part, there is no way around them; the same key twice means one or the other.
function predicateOf(filter) {
  const keys = new Map();
  for (const statement of filter.split(',').map(s => s.trim()).filter(Boolean)) {
    const [, key, equals, value] = statement.match(/^([^=]*)(=?)([^]*)$/);
    if (!key.trim()) throw inputError(`Invalid filter, '${statement}' is not a valid statement`);
    const values = keys.get(key.trim()) ?? [];
    keys.set(key.trim(), equals ? [...values, value.trim()] : values);
  }
  const wanted = values => (values.length > 0 ? { $in: values } : { $exists: true });
  return { $all: [...keys].map(([key, values]) => ({ [key]: wanted(values) })) };
}

function queryOf(filters) {
  const parts = filters.map(predicateOf).filter(p => p.$all.length > 0);
  return parts.length > 0 ? { $any: parts } : {};
}

// ---- what is shown of an entity ----

// The names on the way to a field: 'metadata.annotations.a.io/b' is three of them, if there is such a key.
function pathIn(entity, field) {
  const path = [];
  let value = entity;
  let name = '';
  for (const part of field.split('.')) {
    name = name ? `${name}.${part}` : part;
    if (value !== null && typeof value === 'object' && name in value) {
      value = value[name];
      path.push(name);
      name = '';
    }
  }
  return { path, value: name ? undefined : value };
}

function shown(entity, fields) {
  if (fields.length === 0 || entity === null) return entity;
  const output = {};
  for (const field of fields) {
    if (field.includes('[')) throw inputError(`Invalid field "${field}", array type fields are not supported`);
    const { path, value } = pathIn(entity, field);
    if (value === undefined) continue;
    const last = path.pop();
    path.reduce((inner, name) => (inner[name] ??= {}), output)[last] = value;
  }
  return output;
}

const fieldsOf = given => given.flatMap(f => f.split(',')).map(f => f.trim()).filter(Boolean);

// ---- lists and pages ----

const ordered = (entities, { field, order } = {}) => {
  if (field === undefined) return entities;
  const key = entity => searchOf(entity).get(field.toLowerCase())?.[0];
  const sign = order === 'desc' ? -1 : 1;
  return entities.filter(e => typeof key(e) === 'string')
    .sort((a, b) => (key(a) < key(b) ? -sign : key(a) > key(b) ? sign : 0));
};

const select = (entities, query, order) => ordered(entities.filter(e => holds(searchOf(e), query)), order);

const encode = cursor => Buffer.from(JSON.stringify(cursor)).toString('base64');

function decode(text) {
  try {
    const cursor = JSON.parse(Buffer.from(text, 'base64').toString());
    if (Number.isInteger(cursor.next) && typeof cursor.query === 'object') return cursor;
  } catch { /* as below */ }
  throw inputError('Malformed cursor');
}

function page(entities, { cursor, query = {}, order, limit = 200, offset = 0, fields, totalItems }) {
  const at = cursor === undefined ? { query, order, next: offset } : decode(cursor);
  const all = select(entities, at.query, at.order);
  const end = at.next + limit;
  return {
    items: all.slice(at.next, end).map(e => shown(e, fields)),
    totalItems: totalItems === 'exclude' ? 0 : all.length,
    pageInfo: limit > 0 && end < all.length ? { nextCursor: encode({ ...at, next: end }) } : {},
  };
}

const numberIn = (params, name) => (params.has(name) ? Number(params.get(name)) : undefined);

const orderIn = (text, separator) => {
  const [field, order] = text?.split(separator) ?? [];
  return separator === ':' ? { field: order, order: field } : { field, order };
};

function list(entities, params) {
  const limit = numberIn(params, 'limit') ?? Infinity;
  const offset = numberIn(params, 'offset') ?? 0;
  if (!(limit > 0)) throw inputError('Invalid limit, must be greater than zero');
  if (!(offset >= 0)) throw inputError('Invalid offset, must be zero or greater');
  const fields = fieldsOf(params.getAll('fields'));
  return select(entities, queryOf(params.getAll('filter')), orderIn(params.get('order') ?? undefined, ':'))
    .slice(offset, offset + limit).map(e => shown(e, fields));
}

function byFilter(entities, params) {
  return page(entities, {
    cursor: params.get('cursor') ?? undefined,
    query: queryOf(params.getAll('filter')),
    order: orderIn(params.get('orderField') ?? undefined, ','),
    limit: numberIn(params, 'limit'),
    offset: numberIn(params, 'offset'),
    fields: fieldsOf(params.getAll('fields')),
    totalItems: params.get('totalItems'),
  });
}

function byPredicate(entities, { cursor, query, orderBy, limit, offset, fields = [], totalItems }) {
  if (cursor === '') throw inputError('Cursor cannot be empty');
  return page(entities, { cursor, query, order: orderBy?.[0], limit, offset, fields, totalItems });
}

function byRefs(entities, { entityRefs, fields = [] }) {
  if (!Array.isArray(entityRefs) || entityRefs.some(r => typeof r !== 'string'))
    throw inputError('Malformed request body');
  // References are compared as they are: the catalog has them in lower case.
  return { items: entityRefs.map(ref => shown(entities.find(e => refOf(e) === ref) ?? null, fields)) };
}

function byName(entities, path) {
  const [kind, namespace, name] = path.split('/').slice(3).map(decodeURIComponent);
  const entity = entities.find(e => refOf(e) === `${kind}:${namespace}/${name}`.toLowerCase());
  if (entity) return entity;
  throw new Refusal(404, 'NotFoundError',
    `No entity named '${name}' found, with kind '${kind}' in namespace '${namespace}'`);
}

function read(body, type) {
  if (!/^application\/json($|;)/.test(type ?? '')) throw inputError('Illegal Content-Type');
  try {
    return JSON.parse(body);
  } catch (error) {
    throw new Refusal(400, 'SyntaxError', error.message);
  }
}

// The catalog's answer to whoever may see these entities, or a Refusal thrown.
// path: below the catalog, '/entities/by-query'; params: URLSearchParams; type: of the body.
// predicates: false for a catalog from before there was POST /entities/by-query.
export function askCatalog(entities, { method, path, params = new URLSearchParams(), body, type, predicates = true }) {
  const what = `${method} ${path}`;
  if (what === 'GET /entities') return list(entities, params);
  if (what === 'GET /entities/by-query') return byFilter(entities, params);
  if (what === 'POST /entities/by-query' && predicates) return byPredicate(entities, read(body, type));
  if (what === 'POST /entities/by-refs') return byRefs(entities, read(body, type));
  if (/^GET \/entities\/by-name(\/[^/]+){3}$/.test(what)) return byName(entities, path);
  throw new Refusal(404, null, 'there is no such route');
}
