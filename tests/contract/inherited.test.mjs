// A socket that a service manager hands over: it is served where it listens, and outlives the service, so
// that a restart refuses nobody.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { TOKEN, configuration, startSimulator } from './harness.mjs';

const PROGRAM = resolve(process.env.SPECTROCLOUD_BACKEND ?? 'build/spectrocloud-backend');
const CONFINED = resolve(process.env.RELEASE_BACKEND ?? 'build/src/spectrocloud-backend');
const asRoot = process.getuid() === 0;
const optimised = existsSync(CONFINED)
  && spawnSync(CONFINED, ['serve', '--help']).stdout?.includes('LISTEN_FDS') === true;

// Node accepts from every socket that it listens on. This one only holds it, as descriptor 3: a line
// `start` runs the program, `stop` ends it.
const MANAGER = `
use Socket; use POSIX (); $| = 1;
my $path = shift;
my $local = $path =~ m{^/};
socket(my $s, $local ? PF_UNIX : PF_INET, SOCK_STREAM, 0) or die "socket: $!";
bind($s, $local ? pack_sockaddr_un($path) : pack_sockaddr_in(0, INADDR_LOOPBACK)) or die "bind: $!";
listen($s, 64) or die "listen: $!";
my $port = $local ? 0 : (unpack_sockaddr_in(getsockname($s)))[0];
POSIX::dup2(fileno($s), 3) or die "dup2: $!" if fileno($s) != 3;
$^F = 3; fcntl($s, 2, 0) if fileno($s) == 3;
print "port $port\\n";
my $child;
while (my $line = <STDIN>) {
  if ($line =~ /start/) {
    $child = fork;
    next if $child;
    @ENV{qw(LISTEN_PID LISTEN_FDS LISTEN_FDNAMES)} = ($$, 1, 'http');
    exec @ARGV or die "exec: $!";
  }
  kill 'TERM', $child; waitpid $child, 0; print "ended $?\\n";
}
kill 'KILL', $child if $child;
`;

function manage(place, ...command) {
  const child = spawn('perl', ['-e', MANAGER, place, ...command], { stdio: 'pipe' });
  let log = '';
  let said = '';
  let heard = () => {};
  child.stderr.on('data', piece => { log += piece; heard(); });
  child.stdout.on('data', piece => { said += piece; heard(); });
  const closed = new Promise(done => child.once('close', done)).then(() => { heard = () => {}; });
  // Resolves with the groups as soon as there is a match; what was matched is not looked at again.
  const until = (text, pattern) => new Promise((done, fail) => {
    heard = () => { const match = text().match(pattern); if (match) done(match); };
    closed.then(() => fail(new Error(`${pattern} did not come: ${said} ${log}`)));
    heard();
  });
  return {
    port: async () => Number((await until(() => said, /^port (\d+)$/m))[1]),
    start: async () => {
      log = '';
      child.stdin.write('start\n');
      await until(() => log, / started .*\n/);
      return log;
    },
    stop: async () => {
      said = '';
      child.stdin.write('stop\n');
      return Number((await until(() => said, /^ended (\d+)$/m))[1]);
    },
    end: () => { child.stdin.end(); return closed; },
  };
}

const get = (place, path = '/api/spectrocloud/projects') => new Promise((done, fail) => http.get(
  { agent: false, path, headers: { authorization: `Bearer ${TOKEN}` }, ...place },
  response => { response.resume(); response.on('end', () => done(response.statusCode)); }).on('error', fail));

describe('an inherited socket', () => {
  let simulator;
  let folder;
  let file;

  before(async () => {
    simulator = await startSimulator();
    folder = mkdtempSync(join(tmpdir(), 'inherited-'));
    file = join(folder, 'app-config.yaml');
    // Where it would listen otherwise, nobody can.
    writeFileSync(file, JSON.stringify(configuration([simulator], { server: { listen: '192.0.2.1:9' } })));
  });
  after(async () => {
    await simulator?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const serve = (program = PROGRAM, ...options) => [program, 'serve', '--config', file, ...options];

  test('is served, in place of the address that is configured', async () => {
    const manager = manage('tcp', ...serve());
    const port = await manager.port();
    const log = await manager.start();
    assert.match(log, new RegExp(` info +inherited listen="127\\.0\\.0\\.1:${port}"`));
    assert.match(log, new RegExp(` started .*listen="127\\.0\\.0\\.1:${port}" port=${port} `));
    assert.equal(await get({ port }), 200);
    assert.equal(await manager.stop(), 0);
    await manager.end();
  });

  test('who connects between two runs is served by the second', async () => {
    const manager = manage('tcp', ...serve());
    const port = await manager.port();
    const early = get({ port });
    await manager.start();
    assert.equal(await early, 200);
    assert.equal(await manager.stop(), 0);
    const between = get({ port });
    await manager.start();
    assert.equal(await between, 200);
    assert.equal(await manager.stop(), 0);
    await manager.end();
  });

  test('a local one stays where it is', async () => {
    const path = join(folder, 'socket');
    const manager = manage(path, ...serve());
    await manager.port();
    const before = statSync(path);
    assert.match(await manager.start(), new RegExp(`inherited listen="unix:${path}"`));
    assert.equal(await get({ socketPath: path }), 200);
    assert.equal(await manager.stop(), 0);
    assert.equal(statSync(path).ino, before.ino);
    await manager.end();
  });

  test('is kept by who becomes another user and confines itself', {
    skip: (!optimised && `no optimised program at ${CONFINED}`) || (!asRoot && 'only root can become another user'),
  }, async () => {
    const path = join(folder, 'roots');
    const manager = manage(path, ...serve(CONFINED, '--user', 'nobody'));
    await manager.port();
    const log = await manager.start();
    assert.match(log, / info +user name="nobody" /);
    assert.match(log, / confined /);
    assert.equal(await get({ socketPath: path }), 200);
    assert.equal(await manager.stop(), 0);
    assert.equal(statSync(path).uid, 0, 'it is the manager\'s, and nothing that the service may give away');
    await manager.end();
  });

  test('one that cannot be served ends the start, with the status that nobody tries again after', () => {
    const result = spawnSync('sh', ['-c', 'LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@" 3</dev/null', ...serve()],
      { encoding: 'utf8', timeout: 60000 });
    assert.equal(result.status, 2, result.stderr);
    assert.match(result.stderr, /the socket of the service manager is not one that accepts connections/);
  });

  test('what the manager says must be numbers', () => {
    for (const [pid, count, name] of [['$$', 'one', 'LISTEN_FDS'], ['$$', '-1', 'LISTEN_FDS'], ['$$', '', 'LISTEN_FDS'],
      ['me', '1', 'LISTEN_PID']]) {
      const result = spawnSync('sh', ['-c', `LISTEN_PID=${pid} LISTEN_FDS=${count} exec "$0" "$@"`, ...serve()],
        { encoding: 'utf8', timeout: 60000 });
      assert.equal(result.status, 2, `${name} ${result.stderr}`);
      assert.match(result.stderr, new RegExp(`the variable ${name} of the service manager is no number`));
    }
  });
});
