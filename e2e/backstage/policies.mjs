// The permission policies of the tests' Backstage.
import { AuthorizeResult, createPermission, isPermission } from '@backstage/plugin-permission-common';

// Our permissions as the package for TypeScript has them: same names, same attributes.
const permission = (name, action) => createPermission({ name, attributes: { action } });

export const viewClusterInfoPermission = permission('spectrocloud.cluster.view-info', 'read');
export const downloadKubeconfigPermission =
  permission('spectrocloud.cluster.download-kubeconfig', 'read');
export const viewPackValuesPermission = permission('spectrocloud.cluster.view-pack-values', 'read');
export const viewPackManifestsPermission =
  permission('spectrocloud.cluster.view-pack-manifests', 'read');
export const createClusterPermission = permission('spectrocloud.cluster.create', 'create');
export const viewProfileInfoPermission = permission('spectrocloud.profile.view-info', 'read');
export const viewProfileClustersPermission =
  permission('spectrocloud.profile.view-clusters', 'read');

// ---- a policy that a test switches ----

let table = {};
let asked = [];

// { permission name: 'ALLOW' | 'DENY' | 'THROW' | 'OWNED' }; what is not in it is denied. Of the
// catalog's permissions, those that are OWNED are for what the user owns.
export function setTable(wanted) {
  table = wanted;
}

export const askedSoFar = () => asked;

export function forgetAsked() {
  asked = [];
}

const ownedBy = user => ({
  result: AuthorizeResult.CONDITIONAL,
  pluginId: 'catalog',
  resourceType: 'catalog-entity',
  conditions: { rule: 'IS_ENTITY_OWNER', resourceType: 'catalog-entity',
    params: { claims: user?.info.ownershipEntityRefs ?? [] } },
});

class SwitchedPolicy {
  async handle(request, user) {
    const result = table[request.permission.name] ?? AuthorizeResult.DENY;
    if (result === 'THROW') throw new Error('the policy of the test fails');
    if (result === 'OWNED') return ownedBy(user);
    return { result };
  }
}

// ---- the two policies of the documentation ----

// "Permission Policy Configuration": everybody sees clusters, the platform team gets kubeconfigs.
class DocumentedShortPolicy {
  async handle(request, user) {
    // Allow all cluster info viewing
    if (isPermission(request.permission, viewClusterInfoPermission)) {
      return { result: AuthorizeResult.ALLOW };
    }
    // Restrict kubeconfig downloads to platform team
    if (isPermission(request.permission, downloadKubeconfigPermission)) {
      const isPlatformTeam = user?.identity.ownershipEntityRefs.some(
        ref => ref === 'group:default/platform-team'
      );
      return {
        result: isPlatformTeam ? AuthorizeResult.ALLOW : AuthorizeResult.DENY
      };
    }
    return { result: AuthorizeResult.DENY };
  }
}

// "Advanced Configuration": the platform team may do all, developers see profiles and pack values.
class DocumentedFullPolicy {
  async handle(request, user) {
    // Allow all to view cluster info
    if (isPermission(request.permission, viewClusterInfoPermission)) {
      return { result: AuthorizeResult.ALLOW };
    }
    // Platform team gets full access
    const isPlatformTeam = user?.identity.ownershipEntityRefs.some(
      ref => ref === 'group:default/platform-team'
    );
    if (isPlatformTeam) {
      return { result: AuthorizeResult.ALLOW };
    }
    // Restrict kubeconfig and cluster creation
    if (
      isPermission(request.permission, downloadKubeconfigPermission) ||
      isPermission(request.permission, createClusterPermission)
    ) {
      return { result: AuthorizeResult.DENY };
    }
    // Developers can view profiles and pack values
    if (
      isPermission(request.permission, viewProfileInfoPermission) ||
      isPermission(request.permission, viewPackValuesPermission)
    ) {
      return { result: AuthorizeResult.ALLOW };
    }
    return { result: AuthorizeResult.DENY };
  }
}

// The documentation reads `user.identity`, which today's permission backend no longer sets: who the
// user is, and what they own, is in `user.info`.
const withIdentity = policy => ({
  handle: (request, user) => policy.handle(request, user && { ...user, identity: user.info }),
});

const policies = {
  'switch': () => new SwitchedPolicy(),
  'documented-short': () => withIdentity(new DocumentedShortPolicy()),
  'documented-full': () => withIdentity(new DocumentedFullPolicy()),
  // As it stands in the documentation, to see what becomes of it in today's Backstage.
  'documented-full-verbatim': () => new DocumentedFullPolicy(),
};

export function policyOf(name) {
  if (!policies[name]) throw new Error(`there is no policy ${name}`);
  return policies[name]();
}

// policy.handle, which first writes down what it is asked, about whom, and through whom.
export function record(policy) {
  return async (request, user) => {
    asked.push({
      permission: request.permission.name,
      action: request.permission.attributes.action,
      user: user?.info.userEntityRef ?? null,
      owns: user?.info.ownershipEntityRefs ?? null,
      principal: user?.credentials.principal ?? null,
    });
    return policy.handle(request, user);
  };
}
