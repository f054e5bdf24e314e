// What stands around the service during a soak: two simulated Palettes, a stand-in for Backstage, the store of
// sessions; how each is disturbed and started again, and a record of when, since that is what explains an error.
import crypto from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { sleep, startBackstage } from '../contract/backstage.mjs';
import { startSimulator } from '../contract/harness.mjs';
import { startPostgres } from '../contract/postgres.mjs';
import { Truth } from './truth.mjs';

// ---- when something was disturbed ----

export class Disturbances {
  #all = [];

  constructor(afterMs) {
    this.afterMs = afterMs; // for so long it may still be felt
  }

  // Returns what ends it.
  begin(what) {
    const one = { what, from: Date.now(), to: Infinity };
    this.#all.push(one);
    return () => { one.to = Date.now(); };
  }

  // Whether one of these was going on between the two times, or could still be felt.
  met(names, from, to) {
    return this.#all.some(one => names.includes(one.what) && one.from <= to && one.to + this.afterMs >= from);
  }

  // Something that is known only when it is over.
  was(what, from, to) { this.#all.push({ what, from, to }); }

  get counts() {
    const counts = {};
    for (const { what } of this.#all) counts[what] = (counts[what] ?? 0) + 1;
    return counts;
  }
}

// ---- Palette ----

const STATUSES = [400, 401, 403, 404, 409, 422, 429, 500, 503];
const KINDS = [
  ...STATUSES.map(status => ({ fault: 'status', status })),
  { fault: 'status', status: 503, headers: { 'Retry-After': '1' }, body: 'busy', contentType: 'text/plain' },
  { fault: 'garbage' }, { fault: 'not-object' }, { fault: 'bad-utf8' }, { fault: 'empty' }, { fault: 'html' },
  { fault: 'numeric-error' }, { fault: 'oversized', bytes: 3 << 20 }, { fault: 'deep', levels: 10000 },
  { fault: 'redirect' }, { fault: 'delay', ms: 300 }, { fault: 'slow-headers', ms: 300 }, { fault: 'drip', ms: 2 },
  { fault: 'hang' }, { fault: 'truncate', bytes: 10 }, { fault: 'reset', bytes: 0 }, { fault: 'reset', bytes: 30 },
  { fault: 'wrong-length', bytes: 10 }, { fault: 'repeat-token' }, { fault: 'empty-page' }, { fault: 'endless' },
];

// Of all requests, so many percent are hit, by each kind in turn.
// first: which kind comes first, so that each has its turn in short rounds, too.
const rulesFor = (percent, first) => {
  const every = Math.round(KINDS.length * 100 / percent);
  return KINDS.map((_, i) => ({ ...KINDS[(i + first) % KINDS.length], every,
    skip: Math.round(i * every / KINDS.length) }));
};

const IS_CREATE = { match: { method: 'POST', pathPrefix: '/v1/spectroclusters/' }, fault: 'status', status: 503 };

// A simulated Palette that can be started again on its ports, with what it had at first.
export class Palette {
  #options;
  #simulator;
  #ends = null; // of the faults that are on

  constructor(name, disturbances, options) {
    this.name = name;
    this.disturbances = disturbances;
    this.fired = {};         // faults, by kind
    this.made = new Map();   // how many clusters of each name there have been
    this.strangers = 0;      // requests with a credential that is none of this Palette's
    this.restarts = 0;
    this.turn = 0;
    this.restarting = false;
    this.#options = options;
  }

  async start() {
    this.#simulator = await startSimulator(...this.#options);
    const ports = [this.#simulator.url, this.#simulator.controlUrl].map(url => new URL(url).host);
    this.#options = [...this.#options, '--listen', ports[0], '--control', ports[1]];
    this.truth = new Truth(await this.#simulator.world());
    return this;
  }

  get url() { return this.#simulator.url; }

  async disturb(percent) {
    const end = this.disturbances.begin(`faults of ${this.name}`);
    await this.#simulator.fault(rulesFor(percent, this.turn));
    this.turn += 11;
    this.#ends = end;
  }

  async calm() {
    if (this.#ends === null) return;
    await this.#countFaults();
    await this.#simulator.heal();
    this.#ends();
    this.#ends = null;
  }

  async #countFaults() {
    const report = await this.#simulator.control('GET', '/faults');
    for (const { fault, fired } of report.faults ?? report)
      this.fired[fault] = (this.fired[fault] ?? 0) + fired;
  }

  // What its memory holds of clusters and credentials, before it is lost.
  async takeStock() {
    const world = await this.#simulator.world();
    const count = new Map();
    for (const { name, uid } of world.clusters)
      if (!this.truth.byUid.has(uid)) count.set(name, (count.get(name) ?? 0) + 1);
    for (const [name, n] of count) this.made.set(name, (this.made.get(name) ?? 0) + n);
    await this.lookForStrangers();
  }

  async lookForStrangers() {
    const requests = await this.#simulator.requests();
    await this.#simulator.forget();
    this.strangers += requests.filter(r => r.credential === 'unknown').length;
  }

  // Ends at once and comes back on the same ports. What was created there is gone then, so that is counted before,
  // while no create can come through.
  async restart(downMs) {
    const disturbed = this.#ends !== null;
    this.restarting = true;
    const end = this.disturbances.begin(`restart of ${this.name}`);
    await this.calm();
    await this.#simulator.fault(IS_CREATE);
    await this.#untilNoCreate();
    const allGone = this.truth.creations.allGoing();
    await this.takeStock();
    await this.#simulator.stop();
    await sleep(downMs);
    this.#simulator = await startSimulator(...this.#options);
    allGone();
    this.restarts++;
    this.restarting = false;
    end();
    if (disturbed) await this.disturb(5);
  }

  async #untilNoCreate() {
    const isUnderWay = r => r.method === 'POST' && r.status === 0 && r.target.startsWith('/v1/spectroclusters/');
    for (let i = 0; i < 100 && (await this.#simulator.requests()).some(isUnderWay); i++) await sleep(20);
  }

  // Takes away what was created, so that lists stay as long as they were. Not while it is started again, which takes
  // away all of it.
  async remove(one) {
    const { creations } = this.truth;
    if (this.restarting) return;
    creations.going(one.name);
    try {
      await this.#simulator.control('POST', '/world/delete-cluster', { uid: one.uid });
      creations.gone(one.name);
    } catch (error) {
      if (!this.restarting) throw error;
    }
  }

  stop() { return this.#simulator.stop(); }
}

// ---- Backstage ----

export async function restartBackstage(backstage, disturbances, downMs) {
  const end = disturbances.begin('restart of Backstage');
  await backstage.stop();
  await sleep(downMs);
  await backstage.again();
  end();
}

// ---- the store ----

async function postgresStore(encryptionKey) {
  const postgres = await startPostgres();
  await postgres.makeDatabase('soak', 'soak-password');
  const ways = ['fast', 'immediate', 'kill'];
  let restarts = 0;
  return {
    kind: 'PostgreSQL',
    config: { type: 'postgresql', connection: postgres.url('soak', 'soak-password'), encryptionKey },
    async restart(disturbances, downMs) {
      const end = disturbances.begin('restart of the store');
      await postgres.stop(ways[restarts++ % ways.length]);
      await sleep(downMs);
      await postgres.start();
      end();
    },
    remove: () => postgres.remove(),
  };
}

function sqliteStore(encryptionKey) {
  const folder = mkdtempSync(join(tmpdir(), 'soak-store-'));
  return {
    kind: 'SQLite',
    config: { type: 'sqlite', path: join(folder, 'sessions.sqlite'), encryptionKey },
    restart: async () => {},
    remove: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

// PostgreSQL where it is installed.
export async function startStore(which) {
  const encryptionKey = crypto.randomBytes(32).toString('base64');
  if (which === 'sqlite') return sqliteStore(encryptionKey);
  try {
    return await postgresStore(encryptionKey);
  } catch (error) {
    if (!/there is no PostgreSQL server/.test(error.message)) throw error;
    return sqliteStore(encryptionKey);
  }
}

export { startBackstage };
