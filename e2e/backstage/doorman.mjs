// A sign-in provider of the tests, as a proxy in front of Backstage would do it: the header says who
// comes. Backstage itself issues the token and remembers what the person owns.
import { createBackendModule } from '@backstage/backend-plugin-api';
import {
  authProvidersExtensionPoint, createProxyAuthProviderFactory, createProxyAuthenticator,
} from '@backstage/plugin-auth-node';

const authenticator = createProxyAuthenticator({
  defaultProfileTransform: async () => ({ profile: {} }),
  initialize() {},
  authenticate: async ({ req }) => ({ result: { user: req.header('x-test-user') } }),
});

export const doorman = createBackendModule({
  pluginId: 'auth',
  moduleId: 'doorman',
  register(module) {
    module.registerInit({
      deps: { providers: authProvidersExtensionPoint },
      async init({ providers }) {
        providers.registerProvider({
          providerId: 'doorman',
          factory: createProxyAuthProviderFactory({
            authenticator,
            signInResolver: ({ result }, context) =>
              context.signInWithCatalogUser({ entityRef: result.user }),
          }),
        });
      },
    });
  },
});
