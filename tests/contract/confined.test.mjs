// The running process as the system sees it: confined, as another user, without a core file. Of the
// program as people get it (RELEASE_BACKEND, or build/): one that is watched by sanitizers is not
// confined.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync,
  writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { TOKEN, configuration, startSimulator } from './harness.mjs';

const PROGRAM = resolve(process.env.RELEASE_BACKEND ?? 'build/src/spectrocloud-backend');
const KEY = Buffer.alloc(32, 7).toString('base64');
const NOBODY = 65534;

// Why it cannot be seen here; false: it can.
function missing() {
  if (!existsSync(PROGRAM)) return `no optimised program at ${PROGRAM}; RELEASE_BACKEND names one`;
  if (spawnSync(PROGRAM, ['serve', '--help']).stdout?.includes('--user') !== true)
    return `${PROGRAM} is older than these tests`;
  return false;
}
const skip = missing();
const rootOnly = skip || (process.getuid() !== 0 && 'only root can become another user');

describe('the running process', { skip }, () => {
  let simulator;
  let folder;

  before(async () => {
    simulator = await startSimulator();
    folder = mkdtempSync(join(tmpdir(), 'confined-'));
    chmodSync(folder, 0o755);
  });
  after(async () => {
    await simulator?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  // Resolves once it has started, or has ended; a shell may go before it.
  async function start(config, { options = [], first = '', env = {} } = {}) {
    const file = join(folder, 'app-config.yaml');
    writeFileSync(file, JSON.stringify(config));
    const command = `${first} exec "$0" "$@"`;
    const child = spawn('sh', ['-c', command, PROGRAM, 'serve', '--config', file, ...options],
      { cwd: folder, env: { ...process.env, ...env } });
    let log = '';
    const ended = new Promise(done => child.once('close', (code, signal) => done({ code, signal })));
    const started = new Promise(done => child.stderr.on('data', piece => {
      log += piece;
      if (/ started .* port=\d+/.test(log)) done();
    }));
    await Promise.race([started, ended]);
    return {
      pid: child.pid,
      log: () => log,
      port: () => Number(log.match(/ started .* port=(\d+)/)?.[1]),
      ended,
      kill: signal => { child.kill(signal); return ended; },
      status: task => Object.fromEntries(readFileSync(`/proc/${child.pid}${task ?? ''}/status`, 'utf8')
        .split('\n').filter(Boolean).map(line => line.split(/:\s*/, 2))),
      tasks: () => readdirSync(`/proc/${child.pid}/task`).map(task => `/task/${task}`),
    };
  }

  const settings = (server = {}, extra = {}) =>
    configuration([simulator], { server: { listen: '127.0.0.1:0', ...server }, ...extra });

  const get = place => new Promise((done, fail) => http.get(
    { path: '/api/spectrocloud/projects', headers: { authorization: `Bearer ${TOKEN}` }, ...place },
    response => { response.resume(); response.on('end', () => done(response.statusCode)); }).on('error', fail));

  const isConfined = log => / info +confined seccomp="in force" landlock=\d+/.test(log);

  test('every thread is confined, and requests are answered', async t => {
    const service = await start(settings({ workers: 5 }));
    assert.equal(await get({ port: service.port() }), 200);
    if (!isConfined(service.log())) t.diagnostic(`this kernel: ${service.log().match(/.*confined.*/)}`);
    else {
      assert.ok(service.tasks().length > 5);
      for (const task of service.tasks()) {
        assert.equal(service.status(task).Seccomp, '2', task);
        assert.equal(service.status(task).NoNewPrivs, '1', task);
      }
    }
    assert.deepEqual(await service.kill('SIGTERM'), { code: 0, signal: null });
  });

  test('it can be turned off', async () => {
    const service = await start(settings({ confine: false }));
    assert.match(service.log(), /confined seccomp="off" landlock="off" because="spectrocloud.server.confine"/);
    assert.equal(service.status().Seccomp, '0');
    await service.kill('SIGTERM');
  });

  test('sessions in SQLite are written, in a folder that it makes, and a local socket goes away', async () => {
    const sqlite = join(folder, 'sessions', 'store.db');
    const socket = join(folder, 'socket');
    const service = await start(settings({ listen: `unix:${socket}` },
      { tokenStore: { type: 'sqlite', path: sqlite, encryptionKey: KEY } }));
    assert.equal(await get({ socketPath: socket }), 200);
    assert.ok(existsSync(sqlite));
    assert.equal((await service.kill('SIGTERM')).code, 0);
    assert.ok(!existsSync(socket));
    assert.ok(!existsSync(`${sqlite}-wal`), 'what SQLite has beside the file is removed at the end');
  });

  test('no core file is written', async () => {
    const service = await start(settings(), { first: 'ulimit -c unlimited 2>/dev/null;' });
    assert.match(readFileSync(`/proc/${service.pid}/limits`, 'utf8'), /Max core file size +0 +0 /);
    assert.equal(statSync(`/proc/${service.pid}/limits`).uid, 0, 'nobody may look into it');
    assert.equal((await service.kill('SIGABRT')).signal, 'SIGABRT');
    assert.deepEqual(readdirSync(folder).filter(name => name.startsWith('core')), []);
  });

  test('with --allow-core-dumps one may be written, and known tokens are not in it', async t => {
    const secret = 'a-token-that-no-core-file-has';
    const config = settings();
    config.spectrocloud.environments[0].apiToken = '${HIDDEN_TOKEN}';
    const service = await start(config, { options: ['--allow-core-dumps'], env: { HIDDEN_TOKEN: secret },
      first: 'ulimit -c unlimited 2>/dev/null;' });
    assert.match(service.log(), / warn +core\.allowed /);
    const limits = readFileSync(`/proc/${service.pid}/limits`, 'utf8');
    await service.kill('SIGABRT');
    const core = readdirSync(folder).find(name => name.startsWith('core'));
    if (!core) {
      const pattern = readFileSync('/proc/sys/kernel/core_pattern', 'utf8').trim();
      t.skip(`no core file in the folder: ${pattern}, ${limits.match(/Max core.*/)}`);
      return;
    }
    const bytes = readFileSync(join(folder, core));
    rmSync(join(folder, core));
    assert.ok(bytes.includes('"openapi"'), 'what is not secret is in it');
    assert.ok(!bytes.includes(secret));
  });

  describe('--user', { skip: rootOnly }, () => {
    test('binds as root, and goes on as somebody else for good', async () => {
      const own = join(folder, 'own');
      mkdirSync(own);
      chownSync(own, NOBODY, NOBODY);
      const socket = join(folder, 'their-socket');
      const sqlite = join(own, 'store.db');
      const service = await start(settings({ listen: `unix:${socket}` },
        { tokenStore: { type: 'sqlite', path: sqlite, encryptionKey: KEY } }), { options: ['--user', 'nobody'] });
      assert.match(service.log(), / info +user name="nobody" uid=65534 /);
      assert.doesNotMatch(service.log(), / warn +user\.root /);
      assert.equal(await get({ socketPath: socket }), 200);
      for (const task of service.tasks()) {
        const status = service.status(task);
        assert.match(status.Uid, /^65534\s+65534\s+65534\s+65534$/);
        assert.match(status.Gid, /^65534\s+65534\s+65534\s+65534$/);
        for (const set of ['CapInh', 'CapPrm', 'CapEff', 'CapBnd', 'CapAmb'])
          assert.equal(BigInt(`0x${status[set]}`), 0n, set);
      }
      assert.equal(statSync(socket).uid, NOBODY);
      assert.equal(statSync(sqlite).uid, NOBODY);
      assert.equal((await service.kill('SIGTERM')).code, 0);
      rmSync(socket, { force: true });
    });

    test('a port below 1024 is served', async t => {
      const service = await start(settings({ listen: '127.0.0.1:811' }), { options: ['--user', 'nobody:daemon'] });
      if (/in use/.test(service.log())) { t.skip('somebody has the port'); return; }
      assert.equal(service.port(), 811, service.log());
      assert.equal(await get({ port: 811 }), 200);
      assert.match(service.status().Gid, /^1\s/);
      await service.kill('SIGTERM');
    });

    test('a core file stays allowed where it is', async () => {
      const service = await start(settings(), { options: ['--user', 'nobody', '--allow-core-dumps'] });
      assert.equal(statSync(`/proc/${service.pid}/limits`).uid, NOBODY, 'as the system shows what may be dumped');
      await service.kill('SIGTERM');
    });

    test('without it root is warned, once', async () => {
      const service = await start(settings());
      assert.equal(service.log().match(/ warn +user\.root /g)?.length, 1);
      await service.kill('SIGTERM');
    });

    test("somebody else cannot become somebody", async () => {
      const file = join(folder, 'app-config.yaml');
      writeFileSync(file, JSON.stringify(settings()));
      const place = { uid: NOBODY, gid: NOBODY, encoding: 'utf8', timeout: 20000 };
      const result = spawnSync(PROGRAM, ['serve', '--config', file, '--user', 'daemon'], place);
      if (result.error?.code === 'EACCES') return; // the program lies where only root comes
      assert.equal(result.status, 2, result.stderr);
      assert.match(result.stderr, /only root can become the user daemon/);
    });

    test('who is not there is said', () => {
      for (const [user, why] of [['no-such-user', 'there is no user `no-such-user`'],
        ['nobody:no-such-group', 'there is no group `no-such-group`'], ['root', '`root` is root']]) {
        const result = spawnSync(PROGRAM, ['serve', '--user', user], { encoding: 'utf8', timeout: 20000 });
        assert.equal(result.status, 2);
        assert.ok(result.stderr.includes(why), result.stderr);
      }
    });
  });
});
