// A module of the tests: brings the entities of a file into the catalog, as an ingestor would.
import { readFile } from 'node:fs/promises';

import { createBackendModule } from '@backstage/backend-plugin-api';
import { catalogProcessingExtensionPoint } from '@backstage/plugin-catalog-node';

async function bring(connection) {
  const entities = JSON.parse(await readFile(process.env.ENTITIES, 'utf8'));
  await connection.applyMutation({ type: 'full',
    entities: entities.map(entity => ({ entity, locationKey: 'ingestor' })) });
}

export const ingestor = createBackendModule({
  pluginId: 'catalog',
  moduleId: 'ingestor-of-the-tests',
  register(module) {
    module.registerInit({
      deps: { processing: catalogProcessingExtensionPoint },
      async init({ processing }) {
        if (!process.env.ENTITIES) return;
        processing.addEntityProvider({ getProviderName: () => 'ingestor', connect: bring });
      },
    });
  },
});
