// The actions as Backstage's registry offers them: their list, how one is invoked, and a good input for each.
import assert from 'node:assert/strict';

import { actionId } from './harness.mjs';

export const LIST = '/api/spectrocloud/.backstage/actions/v1/actions';
export const invokePath = (id, version = 'v1') =>
  `/api/spectrocloud/.backstage/actions/${version}/actions/${encodeURIComponent(id)}/invoke`;

export async function listActions(service, options) {
  const answer = await service.request('GET', LIST, options);
  assert.equal(answer.status, 200, answer.text);
  return answer.json.actions;
}

export const invoke = (service, name, input = {}, options = {}) =>
  service.request('POST', invokePath(actionId(name)), { ...options, body: JSON.stringify(input) });

// Backstage's MCP server passes on the messages of errors with these names; of others a model learns nothing.
export const PASSED_ON = ['InputError', 'AuthenticationError', 'NotAllowedError', 'NotFoundError', 'ConflictError',
  'NotModifiedError', 'NotImplementedError', 'ServiceUnavailableError'];

// An error as Backstage's plugins answer it, under a name that is passed on.
export function assertErrorBody(answer, what) {
  const { error, request, response } = answer.json ?? {};
  assert.match(answer.headers['content-type'], /^application\/json/, what);
  assert.ok(PASSED_ON.includes(error?.name), `${what}: ${answer.text}`);
  assert.ok(typeof error.message === 'string' && error.message.length > 0, what);
  assert.equal(response.statusCode, answer.status, what);
  assert.equal(request.method, 'POST', what);
}

// An input that works, for every action, out of the simulator's own truth.
export function goodInputs(world) {
  const live = world.clusters.filter(c => c.project && !c.deleted && c.hasKubeconfig);
  const cluster = live.find(c => c.cloudType !== 'nested' && c.manifests.length);
  const virtual = live.find(c => c.cloudType === 'nested');
  const profile = world.profiles.find(p => p.project === null);
  // Those that a name is enough for.
  const named = onlyOfName(world.clusters.filter(c => !c.deleted))
    .find(c => c.project && c.hasKubeconfig && c.cloudType !== 'nested');
  const namedProfile = onlyOfName(world.profiles).find(p => p.versions.some(v => named.profileUids.includes(v.uid)));
  const group = world.clusterGroups.find(g => g.project === null) ?? world.clusterGroups[0];
  const scope = object => (object.project ? { projectUid: object.project } : {});
  return {
    get_spectrocloud_health_for_cluster: { clusterName: named.name },
    get_spectrocloud_kubeconfig_for_cluster: { clusterName: named.name },
    get_spectrocloud_pack_details_for_profile: { profileName: namedProfile.name },
    find_spectrocloud_clusters_for_profile: { profileName: namedProfile.name },
    list_spectrocloud_clusters: {},
    list_spectrocloud_virtual_clusters: {},
    list_spectrocloud_projects: {},
    list_spectrocloud_cluster_groups: {},
    search_spectrocloud_profiles_by_names: { names: [profile.name] },
    list_spectrocloud_profiles_for_project: { projectUid: world.projects[0].uid },
    list_spectrocloud_cloud_accounts: { cloudType: 'aws' },
    get_spectrocloud_profile_variables: { profileUid: profile.uid },
    get_spectrocloud_pack_manifest_for_cluster: { clusterUid: cluster.uid, manifestUid: cluster.manifests[0],
      ...scope(cluster) },
    get_spectrocloud_cluster_profiles: { clusterUid: cluster.uid, ...scope(cluster) },
    get_spectrocloud_virtual_cluster_details: { virtualClusterUid: virtual.uid, ...scope(virtual) },
    get_spectrocloud_kubeconfig_for_virtual_cluster: { virtualClusterUid: virtual.uid, ...scope(virtual) },
    get_spectrocloud_cluster_group: { clusterGroupUid: group.uid, ...scope(group) },
  };
}

// What changes tags, and is offered only where it is named.
export const TAG_ACTIONS = ['update_spectrocloud_cluster_tags', 'update_spectrocloud_profile_tags'];

// The same for the actions of the toolsets operations, packs and tags. Of packs the service has to be asked.
export async function moreInputs(world, service) {
  const cluster = world.clusters.find(c => c.project && !c.deleted && c.state === 'Running' && c.cloudType !== 'nested' &&
    c.pools.length > 1);
  const profile = world.profiles.find(p => p.scope === 'tenant' && p.versions.length > 1);
  const of = { clusterUid: cluster.uid, projectUid: cluster.project };
  const { json } = await invoke(service, 'search_spectrocloud_packs', { nameContains: 'nginx' });
  return {
    list_spectrocloud_cluster_events: of,
    list_spectrocloud_cluster_machine_pools: of,
    list_spectrocloud_cluster_nodes: of,
    list_spectrocloud_cluster_upgrades: of,
    search_spectrocloud_packs: { nameContains: 'a', limit: 20 },
    get_spectrocloud_pack: { packUid: json.output.packs[0].registries[0].latestPackUid, includeValues: true },
    update_spectrocloud_cluster_tags: { ...of, add: ['tried'] },
    update_spectrocloud_profile_tags: { profileUid: profile.uid, add: ['tried:yes'] },
  };
}

// Inputs that differ from a good one in a member that is wrong: [what, member, input].
export function badInputs(schema, good) {
  const bad = [['unknown', 'noSuchInput', { ...good, noSuchInput: 1 }]];
  for (const name of schema.required ?? []) {
    const { [name]: _, ...rest } = good;
    bad.push(['missing', name, rest]);
  }
  for (const [name, property] of Object.entries(schema.properties))
    for (const value of wrongValues(property)) bad.push(['wrong', name, { ...good, [name]: value }]);
  return bad;
}

function wrongValues(property) {
  const of = { string: 'text', integer: 5, boolean: true, array: ['text'], object: {} };
  const { [property.type]: _, ...others } = of;
  const wrong = [null, 1.5, ...Object.values(others)];
  if (property.enum) wrong.push('none-of-these');
  if (property.pattern) wrong.push('../x', 'a/b', 'x'.repeat(129));
  if (property.maxLength) wrong.push('x'.repeat(property.maxLength + 1), 'a\nb', 'a\u0000');
  if (property.minimum !== undefined) wrong.push(property.minimum - 1);
  if (property.maximum !== undefined) wrong.push(property.maximum + 1, 1e300);
  if (property.type === 'array') wrong.push([], [''], [7], [null], [['text']]);
  if (property.items?.enum) wrong.push(['none-of-these']);
  return wrong;
}

// ---- the catalog ----

const PREFIX = 'terasky.backstage.io';
const onlyOfName = objects => objects.filter(o => objects.filter(other => other.name === o.name).length === 1);

function entityOf(type, object, annotations) {
  return {
    apiVersion: 'backstage.io/v1alpha1',
    kind: 'Resource',
    metadata: { name: `${type}-${object.uid}`, title: object.name, annotations: Object.fromEntries(
      Object.entries({ instance: 'first', 'project-id': object.project ?? '', ...annotations })
        .map(([key, value]) => [`${PREFIX}/${key}`, value])) },
    spec: { type: `spectrocloud-${type}`, owner: 'group:default/ops' },
  };
}

// An entity for each cluster and profile of the simulator's whose name no other has.
export function entitiesOf(world) {
  const clusters = onlyOfName(world.clusters.filter(c => !c.deleted)).map(c => entityOf(
    c.cloudType === 'nested' ? 'virtual-cluster' : 'cluster', c,
    { 'cluster-id': c.uid, 'cluster-profile-refs': JSON.stringify(c.profileUids.map(uid => ({ name: 'x', uid }))) }));
  const profiles = onlyOfName(world.profiles).map(p => entityOf('cluster-profile', p,
    { 'profile-id': p.uid, 'profile-versions': JSON.stringify(p.versions) }));
  return [...clusters, ...profiles];
}
