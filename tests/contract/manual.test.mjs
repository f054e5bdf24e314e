// The pages of the manual: well-formed, and with everything that the tables have.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { resolve } from 'node:path';
import { test } from 'node:test';

const BACKEND = resolve(process.env.SPECTROCLOUD_BACKEND ?? 'build/spectrocloud-backend');

function run(program, args, input) {
  return spawnSync(program, args, { encoding: 'utf8', input, timeout: 60000, maxBuffer: 64 << 20 });
}

function page(name) {
  const { stdout, stderr, status } = run(BACKEND, ['docs', name]);
  assert.deepEqual([stderr, status], ['', 0]);
  return stdout;
}

// As a terminal of 80 columns shows it, without bold and underlines.
function rendered(t, text) {
  const { stdout, error } = run('mandoc', ['-Tutf8', '-Owidth=80'], text);
  if (error) return t.skip('mandoc is not installed');
  return stdout.replace(/.\x08/g, '');
}

for (const name of ['man1', 'man5']) {
  test(`${name}: mandoc finds nothing`, t => {
    const { stdout, stderr, error } = run('mandoc', ['-Tlint', '-Wall'], page(name));
    if (error) return t.skip('mandoc is not installed');
    assert.equal(stdout + stderr, '');
  });

  test(`${name}: groff finds nothing`, t => {
    const { stdout, stderr, error } = run('groff', ['-man', '-ww', '-z', '-Tutf8'], page(name));
    if (error) return t.skip('groff is not installed');
    assert.equal(stdout + stderr, '');
  });

  test(`${name}: no line is longer than the terminal, and nothing of the markup is left`, t => {
    const shown = rendered(t, page(name));
    if (shown === undefined) return;
    for (const line of shown.split('\n')) {
      assert.ok(line.length <= 80 || !line.trim().includes(' ') || line.includes('.schema.json'), line);
      assert.doesNotMatch(line, /\\f[BIR]|^\.[A-Z]|`/, line);
    }
  });
}

test('man1 has every command, word, option and exit status', t => {
  const shown = rendered(t, page('man1'));
  if (shown === undefined) return;
  const flat = shown.replace(/\s+/g, ' ');
  for (const section of ['NAME', 'SYNOPSIS', 'DESCRIPTION', 'COMMANDS', 'OPTIONS', 'EXIT STATUS', 'ENVIRONMENT', 'FILES',
    'SIGNALS', 'EXAMPLES', 'SEE ALSO'])
    assert.match(shown, new RegExp(`^${section}$`, 'm'));
  const commands = run(BACKEND, ['--help']).stdout.match(/^ {2}(\w+) /gm).map(l => l.trim());
  assert.ok(commands.length >= 9);
  for (const command of commands) {
    assert.match(shown, new RegExp(`^ {3}${command}$`, 'm'));
    const help = run(BACKEND, [command, '--help']).stdout;
    for (const option of help.match(/^ {2}(-\w, )?--[\w-]+/gm) ?? [])
      assert.ok(flat.includes(option.trim()), `${command} ${option}`);
    for (const word of help.split('\nOptions')[0].match(/^ {2}[a-z]\w+ {2,}/gm) ?? [])
      assert.match(shown, new RegExp(`^ +${word.trim()}( |$)`, 'm'));
  }
});

test('man5 has every setting of the reference page', t => {
  const text = page('man5');
  const shown = rendered(t, text);
  if (shown === undefined) return;
  const names = run(BACKEND, ['docs', 'settings']).stdout.match(/^\| `[\w.]+` \|/gm).map(l => l.slice(3, -3));
  assert.ok(names.length > 100);
  for (const name of names) assert.match(shown, new RegExp(`^ +${name.replaceAll('.', '\\.')}( |$)`, 'm'), name);
});
