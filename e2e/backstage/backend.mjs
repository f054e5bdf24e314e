// A small Backstage: authentication, catalog, permissions, MCP actions. The plugin `spectrocloud` is
// not among them: it is reached through discovery.endpoints, as in production.
//
//   POLICY=switch|documented-short|documented-full|rbac node backend.mjs --config app-config.yaml
//
// ENTITIES names a file with what an ingestor brings into the catalog. With SIGN_IN=palette one can
// also sign in with Palette, and the sessions go to the service.
//
// It ends when its standard input does, so that it never outlives who started it.
import { createBackend } from '@backstage/backend-defaults';
import { createBackendModule } from '@backstage/backend-plugin-api';
import { policyExtensionPoint } from '@backstage/plugin-permission-node/alpha';

import { doorman } from './doorman.mjs';
import { ingestor } from './ingestor.mjs';
import { policyOf, record } from './policies.mjs';
import { relay } from './relay.mjs';

process.stdin.on('end', () => process.exit(0)).resume();

// What these packages export by default, however Node wraps it.
async function feature(name) {
  const { default: exported } = await import(name);
  return exported.default ?? exported;
}

// One policy for the permission backend, which writes down what it is asked.
const policyModule = policy => createBackendModule({
  pluginId: 'permission',
  moduleId: 'policy-of-the-tests',
  register(module) {
    module.registerInit({
      deps: { extension: policyExtensionPoint },
      async init({ extension }) {
        extension.setPolicy({ handle: record(policy) });
      },
    });
  },
});

const backend = createBackend();
const chosen = process.env.POLICY ?? 'switch';

backend.add(await feature('@backstage/plugin-auth-backend'));
backend.add(await feature('@backstage/plugin-auth-backend-module-guest-provider'));
backend.add(doorman);
if (process.env.SIGN_IN === 'palette') {
  backend.add(await feature('@terasky/backstage-plugin-spectrocloud-auth-backend'));
  backend.add(import('../../backstage/session-bridge/index.js'));
  backend.add((await import('./sessions.mjs')).sessions);
}
backend.add(await feature('@backstage/plugin-catalog-backend'));
backend.add(ingestor);
backend.add(await feature('@backstage/plugin-mcp-actions-backend'));
backend.add(relay);
if (chosen === 'rbac') {
  backend.add(await feature('@backstage-community/plugin-rbac-backend'));
} else {
  backend.add(await feature('@backstage/plugin-permission-backend'));
  backend.add(policyModule(policyOf(chosen)));
}
await backend.start();
console.log('backstage is started');
