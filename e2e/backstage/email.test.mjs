// The e-mail that a request names has to be the caller's own, as the catalog knows it.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import { ask } from '../../tests/contract/harness.mjs';
import { policyTable, startAll } from './harness.mjs';

let all;

before(async () => {
  all = await startAll();
  await all.backstage.setPolicy({ ...policyTable('ALLOW'), 'catalog.entity.read': 'ALLOW' });
});

after(() => all?.stop());

async function askAs(name, email) {
  const row = all.rows.find(({ operationId }) => operationId === 'cluster.list');
  await all.forget();
  const answer = await ask(all.service, row, all.goodFor(row),
    { token: all.backstage.tokens[name], headers: { 'X-SpectroCloud-User-Email': email } });
  return { ...answer, ...await all.seen() };
}

test('their own, however it is written', async () => {
  for (const email of ['Ada@Example.com', 'ada@example.com', 'ADA@EXAMPLE.COM']) {
    const answer = await askAs('ada', email);
    assert.equal(answer.status, 200, answer.text);
    assert.equal(answer.headers['x-spectrocloud-reauth-required'], 'true');
  }
});

test("somebody else's, nobody's, and of a person who has none", async () => {
  for (const [name, email] of [['ada', 'bob@example.com'], ['ada', 'nobody@example.com'],
    ['eve', 'ada@example.com'], ['eve', 'eve@example.com']]) {
    const answer = await askAs(name, email);
    assert.equal(answer.status, 403, `${name} as ${email}: ${answer.text}`);
    assert.equal(answer.json.error.name, 'NotAllowedError');
    assert.equal(answer.upstream, 0);
  }
});

test('after a restart of the service with a new key', async () => {
  await all.restartService();
  assert.equal((await askAs('ada', 'ada@example.com')).status, 200);
  assert.equal((await askAs('bob', 'ada@example.com')).status, 403);
});
