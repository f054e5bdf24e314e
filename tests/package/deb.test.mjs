// The Debian package in a bare Debian: installed, configured by one file, started as its unit says but
// without systemd, upgraded, removed, purged.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { OUT, get, inside, install, made, makeRoot, noRoot, run, source, start, startSimulator } from './made.mjs';

const ENVIRONMENT = 'etc/default/spectrocloud-backend';
const CONFIG = 'etc/spectrocloud-backend/app-config.yaml';
const UNIT = 'usr/lib/systemd/system/spectrocloud-backend.service';
const skip = noRoot();

test('lintian finds no error', { skip: spawnSync('lintian', ['--version']).status !== 0 && 'lintian is not installed' }, t => {
  const said = run('lintian', ['--allow-root', made('.deb')]);
  said.split('\n').filter(Boolean).forEach(line => t.diagnostic(line));
  assert.doesNotMatch(said, /^E:/m);
});

// As long as a database is away, such as after both machines were started anew: not ten times.
test('the unit is tried again until it starts, but not with a faulty configuration', () => {
  const settings = name => [...source('packaging/systemd/spectrocloud-backend.service').matchAll(new RegExp(`^${name}=(.*)$`, 'gm'))]
    .map(([, value]) => value);
  assert.deepEqual(['StartLimitIntervalSec', 'StartLimitBurst', 'Restart', 'RestartPreventExitStatus'].map(settings),
    [['0'], [], ['on-failure'], ['2']]);
});

describe('the package in a bare Debian', { skip }, () => {
  let root;
  let bare;
  let simulator;

  const inRoot = path => join(root, path);
  const read = path => readFileSync(inRoot(path), 'utf8');
  const program = (...args) => spawnSync('chroot', [root, 'spectrocloud-backend', ...args], { encoding: 'utf8' });
  // Whoever, wherever, with which rights; without what apt, dpkg and the linker keep for themselves.
  const kept = new RegExp(['var/(cache|log)/(apt|ldconfig|debconf|dpkg\\.log|alternatives\\.log)', 'var/lib/(apt|dpkg)/',
    'etc/ld\\.so\\.cache', 'etc/(passwd|group|shadow|gshadow)-?', 'etc/sub[ug]id-?', '(tmp|run)/'].map(each => `^${each}`).join('|'));
  const list = () => run('find', [root, '-mindepth', '1', '-printf', '%P %y %m %u %g\n'])
    .split('\n').filter(line => line && !kept.test(line)).sort();
  const users = () => ['etc/passwd', 'etc/group', 'etc/shadow', 'etc/gshadow'].map(read).join('\n');

  before(async () => {
    simulator = await startSimulator();
    root = makeRoot();
    bare = { files: list(), users: users() };
    copyFileSync(made('.deb'), inRoot('tmp/package.deb'));
  });
  after(async () => {
    await simulator?.stop();
    if (root) rmSync(root, { recursive: true, force: true });
  });

  // ---- the unit, by the means of a shell ----

  const unit = name => read(UNIT).split('\n').filter(line => line.startsWith(`${name}=`)).map(line => line.slice(name.length + 1));
  const only = name => { assert.equal(unit(name).length, 1, name); return unit(name)[0]; };

  // NAME=VALUE lines, as systemd reads them.
  const variables = () => Object.fromEntries(read(only('EnvironmentFile').replace(/^-?\//, '')).split('\n')
    .filter(line => /^\w+=/.test(line)).map(line => line.split(/=(.*)/s).slice(0, 2)));

  function startUnit() {
    const environment = { PATH: '/usr/bin', CONFIGURATION_DIRECTORY: `/etc/${only('ConfigurationDirectory')}`,
      STATE_DIRECTORY: `/var/lib/${only('StateDirectory')}`, ...variables() };
    const command = only('ExecStart').replace(/\$\{(\w+)\}/g, (_, name) => environment[name]).split(' ');
    const folder = only('WorkingDirectory').replace('%S', '/var/lib');
    return start('chroot', [`--userspec=${only('User')}:${only('Group')}`, root, '/usr/bin/env', '-i', '-C', folder,
      ...Object.entries(environment).map(pair => pair.join('=')), ...command]);
  }

  const started = async service => Number((await service.until(/ started .*port=(\d+)/))[1]);
  const ownerInside = path => inside(root, ['stat', '-c', '%U:%G %a', `/${path}`]).trim();

  // As its configuration says that they are called.
  const withVariables = (...words) => ['sh', '-c', `set -a; . /${ENVIRONMENT}; set +a; "$@"`, 'sh', 'spectrocloud-backend', ...words];

  // ---- the tests, in their order ----

  test('is installed, with its dependencies', () => {
    const said = install(root, '/tmp/package.deb');
    assert.match(said, /fill in \/etc\/default\/spectrocloud-backend/);
    assert.equal(inside(root, ['dpkg-query', '-W', '-f', '${db:Status-Abbrev}', 'spectrocloud-backend']).trim(), 'ii');
    assert.equal(program('--version').status, 0);
    assert.equal(inside(root, ['dpkg', '--verify', 'spectrocloud-backend']).trim(), '');
  });

  test('has a user, and secrets that only root and that user can read', () => {
    assert.match(read('etc/passwd'), /^spectrocloud:x:\d+:\d+:.*:\/var\/lib\/spectrocloud-backend:\/usr\/sbin\/nologin$/m);
    assert.equal(ownerInside(ENVIRONMENT), 'root:spectrocloud 640');
    assert.equal(ownerInside(CONFIG), 'root:root 644');
    assert.equal(ownerInside('var/lib/spectrocloud-backend'), 'spectrocloud:spectrocloud 750');
    assert.equal(ownerInside('var/log/spectrocloud-backend'), 'spectrocloud:spectrocloud 750');
  });

  test('nothing is enabled', () => {
    assert.deepEqual(list().filter(line => /^etc\/systemd\/.*spectrocloud/.test(line)), []);
  });

  test('the paths that the units name are there', () => {
    for (const path of [only('ExecStart').split(' ')[0], only('EnvironmentFile').replace(/^-/, '')])
      assert.ok(existsSync(inRoot(path)), path);
    // Where systemd is, it says whether it understands them; the root has neither its targets nor `kill`.
    const said = spawnSync('systemd-analyze', [`--root=${root}`, 'verify', 'spectrocloud-backend.service',
      'spectrocloud-backend.socket'], { encoding: 'utf8' });
    const faults = (said.stderr ?? '').split('\n').filter(line => /spectrocloud/.test(line) &&
      !/sysinit\.target not found|Command kill is not executable/.test(line));
    assert.deepEqual(faults, []);
    for (const file of [UNIT, UNIT.replace('.service', '.socket')])
      for (const [, path] of read(file).matchAll(/^Documentation=file:(\S+)$/gm)) assert.ok(existsSync(inRoot(path)), path);
  });

  test('what its pages are made of is complete', () => {
    const documents = 'usr/share/doc/spectrocloud-backend';
    for (const name of ['copyright', 'LICENSE', 'changelog.gz', 'README.md', 'CHANGELOG.md', 'docs/configuration.md', 'examples/app-config.yaml',
      'kubernetes/kustomization.yaml']) assert.ok(existsSync(inRoot(`${documents}/${name}`)), name);
    const printed = { 'man/man1/spectrocloud-backend.1.gz': ['docs', 'man1'], 'man/man5/spectrocloud-backend.5.gz': ['docs', 'man5'],
      'bash-completion/completions/spectrocloud-backend': ['completion', 'bash'],
      'zsh/vendor-completions/_spectrocloud-backend': ['completion', 'zsh'],
      'fish/vendor_completions.d/spectrocloud-backend.fish': ['completion', 'fish'],
      'spectrocloud-backend/app-config.schema.json': ['config', 'schema'] };
    for (const [path, words] of Object.entries(printed)) {
      const bytes = readFileSync(inRoot(`usr/share/${path}`));
      assert.equal((path.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString(), program(...words).stdout, path);
    }
  });

  test('links of its pages lead to a page that is there', () => {
    const folder = 'usr/share/doc/spectrocloud-backend';
    const pages = run('find', ['.', '-name', '*.md'], { cwd: inRoot(folder) }).split('\n').filter(Boolean);
    assert.ok(pages.length > 20, pages.join(' '));
    for (const page of pages)
      for (const [, target] of read(join(folder, page)).matchAll(/\]\((?!https?:)([^)#]+)(?:#[^)]*)?\)/g))
        assert.ok(existsSync(inRoot(join(folder, dirname(page), target))), `${page}: ${target}`);
  });

  test('has the module for Backstage as it is packed, without its tests', () => {
    const { files } = JSON.parse(source('backstage/session-bridge/package.json'));
    const folder = inRoot('usr/share/doc/spectrocloud-backend/backstage/session-bridge');
    for (const name of [...files, 'package.json', 'README.md']) assert.ok(existsSync(join(folder, name)), name);
    assert.equal(run('find', [folder, '-name', '*.mjs', '-o', '-name', 'node_modules']), '');
  });

  test('does not start before it is configured, and says what is missing', async () => {
    const service = startUnit();
    assert.equal(await service.ended, Number(only('RestartPreventExitStatus')), service.output());
    assert.match(service.output(), /apiToken/);
    assert.match(service.output(), /app-config\.yaml:\d+:\d+/);
  });

  function fillIn() {
    let text = read(ENVIRONMENT);
    const filled = { SPECTROCLOUD_URL: simulator.url, SPECTROCLOUD_TENANT: 'sim', SPECTROCLOUD_API_TOKEN: 'sim-key',
      SPECTROCLOUD_CALLER_TOKEN: 'a-token-of-the-test', SPECTROCLOUD_LISTEN: '127.0.0.1:0',
      SPECTROCLOUD_SESSION_KEY: Buffer.alloc(32, 7).toString('base64') };
    for (const [name, value] of Object.entries(filled)) {
      assert.match(text, new RegExp(`^#?${name}=`, 'm'), 'it names every variable');
      text = text.replace(new RegExp(`^#?${name}=.*`, 'm'), `${name}=${value}`);
    }
    writeFileSync(inRoot(ENVIRONMENT), text);
  }

  test('starts after one file was filled in, and serves', async () => {
    fillIn();
    // A shell reads the same in it as systemd does.
    const inShell = '\n' + inside(root, ['sh', '-c', `set -a; . /${ENVIRONMENT}; env`]);
    for (const [name, value] of Object.entries(variables())) assert.ok(inShell.includes(`\n${name}=${value}\n`), name);

    const service = startUnit();
    const port = await started(service);
    const status = readFileSync(`/proc/${service.pid}/status`, 'utf8');
    const uid = read('etc/passwd').match(/^spectrocloud:x:(\d+)/m)[1];
    assert.match(status, new RegExp(`^Uid:\\s+${uid}\\s+${uid}\\s`, 'm'));
    assert.equal((await get(port, '/api/spectrocloud/health')).status, 200);
    assert.equal((await get(port, '/.backstage/health/v1/readiness')).status, 200);
    const clusters = await get(port, '/api/spectrocloud/clusters', { authorization: 'Bearer a-token-of-the-test' });
    assert.equal(clusters.status, 200);
    assert.ok(JSON.parse(clusters.body).length > 0 || Object.keys(JSON.parse(clusters.body)).length > 0);
    assert.equal((await get(port, '/api/spectrocloud/clusters')).status, 401);
    // Looking for faults, the program finds its way to both.
    const found = spawnSync('chroot', [root, ...withVariables('doctor', '--config', `/${CONFIG}`, '--set',
      `spectrocloud.server.listen=127.0.0.1:${port}`)], { encoding: 'utf8' });
    for (const name of ['configuration', 'palette-token', 'service-route'])
      assert.match(found.stdout, new RegExp(`^ *ok +${name} `, 'm'), found.stdout + found.stderr);
    assert.equal(await service.stop(), 0, service.output());
  });

  test('the command that its configuration names finds no fault', () => {
    assert.match(read(CONFIG), /spectrocloud-backend config check --config \/etc\/spectrocloud-backend\/app-config\.yaml/);
    const check = options => inside(root, withVariables('config', 'check', '--config', `/${CONFIG}`), { both: true, ...options });
    assert.doesNotMatch(check(), /warning/);
    assert.doesNotMatch(check({ env: { BACKSTAGE_URL: 'https://backstage.example' } }), /warning/);
  });

  test('keeps sessions in a file, with the lines that the configuration has for it', async () => {
    const text = read(CONFIG);
    const lines = text.replace(/^  #(tokenStore:|  (?:type|path|encryptionKey):.*)$/gm, '  $1');
    assert.notEqual(lines, text);
    writeFileSync(inRoot(CONFIG), lines);
    const service = startUnit();
    await started(service);
    assert.equal(await service.stop(), 0, service.output());
    writeFileSync(inRoot(CONFIG), text);
    assert.match(ownerInside('var/lib/spectrocloud-backend/sessions.db'), /^spectrocloud:spectrocloud 6[04]0$/);
  });

  test('an upgrade keeps what was filled in, and brings what was not changed', () => {
    const tree = mkdtempSync(join(OUT, 'next-'));
    try {
      run('dpkg-deb', ['-R', made('.deb'), tree]);
      chmodSync(tree, 0o755);
      const control = join(tree, 'DEBIAN/control');
      writeFileSync(control, readFileSync(control, 'utf8').replace(/^Version: .*/m, 'Version: 99.0'));
      writeFileSync(join(tree, CONFIG), readFileSync(join(tree, CONFIG), 'utf8') + '# new\n');
      run('dpkg-deb', ['--root-owner-group', '-Znone', '-b', tree, inRoot('tmp/next.deb')]);
    } finally {
      rmSync(tree, { recursive: true, force: true });
    }
    const before = read(ENVIRONMENT);
    const said = inside(root, ['dpkg', '-i', '/tmp/next.deb'], { both: true });
    assert.doesNotMatch(said, /fill in/);
    assert.equal(read(ENVIRONMENT), before);
    assert.equal(ownerInside(ENVIRONMENT), 'root:spectrocloud 640');
    assert.match(read(CONFIG), /# new\n$/);
    assert.ok(existsSync(inRoot('var/lib/spectrocloud-backend/sessions.db')));
  });

  test('removed, it leaves its configuration and what it has kept', () => {
    inside(root, ['apt-get', 'remove', '-y', 'spectrocloud-backend']);
    assert.ok(!existsSync(inRoot('usr/bin/spectrocloud-backend')));
    assert.ok(existsSync(inRoot(ENVIRONMENT)));
    assert.ok(existsSync(inRoot('var/lib/spectrocloud-backend/sessions.db')));
    assert.match(read('etc/passwd'), /^spectrocloud:/m);
  });

  // What it left is in the way of nothing here.
  test('the tarball is installed by the lines of docs/installing.md', async () => {
    const [, lines] = source('docs/installing.md').split('### Without a package')[1].match(/```sh\n([^]*?)```/);
    const [name] = lines.match(/spectrocloud-backend_\S+\.tar\.gz/);
    copyFileSync(made('.tar.gz'), inRoot(`tmp/${name}`));
    inside(root, ['userdel', 'spectrocloud']);
    inside(root, ['sh', '-ec', `cd /tmp\n${lines.replace('systemctl daemon-reload', '')}`]);
    assert.equal(ownerInside(ENVIRONMENT), 'root:spectrocloud 640');
    assert.equal(inside(root, ['readlink', '/bin']).trim(), 'usr/bin', 'links of the system stay');
    fillIn();
    // As systemd does with StateDirectory=.
    inside(root, ['chown', '-R', 'spectrocloud:spectrocloud', `/var/lib/${only('StateDirectory')}`]);
    const service = startUnit();
    const port = await started(service);
    assert.equal((await get(port, '/api/spectrocloud/health')).status, 200);
    assert.equal(await service.stop(), 0, service.output());
    // What of it the package does not know is taken away again, the deepest first.
    const there = new Set(bare.files.map(line => line.split(' ')[0]));
    const paths = run('tar', ['-tzf', made('.tar.gz')]).split('\n').map(name => name.replace(/^[^/]*\//, ''));
    for (const path of paths.filter(each => each && !each.startsWith('etc/')).sort().reverse())
      if (!path.endsWith('/')) rmSync(inRoot(path));
      else if (!there.has(path.slice(0, -1)) && readdirSync(inRoot(path)).length === 0) rmdirSync(inRoot(path));
  });

  test('purged, it leaves nothing, nor do its dependencies', () => {
    inside(root, ['apt-get', 'purge', '-y', 'spectrocloud-backend']);
    assert.deepEqual(list().filter(line => /spectrocloud/.test(line)), []);
    assert.equal(users(), bare.users);
    inside(root, ['apt-get', '-o', 'APT::AutoRemove::RecommendsImportant=false', 'autoremove', '--purge', '-y']);
    const rest = new Set(bare.files);
    const now = list();
    assert.deepEqual(now.filter(line => !rest.has(line)), []);
    const left = new Set(now);
    assert.deepEqual(bare.files.filter(line => !left.has(line)), []);
  });

});
