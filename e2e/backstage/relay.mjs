// A plugin of the tests: calls `spectrocloud` the way that another backend plugin does, and lets a
// test switch the policy.
import { coreServices, createBackendPlugin } from '@backstage/backend-plugin-api';
import express from 'express';

import { askedSoFar, forgetAsked, setTable } from './policies.mjs';

// What is passed on of a request, and of its answer.
const FORWARDED = /^(content-type|accept|x-spectrocloud-.*)$/;
const NOT_RETURNED = /^(connection|keep-alive|transfer-encoding|content-encoding|content-length)$/;

// Errors of asynchronous routes go to Backstage's own handler.
const route = handler => (request, response, next) => handler(request, response).catch(next);

const chosenHeaders = headers =>
  Object.fromEntries(Object.entries(headers).filter(([name]) => FORWARDED.test(name)));

export const relay = createBackendPlugin({
  pluginId: 'relay',
  register(plugin) {
    plugin.registerInit({
      deps: {
        auth: coreServices.auth,
        discovery: coreServices.discovery,
        http: coreServices.httpRouter,
        httpAuth: coreServices.httpAuth,
      },
      async init({ auth, discovery, http, httpAuth }) {
        const router = express.Router();

        const credentialsOf = {
          'as-caller': request => httpAuth.credentials(request),
          'as-service': () => auth.getOwnServiceCredentials(),
        };

        async function tokenFor(request, as, targetPluginId) {
          const onBehalfOf = await credentialsOf[as](request);
          return (await auth.getPluginRequestToken({ onBehalfOf, targetPluginId })).token;
        }

        // /as-caller/clusters?x=y is spectrocloud's /clusters?x=y
        const forward = as => route(async (request, response) => {
          const token = await tokenFor(request, as, 'spectrocloud');
          const answer = await fetch(await discovery.getBaseUrl('spectrocloud') + request.url, {
            method: request.method,
            headers: { ...chosenHeaders(request.headers), authorization: `Bearer ${token}` },
            body: request.body.length > 0 ? request.body : undefined,
            redirect: 'manual',
          });
          answer.headers.forEach((value, name) => {
            if (!NOT_RETURNED.test(name)) response.setHeader(name, value);
          });
          response.status(answer.status).end(Buffer.from(await answer.arrayBuffer()));
        });

        const body = express.raw({ type: () => true, limit: '2mb' });
        const withBody = (request, response, next) => body(request, response, error => {
          if (!Buffer.isBuffer(request.body)) request.body = Buffer.alloc(0);
          next(error);
        });
        router.use('/as-caller', withBody, forward('as-caller'));
        router.use('/as-service', withBody, forward('as-service'));

        // The token that would be sent, for a test to change.
        router.get('/token', route(async (request, response) => {
          const { as = 'as-caller', target = 'spectrocloud' } = request.query;
          response.json({ token: await tokenFor(request, as, target) });
        }));

        router.put('/policy', express.json(), (request, response) => {
          setTable(request.body);
          response.status(204).end();
        });
        router.get('/asked', (request, response) => response.json(askedSoFar()));
        router.delete('/asked', (request, response) => {
          forgetAsked();
          response.status(204).end();
        });

        http.use(router);
        http.addAuthPolicy({ path: '/policy', allow: 'unauthenticated' });
        http.addAuthPolicy({ path: '/asked', allow: 'unauthenticated' });
      },
    });
  },
});
