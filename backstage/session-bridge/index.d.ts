import type { BackendFeature } from '@backstage/backend-plugin-api';

declare const sessionBridge: BackendFeature;
export default sessionBridge;
