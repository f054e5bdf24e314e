// What ./dev package has made, and the root file systems that it is tried in.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import http from 'node:http';
import { join, resolve } from 'node:path';

export const SOURCES = resolve(import.meta.dirname ?? new URL('.', import.meta.url).pathname, '../..');
export const OUT = join(SOURCES, 'build-package');
const SIMULATOR = resolve(process.env.PALETTE_SIM ?? join(SOURCES, 'build/palette-sim'));
export const PROGRAM = join(SOURCES, 'build/src/spectrocloud-backend');

export const source = path => readFileSync(join(SOURCES, path), 'utf8');
export const isRoot = process.getuid() === 0;

// The one file in OUT that ends so.
export function made(ending) {
  const found = readdirSync(OUT).filter(name => name.startsWith('spectrocloud-backend_') && name.endsWith(ending));
  if (found.length !== 1) throw new Error(`not one *${ending} in ${OUT}: ${found}`);
  return join(OUT, found[0]);
}

// Runs a program to its end; what it prints, or an error with all of it.
export function run(command, args, options = {}) {
  const result = spawnSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 28, timeout: 400000, ...options });
  if (result.status !== (options.expect ?? 0))
    throw new Error(`${command} ${args.join(' ')}: ${result.status ?? result.signal ?? result.error}\n${result.stdout}\n${result.stderr}`);
  return result.stdout + (options.both ? result.stderr : '');
}

const children = new Set();
process.on('exit', () => children.forEach(child => child.kill('SIGKILL')));

// A program that runs on: its output so far, and a wait for what matches.
export function start(command, args, options = {}) {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
  let output = '';
  let heard = () => {};
  children.add(child);
  for (const stream of [child.stdout, child.stderr]) stream.on('data', piece => { output += piece; heard(); });
  const ended = new Promise(done => child.once('close', (code, signal) => {
    children.delete(child);
    done(code ?? signal);
  }));
  return {
    pid: child.pid,
    output: () => output,
    ended,
    until: pattern => new Promise((done, fail) => {
      heard = () => { const match = output.match(pattern); if (match) done(match); };
      ended.then(code => fail(new Error(`ended with ${code}: ${output}`)));
      heard();
    }),
    stop: (signal = 'SIGTERM') => { child.kill(signal); return ended; },
  };
}

export async function startSimulator() {
  const simulator = start(SIMULATOR, ['--die-with-parent', '--api-key', 'sim-key']);
  const [, url] = await simulator.until(/listening (http:\S+)\s+control http:\S+/);
  return { url, stop: () => simulator.stop('SIGKILL') };
}

export const get = (port, path, headers = {}) => new Promise((done, fail) => http.get(
  { agent: false, host: '127.0.0.1', port, path, headers }, response => {
    let body = '';
    response.on('data', piece => { body += piece; });
    response.on('end', () => done({ status: response.statusCode, body }));
  }).on('error', fail));

// ---- a bare Debian ----

const BASE = join(OUT, 'base');
// Where the package lists of this machine come from, and by which way.
const sources = () => [...new Set(run('apt-get', ['indextargets', '--format', 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)',
  'Created-By: Packages', 'Origin: Debian', 'Codename: bookworm']).split('\n')
  .concat(run('apt-get', ['indextargets', '--format', 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)',
    'Created-By: Packages', 'Origin: Debian']).split('\n').filter(line => / bookworm/.test(line))))].filter(Boolean);

const ways = () => run('apt-config', ['dump']).split('\n').filter(line => /^Acquire::\w+::Proxy\b/.test(line))
  .flatMap(line => ['--aptopt', line.replace(/;$/, '')]);

// Why there can be none here; false: there can.
export function noRoot() {
  if (!isRoot) return 'only root can make and enter a root file system';
  if (spawnSync('mmdebstrap', ['--version']).status !== 0) return 'mmdebstrap is not installed';
  return sources().length === 0 && 'this machine has no lists of Debian 12\'s packages';
}

function makeBase() {
  rmSync(BASE, { recursive: true, force: true });
  run('mmdebstrap', ['--mode=root', '--variant=apt', '--dpkgopt=force-unsafe-io', '--aptopt=Acquire::Languages "none"',
    '--aptopt=APT::Install-Recommends "false"', ...ways(), '--skip=cleanup/apt', 'bookworm', BASE, '-'],
  { input: sources().join('\n') + '\n' });
}

// In a root: a command, with as little around it as a system has.
export const inside = (root, command, options = {}) => run('chroot', [root, ...command],
  { ...options, env: { PATH: '/usr/sbin:/usr/bin:/sbin:/bin', DEBIAN_FRONTEND: 'noninteractive', LC_ALL: 'C.UTF-8', ...options.env } });

// A copy of the base to work in. The base stays for further runs, with what was fetched for the first.
export function makeRoot() {
  mkdirSync(OUT, { recursive: true });
  if (!existsSync(join(BASE, 'var/lib/dpkg/status'))) makeBase();
  const root = mkdtempSync(join(OUT, 'root-'));
  run('cp', ['-a', '--reflink=auto', `${BASE}/.`, root]);
  return root;
}

// apt install of what lies in the root, with its dependencies. Lists that have become too old to fetch
// anything by are made anew once.
export function install(root, file) {
  const command = ['apt-get', 'install', '-y', '--no-install-recommends', file];
  const archives = 'var/cache/apt/archives';
  let output;
  try {
    output = inside(root, command, { both: true });
  } catch {
    inside(root, ['apt-get', 'update']);
    output = inside(root, command, { both: true });
  }
  for (const name of readdirSync(join(root, archives)).filter(each => each.endsWith('.deb')))
    if (!existsSync(join(BASE, archives, name))) cpSync(join(root, archives, name), join(BASE, archives, name));
  return output;
}
