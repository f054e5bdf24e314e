// Bodies that create a cluster in the simulated Palette, through both operations, and what has become of them.
import assert from 'node:assert/strict';

// What a body's values must never be found in: logs, stores.
export const SECRET = 'secret-of-the-body-5d1c';

export function creations(world) {
  const profile = type => world.profiles.find(p => p.project === null && p.type === type && p.versions[0].published &&
    (type !== 'infra' || p.cloudType === 'eks')).versions[0].uid;
  const projectUid = world.projects[0].uid;
  return [
    {
      operation: 'cluster.create',
      path: `/api/spectrocloud/clusters?projectUid=${projectUid}`,
      kind: 'eks',
      body: name => JSON.stringify({
        cloudType: 'eks', name, description: SECRET,
        cloudAccountUid: world.accounts.find(a => a.type === 'aws' && a.project === null).uid,
        profileUids: [profile('infra'), profile('add-on')], profileVariables: { k8s_replicas: 3 },
        machinePoolConfig: [{ name: 'workers', count: 3, instanceType: 't3.large', azs: ['us-east-1a'] }],
        cloudConfig: { region: 'us-east-1' },
      }),
    },
    {
      operation: 'virtual_cluster.create',
      path: `/api/spectrocloud/virtualclusters?projectUid=${projectUid}`,
      kind: 'virtual',
      body: name => JSON.stringify({ clusterConfig: {
        metadata: { name, annotations: { description: SECRET } },
        spec: {
          cloudType: 'nested',
          clusterConfig: { hostClusterConfig: { clusterGroup: {
            uid: world.clusterGroups.find(g => g.project === null).uid } } },
          machinepoolconfig: [{ cloudConfig: { instanceType: { minCPU: 4, maxCPU: 4, minMemInMiB: 4096,
            maxMemInMiB: 4096, minStorageGiB: 10, maxStorageGiB: 10 } } }],
          profiles: [],
        },
      } }),
    },
  ];
}

let made = 0;
export const newName = () => `made-${process.pid}-${++made}`;

export const isCreate = request => request.method === 'POST' && /^\/v1\/spectroclusters\/\w+$/.test(request.path);

// How many clusters of that name there are.
export async function countOf(simulator, name) {
  return (await simulator.world()).clusters.filter(cluster => cluster.name === name && !cluster.deleted).length;
}

// How often Palette was asked to create it.
export async function createsOf(simulator, name) {
  return (await simulator.requests()).filter(r => isCreate(r) && JSON.stringify(r.body ?? '').includes(name)).length;
}

// What the audit trail has of the creates of that name.
export const auditOf = (log, name) => log.split('\n').filter(line => / audit /.test(line) && line.includes(name))
  .map(line => ({ outcome: line.match(/outcome="([^"]*)"/)[1], object: line.match(/object="([^"]*)"/)[1], line }));

// An answer tells the truth about the clusters that there are.
export function assertTrue(answer, count, name, what) {
  const { status, json } = answer;
  assert.ok(count <= 1, `${what}: ${count} clusters`);
  if (status === 201) {
    assert.equal(count, 1, what);
    return 'created';
  }
  const { outcome, clusterName, message } = json.error;
  assert.ok(['unknown', 'not created'].includes(outcome), `${what}: ${answer.text}`);
  assert.equal(clusterName, name, what);
  if (outcome === 'unknown') {
    assert.ok(message.includes(`look for one named ${name} before trying again`), `${what}: ${message}`);
    assert.ok([502, 504].includes(status), `${what}: ${answer.text}`);
  } else {
    assert.equal(count, 0, `${what}: ${answer.text}`);
    if (status >= 500) assert.ok(message.includes('Nothing was created'), `${what}: ${message}`);
  }
  return outcome;
}
