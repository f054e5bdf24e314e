// A soak of some seconds: requests of all kinds, faults, restarts; and one answer that is made wrong before it is
// checked. That one is found, and nothing else. Whether anything grows is for long runs to say.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { soak } from './soak.mjs';

const SECONDS = 14;

test('every answer is right but for the one that was spoilt, every error explained, and all is given back', async t => {
  Object.assign(process.env, { SOAK_ROUGH: '1', SOAK_LOOPS: '12', SOAK_CORRUPT: '1' });
  const lines = [];
  const good = await soak(SECONDS, line => lines.push(line));
  const text = lines.join('\n');
  t.diagnostic(text);
  assert.ok(!good);
  assert.match(text, /^WRONG .*list .* is missing/m);
  assert.match(text, /^1 wrong answers or findings, 0 unexplained errors$/m, text);
});
