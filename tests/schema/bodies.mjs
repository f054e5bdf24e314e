// Bodies that create clusters, of all six kinds, in every form that the service takes.
//
// it: what exists in the simulator: { aws, azure, vsphere }: accounts; infra, addOn: profiles;
// group; host; ipPool: uids.

const DEMO = { description: 'demo cluster', tags: ['dev', 'owner:bob', 'team:a:b'] };
const GPU = { key: 'dedicated', value: 'gpu', effect: 'NoSchedule' };
const WORKER = { name: 'worker-pool-1', count: 3, labels: { role: 'worker' }, taints: [GPU] };
const SSH_KEY = 'ssh-rsa AAAAB3NzaC1yc2E user@host';

const AZURE = { subscriptionId: '00000000-0000-4000-8000-000000000001', location: 'eastus',
  resourceGroup: 'demo-rg', sshKey: SSH_KEY };
const VSPHERE_SITE = it => ({ datacenter: 'dc1', folder: 'folder1', resourcePool: 'pool1',
  datastore: 'ds1', network: 'network1', ipPoolUid: it.ipPool });
const VSPHERE_CONFIG = { computeCluster: 'cluster-1', sshKeys: [SSH_KEY],
  controlPlaneEndpoint: { type: 'VIP', host: '10.0.0.100' } };

const onCloud = (it, account) => ({ ...DEMO, cloudAccountUid: it[account],
  profileUids: [it.infra, it.addOn], profileVariables: { k8s_replicas: 3 } });

// ---- flat: a cluster as one writes it by hand ----

const flat = {
  eks: it => ({ ...onCloud(it, 'aws'),
    machinePoolConfig: [{ ...WORKER, instanceType: 't3.large', azs: ['us-east-1a', 'us-east-1b'] }],
    cloudConfig: { region: 'us-east-1' } }),
  aws: it => ({ ...onCloud(it, 'aws'),
    machinePoolConfig: [{ ...WORKER, instanceType: 't3.large', azs: ['us-east-1a'] }],
    cloudConfig: { region: 'us-east-1', sshKeyName: 'default' } }),
  aks: it => ({ ...onCloud(it, 'azure'),
    machinePoolConfig: [
      { name: 'systempool', instanceType: 'Standard_D4s_v3', count: 1 },
      { ...WORKER, name: 'workerpool1', instanceType: 'Standard_D2s_v3' }],
    cloudConfig: AZURE }),
  azure: it => ({ ...onCloud(it, 'azure'),
    machinePoolConfig: [{ ...WORKER, instanceType: 'Standard_D2s_v3', azs: ['1'] }],
    cloudConfig: AZURE }),
  vsphere: it => ({ ...onCloud(it, 'vsphere'), machinePoolConfig: [WORKER],
    vsphere: VSPHERE_SITE(it), cloudConfig: VSPHERE_CONFIG }),
  virtual: it => ({ ...DEMO, clusterGroupUid: it.group, clusterGroupName: 'beehive',
    endpointType: 'LoadBalancer', cpuCores: 4, memoryGiB: 8, storageGiB: 20 }),
};

// ---- the same with every field that there is ----

const CLUSTER_SETTINGS = { namespace: 'demo', timezone: 'Europe/Berlin', clusterMetaAttribute: 'a',
  updateWorkerPoolsInParallel: true, controlPlaneHealthCheckTimeout: '10m' };

const fullPool = extra => ({ name: 'workers', minCount: 1, maxCount: 4, labels: { role: 'worker' },
  annotations: { note: 'x' }, taints: [GPU, { key: 'bare', effect: 'NoExecute' }],
  updateStrategy: { type: 'OverrideScaling', maxSurge: '1', maxUnavailable: '0' },
  nodeRepaveInterval: 3600, archType: 'arm64', ...extra });
const fullHead = extra => ({ name: 'heads', count: 3, controlPlane: true,
  controlPlaneAsWorker: true, updateStrategy: 'RollingUpdateScaleIn', ...extra });
const full = (it, account) => ({ ...onCloud(it, account), clusterVariables: CLUSTER_SETTINGS });
const subnet = name => ({ name, cidrBlock: '10.0.0.0/24', securityGroupName: 'sg' });
const AZURE_NETWORK = { vnetName: 'net', vnetResourceGroup: 'net-rg', vnetCidrBlock: '10.0.0.0/16',
  controlPlaneSubnet: subnet('cp'), workerSubnet: subnet('w') };
const AZURE_DISK = { diskSizeGb: 80, storageAccountType: 'Premium_LRS', osType: 'Linux' };

const flatInFull = {
  eks: it => ({ ...full(it, 'aws'),
    machinePoolConfig: [
      fullPool({ instanceType: 't3.large', diskSizeGb: 80, subnets: { 'us-east-1a': 'subnet-1' },
        capacityType: 'spot', maxPrice: '0.5', amiType: 'AL2023_ARM_64_STANDARD' })],
    cloudConfig: { region: 'us-east-1', vpcId: 'vpc-1', endpointAccess: 'private_and_public',
      publicAccessCidrs: ['1.2.3.0/24'], privateAccessCidrs: ['10.0.0.0/8'],
      azSubnets: { 'us-east-1a': 'subnet-1', 'us-east-1b': 'subnet-2' }, sshKeyName: 'default',
      encryptionKeyArn: 'arn:aws:kms:us-east-1:1:key/k',
      fargateProfiles: [{ name: 'f', subnetIds: ['subnet-1'], additionalTags: { a: 'b' },
        selectors: [{ namespace: 'n', labels: { a: 'b' } }] }] } }),
  aws: it => ({ ...full(it, 'aws'),
    machinePoolConfig: [
      fullHead({ instanceType: 'm5.large', subnets: { 'us-east-1a': 'subnet-1' } }),
      fullPool({ instanceType: 't3.large', diskSizeGb: 80, subnets: { 'us-east-1a': 'subnet-1' },
        capacityType: 'spot', securityGroups: ['sg-1', 'sg-2'] })],
    cloudConfig: { region: 'us-east-1', sshKeyName: 'default', vpcId: 'vpc-1',
      controlPlaneLoadBalancer: 'Internet-facing' } }),
  aks: it => ({ ...full(it, 'azure'),
    machinePoolConfig: [
      fullPool({ instanceType: 'Standard_D4s_v3', ...AZURE_DISK, isSystemNodePool: true }),
      { name: 'win', instanceType: 'Standard_D4s_v3', count: 1, osType: 'Windows',
        isSystemNodePool: false }],
    cloudConfig: { ...AZURE, ...AZURE_NETWORK, privateCluster: true } }),
  azure: it => ({ ...full(it, 'azure'),
    machinePoolConfig: [
      fullHead({ instanceType: 'Standard_D4s_v3', azs: ['1', '2'] }),
      fullPool({ instanceType: 'Standard_D4s_v3', ...AZURE_DISK, azs: ['1'] })],
    cloudConfig: { ...AZURE, ...AZURE_NETWORK, storageAccountName: 'demo', containerName: 'images',
      privateApiServer: { resourceGroup: 'rg', privateDnsZone: 'z', staticIp: '10.0.0.9' } } }),
  vsphere: it => ({ ...full(it, 'vsphere'),
    machinePoolConfig: [
      fullHead({ instanceType: { numCPUs: 8, memoryMiB: 16384, diskGiB: 100 } }),
      fullPool({ placement: { computeCluster: 'cluster-2', resourcePool: '', datastore: 'ds2',
        network: 'network2', ipPoolUid: '' } })],
    vsphere: VSPHERE_SITE(it),
    cloudConfig: { computeCluster: 'cluster-1', imageTemplateFolder: 'templates',
      sshKeys: [SSH_KEY],
      controlPlaneEndpoint: { type: 'DDNS', ddnsSearchDomain: 'example.com' },
      ntpServers: ['ntp.example.com'] } }),
  virtual: it => ({ ...DEMO, hostClusterUid: it.host, profileUids: [it.addOn],
    clusterVariables: CLUSTER_SETTINGS, endpointType: 'Ingress',
    ingress: { host: 'demo.example.com', port: 443 }, cpuCores: 6, memoryGiB: 12, storageGiB: 30,
    kubernetesVersion: '1.31.2',
    cloudConfig: { helmRelease: { values: 'a: b', chart: { name: 'vcluster',
      repo: 'https://charts.example.com', version: '0.20.0' } } } }),
};

const balancer = it => ({ ...flat.virtual(it), loadBalancer: { externalIPs: ['192.0.2.1'],
  externalTrafficPolicy: 'Local', loadBalancerSourceRanges: ['192.0.2.0/24'] } });

// ---- Palette's own entities ----

const metadata = name => ({ name, labels: { dev: 'spectro__tag', owner: 'bob' },
  annotations: { description: 'demo cluster' } });
const head = { name: 'control-plane-pool', size: 1, isControlPlane: true, labels: ['control-plane'],
  additionalLabels: {}, taints: [] };
const worker = { name: 'worker-pool-1', size: 3, isControlPlane: false, labels: ['worker'],
  additionalLabels: { role: 'worker' }, taints: [GPU] };
const pool = (poolConfig, cloudConfig, more) => ({ cloudConfig, ...more,
  poolConfig: { useControlPlaneAsWorker: false, updateStrategy: { type: 'RollingUpdateScaleOut' },
    ...poolConfig } });
const azurePool = (poolConfig, instanceType, system, more) => pool(poolConfig,
  { instanceType, isSystemNodePool: system, ...more, osDisk: { diskSizeGB: 60, osType: 'Linux',
    managedDisk: { storageAccountType: 'Standard_LRS' } } },
  { managedPoolConfig: { isSystemNodePool: system, osType: 'Linux' } });
const vspherePool = (it, poolConfig) => pool(poolConfig, {
  instanceType: { numCPUs: 4, memoryMiB: 8192, diskGiB: 60 },
  placements: [{ cluster: 'cluster-1', resourcePool: 'pool1', datastore: 'ds1',
    network: { networkName: 'network1', staticIp: true, parentPoolUid: it.ipPool } }] });
const profiles = it => [
  { uid: it.infra, packValues: [], variables: [{ name: 'k8s_replicas', value: '3' }] },
  { uid: it.addOn, packValues: [], variables: [] }];
const spec = (it, account, rest) => ({ cloudAccountUid: it[account], profiles: profiles(it),
  clusterConfig: {}, policies: {}, ...rest });

const palette = {
  eks: it => spec(it, 'aws', { cloudType: 'eks',
    cloudConfig: { region: 'us-east-1', bastionDisabled: true,
      endpointAccess: { public: true, private: false } },
    machinepoolconfig: [pool(worker, { instanceType: 't3.large', capacityType: 'on-demand',
      rootDeviceSize: 60, amiType: 'AL2023_x86_64_STANDARD',
      azs: ['us-east-1a', 'us-east-1b'] })] }),
  aws: it => spec(it, 'aws', { cloudType: 'aws',
    cloudConfig: { region: 'us-east-1', sshKeyName: 'default' },
    machinepoolconfig: [
      pool(head, { instanceType: 'm5.large', rootDeviceSize: 65, azs: ['us-east-1a'] }),
      pool(worker, { instanceType: 't3.large', rootDeviceSize: 65, azs: ['us-east-1a'] })] }),
  aks: it => spec(it, 'azure', { cloudType: 'aks',
    cloudConfig: { ...AZURE, apiServerAccessProfile: { enablePrivateCluster: false } },
    machinepoolconfig: [
      azurePool({ ...worker, name: 'systempool', size: 1 }, 'Standard_D4s_v3', true),
      azurePool({ ...worker, name: 'workerpool1' }, 'Standard_D2s_v3', false)] }),
  azure: it => spec(it, 'azure', { cloudType: 'azure', cloudConfig: AZURE,
    machinepoolconfig: [
      azurePool(head, 'Standard_D4s_v3', false, { azs: ['1'] }),
      azurePool(worker, 'Standard_D2s_v3', false, { azs: ['1'] })] }),
  vsphere: it => spec(it, 'vsphere', { cloudType: 'vsphere',
    cloudConfig: { sshKeys: [SSH_KEY], ntpServers: [], staticIp: true,
      placement: { datacenter: 'dc1', folder: 'folder1', imageTemplateFolder: 'spectro-templates' },
      controlPlaneEndpoint: { type: 'VIP', host: '10.0.0.100' } },
    machinepoolconfig: [vspherePool(it, head), vspherePool(it, worker)] }),
  virtual: it => ({ cloudType: 'nested', cloudConfig: { kubernetesVersion: '' },
    clusterConfig: { hostClusterConfig: { clusterEndpoint: { type: 'LoadBalancer' },
      clusterGroup: { kind: 'ClusterGroup', name: 'beehive', uid: it.group } } },
    machinepoolconfig: [{ cloudConfig: { instanceType: { minCPU: 4, maxCPU: 4, minMemInMiB: 8192,
      maxMemInMiB: 8192, minStorageGiB: 20, maxStorageGiB: 20 } } }],
    profiles: [] }),
};

// ---- entities as existing web interfaces make them: Palette takes them only when repaired ----

const uiPools = { controlPlane: { instanceType: 'm5.large', count: 3, diskSize: 60 },
  workerPools: [
    { name: 'fixed', size: 2, instanceType: 't3.large' },
    { name: 'scaled', size: 2, instanceType: 't3.large', useAutoscaler: true,
      minSize: 1, maxSize: 4 }] };
const ui = (kind, it, cloudConfig) => {
  const { machinepoolconfig, ...rest } = palette[kind](it);
  return { ...rest, cloudType: kind.toUpperCase(),
    cloudConfig: { ...rest.cloudConfig, ...cloudConfig } };
};
const renamed = (kind, it) => {
  const { machinepoolconfig, ...rest } = palette[kind](it);
  return { ...rest, cloudType: kind, machinePoolConfig: machinepoolconfig };
};

const fromInterface = {
  eks: it => ui('eks', it, uiPools),
  aws: it => ui('aws', it, { ...uiPools, network: { vpc: 'x' } }),
  aks: it => ui('aks', it, uiPools),
  azure: it => ui('azure', it, uiPools),
  vsphere: it => renamed('vsphere', it),
  virtual: it => ({ ...renamed('virtual', it), cloudAccountUid: '' }),
};

// All of them: { kind, form, operation, body: name => the request's body }.
export function creations(it) {
  const rows = [];
  const add = (kind, form, body, operation = 'cluster.create') =>
    rows.push({ kind, form, operation, body });
  for (const kind of Object.keys(flat)) {
    add(kind, 'flat', name => ({ cloudType: kind, name, ...flat[kind](it) }));
    add(kind, 'flat in full', name => ({ cloudType: kind, name, ...flatInFull[kind](it) }));
    add(kind, 'entity', name => ({ metadata: metadata(name), spec: palette[kind](it) }));
    add(kind, 'interface', name => ({ metadata: metadata(name), spec: fromInterface[kind](it) }));
  }
  add('virtual', 'flat, balanced', name => ({ cloudType: 'nested', name, ...balancer(it) }));
  for (const form of [palette, fromInterface])
    add('virtual', form === palette ? 'wrapped' : 'wrapped, interface', name => (
      { clusterConfig: { metadata: metadata(name), spec: form.virtual(it) } }),
    'virtual_cluster.create');
  return rows;
}

// All of them for a simulator's world, each with what fits its kind. host: a cluster for virtual ones to run in.
export function creationsIn(world, host = world.projects[0].clusters[0]) {
  const { aws, azure, vsphere, eks, virtual } = world.creation;
  const it = { aws: aws.accountUid, azure: azure.accountUid, vsphere: vsphere.accountUid, addOn: eks.addOnUid,
    group: virtual.groupUid, host, ipPool: world.overlords.find(o => o.pools.length).pools[0] };
  return Object.entries(world.creation).flatMap(([kind, { infraUid }]) =>
    creations({ ...it, infra: infraUid }).filter(row => row.kind === kind));
}
