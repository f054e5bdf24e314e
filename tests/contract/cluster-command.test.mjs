// The commands cluster create and cluster wait: files of YAML and JSON at a shell, over the simulated
// Palette and without Backstage.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, before, test } from 'node:test';

import { creationsIn } from '../schema/bodies.mjs';
import { startSimulator } from './harness.mjs';

const BACKEND = resolve(process.env.SPECTROCLOUD_BACKEND ?? 'build/spectrocloud-backend');
const API_KEY = 'sim-key';
const WRONG_KEY = 'wrong-api-key-0001';
const SESSION = 'somebodys-session-0001';
const KINDS = ['eks', 'aws', 'aks', 'azure', 'vsphere', 'virtual'];
const UID = /^[0-9a-f]{24}$/;

let folder;
let simulator;
let world;
let project;
let rows; // { kind, form, body(name) }
let count = 0;

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'cluster-'));
  simulator = await startSimulator('--seed', '11', '--provision-seconds', '2');
  world = await simulator.world();
  project = world.projects[0].uid;
  rows = creationsIn(world).filter(row => row.operation === 'cluster.create');
  configure('app-config.yaml', {});
});

after(async () => {
  await simulator.stop();
  rmSync(folder, { recursive: true, force: true });
});

function configure(name, { apiToken = API_KEY, url = simulator.url, ...more }) {
  const path = join(folder, name);
  writeFileSync(path, JSON.stringify({ spectrocloud: {
    upstream: { retryDelay: '1ms', ratePercent: 0 },
    cache: { ttl: { lists: '0s', details: '0s' } },
    follow: { interval: '1s' },
    environments: [{ name: 'first', url, tenant: 'sim', apiToken }],
    ...more,
  } }));
  return path;
}

function launch(program, args, { env, input, seconds = 60 } = {}) {
  const child = spawn(program, args, { cwd: folder, stdio: 'pipe',
    env: { ...process.env, SPECTROCLOUD_TOKEN: '', LANG: 'C.UTF-8', LC_ALL: '', NO_COLOR: '', ...env } });
  const result = { stdout: '', stderr: '' };
  const timer = setTimeout(() => child.kill('SIGKILL'), seconds * 1000);
  child.stdout.setEncoding('utf8').on('data', chunk => { result.stdout += chunk; });
  child.stderr.setEncoding('utf8').on('data', chunk => { result.stderr += chunk; });
  child.stdin.on('error', () => {});
  child.stdin.end(input ?? '');
  const ended = new Promise((done, reject) => {
    child.on('error', reject);
    child.on('close', (status, signal) => {
      clearTimeout(timer);
      done({ ...result, status: status ?? signal });
    });
  });
  return { child, result, ended };
}

const cluster = (args, options) => launch(BACKEND, ['cluster', ...args], options).ended;
const create = (args, options) => cluster(['create', '--project', project, ...args], options);

const quoted = word => `'${word.replaceAll("'", "'\\''")}'`;

// On a terminal, where standard error is, too.
async function onTerminal(args, { columns = 100, lines = 40, ...options } = {}) {
  const command = [BACKEND, 'cluster', ...args].map(quoted).join(' ');
  const result = await launch('script',
    ['-qec', `stty cols ${columns} rows ${lines}; ${command}`, '/dev/null'],
    { ...options, env: { TERM: 'xterm', ...options.env } }).ended;
  return { ...result, stdout: result.stdout.replaceAll('\r\n', '\n') };
}

// What a terminal shows in the end.
function screenOf(output) {
  const screen = [''];
  let row = 0;
  // eslint-disable-next-line no-control-regex
  for (const [piece] of output.matchAll(/\x1b\[(\d*)([A-Za-z])|\n|\r|[^\x1b\n\r]+/g)) {
    const control = piece.match(/^\x1b\[(\d*)([A-Za-z])$/);
    if (control?.[2] === 'A') row -= Number(control[1]);
    else if (control?.[2] === 'J') screen.splice(row, Infinity, '');
    else if (control) assert.equal(control[2], 'm', `no other control sequences: ${control[2]}`);
    else if (piece === '\n') { row++; screen[row] ??= ''; }
    else if (piece !== '\r') screen[row] += piece;
    assert.ok(row >= 0);
  }
  return screen;
}

const fresh = prefix => `${prefix}-${++count}`;
const flat = (kind, name = fresh(kind)) => rows.find(r => r.kind === kind && r.form === 'flat').body(name);

function file(name, text) {
  const path = join(folder, name);
  writeFileSync(path, typeof text === 'string' ? text : JSON.stringify(text));
  return path;
}

// As a person writes it: blocks, and quotes only where they are needed.
function yaml(value, indent = '') {
  if (Array.isArray(value) && value.length)
    return value.map(item => `\n${indent}- ${yaml(item, `${indent}  `).trimStart()}`).join('');
  if (value && typeof value === 'object' && Object.keys(value).length && !Array.isArray(value))
    return Object.entries(value).map(([key, item]) => {
      const inner = yaml(item, `${indent}  `);
      return `\n${indent}${scalar(key)}:${inner.startsWith('\n') ? '' : ' '}${inner}`;
    }).join('');
  return typeof value === 'string' ? scalar(value) : JSON.stringify(value);
}
const scalar = s => (/^[A-Za-z/][\w/.+=@-]*( [\w/.+=@-]+)*$/.test(s) && !/^(true|false|null|yes|no)$/i.test(s)
  ? s : JSON.stringify(s));

const posts = async () => (await simulator.requests())
  .filter(r => r.method === 'POST' && /^\/v1\/spectroclusters\/\w+(\?|$)/.test(r.target));
const named = async name => (await simulator.world()).clusters.filter(c => c.name === name);

async function assertRefused(args, status, pattern, options) {
  await simulator.forget();
  const result = await create(args, options);
  assert.match(result.stderr, pattern);
  assert.deepEqual([result.stdout, result.status], ['', status], result.stderr);
  assert.deepEqual(await posts(), []);
  for (const secret of [API_KEY, WRONG_KEY, SESSION, 'sim-secret'])
    assert.ok(!result.stderr.includes(secret), result.stderr);
  return result;
}

const lines = text => text.split('\n').slice(0, -1);

// ---- what is sent ----

for (const kind of KINDS)
  test(`${kind}: every form, from YAML and from JSON, as Palette gets it over HTTP`, async () => {
    for (const { form, body } of rows.filter(r => r.kind === kind)) {
      const sent = [];
      for (const language of ['yaml', 'json']) {
        const name = fresh('same-name');
        const made = body(name);
        const path = file(`${kind}.${language}`, language === 'yaml' ? `# ${form}${yaml(made)}\n`
          : JSON.stringify(made));
        await simulator.forget();
        const { stdout, stderr, status } = await create(['-f', path]);
        assert.equal(status, 0, `${form}, ${language}: ${stderr}`);
        assert.match(stdout, /^[0-9a-f]{24}\n$/, 'the uid alone');
        assert.match(stderr, new RegExp(`^created cluster ${name} ${stdout.trim()}$`, 'm'));
        const [request, ...more] = await posts();
        assert.deepEqual(more, [], 'it is sent once');
        sent.push(request.body.replaceAll(name, 'NAME'));
        assert.deepEqual((await named(name)).map(c => [c.uid, c.project]), [[stdout.trim(), project]]);
      }
      assert.equal(sent[0], sent[1], `${form}: the same to the byte`);
    }
  });

test('standard input, YAML or JSON', async () => {
  for (const text of [`${yaml(flat('eks'))}\n`, JSON.stringify(flat('eks'))])
    for (const option of [['-f', '-'], ['--file=-']]) {
      const name = fresh('input');
      const { stdout, status, stderr } = await create(option,
        { input: text.replace(/eks-\d+/, name) });
      assert.equal(status, 0, stderr);
      assert.equal((await named(name))[0].uid, stdout.trim());
    }
});

test('numbers keep their text, to the byte', async () => {
  const name = fresh('numbers');
  const entity = rows.find(r => r.kind === 'eks' && r.form === 'entity').body(name);
  const more = '1e300 9007199254740993 1.30 -0 0.10000000000000000000000001'.split(' ');
  const texts = {
    'numbers.yaml': `${yaml(entity)}\nodd: [${more.join(', ')}]\n`,
    'numbers.json': JSON.stringify(entity).replace(/\}$/, `,"odd":[${more.join(',')}]}`),
  };
  for (const [at, text] of Object.entries(texts)) {
    await simulator.forget();
    const { stdout, status, stderr } = await create(['-f', file(at, text), '--dry-run']);
    assert.equal(status, 0, stderr);
    for (const number of more) assert.match(stdout, new RegExp(`^ +${number.replace('.', '\\.')},?$`, 'm'));
    const [{ body }] = (await simulator.requests()).filter(r => /\/validate(\?|$)/.test(r.target));
    assert.ok(body.endsWith(`"odd":[${more.join(',')}]}`), body);
  }
});

test('variables: a number without quotes stands as it was written', async () => {
  const body = flat('eks');
  body.profileVariables = { k8s_replicas: 3 };
  await simulator.forget();
  const { status, stderr } = await create(['-f', file('variables.yaml', yaml(body)), '--dry-run']);
  assert.equal(status, 0, stderr);
  const [{ body: sent }] = (await simulator.requests()).filter(r => /\/validate(\?|$)/.test(r.target));
  assert.deepEqual(JSON.parse(sent).spec.profiles[0].variables, [{ name: 'k8s_replicas', value: '3' }]);
});

test('the tenant, another environment, and the session of the caller', async () => {
  const second = await startSimulator('--seed', '11', '--session-token', SESSION);
  try {
    const config = join(folder, 'two.yaml');
    writeFileSync(config, JSON.stringify({ spectrocloud: { environments: [
      { name: 'first', url: simulator.url, tenant: 'sim', apiToken: API_KEY },
      { name: 'second', url: second.url, tenant: 'sim', apiToken: API_KEY },
    ] } }));
    const path = file('eks.json', flat('eks'));
    const { status, stderr, stdout } = await cluster(['create', '-f', path, '--config', config,
      '--instance', 'second'], { env: { SPECTROCLOUD_TOKEN: SESSION } });
    assert.equal(status, 0, stderr);
    const made = (await second.world()).clusters.find(c => c.uid === stdout.trim());
    assert.equal(made.project, null);
    const sent = (await second.requests()).filter(r => r.method === 'POST');
    assert.ok(sent.length > 0 && sent.every(r => r.credential.startsWith('session')), JSON.stringify(sent[0]));
  } finally {
    await second.stop();
  }
});

// ---- dry run ----

test('a dry run in a pipe answers JSON and creates nothing', async () => {
  for (const kind of KINDS) {
    const body = flat(kind);
    const path = file('dry.yaml', yaml(body));
    await simulator.forget();
    const { stdout, stderr, status } = await create(['-f', path, '--dry-run']);
    assert.equal(status, 0, stderr);
    const plan = JSON.parse(stdout);
    assert.equal(plan.kind, kind);
    assert.equal(plan.entity.metadata.name, body.name);
    assert.ok(lines(stdout).length > 10, 'it is printed for people, too');
    for (const { message } of plan.warnings ?? [])
      assert.ok(stderr.includes(`warning: ${message}\n`), stderr);
    assert.deepEqual(await posts(), []);
    assert.deepEqual(await named(body.name), []);
  }
});

test('a dry run on a terminal is a few lines', async () => {
  for (const kind of KINDS) {
    const body = flat(kind);
    const args = ['create', '--project', project, '-f', file('dry.yaml', yaml(body)), '--dry-run'];
    const { stdout, status } = await onTerminal(args);
    assert.equal(status, 0, stdout);
    assert.ok(stdout.startsWith(`${kind} cluster ${body.name}\n`), stdout);
    assert.match(stdout, new RegExp(`^ +project +${project}$`, 'm'));
    for (const uid of [body.cloudAccountUid, ...(body.profileUids ?? [])].filter(Boolean))
      assert.ok(stdout.includes(uid), stdout);
    for (const pool of body.machinePoolConfig ?? [])
      assert.match(stdout, new RegExp(`^ +${pool.name} +(worker|control plane) +${pool.count} `, 'm'));
    if (kind !== 'virtual')
      assert.match(stdout, /^ +price +[\d.]+ an hour, [\d.]+ in 30 days, as Palette estimates it$/m);
    assert.match(stdout, /\nNothing was created\. With --json you see all that would be sent\.\n$/);
    assert.ok(lines(stdout).length < 30);
    const json = await onTerminal([...args, '--json']);
    assert.equal(JSON.parse(json.stdout.slice(json.stdout.indexOf('{'))).kind, kind);
  }
});

test('what an entity holds cannot disturb a terminal', async () => {
  const body = rows.find(r => r.kind === 'eks' && r.form === 'entity').body(fresh('evil'));
  body.spec.machinepoolconfig[0].poolConfig.name = 'p\u001b[2J\u009b\u202e';
  const path = file('evil.json', body);
  const { stdout } = await onTerminal(['create', '--project', project, '-f', path, '--dry-run']);
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(stdout, /[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e]/);
});

// ---- faults ----

test('all faults at once, with line and column, from the top down', async () => {
  const path = file('bad.yaml', `cloudType: eks
name: Demo_EKS
cloudAccountUid: ${world.creation.aws.accountUid}
profileUids: [${world.creation.eks.infraUid}]
cloudConfig:
  regon: us-east-1
machinePoolConfig:
  - name: workers
    count: "3"
    instanceType: t3.large
  - {name: workers, count: 1, instanceType: t3.large, diskSizeGB: 100}
`);
  const { stderr } = await assertRefused(['-f', path], 2, /nothing was created/);
  const told = lines(stderr).map(line => line.replace(`${path}:`, ''));
  assert.match(told[0], /^2:1: \/name must be /);
  assert.match(told[1], /^5:1: \/cloudConfig\/region is required/);
  assert.match(told[2], /^6:3: \/cloudConfig\/regon is an unknown field; did you mean region\?/);
  assert.match(told[3], /^9:5: \/machinePoolConfig\/0\/count must be a whole number/);
  assert.match(told[4], /^11:6: \/machinePoolConfig\/1\/name /);
  assert.match(told[5], /^11:55: \/machinePoolConfig\/1\/diskSizeGB is an unknown field/);
  assert.equal(told[6], `spectrocloud-backend: nothing was created: 6 faults in ${path}`);
  assert.equal(told.length, 7);
});

test('what Palette does not know has its place, too', async () => {
  const nobody = '0123456789abcdef01234567';
  const body = flat('eks');
  body.profileUids[1] = nobody;
  const path = file('unknown.yaml', yaml(body).slice(1));
  const { stderr } = await assertRefused(['-f', path], 2, /nothing was created/);
  const line = lines(readFileSync(path, 'utf8')).findIndex(l => l.includes(nobody)) + 1;
  assert.ok(line > 1);
  assert.match(stderr, new RegExp(`unknown\\.yaml:${line}:\\d+: /profileUids/1 `));
});

test('faults of a JSON file have their places', async () => {
  const body = JSON.stringify({ ...flat('eks'), name: 'Bad_Name' }, null, 1);
  const { stderr } = await assertRefused(['-f', file('bad.json', body)], 2, /nothing was created: 1 fault in /);
  const line = lines(body).findIndex(l => l.includes('Bad_Name')) + 1;
  assert.match(stderr, new RegExp(`^\\S+bad\\.json:${line}:2: /name must be `));
  await assertRefused(['-f', '-'], 2, /^<stdin>:1:31: \/name is given more than once$/m,
    { input: '{"name":"a","cloudType":"eks","\\u006eame":"b"}' });
});

test('what is no YAML, or no JSON: file, line and column', async () => {
  const cases = [
    ['a.yaml', 'cloudType: eks\n\tname: x\n', '2:1: a tab at the start of a line: indent with spaces'],
    ['b.yaml', 'cloudType: eks\nname: a\nname: b\n', "3:1: the key 'name' is in this map already"],
    ['c.yaml', 'cloudType: eks\n---\nname: b\n', '2:1: a second document; one is allowed'],
    ['d.yaml', 'cloudType: !cloud eks\n', '1:12: a tag that has no meaning here'],
    ['e.yaml', 'key: !!binary aGk=\n', '1:6: binary values'],
    ['f.yaml', 'a: [1, 2\nb: 3\n', '1:4: this list in [ ] is not closed'],
    ['g.yaml', 'name: @x\n', '1:7: no value can start with this character'],
    ['h.yaml', 'a: *x\n', '1:4: this alias names no anchor above it'],
    ['i.json', '{"cloudType": "eks",\n "name": "x",}\n', '2:14: not JSON: expected a name in quotes'],
    ['j.json', 'cloudType: eks\n', '1:1: not JSON: expected a value'],
  ];
  for (const [name, text, expected] of cases) {
    const path = file(name, text);
    const { stderr } = await assertRefused(['-f', path], 2, /nothing was created: the file cannot be read\n$/);
    assert.ok(stderr.startsWith(`${path}:${expected}`), stderr);
  }
  const laughs = ['a: &a [x,x,x,x,x,x,x,x,x,x]'];
  for (const [i, c] of [...'bcdefgh'].entries())
    laughs.push(`${c}: &${c} [${Array(10).fill(`*${'abcdefg'[i]}`).join(',')}]`);
  await assertRefused(['-f', file('laughs.yaml', laughs.join('\n'))], 2,
    /laughs\.yaml:\d+:\d+: too many values \(are aliases piled up\?\)/);
});

test('values that YAML has and JSON has not are named, all at once', async () => {
  const path = file('values.yaml', 'cloudType: eks\nprofileVariables:\n  account: 0123456789\n  load: .inf\n');
  const { stderr } = await assertRefused(['-f', path], 2, /2 faults in /);
  assert.match(stderr, /values\.yaml:3:3: \/profileVariables\/account is a number with leading zeros/);
  assert.match(stderr, /values\.yaml:4:3: \/profileVariables\/load must be a finite number/);
  assert.doesNotMatch(stderr, /0123456789/);
});

test('a version without quotes is a number, and said to be one', async () => {
  const body = { ...flat('virtual'), kubernetesVersion: 'VERSION' };
  const path = file('version.yaml', yaml(body).replace('VERSION', '1.30'));
  await assertRefused(['-f', path], 2, /version\.yaml:\d+:1: \/kubernetesVersion must be a string: put it into quotes$/m);
});

test('what is no object, and no file', async () => {
  for (const text of ['', '- a\n', 'eks\n', '[]', '5'])
    await assertRefused(['-f', file('none.yaml', text)], 2, /none\.yaml:1:1: the body must be an object/);
  await assertRefused(['-f', join(folder, 'missing.yaml')], 2, /cannot read .*missing\.yaml: No such file/);
  await assertRefused(['-f', folder], 2, /cannot read .*: Is a directory/);
  await assertRefused(['-f', '/dev/zero'], 2, /cannot read \/dev\/zero: larger than/);
  await assertRefused(['-f', file('latin.yaml', '')], 2, /the body must be/);
  writeFileSync(join(folder, 'latin.yaml'), Buffer.from('cloudType: eks\nname: caf\xe9\n', 'latin1'));
  await assertRefused(['-f', join(folder, 'latin.yaml')], 2, /latin\.yaml:2:10: not UTF-8/);
});

test("Palette's findings stand at the pool they are about", async () => {
  const body = flat('eks');
  await simulator.fault({ match: { method: 'POST', pathContains: '/validate' }, fault: 'status', status: 200,
    contentType: 'application/json', body: JSON.stringify({ machinePools: { results: [
      { name: body.machinePoolConfig[0].name, errors: [{ code: 'X', message: 'no such \u001b[2Jmachine' }] }] },
    profiles: [] }) });
  try {
    const { stderr } = await assertRefused(['-f', file('finding.yaml', yaml(body)), '--dry-run'], 1,
      /nothing was created: 1 fault in /);
    assert.match(stderr, /finding\.yaml:\d+:\d+: machine pool \S+: no such \\u001b\[2Jmachine$/m);
  } finally {
    await simulator.heal();
  }
});

test('wrong options are status 2, and nothing is asked', async () => {
  const path = file('eks.yaml', yaml(flat('eks')));
  const cases = [
    [['cluster'], /say `create` or `wait`/],
    [['cluster', 'delete'], /say `create` or `wait`/],
    [['cluster', 'create'], /wants -f FILE/],
    [['cluster', 'create', path], /takes no arguments, only options/],
    [['cluster', 'create', '-f', path, '--dry-run', '--wait'], /cannot --wait for what a --dry-run/],
    [['cluster', 'create', '-f', path, '--timeout', '5m'], /takes --timeout only with --wait/],
    [['cluster', 'create', '-f', path, '--wait', '--timeout', '5'], /wants as --timeout a duration/],
    [['cluster', 'create', '-f', path, '--wait', '--timeout', '8d'], /at most 7d/],
    [['cluster', 'create', '-f', path, '--wait', '--timeout', '0s'], /wants as --timeout a duration/],
    [['cluster', 'create', '-f', path, '--dryrun'], /unrecognized option/],
    [['cluster', 'create', '-f'], /requires an argument/],
    [['cluster', 'create', '-f', path, '--file', path], /--file is given more than once/],
    [['cluster', 'create', '-f', path, '--instance', 'second'],
      /--instance: there is no environment `second`; there are: first\n$/],
    [['cluster', 'create', '-f', path, '--project', '../x'], /^spectrocloud-backend: --project must be an identifier/],
    [['cluster', 'create', '-f', path, '--set', 'spectrocloud.follow.interval=x'], /spectrocloud\.follow\.interval/],
    [['cluster', 'wait'], /wants the UID of one cluster/],
    [['cluster', 'wait', 'a', 'b'], /wants the UID of one cluster/],
    [['cluster', 'wait', 'a', '-f', path], /^cluster wait takes no --file, which is for create$/m],
    [['cluster', 'wait', '../x'], /UID must be an identifier/],
    [['cluster', 'wait', 'a', '--project', '..'], /--project must be an identifier/],
  ];
  await simulator.forget();
  for (const [args, pattern] of cases) {
    const { stdout, stderr, status } = await launch(BACKEND, args).ended;
    assert.match(stderr, pattern);
    assert.deepEqual([stdout, status], ['', 2], args.join(' '));
  }
  assert.deepEqual(await simulator.requests(), []);
});

test('--help has every exit status and option', async () => {
  for (const args of [['--help'], ['create', '-h'], ['wait', '--help']]) {
    const { stdout, status, stderr } = await cluster(args);
    assert.deepEqual([status, stderr], [0, '']);
    for (const word of ['--file', '--dry-run', '--wait', '--project', '--instance', '--timeout', '--json',
      '--config', '--set', 'Exit status', 'Examples'])
      assert.ok(stdout.includes(word), word);
    for (const code of [0, 1, 2, 3, 4, 5, 6, 130]) assert.match(stdout, new RegExp(`^ +${code} +\\w`, 'm'));
    for (const line of lines(stdout)) assert.ok(line.length <= 84, line);
  }
});

// ---- what Palette refuses, and what nobody knows ----

test('refused, or away: one sentence, status 1', async () => {
  const body = flat('eks');
  const path = file('eks.yaml', yaml(body));
  await assertRefused(['-f', path, '--config', configure('wrong.yaml', { apiToken: WRONG_KEY })], 1,
    /^spectrocloud-backend: cluster create: .*Palette refused the apiToken configured for environment first/);
  await assertRefused(['-f', path], 1, /cluster create: SPECTROCLOUD_TOKEN: .*no longer accepts your session/,
    { env: { SPECTROCLOUD_TOKEN: SESSION } });
  await assertRefused(['-f', path, '--config', configure('away.yaml', { url: 'http://127.0.0.1:9' })], 1,
    /^spectrocloud-backend: cluster create: .*nothing answers at its address/);
  assert.equal((await create(['-f', path])).status, 0);
  const again = await create(['-f', path]);
  assert.equal(again.status, 2);
  assert.match(again.stderr, /eks\.yaml:\d+:1: \/name is taken: there is a cluster of that name in this project$/m);
});

test('a request whose end nobody knows: the name to look for, status 3', async () => {
  for (const fault of [{ fault: 'reset', bytes: 0 }, { fault: 'status', status: 503 }, { fault: 'garbage' }]) {
    const body = flat('eks');
    await simulator.fault({ match: { method: 'POST', pathPrefix: '/v1/spectroclusters/eks' }, ...fault });
    try {
      const { stdout, stderr, status } = await create(['-f', file('eks.yaml', yaml(body)), '--wait']);
      assert.match(stderr, /Palette may have created the cluster all the same/);
      assert.ok(stderr.includes(`look for one named ${body.name} before trying again\n`), stderr);
      assert.deepEqual([stdout, status], ['', 3]);
    } finally {
      await simulator.heal();
    }
  }
});

test('a uid that cannot be written: the cluster is there, status 3', async () => {
  for (const options of [[], ['--json']]) {
    const body = flat('eks');
    const command = [BACKEND, 'cluster', 'create', '--project', project, '-f', file('eks.yaml', yaml(body)),
      ...options].map(quoted).join(' ');
    const { stderr, status } = await launch('sh', ['-c', `${command} > /dev/full`]).ended;
    assert.match(stderr, /could not write all of the output/);
    assert.equal(status, 3, stderr);
    assert.ok((await simulator.world()).clusters.some(cluster => cluster.name === body.name));
  }
});

// Starts a creation that Palette takes its time for, and waits until it has been asked.
async function asked(fault, options = []) {
  await simulator.forget();
  await simulator.fault({ match: { method: 'POST', pathPrefix: '/v1/spectroclusters/eks' }, ...fault });
  const body = flat('eks');
  const started = launch(BACKEND, ['cluster', 'create', '--project', project, '-f',
    file('eks.yaml', yaml(body)), ...options]);
  while ((await posts()).length === 0 && started.child.exitCode === null) await pause(20);
  return { body, ...started };
}

test('Ctrl-C while it is being sent: the answer is waited for, once', async () => {
  try {
    for (const [options, expected] of [[[], 0], [['--wait'], 130]]) {
      const { child, body, ended } = await asked({ fault: 'delay', ms: 1000 }, options);
      child.kill('SIGINT');
      const { status, stderr, stdout } = await ended;
      assert.match(stderr, /^spectrocloud-backend: interrupted; what Palette was asked to create is waited for/);
      assert.equal(status, expected, stderr);
      assert.equal((await named(body.name))[0].uid, stdout.trim());
      if (expected) assert.match(stderr, /^To follow it again: /m);
      await simulator.heal();
    }
  } finally {
    await simulator.heal();
  }
});

test('Ctrl-C twice while it is being sent: nobody knows', async () => {
  try {
    const { child, result, ended } = await asked({ fault: 'hang' });
    child.kill('SIGINT');
    while (!/interrupted/.test(result.stderr)) await pause(20);
    child.kill('SIGINT');
    const { status, stderr, stdout } = await ended;
    assert.match(stderr, /nobody knows whether the cluster was created: look for its name/);
    assert.deepEqual([stdout, status], ['', 'SIGINT']);
  } finally {
    await simulator.heal();
  }
});

test('Ctrl-C before it is sent: nothing was created, status 130', async () => {
  await simulator.forget();
  await simulator.fault({ match: { method: 'GET', pathPrefix: '/v1' }, fault: 'hang' });
  try {
    const { child, ended } = launch(BACKEND, ['cluster', 'create', '--project', project, '-f',
      file('eks.yaml', yaml(flat('eks')))]);
    while ((await simulator.requests()).length === 0) await pause(20);
    child.kill('SIGINT');
    const { status, stdout } = await ended;
    assert.deepEqual([stdout, status], ['', 130]);
    assert.deepEqual(await posts(), []);
  } finally {
    await simulator.heal();
  }
});

const pause = ms => new Promise(done => setTimeout(done, ms));

// ---- waiting ----

const TIMED = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /;

test('--wait in a pipe: the uid alone, and lines with their time to standard error', async () => {
  const body = flat('eks');
  const { stdout, stderr, status } = await create(['-f', file('eks.yaml', yaml(body)), '--wait']);
  assert.equal(status, 0, stderr);
  assert.match(stdout, /^[0-9a-f]{24}\n$/);
  const told = lines(stderr);
  assert.equal(told[0], `created cluster ${body.name} ${stdout.trim()}`);
  for (const line of told.slice(1)) assert.match(line, TIMED);
  assert.ok(told.some(line => line.endsWith(`Z ${body.name}: Running`)), stderr);
  assert.match(stderr, /Z {3}CloudInfrastructureReady: done$/m);
  assert.match(told.at(-1), new RegExp(`Z ${body.name} runs \\(\\d+ s\\)$`));
});

test('--wait --json: an object a line', async () => {
  const body = flat('eks');
  const { stdout, stderr, status } = await create(['-f', file('eks.yaml', yaml(body)), '--wait', '--json']);
  assert.deepEqual([status, stderr], [0, '']);
  const events = lines(stdout).map(line => JSON.parse(line));
  assert.equal(events[0].event, 'created');
  assert.match(events[0].uid, UID);
  assert.equal(events[0].name, body.name);
  assert.deepEqual([...new Set(events.map(e => e.event))].sort(),
    ['component', 'condition', 'created', 'end', 'state']);
  const end = events.at(-1);
  assert.deepEqual([end.event, end.reason, end.state, end.uid],
    ['end', 'running', 'Running', events[0].uid]);
  for (const event of events.slice(1)) assert.ok(Date.parse(event.at) > 0);
});

test('what Palette tells disturbs no terminal, in JSON neither', async () => {
  const odd = 'a\u009b31m\u202eb';
  const body = flat('eks');
  const { stdout: uid } = await create(['-f', file('eks.yaml', yaml(body))]);
  await simulator.control('POST', '/world/fail-cluster', { uid: uid.trim(), reason: 'Odd', message: odd });
  const { status, stdout } = await cluster(['wait', uid.trim(), '--project', project, '--json']);
  assert.equal(status, 4, stdout);
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(stdout, /[\x80-\x9f\u202e]/);
  assert.ok(stdout.trim().split('\n').map(line => JSON.parse(line)).some(event => event.message?.includes(odd)), stdout);
});

test('--wait on a terminal: a line a condition, in place', async () => {
  const body = flat('eks');
  const args = ['create', '--project', project, '-f', file('eks.yaml', yaml(body)), '--wait'];
  const { stdout, status } = await onTerminal(args);
  assert.equal(status, 0, stdout);
  const screen = screenOf(stdout);
  assert.match(screen[0], new RegExp(`^created cluster ${body.name} [0-9a-f]{24}$`));
  for (const condition of ['CloudInfrastructureReady', 'KubeConfigReady'])
    assert.deepEqual(screen.filter(line => line.includes(condition)), [`  \u2713 ${condition}`]);
  assert.ok(screen.some(line => /^\d\d:\d\d:\d\d {2}Running$/.test(line)), screen.join('\n'));
  assert.match(screen.join('\n'), new RegExp(`\n${body.name} runs \\(\\d+ s\\)\n$`));
  // eslint-disable-next-line no-control-regex
  assert.match(stdout, /\x1b\[32m/, 'in colour');
});

test('a narrow, low terminal without colour and without UTF-8', async () => {
  const body = flat('eks');
  const args = ['create', '--project', project, '-f', file('eks.yaml', yaml(body)), '--wait'];
  const { stdout, status } = await onTerminal(args, { columns: 24, lines: 6,
    env: { NO_COLOR: '1', LANG: 'C' } });
  assert.equal(status, 0, stdout);
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(stdout, /\x1b\[\d*m|[\x80-\uffff]/);
  const screen = screenOf(stdout);
  for (const line of screen.filter(l => l.startsWith('  '))) assert.ok(line.length < 24, line);
  assert.ok(screen.some(line => line.startsWith('  + ')), screen.join('\n'));
  assert.ok(screen.some(line => /^ {4}and \d+ more$/.test(line)), screen.join('\n'));
});

test('a terminal that cannot move its cursor gets lines', async () => {
  const body = flat('eks');
  const args = ['create', '--project', project, '-f', file('eks.yaml', yaml(body)), '--wait'];
  const { stdout, status } = await onTerminal(args, { env: { TERM: 'dumb' } });
  assert.equal(status, 0, stdout);
  // eslint-disable-next-line no-control-regex
  assert.doesNotMatch(stdout, /\x1b/);
  assert.match(stdout, /Z {3}KubeConfigReady: done$/m);
});

// Starts a creation that does not come to its end by itself for a while.
async function begun(args, provisioning = 60) {
  const slow = await startSimulator('--seed', '11', '--provision-seconds', `${provisioning}`);
  const config = configure('slow.yaml', { url: slow.url });
  const body = flat('eks');
  const { child, result, ended } = launch(BACKEND, ['cluster', 'create', '--project', project, '--config', config,
    '-f', file('eks.yaml', yaml(body)), '--wait', ...args]);
  while (!/Provisioning/.test(result.stderr) && child.exitCode === null) await pause(20);
  return { slow, config, body, child, ended, uid: result.stdout.trim() };
}

test('a cluster that fails: why, status 4', async () => {
  const { slow, body, ended, uid, config } = await begun([]);
  try {
    await slow.control('POST', '/world/fail-cluster', { uid, reason: 'QuotaExceeded', message: 'no more \u001b[31mroom' });
    const { status, stderr } = await ended;
    assert.equal(status, 4, stderr);
    assert.match(stderr, /QuotaExceeded: no more \\u001b\[31mroom/);
    assert.match(stderr, new RegExp(`${body.name} has failed \\(\\d+ s\\): `));
    const wait = await onTerminal(['wait', uid, '--project', project, '--config', config]);
    assert.equal(wait.status, 4, wait.stdout);
    assert.ok(screenOf(wait.stdout).some(line => line.startsWith('  \u2717 ')), wait.stdout);
  } finally {
    await slow.stop();
  }
});

test('a cluster that is deleted meanwhile: status 4', async () => {
  const { slow, body, ended, uid } = await begun([]);
  try {
    await slow.control('POST', '/world/delete-cluster', { uid });
    const { status, stderr } = await ended;
    assert.equal(status, 4, stderr);
    assert.match(stderr, new RegExp(`${body.name} was deleted`));
  } finally {
    await slow.stop();
  }
});

test('time that is up: status 5, and how to follow it again, which then does', async () => {
  const { slow, ended, body } = await begun(['--timeout', '1500ms'], 4);
  try {
    const { status, stderr, stdout } = await ended;
    assert.equal(status, 5, stderr);
    assert.match(stderr, new RegExp(`${body.name} is not ready after 2 s: its state is Provisioning`));
    const command = stderr.match(/^To follow it again: spectrocloud-backend (.*)$/m)?.[1];
    assert.ok(command?.startsWith(`cluster wait ${stdout.trim()} --project ${project} --config `), stderr);
    const again = await launch('sh', ['-c', `${quoted(BACKEND)} ${command}`]).ended;
    assert.deepEqual([again.status, again.stderr], [0, '']);
    assert.match(again.stdout, /: Running$/m);
  } finally {
    await slow.stop();
  }
});

for (const [signal, code] of [['SIGINT', 130], ['SIGTERM', 143]])
  test(`${signal} while it waits: ${code}, and the cluster goes on`, async () => {
    const { slow, child, ended, body } = await begun(['--set', 'spectrocloud.upstream.retryDelay=2ms']);
    try {
      child.kill(signal);
      const { status, stderr, stdout } = await ended;
      assert.equal(status, code, stderr);
      assert.match(stderr, new RegExp(`interrupted: no longer following ${body.name}, which goes on without this command`));
      assert.match(stderr, new RegExp(`^To follow it again: .*cluster wait ${stdout.trim()} .* --set \\.\\.\\.$`, 'm'));
      assert.doesNotMatch(stderr, /2ms/);
    } finally {
      await slow.stop();
    }
  });

test('Palette that goes away while it is waited: it is said, and then status 6', async () => {
  const { slow, ended } = await begun(['--set', 'spectrocloud.follow.patience=2s']);
  await slow.stop();
  const { status, stderr } = await ended;
  assert.equal(status, 6, stderr);
  assert.match(stderr, /still trying: /);
  assert.match(stderr, /cannot follow \S+ any more: /);
  assert.match(stderr, /^To follow it again: /m);
});

test('wait: no such cluster, and one of a project that was not named', async () => {
  const none = await cluster(['wait', '0123456789abcdef01234567', '--project', project]);
  assert.match(none.stderr, /^spectrocloud-backend: cluster wait: Cluster 0123456789abcdef01234567 not found\n$/);
  assert.deepEqual([none.stdout, none.status], ['', 1]);
  const { uid } = world.clusters.find(c => c.project === project && !c.deleted);
  const elsewhere = await cluster(['wait', uid]);
  assert.match(elsewhere.stderr, /that is in the tenant's scope; --project UID names a project\n$/);
  assert.equal(elsewhere.status, 1);
});

test('wait: one that runs already', async () => {
  const { uid } = world.clusters.find(c => c.project === project && c.state === 'Running' && !c.deleted);
  const { status, stdout, stderr } = await cluster(['wait', uid, '--project', project, '--json']);
  assert.deepEqual([status, stderr], [0, '']);
  assert.equal(JSON.parse(lines(stdout).at(-1)).reason, 'running');
});

test('the page about creating clusters: its file, and its commands', async () => {
  const page = readFileSync(new URL('../../docs/creating-clusters.md', import.meta.url), 'utf8');
  const uids = { '65f0aa000000000000000001': project, '65f0aa00000000000000ac01': world.creation.aws.accountUid,
    '65f0aa00000000000000f001': world.creation.eks.infraUid };
  const filled = text => text.replaceAll(/65f0aa[0-9a-f]{18}/g, uid => uids[uid] ?? assert.fail(uid));
  const [, text] = page.match(/^```yaml file=cluster\.yaml\n(.*?)^```$/ms);
  file('cluster.yaml', filled(text));
  const commands = [...page.matchAll(/^```sh shell=([\w-]+)\n(.*?)^```$/gms)];
  assert.deepEqual(commands.map(([, name]) => name), ['dry-run', 'create']);
  for (const [, name, command] of commands) {
    const script = `spectrocloud-backend() { ${quoted(BACKEND)} "$@"; }\n${filled(command)}`;
    const { status, stdout, stderr } = await launch('bash', ['-euc', script]).ended;
    assert.equal(status, 0, `${name}: ${stderr}`);
    if (name === 'dry-run') assert.equal(JSON.parse(stdout).entity.metadata.name, 'demo-shell');
    else assert.match(stdout, /: Running$/m);
  }
  const [, place, message] = page.match(/^cluster\.yaml:(\d+:\d+): (.*)$/m);
  const bad = await create(['-f', 'cluster.yaml'], { input: '' });
  assert.notEqual(bad.status, 0, 'there is one of that name now');
  file('cluster.yaml', filled(text).replace('count: 3', 'count: three'));
  const { stderr } = await create(['-f', 'cluster.yaml']);
  assert.equal(lines(stderr)[0], `cluster.yaml:${place}: ${message}`);
});

test('the README names it', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8');
  assert.match(readme, /spectrocloud-backend cluster create -f /);
});
