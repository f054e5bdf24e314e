// The manifests: as Kubernetes' own schemas have them, with nothing that those do not know, and true of the
// service: its ports, paths, settings and what it is given.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, test } from 'node:test';
import { parseAllDocuments } from 'yaml';
import { PROGRAM, SOURCES, source } from './made.mjs';

const FOLDER = 'packaging/kubernetes';
const require = createRequire(import.meta.url);
const { ajv } = require(join(dirname(require.resolve('@kubernetes-models/validate')), 'ajv.js'));

// As they come, the schemas let pass what they do not know; a field with a typing error must not pass.
function strict(schema) {
  if (Array.isArray(schema)) return schema.map(strict);
  if (schema === null || typeof schema !== 'object') return schema;
  const copy = Object.fromEntries(Object.entries(schema).map(([key, value]) => [key, strict(value)]));
  if (copy.properties && !Array.isArray(copy.properties) && copy.type === 'object') copy.additionalProperties ??= false;
  return copy;
}
const addSchema = ajv.addSchema.bind(ajv);
ajv.addSchema = (schema, id) => addSchema(strict(schema), id);

const read = name => parseAllDocuments(source(`${FOLDER}/${name}`)).map(document => {
  assert.deepEqual(document.errors, [], name);
  return document.toJS();
});
const one = name => { const all = read(name); assert.equal(all.length, 1, name); return all[0]; };

const customization = one('kustomization.yaml');
const deployment = one('deployment.yaml');
const service = one('service.yaml');
const policy = one('networkpolicy.yaml');
const budget = one('poddisruptionbudget.yaml');
const ingress = one('ingress.yaml');
const secret = one('secret.example.yaml');
const config = one('app-config.yaml');
const pod = deployment.spec.template.spec;
const [container] = pod.containers;
const kubectl = spawnSync('kubectl', ['kustomize', join(SOURCES, FOLDER)], { encoding: 'utf8', timeout: 60000 });
const objects = { deployment, service, policy, budget, ingress, secret };

// Whether Kubernetes takes an object; else why not.
function refusal(object) {
  const module = `kubernetes-models/${object.apiVersion}/${object.kind}`;
  const Model = require(module)[object.kind];
  try {
    new Model(object).validate();
    return null;
  } catch (error) {
    return error.message;
  }
}

describe('the manifests', () => {
  for (const [name, object] of Object.entries(objects))
    test(`${name} is one of Kubernetes'`, () => assert.equal(refusal(object), null));

  test('what is wrong would be found', () => {
    const changed = (object, change) => { const copy = structuredClone(object); change(copy); return refusal(copy); };
    assert.match(changed(deployment, d => { d.spec.template.spec.containers[0].imagePullPolice = 'Always'; }), /additional properties/);
    assert.match(changed(deployment, d => { d.spec.replicas = 'two'; }), /integer/);
    assert.match(changed(policy, p => { p.spec.egress[0].ports[0].prot = 'TCP'; }), /additional properties/);
    assert.match(changed(ingress, i => { delete i.spec.rules[0].http.paths[0].pathType; }), /pathType/);
  });

  test('kustomization.yaml names every one of them but the form of the secret', () => {
    const resources = readdirSync(join(SOURCES, FOLDER)).filter(name => name.endsWith('.yaml') &&
      !['kustomization.yaml', 'app-config.yaml', 'backstage-app-config.yaml', 'secret.example.yaml'].includes(name));
    assert.deepEqual([...customization.resources].sort(), resources.sort());
    const [map] = customization.configMapGenerator;
    for (const file of map.files) assert.ok(existsSync(join(SOURCES, FOLDER, file)), file);
    assert.equal(map.name, pod.volumes[0].configMap.name);
    assert.deepEqual(customization.images.map(image => image.name), [container.image]);
    assert.equal(secret.metadata.namespace, customization.namespace);
  });

  // Those of the policy are of others' pods, too.
  test('kustomization.yaml puts nothing into selectors', { skip: kubectl.error && 'there is no kubectl' }, () => {
    assert.equal(kubectl.status, 0, kubectl.stderr);
    const made = parseAllDocuments(kubectl.stdout).map(document => document.toJS());
    for (const [kind, object] of [['NetworkPolicy', policy], ['Service', service], ['PodDisruptionBudget', budget]])
      assert.deepEqual(made.find(each => each.kind === kind).spec, object.spec, kind);
    assert.deepEqual(made.find(each => each.kind === 'Deployment').spec.selector, deployment.spec.selector);
    for (const each of made) assert.equal(each.metadata.labels['app.kubernetes.io/name'], 'spectrocloud-backend', each.kind);
  });

  test('nor asks for that where there is no kubectl', () => {
    assert.equal(customization.commonLabels, undefined);
    for (const labels of customization.labels) assert.equal(labels.includeSelectors ?? false, false);
  });

  test('the version is that of the program', () => {
    const { stdout } = spawnSync(PROGRAM, ['--version'], { encoding: 'utf8' });
    assert.equal(customization.images[0].newTag, stdout.trim().split(' ').pop());
  });

  test('all of them mean the same pods', () => {
    const labels = deployment.spec.template.metadata.labels;
    for (const selector of [deployment.spec.selector.matchLabels, service.spec.selector, policy.spec.podSelector.matchLabels,
      budget.spec.selector.matchLabels, pod.topologySpreadConstraints[0].labelSelector.matchLabels])
      assert.deepEqual(selector, labels);
  });
});

describe('what they say of the service', () => {
  test('its ports, wherever they are named', () => {
    for (const [name, listen] of Object.entries({ http: config.spectrocloud.server.listen, metrics: config.spectrocloud.telemetry.listen })) {
      const port = Number(listen.match(/^0\.0\.0\.0:(\d+)$/)[1]);
      assert.equal(container.ports.find(each => each.name === name).containerPort, port);
      const offered = service.spec.ports.find(each => each.name === name);
      assert.deepEqual([offered.targetPort, offered.port], [name, port]);
    }
    assert.equal(service.spec.ports[0].name, 'http');
    // Who comes in by which: what needs no token is Prometheus' alone.
    const [http, metrics] = policy.spec.ingress;
    assert.deepEqual([http, metrics].map(rule => rule.ports.map(each => each.port)), [['http'], ['metrics']]);
    assert.equal(policy.spec.ingress.length, 2);
    assert.deepEqual(metrics.from.map(peer => peer.podSelector.matchLabels['app.kubernetes.io/name']), ['prometheus']);
    for (const probe of [container.readinessProbe, container.livenessProbe]) assert.equal(probe.httpGet.port, 'http');
  });

  test('the probes ask for what it answers without a credential', () => {
    const { paths } = JSON.parse(source('docs/generated/openapi.json'));
    for (const probe of [container.readinessProbe, container.livenessProbe]) assert.ok(paths[probe.httpGet.path]?.get, probe.httpGet.path);
    assert.match(container.readinessProbe.httpGet.path, /readiness$/);
    assert.match(container.livenessProbe.httpGet.path, /liveness$/);
  });

  test('the user is that of the image, and has no rights', () => {
    const image = source('packaging/container/Containerfile').match(/^USER (\d+):(\d+)$/m).slice(1).map(Number);
    assert.deepEqual([pod.securityContext.runAsUser, pod.securityContext.runAsGroup], image);
    assert.equal(pod.securityContext.runAsNonRoot, true);
    assert.equal(pod.securityContext.seccompProfile.type, 'RuntimeDefault');
    assert.deepEqual(container.securityContext, { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] } });
    assert.equal(pod.automountServiceAccountToken, false);
  });

  test('its command is one, and reads the file that is mounted', () => {
    const [mount] = container.volumeMounts;
    assert.deepEqual(container.args.slice(0, 2), ['serve', '--config']);
    assert.equal(container.args[2], `${mount.mountPath}/${customization.configMapGenerator[0].files[0]}`);
    assert.equal(mount.subPath, undefined, 'a file that is mounted by itself never changes');
    assert.equal(mount.name, pod.volumes[0].name);
  });

  test('a pod has the time that its stop may take', () => {
    const seconds = text => { assert.match(text, /^\d+s$/); return parseInt(text, 10); };
    const drain = source('docs/configuration.md').match(/^\| `drainTimeout` \| duration \| `(\d+s)`/m)[1];
    assert.ok(pod.terminationGracePeriodSeconds >
      seconds(config.backend.lifecycle.serverShutdownDelay) + seconds(config.spectrocloud.server.drainTimeout ?? drain));
    // As long as it takes until nobody is sent to a pod that is not ready any more, and a little.
    assert.ok(seconds(config.backend.lifecycle.serverShutdownDelay) >= 5);
  });

  test('there is always one that serves', () => {
    assert.ok(deployment.spec.replicas >= 2);
    assert.ok(budget.spec.maxUnavailable < deployment.spec.replicas);
    assert.equal(deployment.spec.strategy.rollingUpdate.maxUnavailable, 0);
  });

  test('the secret has all that the configuration asks for, and no more', () => {
    const asked = new Set([...source(`${FOLDER}/app-config.yaml`).matchAll(/: \$\{(\w+)\}/g)].map(([, name]) => name));
    assert.deepEqual(new Set(Object.keys(secret.stringData)), asked);
    assert.equal(container.envFrom[0].secretRef.name, secret.metadata.name);
  });

  // As the pod sees it, with a secret that is filled in.
  function check(...files) {
    const folder = mkdtempSync(join(tmpdir(), 'kubernetes-'));
    const env = { PATH: process.env.PATH, ...secret.stringData,
      SPECTROCLOUD_SESSION_KEY: Buffer.alloc(32, 7).toString('base64') };
    const options = files.flatMap((text, i) => {
      writeFileSync(join(folder, `${i}.yaml`), text);
      return ['--config', join(folder, `${i}.yaml`)];
    });
    const result = spawnSync(PROGRAM, ['config', 'check', ...options], { encoding: 'utf8', env });
    rmSync(folder, { recursive: true, force: true });
    return result;
  }

  test('the configuration has no fault, and nothing that is not known', () => {
    const result = check(source(`${FOLDER}/app-config.yaml`));
    assert.equal(result.status, 0, result.stdout + result.stderr);
    assert.doesNotMatch(result.stdout + result.stderr, /warning/);
    assert.notEqual(check(source(`${FOLDER}/app-config.yaml`).replace('listen:', 'listen: x #')).status, 0);
  });

  test('Backstage is told where the service is: by its Service inside, by the Ingress outside', () => {
    const [endpoint] = one('backstage-app-config.yaml').discovery.endpoints;
    assert.deepEqual(endpoint.plugins, ['spectrocloud']);
    assert.equal(endpoint.target.internal, `http://${service.metadata.name}:${service.spec.ports[0].port}/api/{{pluginId}}`);
    const [rule] = ingress.spec.rules;
    assert.equal(endpoint.target.external, `https://${rule.host}/api/{{pluginId}}`);
    assert.equal(config.backend.baseUrl, `https://${rule.host}`);
    const own = config.discovery.endpoints.find(({ plugins }) => plugins.includes('spectrocloud')).target;
    assert.deepEqual(own, { ...endpoint.target, internal: 'http://127.0.0.1:7727/api/{{pluginId}}' });
    assert.ok(config.spectrocloud.server.listen.endsWith(':7727'));
    const result = check(source(`${FOLDER}/app-config.yaml`), source(`${FOLDER}/backstage-app-config.yaml`));
    assert.equal(result.status, 0, result.stderr);
  });

  test('the Ingress sends our paths to us, and the rest to Backstage', () => {
    const [{ http: { paths } }] = ingress.spec.rules;
    const target = request => paths.filter(({ path }) => request === path || request.startsWith(path.replace(/\/?$/, '/')))
      .sort((a, b) => b.path.length - a.path.length)[0].backend.service;
    assert.deepEqual(target('/api/spectrocloud/clusters'), { name: service.metadata.name, port: { name: 'http' } });
    assert.equal(target('/.well-known/oauth-protected-resource/api/spectrocloud/mcp').name, service.metadata.name);
    for (const path of ['/', '/catalog', '/api/catalog/entities', '/api/spectrocloud-auth', '/.well-known/openid-configuration'])
      assert.equal(target(path).name, 'backstage', path);
    assert.ok(ingress.spec.tls[0].hosts.includes(ingress.spec.rules[0].host));
  });

  test('the policy lets it reach what its configuration names', () => {
    const ports = policy.spec.egress.flatMap(rule => rule.ports.map(each => `${each.protocol} ${each.port}`));
    const wanted = [config.discovery.endpoints[0].target, secret.stringData.SPECTROCLOUD_DATABASE_URL,
      config.spectrocloud.environments[0].url]
      .map(url => new URL(url.replace('/api/{{pluginId}}', ''))).map(url => `TCP ${url.port || 443}`);
    assert.deepEqual([...wanted, 'UDP 53', 'TCP 53'].sort(), ports.sort());
    assert.deepEqual(policy.spec.policyTypes, ['Ingress', 'Egress']);
  });
});
