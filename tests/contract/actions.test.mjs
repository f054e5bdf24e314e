// Every action against every way in which a call can be refused, here or by Palette; each answer against the schema that is declared
// for it, and each schema against what is documented.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';

import {
  TAG_ACTIONS, assertErrorBody, badInputs, entitiesOf, goodInputs, invoke, listActions, moreInputs,
} from './actions.mjs';
import { beside, moods, startBackstage, startBeside, stopBeside, until } from './backstage.mjs';
import { assertConforms } from './conforms.mjs';
import { documented, lacks } from './documented-actions.mjs';
import { RESTRICTED, TOKEN, TRUSTED, configuration, startSimulator } from './harness.mjs';

let simulator;
let backstage;
let service;
let actions;
let good;
const table = new Map();
const asksPalette = new Set(); // the names of those that do; the others know from the catalog
const bodies = []; // of all answers that are errors

before(async () => {
  simulator = await startSimulator('--seed', '7', '--projects', '3', '--clusters', '40', '--virtual-clusters', '9');
  const world = await simulator.world();
  backstage = await startBackstage();
  backstage.entities.push(...entitiesOf(world));
  service = await startBeside(backstage, beside(backstage, configuration([simulator], {
    mcp: { kubeconfig: 'full', toolsets: ['core', 'operations', 'packs', 'tags'], include: ['*', ...TAG_ACTIONS] },
    upstream: { timeout: '600ms', attempts: 2, circuitFailures: 0, maxAnswerBytes: 2 * 1024 * 1024, connectTimeout: '500ms' } })));
  actions = await listActions(service);
  good = { ...goodInputs(world), ...await moreInputs(world, service) };
});

after(async () => {
  print();
  await stopBeside(backstage, service);
  await backstage.stop();
  await simulator.stop();
});

function print() {
  const names = [...new Set([...table.values()].flatMap(cells => [...cells.keys()]))];
  const width = Math.max(...actions.map(a => a.name.length));
  const line = cells => cells.map((cell, i) => cell.padStart(Math.max(names[i].length, 4) + 2)).join('');
  console.log(`\n${'action'.padEnd(width)}${line(names)}`);
  for (const [action, cells] of table)
    console.log(action.padEnd(width) + line(names.map(n => String(cells.get(n) ?? '-'))));
}

function note(action, column, what) {
  if (!table.has(action.name)) table.set(action.name, new Map());
  table.get(action.name).set(column, what);
}

async function eachAction(run) {
  for (const action of actions) {
    assert.ok(good[action.name], `no good input is known for ${action.name}: add it to actions.mjs`);
    await run(action);
  }
}

const nameIn = action => Object.keys(good[action.name]).find(n => /Name$/.test(n) && n !== 'instanceName');
const ask = (action, input, options) => invoke(service, action.name, input, options);

function assertRefused(action, answer, status, name, what) {
  const where = `${action.name}, ${what}`;
  bodies.push(answer.text);
  assert.equal(answer.status, status, `${where}: ${answer.text}`);
  assertErrorBody(answer, where);
  assert.equal(answer.json.error.name, name, where);
}

// Nothing of it goes to Palette.
async function untouched(action, input, what, status, name, options) {
  await simulator.forget();
  const answer = await ask(action, input, options);
  assertRefused(action, answer, status, name, what);
  assert.deepEqual((await simulator.requests()).map(r => r.target), [], `${action.name}, ${what}`);
  return answer;
}

// ---- what is documented ----

test('all documented actions are offered', () => {
  assert.deepEqual(Object.keys(documented).filter(name => !actions.some(a => a.name === name)), []);
});

test('inputs and outputs have all that is documented', () => {
  for (const { name, schema } of actions.filter(a => a.name in documented)) {
    assert.deepEqual(lacks(documented[name].input, schema.input), [], `the input of ${name}`);
    assert.deepEqual(lacks(documented[name].output, schema.output), [], `the output of ${name}`);
  }
});

test('an input or output that is not as documented is seen', () => {
  const { input, output } = documented.search_spectrocloud_profiles_by_names;
  const { schema } = actions.find(a => a.name === 'search_spectrocloud_profiles_by_names');
  const edited = edit => { const copy = structuredClone(schema); edit(copy); return copy; };
  for (const edit of [s => delete s.input.properties.names, s => { s.input.properties.names.type = 'string'; },
    s => { s.input.properties.names.items.type = 'integer'; }, s => delete s.input.required,
    s => s.input.required.push('projectUid'), s => delete s.output.properties.profiles.items.properties.cloudType,
    s => { s.output.properties.profiles.items.required = ['uid']; },
    s => delete s.output.properties.profiles.items.additionalProperties]) {
    const changed = edited(edit);
    assert.notDeepEqual([...lacks(input, changed.input), ...lacks(output, changed.output)], [], edit.toString());
  }
});

// ---- the table ----

test('every action answers as its schema says', () => eachAction(async action => {
  await simulator.forget();
  const answer = await ask(action, good[action.name]);
  assert.equal(answer.status, 200, `${action.name}: ${answer.text}`);
  assertConforms(action.schema.output, answer.json.output, action.name);
  if ((await simulator.requests()).length > 0) asksPalette.add(action.name);
  assertConforms(action.schema.input, good[action.name], `${action.name}'s input`);
  note(action, 'ok', answer.status);
}));

test('bad input of every field', () => eachAction(async action => {
  for (const [what, member, input] of badInputs(action.schema.input, good[action.name])) {
    const where = `${what} ${member}: ${JSON.stringify(input).slice(0, 100)}`;
    const answer = await untouched(action, input, where, 400, 'InputError');
    assert.match(answer.json.error.message,
      new RegExp(`^Invalid input to action "spectrocloud:${action.name}"; caused by InputError: `), where);
    assert.ok(answer.json.error.message.includes(`${member} (in the input)`), `${where}: ${answer.text}`);
    note(action, `${what} input`, answer.status);
  }
}));

test('denied', () => eachAction(async action => {
  const answer = await untouched(action, good[action.name], 'denied', 403, 'NotAllowedError', { token: RESTRICTED });
  if (action.name in documented)
    assert.ok(answer.json.error.message.includes(documented[action.name].permission), answer.text);
  note(action, 'denied', answer.status);
}));

test('no or a wrong credential', () => eachAction(async action => {
  for (const token of [null, 'wrong']) {
    const answer = await untouched(action, good[action.name], 'no credential', 401, 'AuthenticationError', { token });
    note(action, 'no token', answer.status);
  }
}));

test('an instance that nobody configured', () => eachAction(async action => {
  const input = { ...good[action.name], instanceName: 'nowhere' };
  if (!('instanceName' in action.schema.input.properties)) return;
  const answer = await untouched(action, input, 'unknown instance', 400, 'InputError');
  assert.match(answer.json.error.message, /instanceName .*first/);
  note(action, 'unknown instance', answer.status);
}));

const UNKNOWN_UID = 'ffffffffffffffffffffffff';

test('an object that Palette does not have', () => eachAction(async action => {
  const { properties } = action.schema.input;
  const uids = Object.keys(good[action.name]).filter(n => /Uid$/.test(n) && n !== 'projectUid' && n in properties);
  if (uids.length === 0) return;
  const answer = await ask(action,
    { ...good[action.name], ...Object.fromEntries(uids.map(n => [n, UNKNOWN_UID])) });
  assertRefused(action, answer, 404, 'NotFoundError', 'unknown uid');
  note(action, 'unknown uid', answer.status);
}));

test('a name that nothing has', () => eachAction(async action => {
  const name = nameIn(action);
  if (!name) return;
  const answer = await ask(action, { ...good[action.name], [name]: 'no such, "x"' });
  assertRefused(action, answer, 404, 'NotFoundError', 'unknown name');
  note(action, 'unknown name', answer.status);
}));

test('a name that several have', () => eachAction(async action => {
  const name = nameIn(action);
  if (!name) return;
  const one = backstage.entities.find(e => e.metadata.title === good[action.name][name]);
  const other = structuredClone(one);
  other.metadata.name += '-too';
  backstage.entities.push(other);
  const answer = await untouched(action, good[action.name], 'ambiguous', 400, 'InputError');
  for (const { metadata } of [one, other])
    assert.ok(answer.json.error.message.includes(`resource:default/${metadata.name}`), answer.text);
  if ('entityRef' in action.schema.input.properties)
    assert.equal((await ask(action,
      { ...good[action.name], entityRef: `resource:default/${one.metadata.name}` })).status, 200);
  backstage.entities.pop();
  note(action, 'ambiguous', answer.status);
}));

for (const [column, mood] of [['500', moods.status(500)], ['403', moods.status(403)], ['html', moods.html],
  ['resets', moods.resets], ['garbage', moods.says('[7]')]])
  test(`the catalog: ${column}`, () => eachAction(async action => {
    if (!nameIn(action)) return;
    backstage.mood.catalog = mood;
    const answer = await ask(action, good[action.name]);
    backstage.mood.catalog = null;
    // While it does not answer it is asked once a second.
    await until(async () => (await ask(action, good[action.name])).status === 200, 'the catalog is asked again');
    bodies.push(answer.text);
    assert.ok([403, 503].includes(answer.status), `${action.name}: ${answer.text}`);
    assertErrorBody(answer, action.name);
    note(action, `catalog ${column}`, answer.status);
  }));

// ---- Palette's refusals; its failures are in faults.test.mjs ----

const eachThatAsks = run => eachAction(async action => {
  if (asksPalette.has(action.name)) await run(action);
});

const faults = [
  ['401', { fault: 'status', status: 401 }, 503, 'ServiceUnavailableError'],
  ['403', { fault: 'status', status: 403 }, 503, 'ServiceUnavailableError'],
  ['404', { fault: 'status', status: 404 }, 404, 'NotFoundError'],
];

for (const [column, fault, status, name] of faults)
  test(`Palette: ${column}`, () => eachThatAsks(async action => {
    await simulator.fault({ match: { pathPrefix: '/v1' }, times: -1, ...fault });
    const answer = await ask(action, good[action.name]);
    await simulator.heal();
    assertRefused(action, answer, status, name, column);
    assert.doesNotMatch(answer.json.error.message, /catalog/i, action.name);
    note(action, column, answer.status);
  }));

test("Palette refuses a user's own token", () => eachThatAsks(async action => {
  const answer = await ask(action, good[action.name], { headers: { 'X-SpectroCloud-Token': 'no-such-session' } });
  assertRefused(action, answer, 401, 'AuthenticationError', 'user 401');
  assert.equal(answer.json.requiresReAuth, true);
  note(action, 'user 401', answer.status);
}));

test("Palette denies a user's own token", () => eachThatAsks(async action => {
  await simulator.fault({ match: { pathPrefix: '/v1' }, times: -1, fault: 'status', status: 403 });
  const answer = await ask(action, good[action.name], { headers: { 'X-SpectroCloud-Token': 'no-such-session' } });
  await simulator.heal();
  assertRefused(action, answer, 403, 'NotAllowedError', 'user 403');
  note(action, 'user 403', answer.status);
}));

// ---- afterwards ----

test('the service is still well', () => eachAction(async action => {
  assert.equal((await ask(action, good[action.name])).status, 200);
}));

test('no secret of Palette, no key and no token is in what was written', () => {
  const log = service.log();
  assert.match(log, / request .*operation="?agent\./);
  assert.match(log, / audit /);
  for (const secret of ['sim-secret', 'sim-key', 'no-such-session', TOKEN, TRUSTED, RESTRICTED]) {
    assert.ok(!log.includes(secret), `${secret} is in the log`);
    for (const body of bodies) assert.ok(!body.includes(secret), `${secret} is in an error: ${body}`);
  }
});
