// The command line: what each command prints, where, and with which exit status.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import {
  chmodSync, copyFileSync, mkdirSync, mkdtempSync, openSync, closeSync, readdirSync, readFileSync,
  rmSync, statSync, writeFileSync,
} from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';

const BACKEND = resolve(process.env.SPECTROCLOUD_BACKEND ?? 'build/spectrocloud-backend');
const COMMANDS = ['serve', 'doctor', 'mcp', 'cluster', 'action', 'config', 'sessions', 'operations', 'docs', 'completion'];
const NOBODY = 65534;
const SECRETS = ['key-in-the-file-0001', 'token-in-the-file-0002'];

let folder;
const children = new Set();

// None outlives a failed test.
function start(program, args, options) {
  const child = spawn(program ?? BACKEND, args, { cwd: folder, ...options });
  children.add(child);
  child.once('close', () => children.delete(child));
  return child;
}

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'commands-'));
});

after(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

// Runs it to its end, in the test's own folder. options: how to spawn.
function run(args, options = {}) {
  return new Promise((done, reject) => {
    const child = start(options.program, args, options);
    const result = { stdout: '', stderr: '', status: null };
    const timer = setTimeout(() => child.kill('SIGKILL'), 20000);
    child.stdout?.on('data', chunk => { result.stdout += chunk; });
    child.stderr.on('data', chunk => { result.stderr += chunk; });
    child.on('error', reject);
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      done({ ...result, status: status ?? signal });
    });
  });
}

function file(name, text) {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
}

const lines = text => text.split('\n').slice(0, -1);

function assertFails(result, status, pattern) {
  assert.equal(result.stdout, '');
  assert.equal(lines(result.stderr).length, 1, `one line: ${result.stderr}`);
  assert.match(result.stderr, pattern);
  assert.equal(result.status, status);
}

// ---- the program itself ----

test('without a command: the usage on stderr, status 2', async () => {
  const result = await run([]);
  assert.equal(result.status, 2);
  assert.equal(result.stdout, '');
  assert.match(result.stderr, /^Usage: spectrocloud-backend COMMAND/);
});

for (const option of ['--help', '-h'])
  test(`${option}: the usage on stdout, every command in it`, async () => {
    const result = await run([option]);
    assert.equal(result.status, 0);
    assert.equal(result.stderr, '');
    for (const command of COMMANDS) assert.match(result.stdout, new RegExp(`^  ${command} `, 'm'));
  });

test('--version: one line', async () => {
  const result = await run(['--version']);
  assert.deepEqual([result.status, result.stderr], [0, '']);
  assert.match(result.stdout, /^spectrocloud-backend \d+\.\d+\.\d+\n$/);
});

for (const name of ['frob', '', 'SERVE', '--frob', 'serv'])
  test(`the command '${name}', which there is not: named with the usage, status 2`, async () => {
    const result = await run([name]);
    assert.equal(result.status, 2);
    assert.equal(result.stdout, '');
    assert.ok(result.stderr.startsWith(`spectrocloud-backend: there is no command \`${name}\``));
    assert.match(result.stderr, /\nUsage: /);
  });

test('one that would write to the terminal is shown, not written', async () => {
  const result = await run(['a\u001b[31mb'.padEnd(300, 'c')]);
  assert.match(result.stderr, /^spectrocloud-backend: there is no command `a\\u001b\[31mbc{50,120}`\n/);
});

for (const args of [[], ...COMMANDS.map(command => [command]), ['config', 'check'],
  ['sessions', 'list'], ['sessions', 'revoke'], ['action', 'list'], ['action', 'show'],
  ['action', 'run']])
  test(`${[...args, '--help'].join(' ')} is readable`, async () => {
    const result = await run([...args, '--help']);
    assert.deepEqual([result.status, result.stderr], [0, '']);
    assert.ok(result.stdout.startsWith(
      `Usage: spectrocloud-backend ${args[0] ?? 'COMMAND'}`), result.stdout);
    assert.ok(lines(result.stdout).length >= 3);
    for (const line of lines(result.stdout)) {
      assert.ok(line.length <= 80, `${line.length} columns: ${line}`);
      assert.doesNotMatch(line, /\s$|\t/, 'no blanks at the end, no tabs');
    }
    assert.match(result.stdout, /[^\n]\n$/);
    if (args.length > 0) {
      const short = await run([...args, '-h']);
      assert.deepEqual(short, result);
    }
  });

test('output that cannot be written is an error', async () => {
  for (const args of [['--version'], ['--help'], ['operations'], ['docs', 'openapi']]) {
    const full = openSync('/dev/full', 'w');
    const result = await run(args, { stdio: ['ignore', full, 'pipe'] });
    closeSync(full);
    assert.equal(result.status, 1, args.join(' '));
    assert.match(result.stderr, /^spectrocloud-backend: could not write all of the output\n$/);
  }
});

// ---- mistakes: one line that says what is wrong ----

for (const [args, pattern] of [
  [['config'], /config: say `check`, `show` or `schema`/],
  [['config', 'frob'], /config: say `check`, `show` or `schema`/],
  [['config', 'check', 'more'], /config check takes no arguments/],
  [['sessions'], /sessions: say `list` or `revoke`/],
  [['sessions', 'list', 'more'], /sessions list takes no arguments/],
  [['sessions', 'revoke'], /sessions revoke: name addresses, or else say --all/],
  [['sessions', 'list', '--config', 'none.yaml'], /^none\.yaml: cannot read this file/],
  [['action'], /action: say `list`, `show` or `run`/],
  [['action', 'frob'], /action: say `list`, `show` or `run`/],
  [['action', 'list', 'more'], /action list takes no arguments/],
  [['action', 'list', '--arg', 'a=b'], /^action list takes no --arg, which is for run$/m],
  [['action', 'show'], /action show wants the name of a tool/],
  [['action', 'run'], /action run wants the name of a tool/],
  [['action', 'run', 'a', 'b=c'], /action run takes one name; inputs are given as --arg/],
  [['action', 'run', 'list_spectrocloud_clusters'], /^app-config\.yaml: cannot read this file/],
  [['operations', 'more'], /operations takes no arguments/],
  [['operations', '--config', 'x'], /^operations reads no configuration$/m],
  [['docs'], /docs: say `audit`, .*`settings` or `tools`; `docs --help` tells more/],
  [['docs', 'frob'], /docs: say `audit`, /],
  [['docs', 'openapi', 'more'], /^docs openapi takes no arguments$/m],
  [['docs', 'openapi', '--set', 'a=b'], /^docs openapi reads no configuration$/m],
  [['completion'], /completion: say `bash`, `zsh` or `fish`/],
  [['completion', 'bash', 'more'], /^completion bash takes no arguments$/m],
  [['config', 'schema', '--json'], /^config schema takes no --json, which is for check and show$/m],
  [['sessions', 'list', '--all'], /^sessions list takes no --all, which is for revoke$/m],
  [['serve', 'more'], /serve takes no arguments/],
  [['mcp', 'more'], /mcp takes no arguments/],
  [['serve'], /^app-config\.yaml: cannot read this file: No such file/],
  [['serve', '--config', 'none.yaml'], /^none\.yaml: cannot read this file: No such file/],
  [['serve', '--config', '.'], /^\.: cannot read this file: not a file/],
  [['serve', '--config', '/dev/zero'], /^\/dev\/zero: cannot read this file: larger than/],
])
  test(`${args.join(' ')}: status 2`, async () => {
    assertFails(await run(args), 2, pattern);
  });

for (const [command, first] of [[['serve'], 'serve'], [['config', 'check'], 'config'],
  [['config', 'show'], 'config'], [['sessions', 'list'], 'sessions'],
  [['sessions', 'revoke'], 'sessions'], [['action', 'list'], 'action'], [['mcp'], 'mcp'],
  [['action', 'run'], 'action']])
  test(`${command.join(' ')} with a bad option names the option and the help`, async () => {
    for (const [options, pattern] of [
      [['--frob'], /unrecognized option '--frob'/],
      [['--config'], /option '--config' requires an argument/],
      [['-x'], /invalid option -- 'x'/],
    ]) {
      const result = await run([...command, ...options]);
      assert.deepEqual([result.status, result.stdout], [2, '']);
      assert.match(result.stderr, pattern);
      assert.equal(lines(result.stderr).length, 2);
      assert.ok(result.stderr.startsWith(`${first}: `));
      assert.ok(result.stderr.endsWith(`Try \`spectrocloud-backend ${first} --help\`.\n`));
    }
  });

test('too many options are refused, not dropped', async () => {
  const many = (option, value, count) => Array(count).fill([option, value]).flat();
  assertFails(await run(['serve', ...many('--config', 'x.yaml', 33)]), 2, /more than 32 --config/);
  assertFails(await run(['serve', ...many('--set', 'a=b', 65)]), 2, /more than 64 --set/);
  assertFails(await run(['action', 'run', 'x', ...many('--arg', 'a=b', 257)]), 2, /more than 256 --arg/);
});

// ---- config ----

const good = () => file('good.yaml', `
backend:
  auth:
    externalAccess:
      - type: static
        options: { token: ${SECRETS[1]}, subject: tests }
spectrocloud:
  server: { workers: 3 }
  environments:
    - { name: first, url: 'https://palette.example', tenant: t, apiToken: ${SECRETS[0]} }
`);

test('config check of a good file: one line on stdout', async () => {
  const result = await run(['config', 'check', '--config', good()]);
  assert.deepEqual([result.status, result.stderr], [0, '']);
  assert.equal(result.stdout,
    'The configuration is fine: 1 environment, 1 external caller.\n');
});

test('config check names every fault with file, line and column; status 2', async () => {
  file('bad.yaml', `spectrocloud:
  server:
    workers: many
    idleTimeout: 5
  environments:
    - url: ftp://palette.example
      tenant: t
      apiToken: "${SECRETS[0]} with blanks"
    - name: second
      url: https://palette.example
      apiToken: \${NOT_SET_ANYWHERE}
`);
  const result = await run(['config', 'check', '--config', 'bad.yaml']);
  assert.equal(result.status, 2);
  assert.equal(result.stdout, '');
  const found = lines(result.stderr);
  for (const line of found) assert.match(line, /^(warning: )?bad\.yaml:\d+:\d+: [a-z][\w.[\]]+: .+/i);
  for (const [place, what] of [
    ['3:14', 'spectrocloud.server.workers'],
    ['4:18', 'spectrocloud.server.idleTimeout'],
    ['6:12', 'spectrocloud.environments[0].url'],
    ['8:17', 'spectrocloud.environments[0].apiToken'],
    ['11:17', 'spectrocloud.environments[1].apiToken'],
  ])
    assert.equal(found.filter(line => line.startsWith(`bad.yaml:${place}: ${what}: `)).length, 1,
      `${place} ${what}\n${result.stderr}`);
  assert.ok(found.some(line => line.includes('environments[1].tenant: missing')));
  assert.ok(!result.stderr.includes(SECRETS[0]), result.stderr);
});

test('config check of a file that is no YAML: its place, status 2', async () => {
  file('broken.yaml', 'spectrocloud:\n  server: [1, 2\n');
  const result = await run(['config', 'check', '--config', 'broken.yaml']);
  assert.equal(result.status, 2);
  assert.match(result.stderr, /^broken\.yaml:\d+:\d+: /);
});

test('config check warns of settings there are not, and is still fine', async () => {
  file('typo.yaml', 'spectrocloud:\n  server:\n    listn: 1\n  environments: []\n');
  const result = await run(['config', 'check', '--config', 'typo.yaml']);
  assert.equal(result.status, 0);
  assert.equal(result.stdout,
    'No faults, but 3 warnings: 0 environments, 0 external callers.\n');
  assert.match(result.stderr, /^warning: .*backend\.auth\.externalAccess: nobody can call/m);
  assert.match(result.stderr,
    /^warning: typo\.yaml:3:5: spectrocloud\.server\.listn: unknown.*listen/m);
});

test('config check tells a misspelt setting together with the faults', async () => {
  file('both.yaml', 'spectrocloud:\n  server:\n    listn: 1\n    workers: 0\n');
  const result = await run(['config', 'check', '--config', 'both.yaml']);
  assert.equal(result.status, 2);
  assert.match(result.stderr, /^both\.yaml:4:14: spectrocloud\.server\.workers: /m);
  assert.match(result.stderr, /^warning: both\.yaml:3:5: spectrocloud\.server\.listn: unknown/m);
});

test('config check --json: all of it, for programs, on stdout', async () => {
  file('json.yaml', `spectrocloud:
  server: { listn: 1, workers: 0 }
  environments: [5, { url: 'https://a', tenant: t, apiToken: "${SECRETS[0]} with blanks" }]
`);
  const plain = await run(['config', 'check', '--config', 'json.yaml']);
  const { stdout, stderr, status } = await run(['config', 'check', '--json', '--config', 'json.yaml']);
  assert.deepEqual([stderr, status], ['', 2]);
  assert.ok(!stdout.includes(SECRETS[0]), stdout);
  const said = JSON.parse(stdout);
  assert.deepEqual(Object.keys(said), ['ok', 'faults', 'notices']);
  assert.equal(said.ok, false);
  assert.deepEqual(said.faults.map(f => [f.file, f.line, f.column, f.path]), [
    ['json.yaml', 3, 18, 'spectrocloud.environments[0]'],
    ['json.yaml', 3, 62, 'spectrocloud.environments[1].apiToken'],
    ['json.yaml', 2, 32, 'spectrocloud.server.workers'],
  ]);
  assert.deepEqual(said.notices.map(n => n.path), ['spectrocloud.server.listn', 'spectrocloud.environments[1].name']);
  // The lines say the same.
  const line = prefix => f => `${prefix}${f.file}:${f.line}:${f.column}: ${f.path}: ${f.message}`;
  assert.deepEqual(lines(plain.stderr), [...said.faults.map(line('')), ...said.notices.map(line('warning: '))]);
});

test('config check --json of a good file, of none, and of what lies beyond the files', async () => {
  const fine = await run(['config', 'check', '--json', '--config', good()]);
  assert.deepEqual([fine.stderr, fine.status], ['', 0]);
  assert.deepEqual(JSON.parse(fine.stdout), { ok: true, faults: [], notices: [] });
  const none = await run(['config', 'check', '--json', '--config', 'none.yaml']);
  assert.equal(none.status, 2);
  assert.deepEqual(JSON.parse(none.stdout).faults, [{
    file: 'none.yaml', line: null, column: null, path: null, message: 'cannot read this file: No such file or directory' }]);
  // Two files of which each has a fault of its own.
  file('rules.yaml', 'rules: 5\n');
  const beyond = await run(['config', 'check', '--json', '--config', good(), '--set', 'spectrocloud.standalone.policyFile=rules.yaml',
    '--set', 'spectrocloud.tokenStore.connection=postgresql://a b@/x', '--set',
    'spectrocloud.tokenStore.encryptionKey=MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=']);
  assert.equal(beyond.status, 2);
  const { faults } = JSON.parse(beyond.stdout);
  assert.equal(faults.length, 2, beyond.stdout);
  assert.match(faults[0].message, /rules\.yaml/);
});

test('config check tells keys elsewhere that nearly are settings', async () => {
  const path = file('nearly.yaml', 'spectroCloud: { environments: [] }\npermisson: { enabled: true }\nintegrations: { github: [] }\n');
  const { stderr, status } = await run(['config', 'check', '--config', path]);
  assert.equal(status, 0);
  assert.match(stderr, /^warning: .*nearly\.yaml:1:1: spectroCloud: .*did you mean 'spectrocloud'\?$/m);
  assert.match(stderr, /^warning: .*nearly\.yaml:2:1: permisson: .*did you mean 'permission'\?$/m);
  assert.doesNotMatch(stderr, /integrations/);
});

test('config check without --config reads the files of the folder', async () => {
  const home = join(folder, 'home');
  mkdirSync(home);
  copyFileSync(good(), join(home, 'app-config.yaml'));
  writeFileSync(join(home, 'app-config.local.yaml'), 'spectrocloud: { server: { workers: 0 } }\n');
  const result = await run(['config', 'check'], { cwd: home });
  assert.equal(result.status, 2);
  assert.match(result.stderr, /^\S*app-config\.local\.yaml:1:36: spectrocloud\.server\.workers: /);
});

test('config show tells each value and where it is from; secrets as ***', async () => {
  const result = await run(['config', 'show', '--config', good(),
    '--set', 'spectrocloud.server.queueLength=7', '--listen', 'unix:/run/x.sock']);
  assert.deepEqual([result.status, result.stderr], [0, '']);
  for (const secret of SECRETS) assert.ok(!result.stdout.includes(secret));
  assert.match(result.stdout, /apiToken: "\*\*\*" # .*good\.yaml:10:\d+$/m);
  assert.match(result.stdout, /token: "\*\*\*" # .*good\.yaml:6:\d+$/m);
  assert.match(result.stdout, /^    workers: 3 # .*good\.yaml:8:\d+$/m);
  assert.match(result.stdout, /^    queueLength: 7 # --set$/m);
  assert.match(result.stdout, /^    listen: "?unix:\/run\/x\.sock"? # --set$/m);
  assert.match(result.stdout, /^    maxConnections: 1024 # default$/m);
});

test('config show --json: every setting with value and source; secrets as ***', async () => {
  const args = ['--config', good(), '--set', 'spectrocloud.server.queueLength=7'];
  const { stdout, stderr, status } = await run(['config', 'show', '--json', ...args]);
  assert.deepEqual([stderr, status], ['', 0]);
  for (const secret of SECRETS) assert.ok(!stdout.includes(secret));
  const settings = new Map(JSON.parse(stdout).settings.map(({ path, ...rest }) => [path, rest]));
  const source = (line, column) => ({ file: good(), line, column });
  assert.deepEqual(settings.get('spectrocloud.server.workers'), { value: 3, default: false, source: source(8, 22) });
  assert.deepEqual(settings.get('spectrocloud.server.queueLength'), { value: 7, default: false, source: { file: '--set' } });
  assert.deepEqual(settings.get('spectrocloud.server.maxBodyBytes'), { value: '1MiB', default: true, source: null });
  assert.deepEqual(settings.get('spectrocloud.environments[0].name').value, 'first');
  assert.deepEqual(settings.get('spectrocloud.environments[0].apiToken').value, '***');
  assert.deepEqual(settings.get('backend.auth.externalAccess[0].options.token').value, '***');
  assert.deepEqual(settings.get('backend.auth.externalAccess[0].options.subject').value, 'tests');
  // As many as the text has.
  const text = await run(['config', 'show', ...args]);
  assert.equal(text.stdout.match(/: .+ # /g).length, settings.size);
});

test('what config show prints can be read again', async () => {
  const first = await run(['config', 'show', '--config', good()]);
  const again = file('again.yaml', first.stdout.replaceAll('"***"', 'hidden-hidden'));
  const second = await run(['config', 'show', '--config', again]);
  assert.equal(second.status, 0, second.stderr);
  const values = text => text.replace(/ # .*$/gm, '');
  assert.equal(values(second.stdout), values(first.stdout));
});

test('a secret given with --set is shown as *** and named in no fault', async () => {
  const secret = 'key-of-the-command-line';
  const shown = await run(['config', 'show', '--config', good(),
    '--set', `spectrocloud.environments[0].apiToken=${secret}`]);
  assert.ok(!shown.stdout.includes(secret) && !shown.stderr.includes(secret));
  const bad = await run(['config', 'check', '--config', good(),
    '--set', `spectrocloud.environments[0].apiToken=${secret} with blanks`]);
  assert.equal(bad.status, 2);
  assert.ok(!bad.stderr.includes(secret), bad.stderr);
});

// ---- sessions; the rest is in tests/unit/cmd/ ----

test('sessions in the memory of the service are out of reach: one line, status 1', async () => {
  for (const args of [['list'], ['revoke', 'ada@portal.example'], ['revoke', '--all', '--yes']])
    assertFails(await run(['sessions', ...args, '--config', good()]), 1,
      /^spectrocloud-backend: .*DELETE \/api\/spectrocloud\/session-tokens\/<email>$/m);
});

// ---- documents ----

test('docs openapi is JSON and describes what operations lists', async () => {
  const openapi = await run(['docs', 'openapi']);
  assert.deepEqual([openapi.status, openapi.stderr], [0, '']);
  const document = JSON.parse(openapi.stdout);
  assert.match(document.openapi, /^3\.1\./);
  const described = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item).map(method =>
      `${method.toUpperCase()} ${path.replace(/\{(\w+)\}/g, ':$1')}`));

  const operations = await run(['operations']);
  assert.deepEqual([operations.status, operations.stderr], [0, '']);
  const rows = lines(operations.stdout);
  const tool = /^agent\.\w+ +tool +\w+ +\S.*$/;
  const listed = rows.filter(row => !tool.test(row)).map(row => {
    const [, name, method, path, summary] = row.match(/^(\w+\.\w+) +([A-Z]+) +(\/\S+) +(\S.*)$/);
    assert.ok(name && summary);
    return `${method} ${path}`;
  });
  assert.equal(listed.length, 46);
  assert.ok(rows.length > listed.length, 'no tools');
  assert.deepEqual(described.sort(), listed.sort());
});

for (const [page, pattern] of [['audit', /^# Audit trail\n/], ['doctor', /^# Troubleshooting\n/],
  ['log', /^# Modules of the log\n/], ['metrics', /^# Metrics\n/], ['operations', /^# Operations\n/], ['settings', /^# .+\n/],
  ['tools', /^# Tools\n/]])
  test(`docs ${page} is a page`, async () => {
    const result = await run(['docs', page]);
    assert.deepEqual([result.status, result.stderr], [0, '']);
    assert.match(result.stdout, pattern);
    assert.match(result.stdout, /[^\n]\n$/);
  });

// ---- the demo ----

for (const [args, env, pattern] of [
  [['--frob'], {}, /^demo: unknown option --frob/],
  [[], { SPECTROCLOUD_URL: 'http://127.0.0.1:1' }, /^demo: .*SPECTROCLOUD_API_TOKEN is not/],
  [[], { SPECTROCLOUD_API_TOKEN: 'key' }, /^demo: .*SPECTROCLOUD_URL is not/],
])
  test(`demo ${args} ${Object.keys(env)}: says what is wrong, starts nothing`, async () => {
    const program = fileURLToPath(new URL('../../dev.d/demo', import.meta.url));
    assertFails(await run(args, { program, env: { PATH: process.env.PATH, ...env } }), 2, pattern);
  });

test('the demo creates a cluster, and follows it until it runs', async t => {
  if (spawnSync('jq', ['--version']).error) return t.skip('jq is not installed');
  const root = fileURLToPath(new URL('../..', import.meta.url));
  const { SPECTROCLOUD_URL, SPECTROCLOUD_API_TOKEN, ...env } = process.env;
  const { stdout, stderr, status } = await run([], { program: join(root, 'dev.d/demo'), cwd: root, env });
  assert.equal(status, 0, stdout + stderr);
  assert.equal(stdout.match(/^HTTP\/1\.1 201 /gm)?.length, 1, stdout);
  assert.match(stdout, /^data: .*"reason":"running"/m);
  // Three mistakes are made on purpose: in a description, in a name, and in an identifier.
  assert.deepEqual(stdout.match(/^HTTP\/1\.1 [345]\d\d/gm), Array(3).fill('HTTP/1.1 400'), stdout);
});

// ---- serve ----

test('serve on an address that is taken: one line, status 1', async () => {
  const other = net.createServer().listen(0, '127.0.0.1');
  await new Promise(done => other.once('listening', done));
  const address = `127.0.0.1:${other.address().port}`;
  assertFails(await run(['serve', '--config', good(), '--listen', address]), 1,
    new RegExp(`^spectrocloud-backend: listen on ${address}: Address already in use$`, 'm'));
  other.close();
});

test('serve on an address that there is not: one line', async () => {
  for (const [address, status, pattern] of [
    ['192.0.2.1:80', 1, /listen on 192\.0\.2\.1:80: Cannot assign requested address/],
    ['unix:/no/such/folder/s', 1, /listen on unix:\S+: No such file or directory/],
    ['127.0.0.1:65536', 2, /spectrocloud\.server\.listen: .*HOST:PORT/],
    ['8080', 2, /spectrocloud\.server\.listen: .*HOST:PORT/],
    [`unix:/${'x'.repeat(120)}`, 2, /spectrocloud\.server\.listen: /],
    [`unix:/${'x'.repeat(2000)}`, 2, /spectrocloud\.server\.listen: /],
  ])
    assertFails(await run(['serve', '--config', good(), '--listen', address]), status, pattern);
});

// As somebody who may not: for root every file is readable.
const asNobody = process.getuid() === 0 ? { uid: NOBODY, gid: NOBODY } : {};

// A copy where nobody may reach it, too.
function copyForNobody(name) {
  const program = join(folder, name);
  chmodSync(folder, 0o755);
  copyFileSync(BACKEND, program);
  chmodSync(program, 0o755);
  return program;
}

test('serve with a file that it may not read: one line, status 2', async () => {
  const path = file('unreadable.yaml', '');
  chmodSync(path, 0);
  assertFails(await run(['serve', '--config', path], {
    ...asNobody, program: copyForNobody('reader'),
  }), 2, /unreadable\.yaml: cannot read this file: Permission denied/);
});

// Starts it, waits for its first log line; the caller stops it.
async function serving(options = {}, ...args) {
  const child = start(options.program,
    ['serve', '--config', good(), '--listen', '127.0.0.1:0', ...args], options);
  const output = { child, stdout: '', stderr: '' };
  child.stdout.on('data', chunk => { output.stdout += chunk; });
  output.ended = new Promise(done => child.once('close', (status, signal) =>
    done(status ?? signal)));
  await new Promise((done, fail) => {
    child.stderr.on('data', chunk => {
      output.stderr += chunk;
      if (output.stderr.includes('started')) done();
    });
    child.once('close', status => fail(new Error(`ended with ${status}: ${output.stderr}`)));
  });
  output.port = Number(output.stderr.match(/\bport"?[=:](\d+)/)[1]);
  return output;
}

test('nobody looks into the memory of a running service, and it leaves no core', async () => {
  const service = await serving({ ...asNobody, program: copyForNobody('server') });
  const proc = `/proc/${service.child.pid}`;
  // What is not dumpable belongs to root in /proc, whoever runs it.
  for (const name of ['mem', 'environ', 'maps']) assert.equal(statSync(`${proc}/${name}`).uid, 0);
  assert.match(readFileSync(`${proc}/limits`, 'utf8'), /^Max core file size +0 +0 /m);
  const looks = await run([`${proc}/environ`], { ...asNobody, program: '/bin/cat' });
  assert.notEqual(looks.status, 0);
  assert.equal(looks.stdout, '');
  service.child.kill('SIGQUIT');
  assert.equal(await service.ended, 'SIGQUIT');
  assert.deepEqual(readdirSync(folder).filter(name => name.startsWith('core')), []);
});

test('serve prints nothing on stdout; the log is on stderr, a line an event', async () => {
  const service = await serving({}, '--set', 'spectrocloud.telemetry.logFormat=json');
  const ask = path => fetch(`http://127.0.0.1:${service.port}/api/spectrocloud${path}`, {
    headers: { authorization: `Bearer ${SECRETS[1]}` } });
  assert.equal((await ask('/health')).status, 200);
  assert.equal((await ask('/clusters?instance=none')).status, 400);
  assert.equal((await ask('/nothing')).status, 404);
  service.child.kill('SIGTERM');
  assert.equal(await service.ended, 0);
  assert.equal(service.stdout, '');
  const events = lines(service.stderr).map(line => JSON.parse(line));
  for (const status of [400, 404])
    assert.equal(events.filter(e => e.status === status).length, 1, service.stderr);
  for (const secret of SECRETS) assert.ok(!service.stderr.includes(secret));
});

for (const signal of ['SIGTERM', 'SIGINT'])
  test(`${signal} ends an idle service at once with status 0; then nobody listens`, async () => {
    const service = await serving();
    const url = `http://127.0.0.1:${service.port}/api/spectrocloud/health`;
    assert.equal((await fetch(url)).status, 200); // its connection stays open
    const started = Date.now();
    service.child.kill(signal);
    assert.equal(await service.ended, 0, service.stderr);
    assert.ok(Date.now() - started < 5000);
    const error = await fetch(url).catch(e => e.cause);
    assert.equal(error.code, 'ECONNREFUSED');
  });
