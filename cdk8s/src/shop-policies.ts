import type { ServiceAuthPolicySpec } from '@sekisho/policy';

type Policy = Omit<ServiceAuthPolicySpec, 'selector' | 'targetRefs'>;
type Rule = Policy['rules'][number];

const health: Rule = { name: 'health', to: [{ methods: ['GET'], paths: ['/healthz'] }], allow: { public: true } };

export const bucketPolicy: Policy = {
  service: 'bucket',
  mtls: 'Strict',
  rules: [
    health,
    { name: 'who-am-i', to: [{ methods: ['GET'], paths: ['/api/whoami'] }], allow: { authenticated: true } },
    {
      name: 'read-items',
      to: [{ methods: ['GET'], paths: ['/api/bucket-items', '/api/bucket-items/{*}'] }],
      allow: { permissions: { anyOf: ['bucket:read'] } },
    },
    {
      name: 'add-items',
      to: [{ methods: ['POST'], paths: ['/api/bucket-items'] }],
      allow: { permissions: { anyOf: ['bucket:write'] } },
    },
    {
      name: 'delete-items',
      to: [{ methods: ['DELETE'], paths: ['/api/bucket-items/{*}'] }],
      allow: { permissions: { anyOf: ['bucket:delete'] } },
    },
  ],
};

/**
 * Rules are alternatives: a request needs to meet one. A rule for `/api/users/{*}` would match `/api/users/profile` too and
 * so open it to bucket without a token; hence the name has a path that no other rule matches.
 */
export const userPolicy: Policy = {
  service: 'user',
  mtls: 'Strict',
  rules: [
    health,
    {
      name: 'read-profile',
      to: [{ methods: ['GET'], paths: ['/api/users/profile'] }],
      allow: { permissions: { anyOf: ['user:read'] } },
    },
    {
      name: 'change-profile',
      to: [{ methods: ['PUT'], paths: ['/api/users/profile'] }],
      allow: { permissions: { anyOf: ['user:write'] } },
    },
    {
      name: 'tell-name',
      to: [{ methods: ['GET'], paths: ['/api/users/{*}/name'] }],
      allow: { callers: [{ namespace: 'shop', serviceAccount: 'bucket' }] },
    },
  ],
};
