// The load of a soak: what people, agents and strangers ask, all mixed, and the check of every answer.
import crypto from 'node:crypto';

import { hmacToken, now, sleep, userToken } from '../contract/backstage.mjs';
import { MODERN, legacy, modern } from '../contract/agent.mjs';
import { creations } from '../contract/creates.mjs';
import { follow } from '../contract/follow.mjs';
import { TOKEN, TRUSTED, actionId } from '../contract/harness.mjs';
import { send } from './client.mjs';
import { ENVIRONMENT_KEY, asAgentOf, asPerson, isOwn } from './people.mjs';
import { errorFaults, listFaultsOfAny, objectFaults } from './truth.mjs';

const API = '/api/spectrocloud';
const NAMES_FOR_AGENTS = /^(Input|Authentication|NotAllowed|NotFound|Conflict|ServiceUnavailable)Error$/;

// What may lead to an error with this status, in that environment.
function causesOf(status, environment) {
  const palette = environment === undefined ? ['faults of first', 'faults of second', 'restart of first',
    'restart of second'] : [`faults of ${environment}`, `restart of ${environment}`];
  switch (status) {
    case 502: return palette;
    case 504: return [...palette, 'flood', 'busy machine'];
    case 503: return [...palette, 'restart of Backstage', 'restart of the store', 'flood', 'busy machine'];
    case 403: return [...palette.slice(0, -1), 'restart of Backstage'];
    case 400: case 401: case 404: case 409: case 422: return palette;
    default: return [];
  }
}

const LISTS = {
  clusters: { path: () => '/clusters', key: 'clusters', scoped: true, weight: 6 },
  virtualClusters: { path: () => '/virtualclusters', key: 'virtualClusters', scoped: true, weight: 3 },
  projects: { path: () => '/projects', key: 'projects', weight: 2 },
  myProjects: { path: () => '/users/me/projects', key: 'projects', weight: 2 },
  accounts: { path: ({ type }) => `/cloudaccounts/${type}`, key: 'accounts', scoped: true, weight: 1 },
  clusterGroups: { path: () => '/clustergroups', key: 'items', scoped: true, weight: 1 },
  profiles: { path: ({ project }) => `/projects/${project}/profiles`, key: 'profiles', needs: true, weight: 1 },
};

const AGENT_LISTS = {
  list_spectrocloud_clusters: 'clusters',
  list_spectrocloud_virtual_clusters: 'virtualClusters',
  list_spectrocloud_projects: 'projects',
  list_spectrocloud_cluster_groups: 'clusterGroups',
};

const isRefused = (truth, kind, credential, project) => {
  if (kind === 'myProjects') return false;
  if (project !== undefined) return !truth.may(credential, project);
  return kind !== 'clusters' && kind !== 'virtualClusters' && !truth.may(credential, null);
};

export class Load {
  #tags = new Map(); // entity tags, and the items behind them

  // setting: { service, palettes: { first, second }, people, backstage, disturbances, report, random, staleMs }:
  // answers may be so old.
  constructor(setting) {
    Object.assign(this, setting);
    this.running = true;
    this.followers = 0;
    this.creates = []; // { name, environment, ... } of all keys
    this.mayBeGone = (person, from, to) => this.disturbances.met(['faults of first', 'restart of first'],
      person.kept.since, to) || this.disturbances.met(['restart of the store'], from - 12000, to);
  }

  pick(list) { return list[Math.floor(this.random() * list.length)]; }

  chance(part) { return this.random() < part; }

  // ---- one request, and what is wrong with its answer ----

  // judge(answer): faults of an answer that is no error, or null if it may be an error after all. refused(answer):
  // whether an error with this status is what is owed. Resolves with the answer.
  async ask(kind, environment, request, { headers, judge, refused = () => false, agents = false }) {
    const path = `${API}${request.path}`;
    const answer = await send(this.service.port, { ...request, path, headers: {
      ...(request.body !== undefined && { 'content-type': 'application/json' }),
      ...(this.chance(0.5) && { 'accept-encoding': 'gzip' }), ...headers } });
    const context = `${request.method ?? 'GET'} ${path} ${answer.status} ${answer.headers?.['x-request-id'] ?? ''}`;
    if (answer.left) {
      this.report.add('clients that left');
      return answer;
    }
    if (answer.broken !== undefined) {
      this.report.fault(`${kind}: the connection broke: ${answer.broken} [${context}]`);
      return answer;
    }
    this.report.answer(kind, answer.status);
    if (answer.status < 400) {
      this.report.check(kind, judge(answer), context);
      return answer;
    }
    this.checkError(kind, environment, answer, { method: request.method ?? 'GET', path }, { refused, agents, context });
    return answer;
  }

  checkError(kind, environment, answer, request, { refused, agents, context }) {
    const faults = errorFaults(answer, request, agents ? NAMES_FOR_AGENTS : undefined);
    this.report.check(kind, faults, context);
    if (refused(answer)) return;
    this.explain(kind, answer.status, environment, answer, `${context}: ${answer.json?.error?.message}`);
  }

  explain(kind, status, environment, { from, to }, text) {
    if (this.disturbances.met(causesOf(status, environment), from, to)) this.report.explain(status);
    else this.report.unexplainedError(`${kind}: ${text}`);
  }

  // ---- lists ----

  // Where a project or a kind of list is not for one of the credentials, Palette refuses it: 403 for a person's own,
  // 502 for the environment's key.
  #refusedList(truth, kind, credentials, project) {
    const refusing = credentials.filter(c => isRefused(truth, kind, c, project));
    return ({ status }) => refusing.some(c => status === (isOwn(c) ? 403 : 502));
  }

  #judgeList(truth, items, { kind, credentials, project, type, warnings = [], part, time }) {
    const allowed = credentials.filter(c => !isRefused(truth, kind, c, project));
    const warned = new Set(warnings.map(w => w.projectUid));
    return listFaultsOfAny(truth, items, allowed, { kind, project, type, warned, part,
      time: { from: time.from - this.staleMs, to: time.to } });
  }

  #chooseScope(truth, kind) {
    const { scoped, needs } = LISTS[kind];
    return needs || (scoped && this.chance(0.4)) ? this.pick(truth.world.projects).uid : undefined;
  }

  #pathOf(kind, { environment, project, type, limit, cursor }) {
    const { path, scoped } = LISTS[kind];
    const query = new URLSearchParams(Object.entries({ instance: environment, limit, cursor,
      ...(scoped && { projectUid: project }) }).filter(([, value]) => value !== undefined));
    return `${path({ project, type })}?${query}`;
  }

  async list(person, environment) {
    const kind = this.pick(Object.entries(LISTS).flatMap(([name, { weight }]) => Array(weight).fill(name)));
    const { truth } = this.palettes[environment];
    const project = this.#chooseScope(truth, kind);
    const type = kind === 'accounts' ? this.pick(['aws', 'azure', 'vsphere']) : undefined;
    const asked = { kind, environment, project, type };
    if (this.chance(0.3)) await this.#listInPages(person, asked);
    else await this.#listWhole(person, asked);
  }

  async #listWhole(person, { kind, environment, project, type }, more = {}) {
    const { truth } = this.palettes[environment];
    const { headers, credentialsOf } = asPerson(person, environment, this.mayBeGone);
    const path = this.#pathOf(kind, { environment, project, type });
    const known = this.chance(0.5) ? this.#tags.get(`${person.name} ${path}`) : undefined;
    let credentials;
    await this.ask(`list ${kind}`, environment, { path, ...more }, {
      headers: { ...headers, ...(known && { 'if-none-match': known.tag }) },
      refused: answer => {
        credentials = credentialsOf(answer);
        return this.#refusedList(truth, kind, credentials, project)(answer);
      },
      judge: answer => {
        if (answer.status === 304 && known === undefined) return ['304 to a client that has nothing'];
        const json = answer.status === 304 ? known.json : answer.json;
        const items = json?.[LISTS[kind].key];
        if (!Array.isArray(items)) return ['no list came'];
        this.#tags.set(`${person.name} ${path}`, { tag: answer.headers.etag, json });
        return this.#judgeList(truth, this.#corrupted(items), { kind, credentials: credentialsOf(answer), project, type,
          warnings: json.warnings, time: answer });
      },
    });
  }

  // Once, where it was asked for: what then is not found would not be found elsewhere either.
  // What is remembered of the answer stays as it is.
  #corrupted(items) {
    if (!this.corrupt || items.length === 0) return items;
    this.corrupt = false;
    return items.slice(0, -1);
  }

  // A client that goes from page to page. What changes meanwhile may be on one of them or not.
  async #listInPages(person, { kind, environment, project, type }) {
    const { truth } = this.palettes[environment];
    const { headers, credentialsOf } = asPerson(person, environment, this.mayBeGone);
    const limit = 5 + Math.floor(this.random() * 60);
    const all = [];
    const warnings = [];
    const from = Date.now();
    let cursor;
    const used = new Set();
    do {
      const last = cursor;
      cursor = undefined;
      const answer = await this.ask(`page of ${kind}`, environment,
        { path: this.#pathOf(kind, { environment, project, type, limit, cursor: last }) }, {
          headers,
          // A cursor is the credential's: after a new sign-in it may be refused.
          refused: a => this.#refusedList(truth, kind, credentialsOf(a), project)(a),
          judge: a => {
            const items = a.json?.[LISTS[kind].key];
            if (!Array.isArray(items)) return ['no page came'];
            if (items.length > limit) return [`${items.length} items on a page of ${limit}`];
            const credentials = credentialsOf(a);
            credentials.forEach(credential => used.add(credential));
            return this.#judgeList(truth, items, { kind, credentials, project, type, part: true, time: a });
          },
        });
      if (answer.status !== 200) return;
      all.push(...answer.json[LISTS[kind].key]);
      warnings.push(...(answer.json.warnings ?? []));
      cursor = answer.json.nextCursor;
    } while (cursor !== undefined && this.running);
    // As another credential each page was right by itself, and all of them together are no list.
    if (cursor === undefined && used.size === 1)
      this.report.check(`pages of ${kind}`, this.#judgeList(truth, all, { kind, credentials: [...used], project, type,
        warnings, time: { from, to: Date.now() } }), `${person.name} ${kind} in pages of ${limit}`);
  }

  // ---- single objects ----

  async object(person, environment) {
    const { truth } = this.palettes[environment];
    const { headers, credentialsOf } = asPerson(person, environment, this.mayBeGone);
    const cluster = this.#someCluster(truth, credentialsOf);
    const [kind, path, judge, extra = () => false] = this.#questionAbout(truth, cluster);
    const query = `instance=${environment}${cluster.project ? `&projectUid=${cluster.project}` : ''}`;
    await this.ask(kind, environment, { path: `${path}?${query}` }, {
      headers,
      refused: answer => extra(answer) || credentialsOf(answer)
        .some(c => !truth.may(c, cluster.project) && answer.status === (isOwn(c) ? 403 : 502)),
      judge: answer => {
        const credentials = credentialsOf(answer);
        const seen = credentials.some(c => truth.may(c, cluster.project));
        return seen ? judge(answer, credentials) : [`${cluster.uid} is not to be seen by ${credentials}`];
      },
    });
  }

  // Mostly one that the caller can see at present.
  #someCluster(truth, credentialsOf) {
    const [likely = ENVIRONMENT_KEY] = credentialsOf({ headers: {}, from: Date.now(), to: Date.now() });
    const own = truth.list('clusters', likely);
    return this.pick(this.chance(0.15) || own.length === 0 ? truth.clusters : own);
  }

  #questionAbout(truth, cluster) {
    const { uid } = cluster;
    const isWhole = (answer, credentials) => objectFaults(truth, answer.json ?? {}, cluster, credentials);
    const uids = list => (list ?? []).map(item => item.metadata?.uid).sort().join();
    const choices = [
      ['cluster', `/clusters/${uid}`, isWhole],
      ['cluster', `/clusters/${uid}`, isWhole],
      ['kubeconfig', `/clusters/${uid}/kubeconfig`, ({ text, headers }) =>
        (text.includes(`https://${uid}.`) && headers['content-disposition']?.includes(uid) ? [] : ['of another cluster']),
      ({ status }) => status === 404 && !cluster.hasKubeconfig],
      ['profiles in use', `/clusters/${uid}/profiles`, ({ json }) =>
        (uids(json?.profiles) === [...cluster.profileUids].sort().join() ? [] : ['other profiles'])],
      ['events', `/clusters/${uid}/events`, ({ json }) => (json?.events ?? [{}]).flatMap(event =>
        (event.involvedObject === undefined || event.involvedObject.uid === uid ? [] : ['of another cluster']))],
    ];
    if (cluster.manifests.length > 0) {
      const manifest = this.pick(cluster.manifests);
      choices.push(['manifest', `/clusters/${uid}/pack/manifests/${manifest}`, ({ json }) =>
        (json?.metadata?.uid === manifest ? [] : ['another manifest'])]);
    }
    if (cluster.cloudType === 'nested')
      choices.push(['virtual cluster', `/virtualclusters/${uid}`, isWhole]);
    return this.pick(choices);
  }

  // A cluster of the other environment, under its own uid: it is not there.
  async strayed(person, environment) {
    const other = environment === 'first' ? 'second' : 'first';
    const cluster = this.pick(this.palettes[other].truth.clusters);
    const { headers } = asPerson(person, environment, this.mayBeGone);
    await this.ask('object of another environment', environment, {
      path: `/clusters/${cluster.uid}?instance=${environment}` }, {
      headers,
      refused: ({ status }) => [403, 404, 502].includes(status),
      judge: () => [`${cluster.uid} of ${other} came from ${environment}`],
    });
  }

  async profile(person, environment) {
    const { truth } = this.palettes[environment];
    const profile = this.pick(truth.world.profiles.filter(p => p.project === null));
    const { headers } = asPerson(person, environment, this.mayBeGone);
    await this.ask('profile', environment, { path: `/profiles/${profile.uid}?instance=${environment}` }, {
      headers,
      judge: ({ json }) => (json?.metadata?.uid === profile.uid && json.metadata.name === profile.name
        ? [] : [`another profile than ${profile.uid}`]),
    });
  }

  // ---- agents ----

  async agent(person, environment) {
    const { truth } = this.palettes[environment];
    const [tool, kind] = this.pick(Object.entries(AGENT_LISTS));
    const direct = this.chance(0.5);
    const { headers, credentialsOf } = asAgentOf(person, environment, this.mayBeGone, direct);
    const project = LISTS[kind].scoped && this.chance(0.3) ? this.pick(truth.world.projects).uid : undefined;
    const input = { instanceName: environment, ...(project && { projectUid: project }), limit: 500 };
    const judge = (output, time) => this.#judgeList(truth, output?.[kind] ?? [], { kind,
      credentials: credentialsOf(time), project, warnings: output?.warnings, time });
    const refused = answer => this.#refusedList(truth, kind, credentialsOf(answer), project)(answer) ||
      (answer.status === 503 && this.#refusedList(truth, kind, credentialsOf(answer), project)({ status: 502 }));
    if (this.chance(0.5)) await this.#byRegistry(tool, environment, input, { headers, judge, refused });
    else await this.#byMcp(tool, environment, input, { headers, judge, credentialsOf, truth, kind, project });
  }

  #byRegistry(tool, environment, input, { headers, judge, refused }) {
    const path = `/.backstage/actions/v1/actions/${encodeURIComponent(actionId(tool))}/invoke`;
    return this.ask('action', environment, { method: 'POST', path, body: JSON.stringify(input) }, {
      headers, refused, agents: true,
      judge: answer => judge(answer.json?.output, answer),
    });
  }

  async #byMcp(tool, environment, input, { headers, judge, credentialsOf, truth, kind, project }) {
    const make = this.chance(0.5) ? modern : legacy;
    const id = Math.floor(this.random() * 1e9);
    const message = make(id, 'tools/call', { name: tool, arguments: input });
    await this.ask('MCP', environment, { method: 'POST', path: '/mcp', body: JSON.stringify(message) }, {
      headers: { ...headers, accept: 'application/json, text/event-stream',
        ...(make === modern && { 'mcp-protocol-version': MODERN, 'mcp-method': 'tools/call', 'mcp-name': tool }) },
      agents: true,
      judge: answer => {
        if (answer.json?.id !== id) return [`the answer to ${answer.json?.id}, not to ${id}`];
        const { result } = answer.json;
        if (result === undefined) return [`an error of the protocol: ${answer.text.slice(0, 200)}`];
        if (!result.isError) return judge(result.structuredContent, answer);
        this.report.add('results of tools with isError');
        const refusing = credentialsOf(answer).some(c => isRefused(truth, kind, c, project));
        if (!refusing) this.explain('MCP', 503, environment, answer, JSON.stringify(result).slice(0, 300));
        return [];
      },
    });
  }

  // ---- creates ----

  // Under one key, sent again and again, one after the other or at once, until it is settled or given up.
  async create(person, environment) {
    const palette = this.palettes[environment];
    const { truth } = palette;
    const [cluster, virtual] = creations(truth.world);
    const nested = this.chance(0.5);
    const name = `soak-${environment}-${this.creates.length + 1}`;
    const project = this.pick(truth.world.projects).uid;
    const creation = nested ? virtual : cluster;
    const one = { name, environment, key: crypto.randomUUID(), uids: new Set(), dry: this.chance(0.3),
      epoch: palette.restarts };
    this.creates.push(one);
    if (!one.dry) truth.creations.begun(name, { project, nested });
    const request = { method: 'POST', body: creation.body(name),
      path: `${creation.path.replace(API, '').replace(/projectUid=\w+/, `projectUid=${project}`)}` +
        `&instance=${environment}${one.dry ? '&dryRun=true' : ''}` };
    for (let i = 0; i < 3 && palette.restarts === one.epoch && this.running; i++) {
      const times = one.dry || this.chance(0.7) ? 1 : 3;
      await Promise.all(Array.from({ length: times }, () => this.#createOnce(person, one, request, palette)));
      if (one.dry || this.chance(0.4)) break;
    }
  }

  async #createOnce(person, one, request, palette) {
    const { truth } = palette;
    const { headers } = asPerson(person, one.environment, this.mayBeGone);
    await this.ask(one.dry ? 'dry run' : 'create', one.environment,
      { ...request, leave: !one.dry && this.chance(0.1) ? this.random() * 30 : undefined }, {
        headers: { ...headers, ...(!one.dry && { 'idempotency-key': one.key }) },
        // Beside one that is under way; behind one whose outcome is not known and that was made after all.
        refused: ({ status, json, headers: h }) => status === 409 &&
          (json?.error?.outcome === 'running' || /already/.test(json?.error?.message ?? '')) ||
          (h['idempotency-replayed'] === 'true'),
        judge: answer => {
          if (one.dry) return answer.status === 200 ? [] : [`a dry run with status ${answer.status}`];
          const uid = answer.json?.uid;
          if (answer.status !== 201 || uid === undefined) return ['created, and no uid'];
          one.uids.add(uid);
          truth.creations.made(one.name, uid, { sure: !palette.restarting && palette.restarts === one.epoch });
          return one.uids.size === 1 ? [] : [`the key of ${one.name} has made ${[...one.uids].join(' and ')}`];
        },
      });
  }

  // Takes away what was created some time ago.
  async tidy() {
    for (const palette of Object.values(this.palettes)) {
      const { live } = palette.truth.creations;
      for (const one of live.filter(({ sure }) => sure < Date.now() - 8000)) await palette.remove(one);
      palette.truth.creations.forget(Date.now() - 120000);
    }
  }

  // ---- followers ----

  async follow(person, environment) {
    if (this.followers >= 6) return;
    this.followers++;
    const { truth } = this.palettes[environment];
    const { headers, credentialsOf } = asPerson(person, environment, this.mayBeGone);
    const { live } = truth.creations;
    const cluster = this.chance(0.5) && live.length > 0 ? this.pick(live) : this.#someCluster(truth, credentialsOf);
    const from = Date.now();
    try {
      const stream = await follow(this.service, cluster, { token: person.token, headers, query: `&instance=${environment}` });
      const answer = { ...stream, from, to: Date.now(), headers: stream.headers };
      if (stream.status === 200) await this.#watch(stream, cluster);
      this.report.answer('follow', stream.status);
      if (stream.fault) this.report.fault(`follow: ${stream.fault.message}`);
      if (stream.status !== 200)
        this.checkError('follow', environment, answer, { method: 'GET',
          path: stream.response.req.path }, { refused: a => credentialsOf(a).some(c => !truth.may(c, cluster.project) && a.status === (isOwn(c) ? 403 : 502)) ||
            cluster.gone < a.to || cluster.going < a.to, agents: false, context: `follow ${cluster.uid}` });
      else if (!credentialsOf(answer).some(c => truth.may(c, cluster.project)))
        this.report.fault(`follow: ${cluster.uid} is not to be seen by ${credentialsOf(answer)}`);
      else this.report.check('follow', [], '');
    } catch (error) {
      this.report.fault(`follow: ${error.message}`);
    } finally {
      this.followers--;
    }
  }

  async #watch(stream, cluster) {
    const end = Date.now() + 500 + this.random() * 6000;
    while (!stream.ended && !stream.broken && Date.now() < end && this.running) await sleep(50);
    if (!stream.ended) stream.leave();
    const ends = stream.of('end').length;
    if (ends > 1) this.report.fault(`follow: ${cluster.uid} ended ${ends} times`);
    if (stream.ended && ends === 0 && !stream.broken) this.report.fault(`follow: ${cluster.uid} without an end`);
  }

  // ---- sessions ----

  #changeSession(person, method, body) {
    return this.ask(`session ${method}`, undefined, { method, body: body && JSON.stringify(body),
      path: `/session-tokens/${encodeURIComponent(person.email)}` }, {
      headers: { authorization: `Bearer ${TRUSTED}` },
      judge: ({ json, from, to }) => {
        if (method !== 'GET') return [];
        const inForce = person.kept.inForce(from, to);
        if (json?.present === true && inForce.every(c => c === null)) return ['a session is there, which was ended'];
        if (json?.present === false && !inForce.includes(null) && !this.mayBeGone(person, from, to))
          return ['a session is gone'];
        return [];
      },
    });
  }

  async signIn(person) {
    const { token, credential } = this.pick(person.keeps);
    const done = person.kept.begin(credential);
    person.signOut = false;
    const answer = await this.#changeSession(person, 'PUT', { token, expiresAt: Date.now() + 3600000 });
    if (answer.status === 200) done();
    else person.signOut = true;
  }

  async #signOut(person) {
    const done = person.kept.begin(null);
    const answer = await this.#changeSession(person, 'DELETE');
    if (answer.status === 200) done();
    person.signOut = true;
  }

  // One for each person who has a session: it comes, is another, ends.
  async keepSessions(person) {
    while (this.running) {
      if (person.signOut || this.chance(0.1)) await this.signIn(person);
      else if (this.chance(0.02)) await this.#signOut(person);
      else if (this.chance(0.1)) await this.#changeSession(person, 'GET');
      if (this.chance(0.02)) person.renew();
      await sleep(200 + this.random() * 600);
    }
  }

  // ---- those who get nothing ----

  async denied() {
    await this.ask('denied', 'first', { path: this.pick(['/clusters', '/projects', '/clustergroups', '/overlords']) }, {
      headers: { authorization: `Bearer ${this.nobody.token}` },
      refused: ({ status }) => status === 403,
      judge: () => ['the policy denies it'],
    });
  }

  async stranger() {
    const { users } = this.backstage;
    const token = this.pick([
      () => undefined, () => 'not-a-token', () => userToken(users[0], { iat: now() - 7200, exp: now() - 3600 }),
      () => hmacToken('secret', { typ: 'vnd.backstage.user', kid: users[0].kid }, { sub: 'user:default/ada',
        aud: 'backstage', iat: now(), exp: now() + 60 }),
      () => this.people[0].token.slice(0, -8) + 'AAAAAAAA',
    ])();
    await this.ask('stranger', undefined, { path: this.pick(['/clusters', '/projects', '/openapi.json']) }, {
      headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
      refused: ({ status }) => status === 401,
      judge: () => ['nobody knows who it is'],
    });
  }

  async mistaken(person) {
    const [path, status, method = 'GET'] = this.pick([['/nowhere', 404], ['/clusters', 405, 'DELETE'],
      ['/clusters?instance=third', 400], ['/clusters?limit=0', 400], ['/clusters/a%2Fb', 400],
      [`/clusters?cursor=nonsense`, 400]]);
    await this.ask('mistake', undefined, { method, path }, {
      headers: { authorization: `Bearer ${person.token}` },
      refused: answer => answer.status === status,
      judge: ({ status: got }) => [`${method} ${path} has the status ${got}`],
    });
  }

  async plain() {
    const [path, key] = this.pick([['/health', 'status'], ['/openapi.json', 'paths'],
      ['/.backstage/auth/v1/jwks.json', 'keys'], ['/.backstage/actions/v1/actions', 'actions']]);
    await this.ask('plain', undefined, { path }, {
      headers: { authorization: `Bearer ${TOKEN}` },
      judge: ({ json }) => (json?.[key] === undefined ? [`no ${key}`] : []),
    });
  }

  // In the middle of a request or of its answer, which it may read slowly.
  async leaver(person, environment) {
    const more = this.chance(0.7) ? { leave: this.random() * 40 } : { slow: 300 + this.random() * 700, kept: false };
    await this.#listWhole(person, { kind: this.pick(['clusters', 'virtualClusters']), environment }, more);
  }

  // ---- all of it ----

  async step() {
    const environment = this.chance(0.6) ? 'first' : 'second';
    const person = this.pick(this.people);
    const kinds = { list: 30, object: 30, agent: 14, profile: 4, strayed: 3, leaver: 4, denied: 2, stranger: 3,
      mistaken: 2, plain: 4, follow: 1, create: 3 };
    let at = this.random() * Object.values(kinds).reduce((a, b) => a + b);
    const [kind] = Object.entries(kinds).find(([, weight]) => (at -= weight) < 0);
    await this[kind](kind === 'create' ? this.creators[environment] : person, environment);
  }

  async loop(pauseMs) {
    while (this.running) {
      await this.step();
      await sleep(this.random() * 2 * pauseMs);
    }
  }

  // More at once than the queue takes.
  async flood(count) {
    const end = this.disturbances.begin('flood');
    await Promise.all(Array.from({ length: count }, () =>
      this.#listWhole(this.pick(this.people), { kind: 'clusters', environment: 'first' }, { kept: false })));
    end();
  }
}
