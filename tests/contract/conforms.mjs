// Whether a value is what a JSON Schema says.
import assert from 'node:assert/strict';

import Ajv from 'ajv';
import Ajv2020 from 'ajv/dist/2020.js';

// Both dialects: ours, and the one in which Backstage's own plugins write.
const dialects = [new Ajv2020({ strict: true, allErrors: true }), new Ajv({ strict: true, allErrors: true })];
const compiled = new Map();

// Throws unless value is what the schema says. what: names it, and keeps its compiled form.
export function assertConforms(schema, value, what) {
  if (!compiled.has(schema)) compiled.set(schema, dialects.map(ajv => ajv.compile(schema)));
  for (const validate of compiled.get(schema))
    assert.ok(validate(value), `${what}: ${dialects[0].errorsText(validate.errors)}`);
}
