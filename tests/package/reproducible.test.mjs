// The same sources in another folder, at another time, by somebody with other habits: the same bytes.
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { OUT, SOURCES, made, run } from './made.mjs';

const AGAIN = join(OUT, 'again');

// What is no output of ours, as paths from the folder; a copy has no history to ask.
function files(folder) {
  return run('find', ['.', '(', '-path', './build*', '-o', '-name', '.git', '-o', '-name', 'node_modules', '-o',
    '-path', './log', ')', '-prune', '-o', '-type', 'f', '-print'], { cwd: folder }).split('\n').filter(Boolean).sort();
}

// Copies what has changed, with its time, so that only that is compiled again.
function copySources() {
  mkdirSync(AGAIN, { recursive: true });
  const wanted = files(SOURCES);
  const known = new Set(wanted);
  for (const file of files(AGAIN)) if (!known.has(file)) rmSync(join(AGAIN, file));
  run('xargs', ['-0', 'cp', '-pu', '--parents', '-t', AGAIN], { cwd: SOURCES, input: wanted.join('\0') });
}

const inside = archive => run('tar', ['-tvzf', archive, '--utc', '--full-time']).split('\n').filter(Boolean);

test('a second build in another folder gives the same files', () => {
  const date = run('sh', ['-c', 'echo "${SOURCE_DATE_EPOCH:-$(git log -1 --format=%ct)}"'], { cwd: SOURCES }).trim();
  copySources();
  // bash itself, so that its umask is another one from the first file on.
  run('bash', ['-c', 'umask 077; exec ./dev package'], { cwd: AGAIN, timeout: 560000,
    env: { ...process.env, SOURCE_DATE_EPOCH: date, TZ: 'Asia/Tokyo', LC_ALL: 'C', HOME: '/' } });
  const sums = folder => readFileSync(join(folder, 'SHA256SUMS'), 'utf8');
  assert.equal(sums(join(AGAIN, 'build-package')), sums(OUT));
  assert.equal(sums(OUT).trim().split('\n').length, 3);
  run('sha256sum', ['-c', 'SHA256SUMS'], { cwd: OUT });
});

test('nothing in the tarball tells who made it, or when', () => {
  const lines = inside(made('.tar.gz'));
  const times = new Set();
  for (const line of lines) {
    const [, owner, day, time, name] = line.match(/^\S+ (\S+) +\d+ (\S+) (\S+) (\S+)/);
    assert.equal(owner, '0/0', line);
    assert.match(name, /^spectrocloud-backend-[\d.]+\//);
    times.add(`${day} ${time}`);
  }
  assert.equal(times.size, 1, [...times].join(', '));
  const names = lines.map(line => line.split(' ').pop());
  assert.deepEqual(names, [...names].sort());
});

test('the tarball has what the Debian package installs', () => {
  const tarball = inside(made('.tar.gz')).map(line => line.split(' ').pop().replace(/^[^/]*\//, './')).sort();
  const deb = run('sh', ['-c', 'dpkg-deb --fsys-tarfile "$0" | tar -t', made('.deb')]).split('\n').filter(Boolean).sort();
  assert.deepEqual(tarball, deb);
});

test('the program has no path of the machine that built it', () => {
  const program = readFileSync(join(OUT, 'stage/usr/bin/spectrocloud-backend'), 'latin1');
  // Not as the end of another: a program of /src names its files `../src/...`.
  const path = new RegExp(`(?<![.\\w])${SOURCES.replace(/[^\w/]/g, '\\$&')}/`);
  assert.ok(path.test(`compiled in ${SOURCES}/build`));
  assert.ok(!path.test(program), SOURCES);
  assert.ok(existsSync(made('.spdx.json')));
});

// Else the digests of an earlier one would lie beside what a failed one left.
test('one that fails leaves no digests behind', () => {
  const folder = mkdtempSync(join(tmpdir(), 'package-'));
  mkdirSync(join(folder, 'build-package'));
  for (const name of ['SHA256SUMS', 'spectrocloud-backend_0.0.9_amd64.deb']) writeFileSync(join(folder, 'build-package', name), 'old');
  run('bash', ['-c', `cd '${SOURCES}' && . dev.d/package.sh && cd '${folder}' && need() { :; } && compile() { :; } && step() { false; }
    package_main`], { expect: 1, env: { ...process.env, SOURCE_DATE_EPOCH: '1' } });
  assert.deepEqual(readdirSync(join(folder, 'build-package')), []);
  rmSync(folder, { recursive: true, force: true });
});
