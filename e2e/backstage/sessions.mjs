// A plugin of the tests: what other code in Backstage's process sees of the sessions, and does with
// them. It reads them as the sign-in module does.
import { createRequire } from 'node:module';

import { coreServices, createBackendPlugin } from '@backstage/backend-plugin-api';
import express from 'express';

const require = createRequire(import.meta.url);
const PACKAGE = '@terasky/backstage-plugin-spectrocloud-auth-backend';
const { getSessionTokenByEmail } = require(`${PACKAGE}/dist/tokenCache.cjs.js`);

const cache = () => globalThis.__SPECTROCLOUD_TOKEN_CACHE__;

export const sessions = createBackendPlugin({
  pluginId: 'sessions',
  register(plugin) {
    plugin.registerInit({
      deps: { http: coreServices.httpRouter },
      async init({ http }) {
        const router = express.Router();
        router.get('/', (request, response) => response.json([...cache().keys()]));
        router.get('/:email', (request, response) =>
          response.json({ token: getSessionTokenByEmail(request.params.email) ?? null }));
        router.delete('/:email', (request, response) =>
          response.json(cache().delete(request.params.email)));
        http.use(router);
        http.addAuthPolicy({ path: '/', allow: 'unauthenticated' });
      },
    });
  },
});
