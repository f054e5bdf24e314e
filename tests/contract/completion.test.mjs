// The completion scripts, in the shells that they are for.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';

const BACKEND = resolve(process.env.SPECTROCLOUD_BACKEND ?? 'build/spectrocloud-backend');

let folder;
const scripts = {};

function run(program, args, options = {}) {
  return spawnSync(program, args, { cwd: folder, encoding: 'utf8', timeout: 60000, ...options });
}

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'completion-'));
  for (const shell of ['bash', 'zsh', 'fish']) {
    const { stdout, stderr, status } = run(BACKEND, ['completion', shell]);
    assert.deepEqual([stderr, status], ['', 0]);
    scripts[shell] = join(folder, `completion.${shell}`);
    writeFileSync(scripts[shell], stdout);
  }
  mkdirSync(join(folder, 'files'));
  writeFileSync(join(folder, 'files', 'app config.yaml'), '');
  writeFileSync(join(folder, 'files', 'other.yaml'), '');
});

after(() => rmSync(folder, { recursive: true, force: true }));

const installed = shell => !run(shell, ['--version']).error;

// What stands on the line, its last word being typed; some of what is offered; what is not.
const cases = [
  [[''], ['serve', 'config', 'completion'], ['--config', 'check']],
  [['se'], ['serve', 'sessions'], ['config']],
  [['config', ''], ['check', 'show', 'schema'], ['serve', 'list']],
  [['config', 'sh'], ['show'], ['check']],
  [['config', 'check', '--j'], ['--json'], ['--config']],
  [['config', 'schema', '--'], ['--help'], ['--json']],
  [['cluster', 'create', '--'], ['--file', '--dry-run', '--project', '--config'], ['--limit']],
  [['cluster', 'wait', '--'], ['--project', '--timeout'], ['--file', '--dry-run']],
  [['sessions', 'list', '--'], ['--limit'], ['--all']],
  [['serve', '--'], ['--user', '--listen', '--allow-core-dumps'], ['--json']],
  [['action', 'run', 'list_spectrocloud_cl'], ['list_spectrocloud_clusters'], ['get_spectrocloud_kubeconfig']],
  [['action', 'show', 'list_spectrocloud_cl'], ['list_spectrocloud_clusters'], []],
  [['docs', 'man'], ['man1', 'man5'], ['openapi']],
  [['completion', ''], ['bash', 'zsh', 'fish'], []],
  [['serve', '--set', 'spectrocloud.server.wor'], ['spectrocloud.server.workers='], []],
  [['doctor', '--only', 'palette-c'], ['palette-connect', 'palette-clock'], ['palette-token', '--json']],
  [['doctor', '--only', 'cors,palette-c'], ['cors,palette-connect', 'cors,palette-clock'], ['cors,palette-token']],
  [['serve', '--config', 'files/o'], ['files/other.yaml'], ['serve']],
  [['cluster', 'create', '--file', 'files/o'], ['files/other.yaml'], []],
];

function assertOffers(offered, words, some, none) {
  for (const word of some) assert.ok(offered.includes(word), `${words.join(' ')}: no ${word} in ${offered}`);
  for (const word of none) assert.ok(!offered.includes(word), `${words.join(' ')}: ${word} in ${offered}`);
}

const quoted = word => `'${word.replaceAll("'", "'\\''")}'`;

// ---- bash ----

function bash(words) {
  const program = `
    source ${quoted(scripts.bash)}
    COMP_WORDS=(spectrocloud-backend ${words.map(quoted).join(' ')})
    COMP_CWORD=${words.length}
    _spectrocloud_backend
    printf '%s\\n' "\${COMPREPLY[@]}"`;
  const { stdout, stderr, status } = run('bash', ['--norc', '-c', program]);
  assert.deepEqual([stderr, status], ['', 0]);
  return stdout.split('\n').filter(Boolean);
}

test('bash: takes the script, also with errors for unset variables off and on', t => {
  if (!installed('bash')) return t.skip('bash is not installed');
  const { stdout, stderr, status } = run('bash', ['--norc', '-uc', `source ${quoted(scripts.bash)} && complete -p spectrocloud-backend`]);
  assert.deepEqual([stderr, status], ['', 0]);
  assert.match(stdout, /^complete -F _spectrocloud_backend spectrocloud-backend$/m);
});

test('bash: shellcheck finds nothing in the script', t => {
  if (!installed('shellcheck')) return t.skip('shellcheck is not installed');
  const { stdout, stderr } = run('shellcheck', ['-s', 'bash', '-S', 'style', scripts.bash]);
  assert.equal(stdout + stderr, '');
});

test('bash: completes', t => {
  if (!installed('bash')) return t.skip('bash is not installed');
  for (const [words, some, none] of cases) assertOffers(bash(words), words, some, none);
});

test('bash: names of files with blanks, and behind the = that bash splits at', t => {
  if (!installed('bash')) return t.skip('bash is not installed');
  assert.deepEqual(bash(['serve', '--config', 'files/a']), ['files/app config.yaml']);
  assert.deepEqual(bash(['serve', '--config', '=', 'files/o']), ['files/other.yaml']);
  assertOffers(bash(['serve', '--config', '=']), ['serve', '--config='], ['files'], ['serve']);
  assert.deepEqual(bash(['cluster', 'create', '--project', '']), [], 'nobody knows the projects');
  assert.deepEqual(bash(['serve', '--set', 'spectrocloud.server.workers', '=', '']), []);
});

// ---- zsh ----

// In a terminal of its own: types the line and the key, and prints what the screen shows then.
function zsh(words, pause) {
  const program = `
    zmodload zsh/zpty
    zpty shell zsh -f -i
    zpty -w shell "PROMPT= RPROMPT=; stty cols 200 rows 200; LINES=200; COLUMNS=200; LISTMAX=10000; autoload -Uz compinit; compinit -u -D; zstyle ':completion:*' menu no; zstyle ':completion:*' list-max 10000"
    zpty -w shell ${quoted(`cd ${folder}; source ${scripts.zsh}; print REA''DY`)}
    zpty -r -m shell shown '*READY*' || exit 3
    # It reads keys as an editor only when it has prompted; before, ^D is the end of what the terminal has.
    sleep ${pause}
    zpty -w -n shell ${quoted(`spectrocloud-backend ${words.join(' ')}`)}$'\\C-d'
    # Keys that wait keep it from showing a list.
    sleep ${pause}
    # Then it is asked to go on, and says so once all was shown.
    zpty -w -n shell $'\\C-u'
    zpty -w shell "print DO''NE"
    zpty -r -m shell shown '*DONE*' || exit 4
    print -r -- "$shown"
    # By itself, for a hangup may be ignored here.
    zpty -w shell exit
    zpty -d shell`;
  const { stdout, stderr, status } = run('zsh', ['-f', '-c', program], { env: { ...process.env, TERM: 'dumb' } });
  assert.equal(status, 0, stderr + stdout);
  return stdout.replace(/\x1b\[[0-9;?]*[a-zA-Z]/g, '').split(/[\s\r]+/);
}

test('zsh: takes the script', t => {
  if (!installed('zsh')) return t.skip('zsh is not installed');
  const { stderr, status } = run('zsh', ['-f', '-n', scripts.zsh]);
  assert.deepEqual([stderr, status], ['', 0]);
});

test('zsh: completes', t => {
  if (!installed('zsh')) return t.skip('zsh is not installed');
  for (const [words, some, none] of cases) {
    // It lists files without their folder, and of a list the last name; and what was typed is on the screen, too.
    const inList = word => word.replace(/^files\/|^cors,/, '');
    const look = pause => assertOffers(zsh(words, pause), words, some.map(inList), none.filter(word => !words.includes(word)));
    for (const pause of [0.2, 1, 5]) { // the machine may be busy
      try {
        look(pause);
        break;
      } catch (error) {
        if (pause === 5) throw error;
      }
    }
  }
});

// ---- fish ----

function fish(words) {
  const line = ['spectrocloud-backend', ...words].join(' ');
  const program = `source ${quoted(scripts.fish)}; complete --do-complete ${quoted(line)}`;
  const { stdout, stderr, status } = run('fish', ['--no-config', '-c', program], { env: { ...process.env, HOME: folder } });
  assert.deepEqual([stderr, status], ['', 0]);
  return stdout.split('\n').filter(Boolean).map(l => l.split('\t')[0]);
}

test('fish: takes the script', t => {
  if (!installed('fish')) return t.skip('fish is not installed');
  const { stderr, status } = run('fish', ['--no-execute', scripts.fish]);
  assert.deepEqual([stderr, status], ['', 0]);
});

test('fish: completes', t => {
  if (!installed('fish')) return t.skip('fish is not installed');
  for (const [words, some, none] of cases) assertOffers(fish(words), words, some, none);
});
