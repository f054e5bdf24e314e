// The fenced blocks of README.md and docs/: those of shells are run, in the order of their page, in a folder of its own
// against a simulated Palette; settings pass `config check`; JSON is JSON. A block that cannot be run here stands in a
// table with the reason; one that is neither run nor there fails.
import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';

import { parse } from 'yaml';

import { freePort, startSimulator } from './harness.mjs';
import { OPERATORS_PAGES, ROOT, blocksOf, read } from './pages.mjs';

const BACKEND = resolve(process.env.SPECTROCLOUD_BACKEND ?? 'build/spectrocloud-backend');
const SIMULATOR = resolve(process.env.PALETTE_SIM ?? 'build/palette-sim');
const PAGE_SECONDS = 240;
const TENANT = 'tenant-of-the-pages';
const TOKENS = { SPECTROCLOUD_CALLER_TOKEN: 'token-of-the-caller', PROMETHEUS_TOKEN: 'token-of-prometheus',
  OPERATOR_TOKEN: 'token-of-an-operator' };

// What the tests of a page's own run or read: page, the test, and which blocks.
const ELSEWHERE = [
  ['docs/agents.md', 'tests/mcp/snippets.test.mjs', block => block.mark !== undefined],
  ['docs/creating-clusters.md', 'tests/contract/creating-docs.test.mjs', block => /^(run|body|answer)=/.test(block.info)],
  ['docs/creating-clusters.md', 'tests/contract/cluster-command.test.mjs', block => /^(shell|file)=/.test(block.info)],
  ['docs/following-clusters.md', 'tests/contract/creating-docs.test.mjs', block => /^run=/.test(block.info)],
];

// What nothing runs: page, how the block begins, why.
const NOT_RUN = [
  ['README.md', './dev package ', 'installs into the system, and wants systemd; tests/package/ has a bare Debian for that'],
  ['docs/installing.md', 'apt install ./spectrocloud-backend_0.1.0', 'the same'],
  ['docs/installing.md', 'journalctl -u spectrocloud-backend', 'the same'],
  ['docs/installing.md', 'systemctl disable --now', 'the same; tests/contract/inherited.test.mjs hands a socket over'],
  ['docs/installing.md', 'apt install ./spectrocloud-backend_0.2.0', 'the same'],
  ['docs/installing.md', 'tar -C / ', 'the same'],
  ['docs/installing.md', 'install -d ', 'the same'],
  ['docs/installing.md', 'podman build', 'wants a container engine; tests/package/ makes the same root without one'],
  ['docs/installing.md', 'cp packaging/config/environment my.env', 'the same'],
  ['docs/installing.md', 'kubectl -n backstage create secret', 'wants a Kubernetes; tests/package/ reads the manifests'],
  ['docs/installing.md', 'kubectl -n backstage exec', 'the same; tests/package/ has a root like the image'],
  ['README.md', 'backend.add(import(', 'a line of a Backstage; e2e/backstage/ has one with both modules'],
  ['docs/operations.md', 'spectrocloud-backend config check        #', 'systemctl and journalctl want systemd'],
  ['docs/migrating.md', '// backend.add(import(', 'a line of a Backstage'],
  ['docs/migrating.md', 'yarn --cwd packages/backend remove', 'wants the source of a Backstage'],
];

// Drawings, formulas, and what programs print.
const TEXT = '';

const blocks = OPERATORS_PAGES.flatMap(blocksOf);
const elsewhere = block => ELSEWHERE.find(([page, , fits]) => page === block.page && fits(block));
const notRun = block => NOT_RUN.find(([page, begins]) => page === block.page && block.text.startsWith(begins));
const here = block => !elsewhere(block) && !notRun(block);
const placeOf = block => `${block.page}:${block.line}`;

test('every block is run, checked, or in a table with the reason', () => {
  assert.ok(blocks.length > 80);
  for (const block of blocks.filter(here))
    assert.ok(['sh', 'yaml', 'json', TEXT].includes(block.language), `${placeOf(block)}: what is to become of it?`);
  for (const [page, begins, why] of NOT_RUN) {
    assert.equal(blocks.filter(b => b.page === page && b.text.startsWith(begins)).length, 1, `${page}: ${begins}`);
    assert.ok(why);
  }
  for (const [page, file, fits] of ELSEWHERE) {
    assert.ok(blocks.some(b => b.page === page && fits(b)), `${page}: nothing for ${file}`);
    assert.ok(read(file).includes(page.split('/').at(-1)), `${file} does not read ${page}`);
  }
});

// ---- JSON and YAML ----

test('every block of JSON is JSON', () => {
  for (const block of blocks.filter(b => b.language === 'json'))
    assert.doesNotThrow(() => JSON.parse(block.text), placeOf(block));
});

// What a variable of a block may hold.
const valueOf = name => ({ SPECTROCLOUD_DATABASE_URL: 'postgresql://user:word@127.0.0.1/sessions' })[name] ??
  (/_KEY$/.test(name) ? Buffer.from(name.padEnd(32, '.').slice(0, 32)).toString('base64') : `value-of-${name}`);
const variablesOf = text => Object.fromEntries([...text.matchAll(/\$\{(\w+)\}/g)]
  .map(([, name]) => [name, valueOf(name)]));

// Top keys of a configuration, ours and Backstage's.
const CONFIGURATION = ['spectrocloud', 'backend', 'discovery', 'permission', 'auth', 'app'];
const PROMETHEUS = ['scrape_configs', 'rule_files'];
const isCluster = value => value !== null && 'cloudType' in value;
const within = (value, keys) => Object.keys(value ?? {}).every(key => keys.includes(key));

function assertConfiguration(block) {
  const folder = mkdtempSync(join(tmpdir(), 'snippets-'));
  const base = { spectrocloud: { environments: [{ url: 'https://palette.example', tenant: 't', apiToken: 'api-token' }] },
    backend: { baseUrl: 'https://backstage.example', auth: { externalAccess: [{ type: 'static',
      options: { token: 'token-of-base', subject: 'base' } }] } } };
  writeFileSync(join(folder, 'base.yaml'), JSON.stringify(base));
  writeFileSync(join(folder, 'block.yaml'), block.text);
  // The policy file of the page, which stands in its last block.
  if (block.text.includes('permissions.csv'))
    writeFileSync(join(folder, 'permissions.csv'), blocksOf(block.page).at(-1).text);
  const { status, stdout, stderr } = spawnSync(BACKEND, ['config', 'check', '--json', '--config', 'base.yaml', '--config',
    'block.yaml'], { encoding: 'utf8', cwd: folder, env: { PATH: process.env.PATH, ...variablesOf(block.text) } });
  rmSync(folder, { recursive: true, force: true });
  assert.equal(status, 0, `${placeOf(block)}: ${stdout}${stderr}`);
  assert.deepEqual(JSON.parse(stdout).notices, [], placeOf(block));
}

function assertPrometheus(t, block) {
  const folder = mkdtempSync(join(tmpdir(), 'snippets-'));
  writeFileSync(join(folder, 'prometheus.yaml'), block.text);
  const { status, stdout, stderr, error } = spawnSync('promtool', ['check', 'config', '--syntax-only', 'prometheus.yaml'],
    { encoding: 'utf8', cwd: folder });
  rmSync(folder, { recursive: true, force: true });
  if (error) t.diagnostic('promtool is not installed');
  else assert.equal(status, 0, `${placeOf(block)}: ${stdout}${stderr}`);
}

test('every block of YAML is what it is there for', t => {
  for (const block of blocks.filter(b => b.language === 'yaml' && here(b))) {
    const value = parse(block.text);
    if (isCluster(value)) continue; // written where the commands behind it are run
    if (value !== null && within(value, PROMETHEUS)) assertPrometheus(t, block);
    else if (value !== null && 'apiVersion' in value) assert.equal(typeof value.kind, 'string', placeOf(block));
    else {
      assert.ok(within(value, CONFIGURATION), `${placeOf(block)}: ${Object.keys(value ?? {})}`);
      assertConfiguration(block);
    }
  }
});

// ---- shells ----

let simulator;
let world;
let project;

before(async () => {
  simulator = await startSimulator('--seed', '51', '--name', TENANT, '--provision-seconds', '2', '--profiles', '120', '--inherit-tenant-objects');
  world = await simulator.world();
  project = world.projects[0].uid;
});

after(() => simulator?.stop());

const cluster = name => ({ cloudType: 'eks', name, cloudAccountUid: world.creation.eks.accountUid,
  profileUids: [world.creation.eks.infraUid], cloudConfig: { region: 'us-east-1' },
  machinePoolConfig: [{ name: 'workers', count: 1, instanceType: 't3.large', azs: ['us-east-1a'] }] });

// Programs that stand for others: ./dev says whether it has such a command, and a manual is not shown.
const STAND_INS = {
  dev: `#!/bin/bash\n"${ROOT}dev" help | grep -q "^  $1 "\n`,
  'bin/man': '#!/bin/bash\ncat >/dev/null\n',
};

// What a person has in front of them: the programs where ./dev build puts them, the file that README.md begins with.
function makeFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'snippets-'));
  for (const name of ['build', 'bin']) mkdirSync(join(folder, name));
  for (const name of ['build/spectrocloud-backend', 'bin/spectrocloud-backend']) symlinkSync(BACKEND, join(folder, name));
  symlinkSync(SIMULATOR, join(folder, 'build/palette-sim'));
  for (const [name, text] of Object.entries(STAND_INS)) {
    writeFileSync(join(folder, name), text);
    chmodSync(join(folder, name), 0o755);
  }
  const [first] = blocksOf('README.md').filter(b => b.language === 'yaml');
  writeFileSync(join(folder, 'app-config.yaml'), first.text.replace('https://api.spectrocloud.com', simulator.url)
    .replace('my-tenant', TENANT));
  writeFileSync(join(folder, 'cluster.json'), JSON.stringify(cluster('by-agent')));
  return folder;
}

// What is set besides that file, by variables: an address of the tests, and what some page or other is about.
const settings = (folder, [port, pages]) => Object.fromEntries(Object.entries({
  'spectrocloud.server.listen': `127.0.0.1:${port}`,
  'spectrocloud.telemetry': { listen: `127.0.0.1:${pages}` },
  'spectrocloud.tokenStore': { type: 'sqlite', path: 'sessions.db', encryptionKey: valueOf('SESSION_KEY') },
  'spectrocloud.auth': { trustedServices: ['my-script'] },
  'spectrocloud.audit': { to: 'file', file: join(folder, 'audit.jsonl') },
  'spectrocloud.follow.interval': '1s',
  'backend.auth.externalAccess': [
    { type: 'static', options: { token: TOKENS.SPECTROCLOUD_CALLER_TOKEN, subject: 'my-script' } },
    ...['PROMETHEUS_TOKEN', 'OPERATOR_TOKEN'].map(name => ({ type: 'static', options: { token: TOKENS[name], subject: name },
      accessRestrictions: [{ plugin: 'spectrocloud', permission: 'spectrocloud.metrics.view' }] })),
  ],
}).map(([path, value]) => [`APP_CONFIG_${path.replaceAll('.', '_')}`, JSON.stringify(value)]));

// What a person would put in the place of what the pages leave open.
function filled(text, folder, [port, pages]) {
  const running = world.clusters.find(c => c.project && !c.deleted && c.state === 'Running');
  for (const [from, to] of [
    ['SPECTROCLOUD_API_TOKEN=…', 'SPECTROCLOUD_API_TOKEN=sim-key'],
    ['SPECTROCLOUD_CALLER_TOKEN=…', `SPECTROCLOUD_CALLER_TOKEN=${TOKENS.SPECTROCLOUD_CALLER_TOKEN}`],
    ['SPECTROCLOUD_DOCTOR_TOKEN=…', `SPECTROCLOUD_DOCTOR_TOKEN=${TOKENS.SPECTROCLOUD_CALLER_TOKEN}`],
    ['wait CLUSTER_UID --project PROJECT_UID', `wait ${running.uid} --project ${running.project}`],
    ['PROJECT_UID', project], ['projectUid=UID', `projectUid=${project}`],
    ['CLOUD_ACCOUNT_UID', world.creation.eks.accountUid], ['PROFILE_UID', world.creation.eks.infraUid],
    ['--config FILE', '--config app-config.yaml'],
    ['/var/log/spectrocloud-backend/', `${folder}/`],
    ['--all ', '--all --yes '], // there is no terminal here
    ['127.0.0.1:7727', `127.0.0.1:${port}`], ['127.0.0.1:9727', `127.0.0.1:${pages}`],
  ]) text = text.replaceAll(from, to);
  return text;
}

const PRELUDE = `
set -euo pipefail
trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT
curl() { command curl --fail-with-body "$@"; }
await_service() {
  for _ in $(seq 600); do
    command curl -fs -o /dev/null "$BACKSTAGE/.backstage/health/v1/readiness" && break
    sleep 0.1
  done
  for email in ada@example.com bob@example.com; do
    curl -sS -o /dev/null -X PUT -H "Authorization: Bearer ${TOKENS.SPECTROCLOUD_CALLER_TOKEN}" \\
      -H 'Content-Type: application/json' -d "{\\"token\\":\\"session\\",\\"expiresAt\\":$(($(date +%s)+3600))000}" \\
      "$BACKSTAGE/api/spectrocloud/session-tokens/$email"
  done
}
`;

// One shell for a page, so that what a block exports is there for the next. The service runs beside it, from where the
// page starts it, or from the start.
function scriptOf(page, folder, ports) {
  const parts = blocks.filter(b => b.page === page && here(b)).map(block => {
    const text = filled(block.text, folder, ports);
    if (block.language === 'yaml' && isCluster(parse(text)))
      return `cat >cluster.yaml <<'END_OF_BLOCK'\n${text}END_OF_BLOCK\n`;
    if (block.language !== 'sh') return '';
    assert.doesNotMatch(text.replaceAll(/#.*/g, ''), /…/, `${placeOf(block)}: what is to stand there?`);
    return `echo '${placeOf(block)}' >where\n` +
      text.replaceAll(/^(\S*spectrocloud-backend serve .*)$/gm, '(exec $1) 2>>serve.log &\nawait_service');
  });
  const own = parts.some(part => part.includes('await_service'));
  return [PRELUDE, ...own ? [] : ['spectrocloud-backend serve 2>>serve.log &\nawait_service\n'], ...parts].join('\n');
}

const readIf = file => { try { return readFileSync(file, 'utf8'); } catch { return ''; } };

function runScript(folder, script, env) {
  return new Promise((done, failed) => {
    const child = spawn('bash', ['-c', script], { cwd: folder, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
    const timer = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), PAGE_SECONDS * 1000);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', part => { said = (said + part).slice(-20000); });
    child.on('error', failed);
    child.on('close', code => { clearTimeout(timer); done({ code, said }); });
  });
}

for (const page of OPERATORS_PAGES.filter(p => blocks.some(b => b.page === p && b.language === 'sh' && here(b))))
  test(`the commands of ${page} do what they say`, async t => {
    const folder = makeFolder();
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const ports = [await freePort(), await freePort()];
    const env = { HOME: folder, LANG: 'C.UTF-8', PATH: `${folder}/bin:${process.env.PATH}`, ...TOKENS,
      SPECTROCLOUD_API_TOKEN: 'sim-key', BACKSTAGE: `http://127.0.0.1:${ports[0]}`, ...settings(folder, ports) };
    const { code, said } = await runScript(folder, scriptOf(page, folder, ports), env);
    assert.equal(code, 0, `${readIf(join(folder, 'where'))}${said}\n${readIf(join(folder, 'serve.log')).slice(-4000)}`);
  });
