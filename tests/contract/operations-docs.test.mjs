// docs/operations.md: what it says of rotating tokens and keys, of changes that need a restart, and of the backup.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';

import { until } from './backstage.mjs';
import { TRUSTED, configuration, runCommand, startService, startSimulator } from './harness.mjs';

const newKey = () => randomBytes(32).toString('base64');
const SESSIONS = '/api/spectrocloud/session-tokens/';
const KEYS = '/api/spectrocloud/.backstage/auth/v1/jwks.json';

let simulator;
let folder;

before(async () => {
  simulator = await startSimulator('--seed', '7', '--projects', '2', '--clusters', '4', '--api-key', 'second-key');
  folder = mkdtempSync(join(tmpdir(), 'operations-'));
});

after(async () => {
  await simulator.stop();
  rmSync(folder, { recursive: true, force: true });
});

const file = (name, text) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

// The configuration of a running service becomes another one, or a file of it; resolves with what the log says of that.
async function reload(service, config, change = () => {}) {
  const before = service.log().length;
  change();
  writeFileSync(service.file, JSON.stringify(config));
  process.kill(service.pid, 'SIGHUP');
  return until(() => service.log().slice(before).match(/config\.(reloaded|refused) .*/)?.[0], 'read again', 60000);
}

async function withService(config, run) {
  const service = await startService(config);
  try {
    await run(service);
  } finally {
    assert.equal(await service.stop(), 0, service.log());
  }
}

const projects = async service => (await service.request('GET', '/api/spectrocloud/projects')).status;

test("Palette's apiToken from a file is another one without a restart", async () => {
  const config = configuration([simulator]);
  config.spectrocloud.environments[0].apiToken = { $file: file('token', 'sim-key') };
  await withService(config, async service => {
    assert.equal(await projects(service), 200);
    for (const [token, status] of [['wrong-key', 502], ['second-key', 200]]) {
      const said = await reload(service, config, () => file('token', token));
      assert.match(said, /^config\.reloaded .*changed="spectrocloud\.environments\[0\]\.apiToken"/);
      assert.equal(await projects(service), status);
    }
  });
});

test('a change that needs a restart holds up the others, until it is put back', async () => {
  const config = configuration([simulator]);
  await withService(config, async service => {
    const changed = structuredClone(config);
    changed.spectrocloud.server = { workers: 3 };
    assert.match(await reload(service, changed), /^config\.refused .*needs a restart: spectrocloud\.server\.workers/);
    changed.spectrocloud.environments[0].apiToken = 'wrong-key';
    assert.match(await reload(service, changed), /^config\.refused .*needs a restart/);
    assert.equal(await projects(service), 200);
    delete changed.spectrocloud.server;
    assert.match(await reload(service, changed), /^config\.reloaded/);
    assert.equal(await projects(service), 502);
  });
});

function pluginKey(keyId) {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { keyId, publicKeyFile: file(`${keyId}.pub`, publicKey.export({ type: 'spki', format: 'pem' })),
    privateKeyFile: file(`${keyId}.key`, privateKey.export({ type: 'pkcs8', format: 'pem' })) };
}

test('keys of the plugin: published as the last, signing as the first, taken out, without a restart', async () => {
  const config = configuration([simulator]);
  const [one, two] = [pluginKey('one'), pluginKey('two')];
  const published = async service => (await service.request('GET', KEYS)).json.keys.map(key => key.kid);
  const withKeys = (...keys) => {
    config.backend.auth.pluginKeyStore = { type: 'static', static: { keys } };
    return config;
  };
  await withService(withKeys(one), async service => {
    assert.deepEqual(await published(service), ['one']);
    for (const keys of [[one, two], [two, one], [two]]) {
      assert.match(await reload(service, withKeys(...keys)), /^config\.reloaded/);
      assert.deepEqual(await published(service), keys.map(key => key.keyId));
    }
  });
});

test('the session store: a new key in front, a backup while it runs, and the way back', async () => {
  const config = configuration([simulator]);
  const store = { type: 'sqlite', path: join(folder, 'sessions.db'), encryptionKey: newKey() };
  const backup = join(folder, 'sessions-backup.db');
  config.spectrocloud.tokenStore = store;
  const put = (service, email) => service.request('PUT', SESSIONS + email,
    { token: TRUSTED, body: JSON.stringify({ token: `of-${email}`, expiresAt: Date.now() + 3600000 }) });
  const present = async (service, email) =>
    (await service.request('GET', SESSIONS + email, { token: TRUSTED })).json.present;

  await withService(config, async service => {
    assert.equal((await put(service, 'ada@example.com')).status, 200);
    const rotated = structuredClone(config);
    rotated.spectrocloud.tokenStore.encryptionKey = [newKey(), store.encryptionKey];
    assert.match(await reload(service, rotated), /^config\.refused .*spectrocloud\.tokenStore\.encryptionKey/);
  });
  store.encryptionKey = [newKey(), store.encryptionKey];
  await withService(config, async service => {
    assert.ok(await present(service, 'ada@example.com'));
    const { status, stderr } = spawnSync('sqlite3', [store.path, `.backup '${backup}'`], { encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    assert.equal(runCommand(config, 'sessions', 'revoke', 'ada@example.com').status, 0);
    assert.equal((await put(service, 'bob@example.com')).status, 200);
  });
  for (const end of ['-wal', '-shm']) rmSync(store.path + end, { force: true });
  copyFileSync(backup, store.path);
  await withService(config, async service => {
    assert.ok(await present(service, 'ada@example.com'), 'what was revoked after the backup is there again');
    assert.ok(!await present(service, 'bob@example.com'));
    const { stdout } = runCommand(config, 'doctor', '--json', '--only', 'session-store,sessions');
    assert.deepEqual(JSON.parse(stdout).checks.map(check => check.status), ['ok', 'ok']);
  });
  // Without the key of that time nothing opens.
  store.encryptionKey = newKey();
  const { status, stdout } = runCommand(config, 'doctor', '--json', '--only', 'session-store');
  assert.equal(status, 1);
  assert.equal(JSON.parse(stdout).checks[0].status, 'fault');
});
