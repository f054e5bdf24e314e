// Inputs for each action: good ones, ones that are wrong, and ones that ask for what is not there.
import { TITLES, castOf } from './agents.mjs';

const ABSENT = '0123456789abcdef01234567'; // a UID of nothing

const VIEW_CLUSTER = 'spectrocloud.cluster.view-info';
const KUBECONFIG = 'spectrocloud.cluster.download-kubeconfig';
const CREATE = 'spectrocloud.cluster.create';
const PACK_VALUES = 'spectrocloud.cluster.view-pack-values';
const MANIFESTS = 'spectrocloud.cluster.view-pack-manifests';
const VIEW_PROFILE = 'spectrocloud.profile.view-info';
const PROFILE_CLUSTERS = 'spectrocloud.profile.view-clusters';

// packUid: of any pack. permission: what the caller needs. good: a list. absent: what is well-formed and not found; without
// it, the action has no such input. local: Palette is not asked.
export function inputsFor(world, packUid) {
  const { cluster, virtual, profile, group, project } = castOf(world);
  const scope = object => (object.project ? { projectUid: object.project } : {});
  const named = { clusterName: TITLES.odd };
  const noName = { clusterName: 'No, "such" one' };
  const instance = { instanceName: 'second' };
  return {
    list_spectrocloud_clusters: { permission: VIEW_CLUSTER,
      good: [undefined, {}, { projectUid: project.uid, limit: 2, fields: ['state'] }, instance,
        { nameContains: 'no, "such"' }] },
    list_spectrocloud_virtual_clusters: { permission: VIEW_CLUSTER,
      good: [{}, { projectUid: project.uid, state: 'running' }, instance] },
    list_spectrocloud_projects: { permission: VIEW_CLUSTER, good: [undefined, {}, { limit: 1 }, instance] },
    list_spectrocloud_cluster_groups: { permission: VIEW_CLUSTER,
      good: [{}, { projectUid: project.uid }, instance] },
    search_spectrocloud_profiles_by_names: { permission: VIEW_PROFILE,
      good: [{ names: [profile.name.toUpperCase(), 'none'] }, { names: ['none, at "all"'] }] },
    list_spectrocloud_profiles_for_project: { permission: VIEW_PROFILE,
      good: [{ projectUid: project.uid }, { projectUid: project.uid, profileType: 'add-on' }] },
    list_spectrocloud_cloud_accounts: { permission: VIEW_CLUSTER,
      good: [{ cloudType: 'aws' }, { cloudType: 'eks', limit: 1 }, { cloudType: 'vsphere', ...instance }] },
    get_spectrocloud_health_for_cluster: { permission: VIEW_CLUSTER, good: [named], absent: noName },
    get_spectrocloud_kubeconfig_for_cluster: { permission: KUBECONFIG,
      good: [named, { ...named, frp: false }], absent: noName },
    get_spectrocloud_pack_details_for_profile: { permission: PACK_VALUES,
      good: [{ profileName: TITLES.stack }], absent: { profileName: noName.clusterName } },
    find_spectrocloud_clusters_for_profile: { permission: PROFILE_CLUSTERS, local: true,
      good: [{ profileName: TITLES.stack }], absent: { profileName: noName.clusterName } },
    get_spectrocloud_profile_variables: { permission: VIEW_PROFILE,
      good: [{ profileName: TITLES.stack }, { profileUid: profile.uid }], absent: { profileUid: ABSENT } },
    get_spectrocloud_pack_manifest_for_cluster: { permission: MANIFESTS,
      good: [{ ...named, manifestUid: cluster.manifests[0] },
        { clusterUid: cluster.uid, manifestUid: cluster.manifests[0], ...scope(cluster) }],
      absent: { ...named, manifestUid: ABSENT } },
    get_spectrocloud_cluster_profiles: { permission: PACK_VALUES,
      good: [named, { clusterUid: cluster.uid, ...scope(cluster) }], absent: noName },
    get_spectrocloud_virtual_cluster_details: { permission: VIEW_CLUSTER,
      good: [{ virtualClusterUid: virtual.uid, ...scope(virtual) }],
      absent: { virtualClusterUid: ABSENT, ...scope(virtual) } },
    get_spectrocloud_kubeconfig_for_virtual_cluster: { permission: KUBECONFIG,
      good: [{ virtualClusterUid: virtual.uid, ...scope(virtual) }],
      absent: { virtualClusterUid: ABSENT, ...scope(virtual) } },
    get_spectrocloud_cluster_group: { permission: VIEW_CLUSTER,
      good: [{ clusterGroupUid: group.uid, ...scope(group) }], absent: { clusterGroupUid: ABSENT } },

    list_spectrocloud_cluster_events: { permission: VIEW_CLUSTER, good: [named, { ...named, limit: 1 }],
      absent: noName },
    list_spectrocloud_cluster_upgrades: { permission: VIEW_CLUSTER, good: [named], absent: noName },
    list_spectrocloud_cluster_machine_pools: { permission: VIEW_CLUSTER, good: [named], absent: noName },
    list_spectrocloud_cluster_nodes: { permission: VIEW_CLUSTER,
      good: [named, { ...named, limit: 1, fields: ['state'] }], absent: noName },
    search_spectrocloud_packs: { permission: VIEW_PROFILE, good: [{ nameContains: 'nginx' }, { limit: 2 }] },
    get_spectrocloud_pack: { permission: PACK_VALUES, good: [{ packUid }, { packUid, includeValues: true }],
      absent: { packUid: ABSENT } },
    update_spectrocloud_cluster_tags: { permission: CREATE,
      good: [{ ...named, add: ['tried'] }, { ...named, add: ['tried'], dryRun: false },
        { ...named, remove: ['tried'], dryRun: false }], absent: { ...noName, add: ['tried'] } },
    update_spectrocloud_profile_tags: { permission: CREATE,
      good: [{ profileName: TITLES.stack, add: ['tried:yes'] }],
      absent: { profileName: noName.clusterName, add: ['tried'] } },
  };
}

// A value that is not what the property's schema says. What every property refuses is tested without
// Backstage; this is about how it is told.
function wrongValue({ type, enum: choices, pattern, minimum, items }) {
  if (choices) return 'none-of-these';
  if (pattern) return '../x';
  if (minimum !== undefined) return minimum - 1;
  if (items) return [7];
  return type === 'string' ? 5 : 'text';
}

// [member, input]: each differs from the good one in that member, which is wrong.
export function wrongInputs(schema, good = {}) {
  const without = name => Object.fromEntries(Object.entries(good).filter(([key]) => key !== name));
  return [
    ['noSuchInput', { ...good, noSuchInput: 1 }],
    ...(schema.required ?? []).map(name => [name, without(name)]),
    ...Object.entries(schema.properties).map(([name, property]) =>
      [name, { ...good, [name]: wrongValue(property) }]),
    ...(schema.properties.instanceName ? [['instanceName', { ...good, instanceName: 'nowhere' }]] : []),
  ];
}
