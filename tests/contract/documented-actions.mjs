// The documented actions: what each is called with and what it answers, as agents and their prompts rely on it. More
// inputs and outputs may come, if they are optional.
//
// A name that ends with '?' need not be given; [x] is a list of x; open is an object with anything in it.
const string = 'string';
const boolean = 'boolean';
const any = 'any';
const open = 'open';

export const documented = {
  get_spectrocloud_health_for_cluster: {
    permission: 'spectrocloud.cluster.view-info',
    input: { clusterName: string },
    output: { cluster: { name: string, uid: string, state: string, entityRef: string }, health: {
      overallStatus: string, conditions: [{ type: string, status: string, 'message?': string }] } },
  },
  get_spectrocloud_kubeconfig_for_cluster: {
    permission: 'spectrocloud.cluster.download-kubeconfig',
    input: { clusterName: string, 'frp?': boolean },
    output: { cluster: { name: string, uid: string, entityRef: string }, kubeconfig: string,
      accessType: string },
  },
  get_spectrocloud_pack_details_for_profile: {
    permission: 'spectrocloud.cluster.view-pack-values',
    input: { profileName: string },
    output: { profile: { name: string, uid: string, 'type?': string, 'cloudType?': string,
      'status?': string, entityRef: string }, packs: [{ name: string, 'version?': string, 'layer?': string }] },
  },
  find_spectrocloud_clusters_for_profile: {
    permission: 'spectrocloud.profile.view-clusters',
    input: { profileName: string },
    output: { profile: { name: string, uid: string, entityRef: string }, clusters: [{ name: string,
      uid: string, entityRef: string, 'state?': string, 'projectId?': string }] },
  },
  list_spectrocloud_clusters: {
    permission: 'spectrocloud.cluster.view-info',
    input: { 'instanceName?': string, 'projectUid?': string },
    output: { clusters: [{ uid: string, name: string, 'state?': string, 'cloudType?': string }] },
  },
  list_spectrocloud_virtual_clusters: {
    permission: 'spectrocloud.cluster.view-info',
    input: { 'instanceName?': string },
    output: { virtualClusters: [{ uid: string, name: string, 'state?': string }] },
  },
  list_spectrocloud_projects: {
    permission: 'spectrocloud.cluster.view-info',
    input: { 'instanceName?': string },
    output: { projects: [{ uid: string, name: string }] },
  },
  list_spectrocloud_cluster_groups: {
    permission: 'spectrocloud.cluster.view-info',
    input: { 'instanceName?': string, 'projectUid?': string },
    output: { clusterGroups: [open] },
  },
  search_spectrocloud_profiles_by_names: {
    permission: 'spectrocloud.profile.view-info',
    input: { names: [string], 'projectUid?': string, 'instanceName?': string },
    output: { profiles: [{ uid: string, name: string, 'cloudType?': string, 'type?': string }] },
  },
  get_spectrocloud_profile_variables: {
    permission: 'spectrocloud.profile.view-info',
    input: { 'profileName?': string, 'profileUid?': string, 'projectUid?': string,
      'instanceName?': string },
    output: { profileUid: string, 'variables?': any },
  },
  list_spectrocloud_profiles_for_project: {
    permission: 'spectrocloud.profile.view-info',
    input: { projectUid: string, 'cloudType?': string, 'profileType?': string, 'instanceName?': string
      },
    output: { profiles: [{ uid: string, name: string, 'cloudType?': string, 'type?': string }] },
  },
  get_spectrocloud_pack_manifest_for_cluster: {
    permission: 'spectrocloud.cluster.view-pack-manifests',
    input: { 'clusterName?': string, 'clusterUid?': string, manifestUid: string, 'projectUid?': string,
      'instanceName?': string },
    output: { clusterUid: string, manifestUid: string, 'manifest?': any },
  },
  get_spectrocloud_cluster_profiles: {
    permission: 'spectrocloud.cluster.view-pack-values',
    input: { 'clusterName?': string, 'clusterUid?': string, 'projectUid?': string,
      'instanceName?': string },
    output: { clusterUid: string, 'profiles?': any },
  },
  get_spectrocloud_virtual_cluster_details: {
    permission: 'spectrocloud.cluster.view-info',
    input: { virtualClusterUid: string, 'projectUid?': string, 'instanceName?': string },
    output: { cluster: { name: string, uid: string, state: string } },
  },
  get_spectrocloud_kubeconfig_for_virtual_cluster: {
    permission: 'spectrocloud.cluster.download-kubeconfig',
    input: { virtualClusterUid: string, 'projectUid?': string, 'frp?': boolean, 'instanceName?': string
      },
    output: { cluster: { uid: string, 'name?': string }, kubeconfig: string, accessType: string },
  },
  get_spectrocloud_cluster_group: {
    permission: 'spectrocloud.cluster.view-info',
    input: { clusterGroupUid: string, 'projectUid?': string, 'instanceName?': string },
    output: { clusterGroup: open },
  },
  list_spectrocloud_cloud_accounts: {
    permission: 'spectrocloud.cluster.view-info',
    input: { cloudType: string, 'projectUid?': string, 'instanceName?': string },
    output: { accounts: [{ uid: string, name: string }] },
  },
};

const typeOf = form => (Array.isArray(form) ? 'array' : typeof form === 'object' || form === open ? 'object' : form);

// What a JSON Schema lacks of a documented form, as sentences; none: it has it all.
export function lacks(form, schema, where = '') {
  if (schema === undefined) return [`${where} is not there`];
  if (form === any) return [];
  const problems = schema.type === typeOf(form) ? [] : [`${where} is ${schema.type}, not ${typeOf(form)}`];
  if (form === open || typeof form === 'string') return problems;
  if (Array.isArray(form)) return [...problems, ...lacks(form[0], schema.items, `${where}[]`)];
  if (schema.additionalProperties !== false) problems.push(`${where} is not closed`);
  const names = Object.keys(form).map(name => name.replace('?', ''));
  const required = Object.keys(form).filter(name => !name.endsWith('?'));
  for (const [i, inner] of Object.values(form).entries())
    problems.push(...lacks(inner, schema.properties?.[names[i]], `${where}.${names[i]}`));
  for (const name of required)
    if (!schema.required?.includes(name)) problems.push(`${where}.${name} is not required`);
  return [...problems, ...(schema.required ?? []).filter(name => names.includes(name) && !required.includes(name))
    .map(name => `${where}.${name} is required`)];
}
