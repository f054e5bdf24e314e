// The plugin's own router in express, with stand-ins for what Backstage gives it:
//   node serve.mjs PORT PALETTE_URL API_KEY
// Its permission names stay undefined, as the package that has them is not published; the stand-in
// allows everything anyway. There is no authentication of callers, which Backstage does before the
// plugin is asked: a whole Backstage costs more than this.
import express from 'express';
import { createRequire } from 'node:module';

const [, , port, url, apiToken] = process.argv;
const { createRouter } = createRequire(import.meta.url)(
  '@terasky/backstage-plugin-spectrocloud-backend/dist/router.cjs.js');

// Backstage's configuration reader, as far as the router asks it.
function reader(values) {
  return {
    getString: key => values[key],
    getOptionalString: key => values[key],
    getOptionalBoolean: key => values[key],
    getOptionalConfig: key => values[key] && reader(values[key]),
    getOptionalConfigArray: key => values[key]?.map(reader),
  };
}

const line = level => text => process.stderr.write(`${new Date().toISOString()} ${level} ${text}\n`);
const logger = { debug() {}, info: line('info'), warn: line('warn'), error: line('error') };

const router = await createRouter({
  logger,
  config: reader({ spectrocloud: {
    enablePermissions: true,
    environments: [{ name: 'bench', url, tenant: 'sim', apiToken }],
  } }),
  permissions: { authorize: async asked => asked.map(() => ({ result: 'ALLOW' })) },
  auth: { getOwnServiceCredentials: async () => ({}) },
});
express().use('/api/spectrocloud', router).listen(Number(port), '127.0.0.1');
