// What the tests of agents need: a client, the entities of Palette's objects, and inputs for each
// action.
import assert from 'node:assert/strict';

import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

// ---- a client ----

// Resolves with what a model's host has: { tools(), call(name, input), close() }. A JSON-RPC error,
// which no model would see, rejects.
export async function connect(address, { token, ...options } = {}) {
  const client = new Client({ name: 'e2e', version: '1.0.0' });
  await client.connect(new StreamableHTTPClientTransport(new URL(address), {
    ...(token ? { requestInit: { headers: { authorization: `Bearer ${token}` } } } : {}),
    ...options,
  }));
  return {
    tools: async () => (await client.listTools()).tools,
    call: (name, input) => client.callTool({ name, arguments: input }),
    close: () => client.close(),
  };
}

// Signs in as an MCP client does, at the authorization server that it is led to: as the SDK wants it.
// The page at which a person agrees is the app's, which these tests have not: agree() is what it does.
export class SignIn {
  redirectUrl = 'http://127.0.0.1:1/callback';
  clientMetadata = { client_name: 'e2e', redirect_uris: [this.redirectUrl], response_types: ['code'],
    grant_types: ['authorization_code', 'refresh_token'], token_endpoint_auth_method: 'client_secret_post' };
  #kept = {};

  clientInformation() { return this.#kept.client; }
  saveClientInformation(client) { this.#kept.client = client; }
  tokens() { return this.#kept.tokens; }
  saveTokens(tokens) { this.#kept.tokens = tokens; }
  codeVerifier() { return this.#kept.verifier; }
  saveCodeVerifier(verifier) { this.#kept.verifier = verifier; }
  redirectToAuthorization(url) { this.sentTo = url; }

  // The code that the person, whose token this is, lets the client have.
  async agree(backstage, token) {
    const page = await fetch(this.sentTo, { redirect: 'manual' });
    const session = new URL(page.headers.get('location')).pathname.split('/').at(-1);
    const { status, text, json } = await backstage.call('POST', `/auth/v1/sessions/${session}/approve`,
      { token });
    assert.equal(status, 200, text);
    return new URL(json.redirectUrl).searchParams.get('code');
  }
}

// connect() for one who has no token yet. Who signs in is told by its signIn.
export async function connectBySigningIn(address, backstage, token) {
  const signIn = new SignIn();
  const transport = new StreamableHTTPClientTransport(new URL(address), { authProvider: signIn });
  await assert.rejects(new Client({ name: 'e2e', version: '1.0.0' }).connect(transport), /Unauthorized/);
  await transport.finishAuth(await signIn.agree(backstage, token));
  return { ...await connect(address, { authProvider: signIn }), signIn };
}

export const textOf = ({ content }) => content.map(({ text }) => text).join('\n');

// ---- entities, as the ingestor of SpectroCloud entities writes them ----

export const PREFIX = 'terasky.backstage.io';
export const OTHER_PREFIX = 'palette.example.com';

const sanitized = name => name.toLowerCase().replace(/[^a-z0-9-]/g, '-').replace(/-+/g, '-')
  .replace(/^-|-$/g, '');

// One entity. values: its annotations, whose names get the prefix.
function entity({ kind = 'Resource', name, title, type, instance, prefix = PREFIX, values, spec, tags }) {
  const location = 'spectrocloud:https://palette.example.com';
  return {
    apiVersion: 'backstage.io/v1alpha1',
    kind,
    metadata: {
      name, title, tags,
      annotations: {
        'backstage.io/managed-by-location': location,
        'backstage.io/managed-by-origin-location': location,
        'tests/ingested': 'yes',
        [`${prefix}/instance`]: instance,
        ...Object.fromEntries(Object.entries(values).map(([key, value]) => [`${prefix}/${key}`, value])),
      },
    },
    spec: { type, lifecycle: 'production', owner: 'group:default/spectrocloud-auto-ingested', ...spec },
  };
}

// The makers of one environment's entities. special: { suffix, title, instance, prefix, spec }, of one
// more entity for an object that has one already.
function ingested(world, instance) {
  const projectOf = object => world.projects.find(({ uid }) => uid === object.project);
  const families = uids => world.profiles.flatMap(({ name, versions }) => versions
    .filter(({ uid }) => uids.includes(uid)).map(({ uid }) => ({ name, uid })));
  const nameOf = (object, suffix = '') => sanitized(
    `${instance}-${projectOf(object)?.name ?? 'tenant'}-${object.name}${suffix}`);

  const make = (object, { suffix, spec, ...special }, { values, ...rest }) => entity({
    name: nameOf(object, suffix), title: object.name, instance, ...rest, ...special,
    values: { scope: object.project ? 'project' : 'tenant', 'project-id': object.project ?? '', ...values },
    spec: { ...(object.project ? { system: `system:default/${sanitized(projectOf(object).name)}` } : {}),
      ...spec },
  });

  const ofClusters = object => ({
    'cluster-id': object.uid, 'tenant-id': world.tenant.uid, 'cloud-type': object.cloudType,
    'project-name': projectOf(object)?.name ?? 'tenant', state: object.state,
    'kubernetes-version': object.kubernetesVersion,
    'cluster-profile-refs': JSON.stringify(families(object.profileUids)),
  });
  return {
    project: object => entity({ kind: 'System', name: sanitized(object.name), title: object.name, instance,
      type: 'spectrocloud-project', tags: ['spectrocloud', 'project'],
      values: { 'project-id': object.uid, scope: 'project', 'tenant-id': world.tenant.uid } }),
    profile: (object, special = {}) => make(object, { suffix: '-profile', ...special }, {
      type: 'spectrocloud-cluster-profile', tags: ['cluster-profile'],
      values: { 'profile-id': object.uid, scope: object.scope, 'overlord-id': '',
        'profile-type': object.type, 'cloud-type': object.cloudType,
        version: object.versions[0].version, 'profile-status': 'published',
        'latest-version': object.versions.at(-1).version,
        'profile-versions': JSON.stringify(object.versions.map(({ uid, version }) => ({ uid, version }))) },
    }),
    cluster: (object, special = {}) => make(object, special, {
      type: 'spectrocloud-cluster', tags: ['cluster', object.cloudType],
      values: { ...ofClusters(object), 'overlord-id': '' },
    }),
    virtual: (object, special = {}) => make(object, special, {
      type: 'spectrocloud-virtual-cluster', tags: ['virtual-cluster', 'nested'],
      values: { ...ofClusters(object), 'cpu-limit': '4000', 'cpu-limit-unit': 'MilliCore',
        'memory-limit': '4194304', 'memory-limit-unit': 'KiB', 'host-cluster-id': object.hostUid ?? '',
        'cluster-group-id': object.groupUid ?? '' },
    }),
    group: (object, special = {}) => make(object, special, {
      type: 'spectrocloud-cluster-group', tags: ['cluster-group'],
      values: { 'cluster-group-id': object.uid, 'endpoint-type': 'Ingress', 'cluster-profile-refs': '[]' },
    }),
  };
}

// ---- the objects that the tests are about ----

export const TITLES = {
  odd: `Kassen, "Nord" & 'Süd'`,
  twins: 'Twins, two of "them" here', // in two projects and two environments
  lost: 'Lost', // of an environment that is not configured
  branded: 'Branded', // with another prefix
  owned: 'Owned', // of the platform engineers
  keyed: 'Keyed', // whose kubeconfig has a credential
  stack: 'Stack, "golden"', // a profile
};

const isNested = ({ cloudType }) => cloudType === 'nested';

// Of a simulated tenant: clusters and the others, by the part they have in the tests.
export function castOf(world) {
  const live = world.clusters.filter(({ deleted, project, hasKubeconfig, state }) =>
    !deleted && project && hasKubeconfig && state === 'Running');
  const hosts = live.filter(cluster => !isNested(cluster));
  const unique = hosts.filter(({ name }) => !name.startsWith('shared-'));
  const cluster = unique.find(({ kubeconfig, manifests }) => kubeconfig === 'exec' && manifests.length);
  const virtuals = live.filter(isNested);
  return {
    cluster,
    withSecret: unique.find(({ kubeconfig }) => kubeconfig === 'token'),
    elsewhere: unique.find(({ project }) => project !== cluster.project),
    virtual: virtuals.find(({ kubeconfig }) => kubeconfig === 'exec'),
    virtualWithSecret: virtuals.find(({ kubeconfig }) => kubeconfig === 'token'),
    profile: world.profiles.find(({ uid, versions }) => versions.length > 1 && live.some(
      ({ profileUids }) => profileUids.some(used => used === uid || versions.some(v => v.uid === used)))),
    group: world.clusterGroups[0],
    project: world.projects[0],
  };
}

function specialsOf(worlds, makers) {
  const [cast, second] = worlds.map(castOf);
  const [first, other] = makers;
  const twin = { suffix: '-twin', title: TITLES.twins };
  return [
    first.cluster(cast.cluster, { suffix: '-odd', title: TITLES.odd }),
    first.cluster(cast.cluster, twin),
    first.cluster(cast.elsewhere, twin),
    ...(other ? [other.cluster(second.cluster, twin)] : []),
    first.cluster(cast.cluster, { suffix: '-lost', title: TITLES.lost, instance: 'gone' }),
    first.cluster(cast.cluster, { suffix: '-branded', title: TITLES.branded, prefix: OTHER_PREFIX }),
    first.cluster(cast.cluster, { suffix: '-owned', title: TITLES.owned,
      spec: { owner: 'group:default/platform-engineers' } }),
    first.cluster(cast.withSecret, { suffix: '-keyed', title: TITLES.keyed }),
    first.profile(cast.profile, { suffix: '-stack', title: TITLES.stack }),
  ];
}

// Of each simulated tenant all but most of its clusters, which take their time in a catalog, and a few
// more whose titles are hard.
export function entitiesOf(worlds, instances) {
  const makers = worlds.map((world, i) => ingested(world, instances[i]));
  const all = worlds.flatMap((world, i) => [
    ...world.projects.map(makers[i].project),
    ...world.profiles.map(object => makers[i].profile(object)),
    ...world.clusters.filter(cluster => !isNested(cluster)).slice(0, 8).map(object => makers[i].cluster(object)),
    ...world.clusters.filter(isNested).slice(0, 3).map(object => makers[i].virtual(object)),
    ...world.clusterGroups.map(object => makers[i].group(object)),
  ]).concat(specialsOf(worlds, makers));
  const names = all.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
  assert.equal(new Set(names).size, names.length, 'two entities have one name');
  return all;
}
