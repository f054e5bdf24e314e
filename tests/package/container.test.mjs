// What the container has, run without an engine: in a root of its own that cannot be written to, as the user
// and with the command and variables of the Containerfile.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { OUT, PROGRAM, SOURCES, get, isRoot, run, source, start, startSimulator } from './made.mjs';

const FILE = source('packaging/container/Containerfile');
const CALLER = 'a-token-of-the-test';

// Of its last stage.
const last = FILE.slice(FILE.lastIndexOf('\nFROM '));
const instruction = name => last.match(new RegExp(`^${name} (.*)$`, 'm'))?.[1];
const words = name => JSON.parse(instruction(name));
const variables = Object.fromEntries([...last.matchAll(/^ENV (\w+)=(\S+)$/gm)].map(([, name, value]) => [name, value]));

// Once, so that nothing is mounted on this machine itself.
const READ_ONLY = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1" && user=$2 root=$1 && shift 2 && ' +
  'exec chroot --userspec="$user" "$root" "$@"';
const mounts = isRoot && spawnSync('unshare', ['--mount', 'true']).status === 0;

describe('the container', { skip: !isRoot && 'only root can make and enter a root file system' }, () => {
  let folder;
  let root;
  let simulator;

  before(async () => {
    simulator = await startSimulator();
    mkdirSync(OUT, { recursive: true });
    folder = mkdtempSync(join(OUT, 'container-'));
    root = join(folder, 'root');
    run(join(SOURCES, 'packaging/container/rootfs'), [PROGRAM, root]);
  });
  after(async () => {
    await simulator?.stop();
    if (folder) rmSync(folder, { recursive: true, force: true });
  });

  const files = (...which) => run('find', [root, ...which, '-printf', '/%P\n']).split('\n').filter(Boolean);

  function startContainer(environment) {
    const user = instruction('USER');
    const command = [...words('ENTRYPOINT'), ...words('CMD')];
    const env = { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', ...variables, ...environment };
    return mounts ? start('unshare', ['--mount', 'sh', '-c', READ_ONLY, 'sh', root, user, ...command], { env })
      : start('chroot', [`--userspec=${user}`, root, ...command], { env });
  }

  const configured = () => ({ SPECTROCLOUD_URL: simulator.url, SPECTROCLOUD_TENANT: 'sim', SPECTROCLOUD_API_TOKEN: 'sim-key',
    SPECTROCLOUD_CALLER_TOKEN: CALLER, SPECTROCLOUD_LISTEN: variables.SPECTROCLOUD_LISTEN.replace(/:\d+$/, ':0') });

  test('is small, and has one program', t => {
    const programs = files('-type', 'f', '-perm', '/111').filter(path => !/\.so(\.[\d.]+)?$/.test(path));
    assert.deepEqual(programs, ['/usr/bin/spectrocloud-backend']);
    const bytes = Number(run('du', ['-sb', root]).split('\t')[0]);
    assert.ok(bytes < 40e6, `${bytes} bytes`);
    const compressed = Number(run('sh', ['-c', 'tar -C "$0" -c . | gzip -6 | wc -c', root]));
    console.log(`size  container: ${(bytes / 1e6).toFixed(1)} MB, compressed ${(compressed / 1e6).toFixed(1)} MB`);
    t.diagnostic(`${files('-type', 'f').length} files`);
  });

  test('belongs to root, but for one folder; nothing gives rights or can be written by others', () => {
    assert.deepEqual(files('-perm', '/6000'), []);
    assert.deepEqual(files('!', '-type', 'l', '-perm', '/022'), []);
    assert.deepEqual(files('!', '-user', '0'), [instruction('WORKDIR')]);
  });

  test('has every library that the program and the libraries want', () => {
    const [loader] = run('ldd', [PROGRAM]).match(/\/\S*\/ld-linux\S*/);
    const said = run('chroot', [root, loader, '--list', '/usr/bin/spectrocloud-backend'], { env: { PATH: '/usr/sbin:/usr/bin' } });
    assert.doesNotMatch(said, /not found/);
  });

  test('tells scanners the versions of its packages', () => {
    const status = files('-path', '*/status.d/*').map(path => readFileSync(join(root, path), 'utf8'));
    assert.ok(status.length > 10);
    for (const text of status) {
      assert.match(text, /^Package: \S+$/m);
      assert.match(text, /^Version: \S+$/m);
    }
  });

  test('its user is a number that is not root\'s, and has a name inside', () => {
    const [user, group] = instruction('USER').split(':').map(Number);
    assert.ok(user > 0 && group > 0);
    assert.match(readFileSync(join(root, 'etc/passwd'), 'utf8'), new RegExp(`^spectrocloud:x:${user}:${group}:`, 'm'));
  });

  test('what it listens at is what it exposes, for others than itself', () => {
    assert.equal(variables.SPECTROCLOUD_LISTEN, `0.0.0.0:${instruction('EXPOSE')}`);
  });

  test('starts in a root that cannot be written to, and serves', async t => {
    if (!mounts) t.diagnostic('nothing can be mounted here: the root can be written to');
    const service = startContainer(configured());
    const port = Number((await service.until(/ started .*port=(\d+)/))[1]);
    assert.match(service.output(), /listen="0\.0\.0\.0:0"/);
    assert.equal((await get(port, '/api/spectrocloud/health')).status, 200);
    // As a Deployment asks.
    for (const [, path] of source('packaging/kubernetes/deployment.yaml').matchAll(/^ +path: (\S+)$/gm))
      assert.equal((await get(port, path)).status, 200, path);
    const clusters = await get(port, '/api/spectrocloud/clusters', { authorization: `Bearer ${CALLER}` });
    assert.equal(clusters.status, 200, clusters.body);
    assert.equal(await service.stop(instruction('STOPSIGNAL')), 0, service.output());
  });

  test('says what is missing where nothing is configured', async () => {
    const service = startContainer({});
    assert.equal(await service.ended, 2, service.output());
    assert.match(service.output(), /spectrocloud\.environments/);
  });

  test('its certificates are where OpenSSL and libcurl look', () => {
    for (const path of ['etc/ssl/certs/ca-certificates.crt', 'etc/ssl/openssl.cnf'])
      assert.ok(readFileSync(join(root, path)).length > 0, path);
    assert.equal(run('readlink', [join(root, 'usr/lib/ssl/certs')]).trim(), '/etc/ssl/certs');
  });
});

test('the Containerfile names no registry, and what it copies and runs is there', () => {
  for (const [, image] of FILE.matchAll(/^FROM (\S+)/gm)) assert.ok(!image.includes('/'), image);
  assert.ok(FILE.includes('packaging/container/rootfs build/src/spectrocloud-backend'));
  assert.equal(run('sh', ['-c', 'test -x "$0/packaging/container/rootfs" && echo yes', SOURCES]).trim(), 'yes');
});
