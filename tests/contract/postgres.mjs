// Debian's PostgreSQL for the tests alone, in a folder that goes with it, and a relay in front of it that can be cut
// or fall silent. The server refuses to run as root, so root's tests give it a user. It writes down every statement
// that it is sent, with its values.
import assert from 'node:assert/strict';
import { execFile, spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

import { freePort } from './harness.mjs';

const run = promisify(execFile);
const sleep = ms => new Promise(done => setTimeout(done, ms));

const OWNER = 'owner'; // of everything, and let in without a password through the server's socket
const PACKAGES = '/usr/lib/postgresql';

function findPrograms() {
  const versions = existsSync(PACKAGES) ? readdirSync(PACKAGES).map(Number).filter(Boolean) : [];
  const folder = join(PACKAGES, String(Math.max(...versions)), 'bin');
  assert.ok(existsSync(join(folder, 'initdb')), 'there is no PostgreSQL server (Debian: postgresql)');
  return folder;
}

// Who runs it: spawn's options. Empty for us ourselves.
function findUser() {
  if (process.getuid() !== 0) return {};
  const users = new Map(readFileSync('/etc/passwd', 'utf8').split('\n').map(line => line.split(':'))
    .map(([name, , uid, gid]) => [name, { uid: Number(uid), gid: Number(gid) }]));
  const user = users.get('postgres') ?? users.get('nobody');
  assert.ok(user, 'there is no user to run PostgreSQL as');
  return user;
}

const removals = new Set();
process.on('exit', () => removals.forEach(remove => remove()));

class Postgres {
  #programs = findPrograms();
  #user = findUser();
  #folder = mkdtempSync(join(tmpdir(), 'contract-postgres-'));
  #server = null;
  #gone = null; // settles with the server's end
  #remove = () => {
    this.#server?.kill('SIGKILL');
    // Its children end a moment after it, and write until then.
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 50 });
  };

  async make() {
    removals.add(this.#remove);
    if (this.#user.uid) chownSync(this.#folder, this.#user.uid, this.#user.gid);
    const { status, stderr } = spawnSync(join(this.#programs, 'initdb'), ['-D', join(this.#folder, 'data'),
      '-U', OWNER, '--auth-local=trust', '--auth-host=scram-sha-256', '-E', 'UTF8', '--locale=C.UTF-8', '-N'],
    { ...this.#user, cwd: '/', encoding: 'utf8' });
    assert.equal(status, 0, stderr);
    this.port = await freePort();
    await this.start();
    return this;
  }

  // It ends with this process, however that ends.
  #spawn() {
    const log = openSync(join(this.#folder, 'server.log'), 'a');
    const settings = { listen_addresses: '127.0.0.1', port: this.port, unix_socket_directories: this.#folder,
      max_connections: 60, fsync: 'off', log_statement: 'all' };
    this.#server = spawn('setpriv', ['--pdeathsig=QUIT', join(this.#programs, 'postgres'),
      '-D', join(this.#folder, 'data'), ...Object.entries(settings).flatMap(([k, v]) => ['-c', `${k}=${v}`])],
    { ...this.#user, cwd: '/', stdio: ['ignore', log, log] });
    this.#server.unref();
    const server = this.#server;
    this.#gone = new Promise(done => server.once('exit', done));
  }

  // What a killed one has left behind refuses its follower for a moment, which then ends: so it is tried again.
  async start() {
    const end = Date.now() + 30000;
    do {
      if (this.#server === null || this.#server.exitCode !== null || this.#server.signalCode !== null) this.#spawn();
      await sleep(50);
      assert.ok(Date.now() < end, `PostgreSQL does not start: ${this.log().slice(-2000)}`);
    } while (!await this.sql('SELECT 1').catch(() => null));
  }

  // fast: it asks its clients to leave; immediate: it leaves; kill: it has no time for either.
  async stop(how = 'fast') {
    this.#server.ref();
    this.#server.kill({ fast: 'SIGINT', immediate: 'SIGQUIT', kill: 'SIGKILL' }[how]);
    await this.#gone;
    this.#server = null;
  }

  async remove() {
    if (this.#server) await this.stop('immediate');
    removals.delete(this.#remove);
    this.#remove();
  }

  #ask(program, args, database) {
    return run(program, ['-h', this.#folder, '-p', this.port, '-U', OWNER, '-d', database, ...args],
      { cwd: '/', maxBuffer: 64 * 1024 * 1024 }).then(({ stdout }) => stdout);
  }

  // The rows, a line each, with | between columns; fails as the statement does.
  async sql(statement, database = 'postgres') {
    return (await this.#ask('psql', ['-XAtq', '-v', 'ON_ERROR_STOP=1', '-c', statement], database)).trimEnd();
  }

  dump(database) {
    return this.#ask('pg_dump', [], database);
  }

  // A database of a role of the same name, that may do in it what it likes.
  async makeDatabase(name, password) {
    await this.sql(`CREATE ROLE ${name} LOGIN PASSWORD '${password}'`);
    await this.sql(`CREATE DATABASE ${name} OWNER ${name}`);
  }

  url(name, password, port = this.port) {
    return `postgresql://${name}:${password}@127.0.0.1:${port}/${name}?sslmode=disable`;
  }

  log() {
    return readFileSync(join(this.#folder, 'server.log'), 'utf8');
  }
}

export const startPostgres = () => new Postgres().make();

// Passes on what comes, to a port of this machine, until it is told otherwise.
class Relay {
  #mode = 'open';
  #pairs = new Set();
  #target;
  #server;

  constructor(target) {
    this.#target = target;
  }

  async listen() {
    this.#server = net.createServer(client => this.#accept(client)).listen(0, '127.0.0.1');
    await new Promise(done => this.#server.once('listening', done));
    this.#server.unref();
    this.port = this.#server.address().port;
    return this;
  }

  #accept(client) {
    if (this.#mode === 'cut') {
      client.destroy();
      return;
    }
    const pair = [client, net.connect(this.#target, '127.0.0.1')];
    this.#pairs.add(pair);
    for (const [i, socket] of pair.entries()) {
      const other = pair[1 - i];
      socket.unref();
      socket.on('error', () => {});
      socket.on('data', data => other.write(data));
      socket.on('close', () => {
        other.destroy();
        this.#pairs.delete(pair);
      });
      if (this.#mode === 'stalled') socket.pause();
    }
  }

  #eachSocket(act) {
    for (const pair of this.#pairs) pair.forEach(act);
  }

  // All connections end, and new ones at once.
  cut() {
    this.#mode = 'cut';
    this.#eachSocket(socket => socket.destroy());
  }

  // Nothing comes through, and nobody is told; new ones are accepted.
  stall() {
    this.#mode = 'stalled';
    this.#eachSocket(socket => socket.pause());
  }

  // What was held back while it was silent comes through now.
  restore() {
    this.#mode = 'open';
    this.#eachSocket(socket => socket.resume());
  }

  stop() {
    this.cut();
    this.#server.close();
  }
}

export const startRelay = target => new Relay(target).listen();
