// What a credential may see of a simulated Palette, out of the simulator's own account of its tenant, and whether an
// answer is exactly that. Nothing here sends anything: what is wrong is returned, as sentences.

const uidOf = item => item.metadata?.uid ?? item.uid;
const nameOf = item => item.metadata?.name ?? item.name;

// Clusters that a run has created: who may be in a list, who must, and for how long.
export class Creations {
  #all = new Map(); // by name

  // Sent, and not known yet whether it will be.
  begun(name, { project, nested }, at = Date.now()) {
    if (!this.#all.has(name))
      this.#all.set(name, { name, project, nested, begun: at, sure: Infinity, going: Infinity, gone: Infinity });
  }

  // Answered with 201: from now on a list that leaves it out is wrong. Without sure it may have been in a life before.
  made(name, uid, { sure = true, at = Date.now() } = {}) {
    const one = this.#all.get(name);
    if (one === undefined) return;
    one.uid ??= uid;
    if (sure) one.sure = Math.min(one.sure, at);
  }

  going(name, at = Date.now()) { this.#all.get(name).going = at; }

  gone(name, at = Date.now()) { this.#all.get(name).gone = at; }

  // The simulator is about to end, and those that it has with it. Of one whose answer is not there yet nobody knows
  // whether it belongs to this life or the next. Returns what tells that it is over.
  allGoing(at = Date.now()) {
    const going = [...this.#all.values()].filter(({ sure }) => sure < Infinity);
    for (const one of going) one.going = Math.min(one.going, at);
    return (to = Date.now()) => {
      for (const one of going) one.gone = Math.min(one.gone, to);
    };
  }

  // Those whose end is long past can be in no answer any more.
  forget(before) {
    for (const [name, one] of this.#all) if (one.gone < before) this.#all.delete(name);
  }

  get live() { return [...this.#all.values()].filter(one => one.sure < Infinity && one.going === Infinity); }

  find(name) { return this.#all.get(name); }

  must({ from, to }) {
    return [...this.#all.values()].filter(one => one.sure < from && one.going > to);
  }

  mayBe(name, { from, to }) {
    const one = this.#all.get(name);
    return one !== undefined && one.begun <= to && one.gone >= from ? one : undefined;
  }
}

// One simulated Palette as it was made: what changes later is in creations.
export class Truth {
  constructor(world) {
    this.world = world;
    this.creations = new Creations();
    this.clusters = world.clusters.filter(c => !c.deleted);
    this.byUid = new Map([...world.clusters, ...world.projects, ...world.accounts, ...world.clusterGroups,
      ...world.profiles, ...world.profiles.flatMap(p => p.versions.map(v => ({ ...p, ...v })))].map(o => [o.uid, o]));
    this.credentials = new Map(world.credentials.map(c => [c.name, { ...c, projects: new Set(c.projects) }]));
  }

  may(credential, project) {
    const { tenantAdmin, projects } = this.credentials.get(credential);
    return project === null ? tenantAdmin : projects.has(project);
  }

  // What of these lies in the scope that was asked for, and is open to the credential.
  #seen(objects, credential, project) {
    return objects.filter(o => this.may(credential, o.project) && (project === undefined || o.project === project));
  }

  // Of one scope alone: the tenant's own list is for those who administer it, and holds everything.
  #scoped(objects, credential, project) {
    if (project !== undefined) return objects.filter(o => o.project === project);
    return this.credentials.get(credential).tenantAdmin ? objects : [];
  }

  // kind: of list; project: undefined for all. Resolves the objects that a complete list has.
  list(kind, credential, project, more = {}) {
    const { world } = this;
    switch (kind) {
      case 'clusters': return this.#seen(this.clusters, credential, project);
      case 'virtualClusters':
        return this.#seen(this.clusters.filter(c => c.cloudType === 'nested'), credential, project);
      case 'projects': return this.credentials.get(credential).tenantAdmin ? world.projects : [];
      case 'myProjects': return world.projects.filter(p => this.may(credential, p.uid));
      case 'accounts': return this.#scoped(world.accounts.filter(a => a.type === more.type), credential, project);
      case 'clusterGroups': return this.#scoped(world.clusterGroups, credential, project);
      case 'profiles':
        return world.profiles.filter(p => p.project === project && ['infra', 'cluster'].includes(p.type));
      default: throw new Error(`there is no list ${kind}`);
    }
  }
}

const isOfClusters = kind => kind === 'clusters' || kind === 'virtualClusters';

// What is wrong with a list, as this credential's. items: of the answer; asked: { kind, credential, project,
// type }; warned: projects that the answer says are left out; part: it need not be all (pages while something
// changed); time: { from, to } of the request.
export function listFaults(truth, items, { kind, credential, project, type, warned = new Set(), part = false, time }) {
  const wanted = new Map(truth.list(kind, credential, project, { type }).map(o => [o.uid, o]));
  const faults = [];
  const seen = new Set();
  for (const item of items) {
    const uid = uidOf(item);
    if (seen.has(uid)) faults.push(`${uid} is there twice`);
    seen.add(uid);
    const object = wanted.get(uid);
    if (object === undefined) faults.push(...strangerFaults(truth, item, { kind, credential, project, time }));
    else if (nameOf(item) !== object.name) faults.push(`${uid} is called ${nameOf(item)}, not ${object.name}`);
  }
  if (part) return faults;
  const left = ({ project: owner, uid }) => warned.has(kind === 'myProjects' ? uid : owner ?? '');
  for (const [uid, object] of wanted)
    if (!seen.has(uid) && !left(object)) faults.push(`${uid} (${object.name}) is missing`);
  if (isOfClusters(kind))
    for (const one of truth.creations.must(time))
      if (!seen.has(one.uid) && truth.may(credential, one.project) && !left(one) &&
        (project === undefined || one.project === project) && (kind === 'clusters' || one.nested))
        faults.push(`${one.uid} (${one.name}), created before, is missing`);
  return faults;
}

// An item that the tenant did not begin with: created meanwhile, where this credential may see it?
function strangerFaults(truth, item, { kind, credential, project, time }) {
  const uid = uidOf(item);
  const one = isOfClusters(kind) ? truth.creations.mayBe(nameOf(item), time) : undefined;
  const known = truth.byUid.get(uid);
  if (known !== undefined) return [`${uid} (${known.name}) is there, which is not ${credential}'s to see here`];
  if (one === undefined) return [`${uid} (${nameOf(item)}) is there, which is not of this environment, or gone`];
  if (one.uid !== undefined && one.uid !== uid) return [`${one.name} has the uid ${uid}, not ${one.uid}`];
  if (!truth.may(credential, one.project)) return [`${one.name} is there, which is not ${credential}'s to see`];
  if (project !== undefined && one.project !== project) return [`${one.name} is there, of another project`];
  if (kind === 'virtualClusters' && !one.nested) return [`${one.name} is there, and is no virtual cluster`];
  return [];
}

// The same where several credentials may have been in force: one of them has to explain all of it.
export function listFaultsOfAny(truth, items, credentials, asked) {
  let fewest;
  for (const credential of credentials) {
    const faults = listFaults(truth, items, { ...asked, credential });
    if (faults.length === 0) return [];
    if (fewest === undefined || faults.length < fewest.length) fewest = faults;
  }
  return fewest ?? ['no credential could have been in force'];
}

// What is wrong with an object that was asked for by its uid, where one of the credentials had to be able to see it.
export function objectFaults(truth, object, { uid, name, project }, credentials) {
  const faults = [];
  if (uidOf(object) !== uid) faults.push(`${uidOf(object)} came, and ${uid} was asked for`);
  if (nameOf(object) !== name) faults.push(`${uid} is called ${nameOf(object)}, not ${name}`);
  if (!credentials.some(credential => truth.may(credential, project ?? null)))
    faults.push(`${uid} came, which is not to be seen by ${credentials.join(' or ')}`);
  return faults;
}

// ---- errors ----

const NAMES = {
  400: 'InputError', 401: 'AuthenticationError', 403: 'NotAllowedError', 404: 'NotFoundError',
  405: 'MethodNotAllowedError', 409: 'ConflictError', 413: 'PayloadTooLargeError', 422: 'UnprocessableEntityError',
  502: 'BadGatewayError', 503: 'ServiceUnavailableError', 504: 'GatewayTimeoutError',
};

// What is wrong with the form of an error: its status is a documented one, its body is Backstage's, it can be found
// in the log.
// names: where others are allowed than the status has.
export function errorFaults({ status, headers, json, text }, { method, path }, names) {
  const faults = [];
  const name = json?.error?.name;
  if (!(status in NAMES)) faults.push(`status ${status} is not documented`);
  if (names === undefined ? name !== NAMES[status] : !names.test(name)) faults.push(`status ${status} with the name ${name}`);
  if (!json?.error?.message) faults.push('no message');
  if (json?.request?.method !== method) faults.push(`of the method ${json?.request?.method}`);
  const url = path.replace(/^\/api\/spectrocloud/, '');
  if (json?.request?.url !== url) faults.push(`of the URL ${json?.request?.url}, not ${url}`);
  if (json?.response?.statusCode !== status) faults.push(`statusCode ${json?.response?.statusCode}`);
  if (!headers['x-request-id']) faults.push('no X-Request-Id');
  if (status === 503 && !headers['retry-after']) faults.push('503 without Retry-After');
  if (/sim-secret/.test(text)) faults.push('a secret is in it');
  return faults;
}
