// node tests/soak/soak.mjs [SECONDS]: the service under mixed load, while everything around it fails and is started
// again. Every answer is checked against what the simulated Palettes hold. Ends with a summary, and status 1 if
// anything was wrong. ./dev soak runs it; the variables are:
//   SOAK_SEED     of the choices (the time); SOAK_STORE=sqlite instead of PostgreSQL
//   SOAK_LOOPS    so many ask at a time (20); SOAK_PAUSE milliseconds in between (40)
//   SOAK_ROUGH=1  memory is not judged: under a sanitizer it grows with what is freed
//   SOAK_CORRUPT=1  takes an item out of one list before it is checked, which has to be found
import { writeFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';

import { sleep, until } from '../contract/backstage.mjs';
import { TOKEN, TRUSTED, startService } from '../contract/harness.mjs';
import { leaveAll } from '../contract/follow.mjs';
import { Disturbances, Palette, restartBackstage, startBackstage, startStore } from './around.mjs';
import { agent, send } from './client.mjs';
import { cpuSeconds, descriptorsOf, growth, measure } from './gauge.mjs';
import { Load } from './load.mjs';
import { Person, newSession } from './people.mjs';
import { Report } from './report.mjs';

const JUDGED_S = 120; // a shorter run is still warming up when it ends
const QUIET_MS = 20000;
const PROJECTS = 12;
const KEPT_MS = 1000;
const ANSWER_MS = 2000; // that one request to Palette may take

// mulberry32: small, and the same everywhere.
function randomFrom(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6D2B79F5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

// ---- the setting ----

const SIZES = ['--projects', `${PROJECTS}`, '--clusters', '120', '--virtual-clusters', '20', '--profiles', '12',
  '--provision-seconds', '3', '--log-limit', '20000'];

// Sessions by whose they are: each a credential with other projects.
const sessionsOf = environment => {
  const n = { next: 0 };
  const make = projects => newSession(environment, n.next++, projects);
  return {
    kept: ['1,2,3', '4', '5,6', '1,7,8,9', '10,11,12', '2', '3,4,5,6,7', '12'].map(make),
    sent: ['6,7', '8,9,10'].map(make),
    admin: make(),
  };
};

const startPalette = (name, key, sessions, disturbances) => {
  const all = [...sessions.kept, ...sessions.sent, sessions.admin];
  return new Palette(name, disturbances, ['--seed', name === 'first' ? '71' : '72', ...SIZES, '--api-key', key,
    ...all.flatMap(({ option }) => ['--session-token', option])]).start();
};

// Four have sessions that are kept, two send theirs along, two have none and act with the environment's key.
function makePeople(backstage, first, second) {
  const people = ['ada', 'bob', 'cyd', 'dan'].map((name, i) => new Person(name, backstage, {
    kept: first.kept.slice(2 * i, 2 * i + 2), sent: i % 2 === 0 ? { second: second.kept[i] } : {} }));
  people.push(...['eve', 'fay'].map((name, i) => new Person(name, backstage, {
    sent: { first: first.sent[i], second: second.sent[i] } })));
  people.push(...['gus', 'hal'].map(name => new Person(name, backstage)));
  return people;
}

const configurationOf = (backstage, palettes, store) => ({
  permission: { enabled: true },
  backend: {
    baseUrl: backstage.url,
    auth: { externalAccess: [
      { type: 'static', options: { token: TOKEN, subject: 'tests' } },
      { type: 'static', options: { token: TRUSTED, subject: 'tests-trusted' } },
    ] },
  },
  spectrocloud: {
    enablePermissions: true,
    auth: { trustedServices: ['tests-trusted'] },
    server: { workers: 32, queueLength: 64, requestTimeout: '12s', drainTimeout: '15s' },
    upstream: { ratePercent: 0, timeout: `${ANSWER_MS}ms`, attempts: 3, retryDelay: '20ms', maxAnswerBytes: '2MiB', maxPages: 20,
      connectionsPerHost: 8, circuitPause: '300ms' },
    cache: { ttl: { lists: `${KEPT_MS}ms`, details: '500ms' } },
    follow: { interval: '1s' },
    tokenStore: store.config,
    telemetry: { logLevel: 'info' },
    environments: [
      { name: 'first', url: palettes.first.url, tenant: 'first', apiToken: 'first-key' },
      { name: 'second', url: palettes.second.url, tenant: 'second', apiToken: 'second-key' },
    ],
  },
});

async function startSetting(report, random, afterMs, which) {
  const disturbances = new Disturbances(afterMs);
  const sessions = { first: sessionsOf('first'), second: sessionsOf('second') };
  const everyProject = Array.from({ length: PROJECTS }, (_, i) => i + 1).join(',');
  const [first, second, backstage, store] = await Promise.all([
    startPalette('first', 'first-key', sessions.first, disturbances),
    startPalette('second', `second-key:projects=${everyProject}`, sessions.second, disturbances),
    startBackstage(), startStore(which)]);
  const palettes = { first, second };
  const people = makePeople(backstage, sessions.first, sessions.second);
  const nobody = new Person('nobody', backstage);
  backstage.emails = Object.fromEntries(people.map(p => [p.ref, p.email]));
  backstage.decide = ({ user }) => (user === nobody.ref ? 'DENY' : 'ALLOW');
  const creators = { first: people.at(-1),
    second: new Person('ian', backstage, { sent: { second: sessions.second.admin } }) };
  const config = configurationOf(backstage, palettes, store);
  const service = await startService(config);
  backstage.serves(service);
  await until(async () => (await send(service.port, { path: '/.backstage/health/v1/readiness', kept: false }))
    .status === 200, 'the service is ready', 30000);
  // A list that is past its time is given once more, for as long again; and it may have taken its time to come.
  const load = new Load({ service, palettes, people, nobody, creators, backstage, disturbances, report, random,
    staleMs: 2 * KEPT_MS + ANSWER_MS });
  return { load, service, config, palettes, backstage, store, disturbances, people };
}

// ---- what happens to what stands around it ----

// All that depends on the configuration is made anew, what is kept is gone, and nobody who asks may notice.
async function newConfiguration({ service, config }, n) {
  config.spectrocloud.upstream.maxPages = 20 + n % 2;
  writeFileSync(service.file, JSON.stringify(config));
  process.kill(service.pid, 'SIGHUP');
  await sleep(500);
}

// One round of faults, restarts, a flood, and calm.
async function round(setting, n, ms) {
  const { load, palettes, backstage, store, disturbances } = setting;
  const down = Math.min(1500, ms / 20);
  const rest = part => (load.running ? sleep(ms * part) : undefined);
  await Promise.all([palettes.first.disturb(5), palettes.second.disturb(5)]);
  await rest(0.12);
  await restartBackstage(backstage, disturbances, down);
  await rest(0.08);
  await palettes[n % 2 === 0 ? 'first' : 'second'].restart(down);
  await rest(0.1);
  await store.restart(disturbances, down);
  await rest(0.1);
  await newConfiguration(setting, n);
  await load.flood(150);
  await rest(0.05);
  await Promise.all([palettes.first.calm(), palettes.second.calm()]);
  await rest(0.35);
  await Promise.all([palettes.first.lookForStrangers(), palettes.second.lookForStrangers()]);
  backstage.forget();
}

async function rounds(setting, ms) {
  for (let n = 0; setting.load.running; n++) await round(setting, n, ms);
}

async function tidyUp(load) {
  while (load.running) {
    await load.tidy();
    await sleep(1000);
  }
}

// Where this process, which is Backstage and all clients, gets no time for as long as this, others
// on the machine do not either, and the service rightly says that too many wait.
const LATE_MS = 150;
async function watchMachine({ load, disturbances }) {
  while (load.running) {
    const from = Date.now();
    await sleep(50);
    if (Date.now() - from > 50 + LATE_MS) disturbances.was('busy machine', from, Date.now());
  }
}

async function takeSamples(load, pid, samples) {
  while (load.running) {
    samples.push(measure(pid));
    await sleep(500);
  }
}

// ---- the end ----

// What keys have made, over all lives of the simulators.
function checkCreates({ creates }, palettes, report) {
  const counts = [0, 0];
  for (const { name, environment, dry, uids } of creates) {
    const made = palettes[environment].made.get(name) ?? 0;
    counts[made] = (counts[made] ?? 0) + 1;
    if (made > 1) report.fault(`the key of ${name} has made ${made} clusters`);
    if (dry && made > 0) report.fault(`the dry run of ${name} has made a cluster`);
    if (uids.size > 0 && made === 0) report.fault(`${name} was said to be created, and is not`);
  }
  return counts;
}

const same = (a, b) => a.clients === b.clients && a.others === b.others;

// Nobody asks any more: what clients held is given back. Connections upstream are kept, within bounds.
async function untilQuiet(service, idle, report) {
  const end = Date.now() + QUIET_MS;
  agent.destroy();
  leaveAll();
  let now;
  do {
    await sleep(250);
    now = descriptorsOf(service.pid, service.port);
  } while (!same(now, idle) && Date.now() < end);
  if (!same(now, idle))
    report.fault(`descriptors: ${JSON.stringify(idle)} when idle at first, ${JSON.stringify(now)} at the end`);
  return now;
}

const spoken = ({ rssKb, descriptors, threads }) =>
  `${(rssKb / 1024).toFixed(1)} MB, ${descriptors} descriptors, ${threads} threads`;

function print(write, { report, setting, seconds, idle, quiet, first, grown, cpu, keys, seed, status }) {
  const { palettes, disturbances, store, load } = setting;
  const fired = {};
  for (const { fired: some } of Object.values(palettes))
    for (const [kind, n] of Object.entries(some)) fired[kind] = (fired[kind] ?? 0) + n;
  const total = report.total;
  write(`soak of ${seconds} s, seed ${seed}, ${store.kind}\n`);
  write(report.lines().join('\n'));
  write(`\n${total} answers (${Math.round(total / seconds)} a second), ${report.checked} checked, ` +
    `${(cpu / total * 1e3).toFixed(2)} ms of CPU each`);
  write(`errors that a fault, a restart or the flood explains: ${JSON.stringify(report.explained)}`);
  write(`besides: ${JSON.stringify(report.tally)}`);
  write(`faults fired: ${JSON.stringify(fired)}`);
  write(`disturbances: ${JSON.stringify(disturbances.counts)}`);
  write(`creates: ${load.creates.length} keys, of which ${keys.map((n, i) => `${n} made ${i}`).join(', ')} clusters`);
  write(`at the start   ${spoken(first)}`);
  write(`after warm-up  ${spoken(grown.warm)}`);
  write(`last quarter   ${spoken(grown.end)}`);
  write(`each tenth     ${grown.tenths.map(({ rssKb, threads }) => `${Math.round(rssKb / 1024)} MB/${threads}`).join(' ')}`);
  write(`descriptors    idle ${JSON.stringify(idle)}, afterwards ${JSON.stringify(quiet)}`);
  write(`exit status of the service: ${status}`);
  for (const text of report.unexplained) write(`UNEXPLAINED ${text}`);
  for (const text of report.wrong) write(`WRONG ${text}`);
  write(`${report.counts.wrong} wrong answers or findings, ${report.counts.unexplained} unexplained errors`);
}

// Resolves with whether all was well.
export async function soak(seconds, write = console.log) {
  const seed = Number(process.env.SOAK_SEED ?? Date.now() % 1e9);
  const report = new Report();
  const roundMs = Math.max(9000, Math.min(60000, seconds * 1000 / 6));
  const setting = await startSetting(report, randomFrom(seed), roundMs < 20000 ? 2500 : 4000, process.env.SOAK_STORE);
  const { load, service, palettes, backstage, store, people } = setting;
  await sleep(500);
  agent.destroy();
  const idle = await idleDescriptors(service);
  const first = measure(service.pid);
  const cpuAtFirst = cpuSeconds(service.pid);
  const samples = [];

  load.corrupt = process.env.SOAK_CORRUPT !== undefined;
  for (const person of people) if (person.keeps.length > 0) await load.signIn(person);
  const work = [
    ...Array.from({ length: Number(process.env.SOAK_LOOPS ?? 20) }, () => load.loop(Number(process.env.SOAK_PAUSE ?? 40))),
    ...people.filter(p => p.keeps.length > 0).map(p => load.keepSessions(p)),
    rounds(setting, roundMs), tidyUp(load), watchMachine(setting), takeSamples(load, service.pid, samples),
  ];
  await Promise.race([sleep(seconds * 1000), Promise.all(work)]);
  load.running = false;
  await Promise.all(work);
  const cpu = cpuSeconds(service.pid) - cpuAtFirst;

  const quiet = await untilQuiet(service, idle, report);
  const grown = growth(samples);
  if (seconds >= JUDGED_S)
    for (const text of grown.faults) if (!process.env.SOAK_ROUGH || !text.startsWith('memory')) report.fault(text);
  for (const palette of Object.values(palettes)) {
    await palette.calm();
    await palette.takeStock();
    if (palette.strangers > 0) report.fault(`${palette.name}: ${palette.strangers} requests with an unknown credential`);
  }
  const keys = checkCreates(load, palettes, report);
  for (const fault of backstage.faults) report.fault(`Backstage was sent something wrong: ${fault}`);
  const status = await service.stop();
  if (status !== 0) report.fault(`the service ended with ${status}: ${service.log().slice(-3000)}`);
  print(write, { report, setting, seconds, idle, quiet, first, grown, cpu, keys, seed, status });
  await Promise.all([palettes.first.stop(), palettes.second.stop(), backstage.stop(), store.remove()]);
  return report.isGood;
}

// Once the connections of its start are settled.
async function idleDescriptors(service) {
  await until(() => descriptorsOf(service.pid, service.port).clients === 0, 'no clients', 20000);
  return descriptorsOf(service.pid, service.port);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const seconds = Number(process.argv[2] ?? 600);
  if (!(seconds >= 10)) {
    console.error('usage: node tests/soak/soak.mjs [SECONDS], at least 10');
    process.exit(2);
  }
  process.exit(await soak(seconds) ? 0 : 1);
}
