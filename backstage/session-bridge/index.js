'use strict';

// The module for Backstage's plugin `auth`. CommonJS, because a backend may be built to either kind
// and this one can be loaded by both.
const { coreServices, createBackendModule } = require('@backstage/backend-plugin-api');

const { startBridge } = require('./lib/bridge.js');

const SHUTDOWN_MS = 3000; // what is still waiting gets that long

const sessionBridge = createBackendModule({
  pluginId: 'auth',
  moduleId: 'spectrocloud-session-bridge',
  register(module) {
    module.registerInit({
      deps: {
        auth: coreServices.auth,
        config: coreServices.rootConfig,
        discovery: coreServices.discovery,
        lifecycle: coreServices.lifecycle,
        logger: coreServices.logger,
      },
      async init({ lifecycle, ...services }) {
        const bridge = startBridge(services);
        if (bridge) lifecycle.addShutdownHook(() => bridge.close(SHUTDOWN_MS));
      },
    });
  },
});

Object.defineProperty(exports, '__esModule', { value: true });
exports.default = sessionBridge;
