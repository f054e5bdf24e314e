// What Prism does not look at: names that Palette's Swagger file does not have, and answers.
import { readFileSync } from 'node:fs';

import Ajv from 'ajv';

const isInt32 = n => Number.isInteger(n) && n >= -(2 ** 31) && n < 2 ** 31;
const FORMATS = {
  'date-time': /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/,
  int8: { type: 'number', validate: n => Number.isInteger(n) && n >= -128 && n < 128 },
  int32: { type: 'number', validate: isInt32 },
  int64: { type: 'number', validate: Number.isInteger },
  double: true, float64: true, password: true, binary: true,
};

function routesOf(document) {
  const routes = [];
  for (const [template, item] of Object.entries(document.paths))
    for (const [method, operation] of Object.entries(item)) {
      if (method === 'parameters') continue;
      const pattern = template.replace(/\{\w+\}/g, '[^/]+').replaceAll('.', '\\.');
      routes.push({ template, method: method.toUpperCase(), operation,
        shape: new RegExp(`^${pattern}$`), holes: template.split('{').length,
        parameters: [...item.parameters ?? [], ...operation.parameters ?? []] });
    }
  return routes.sort((a, b) => a.holes - b.holes); // a literal wins over a parameter
}

// { minimum: 0, exclusiveMinimum: true } of Swagger 2 is { exclusiveMinimum: 0 } today.
function modernise(key, value) {
  if (value?.exclusiveMinimum !== true) return value;
  const { minimum, ...rest } = value;
  return { ...rest, exclusiveMinimum: minimum };
}

export function openSwagger(file) {
  const document = JSON.parse(readFileSync(file, 'utf8'), modernise);
  const routes = routesOf(document);
  const ajv = new Ajv({ strict: false, allErrors: true, verbose: true,
    validateSchema: false, formats: FORMATS });
  const validators = new Map();

  const resolve = schema => (schema?.$ref
    ? document.definitions[schema.$ref.slice('#/definitions/'.length)] : schema);

  function find({ method, target }) {
    const [path] = target.split('?');
    return routes.find(r => r.method === method && r.shape.test(path));
  }

  // Where value has members that its schema does not name; "[]" is any item.
  function strangers(schema, value, at) {
    const rule = resolve(schema);
    if (!rule || value === null || typeof value !== 'object') return [];
    if (Array.isArray(value))
      return [...new Set(value.flatMap(item => strangers(rule.items, item, `${at}[]`)))];
    return Object.entries(value).flatMap(([name, part]) => {
      const below = rule.properties?.[name] ?? rule.additionalProperties;
      if (!below && rule.properties) return [`${at}.${name}`];
      return strangers(below, part, `${at}.${name}`);
    });
  }

  const declares = (parameters, place, name) =>
    parameters.some(p => p.in === place && p.name === name);
  // The file as Palette publishes it has the header nowhere.
  const knowsScopes = routes.some(r => declares(r.parameters, 'header', 'ProjectUid'));

  // Parameters and members of a request that the file does not declare.
  function unknownNames(record) {
    const { parameters } = find(record) ?? {};
    if (!parameters) return ['the endpoint'];
    const query = new URL(record.target, 'http://palette').searchParams;
    const found = [...query.keys()].filter(name => !declares(parameters, 'query', name))
      .map(name => `query ${name}`);
    if (knowsScopes && 'projectuid' in record.headers &&
        !declares(parameters, 'header', 'ProjectUid'))
      found.push('header ProjectUid');
    if (record.body.length === 0) return found;
    const rule = parameters.find(p => p.in === 'body');
    if (!rule) return [...found, 'a body'];
    return [...found, ...strangers(rule.schema, JSON.parse(record.body), 'body')];
  }

  function validatorOf(schema) {
    if (!validators.has(schema))
      validators.set(schema, ajv.compile({ ...schema, definitions: document.definitions }));
    return validators.get(schema);
  }

  // By place, where an answer differs from the file: in a member's type, or in one not declared.
  function answerFaults({ method, target, answer }) {
    const { responses = {} } = find({ method, target })?.operation ?? {};
    const { schema } = responses[answer.status] ?? responses.default ?? {};
    if (!schema && answer.status in responses) // as 204 is, with nothing in it
      return answer.body.length === 0 ? [] : [`${answer.status} has a body`];
    if (!schema) return answer.status < 400 ? [`no schema for ${answer.status}`] : [];
    if (schema.type === 'string') return [];
    const value = JSON.parse(answer.body);
    const validate = validatorOf(schema);
    validate(value);
    const faults = (validate.errors ?? []).map(e =>
      `answer${e.instancePath.replace(/\/\d+(?=\/|$)/g, '[]').replaceAll('/', '.')} ${e.message}` +
      (e.data === null ? ', not null' : ''));
    return [...new Set(faults), ...strangers(schema, value, 'answer')
      .map(name => `${name} is not declared`)];
  }

  return { find, unknownNames, answerFaults };
}
