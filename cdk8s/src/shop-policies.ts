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
      name: 'change-items',
      to: [{ methods: ['PATCH'], paths: ['/api/bucket-items/{*}'] }],
      allow: { permissions: { anyOf: ['bucket:write'] } },
    },
    {
      name: 'delete-items',
      to: [{ methods: ['DELETE'], paths: ['/api/bucket-items/{*}'] }],
      allow: { permissions: { anyOf: ['bucket:delete'] } },
    },
  ],
};

/** Left by bucket, and only for a user who called it: the condition on the caller and the one on the token must both hold. */
export const notificationPolicy: Policy = {
  service: 'notification',
  mtls: 'Strict',
  rules: [
    health,
    {
      name: 'read-notifications',
      to: [{ methods: ['GET'], paths: ['/api/notifications'] }],
      allow: { permissions: { anyOf: ['notification:read'] } },
    },
    {
      name: 'leave-notifications',
      to: [{ methods: ['POST'], paths: ['/api/notifications'] }],
      allow: {
        permissions: { anyOf: ['notification:write'] },
        callers: [{ namespace: 'shop', serviceAccount: 'bucket' }],
      },
    },
    {
      name: 'delete-notifications',
      to: [{ methods: ['DELETE'], paths: ['/api/notifications/{*}'] }],
      allow: { permissions: { anyOf: ['notification:delete'] } },
    },
  ],
};

/** A page holds nothing of anybody: what it asks the services for, they decide. */
export const webPolicy: Policy = {
  service: 'web',
  mtls: 'Strict',
  rules: [health, { name: 'pages', to: [{ methods: ['GET'], paths: ['/', '/web/{*}'] }], allow: { public: true } }],
};

export const filePolicy: Policy = {
  service: 'file',
  mtls: 'Strict',
  rules: [
    health,
    {
      name: 'read-files',
      to: [{ methods: ['GET'], paths: ['/api/files', '/api/files/{*}'] }],
      allow: { permissions: { anyOf: ['file:read'] } },
    },
    {
      name: 'add-files',
      to: [{ methods: ['POST'], paths: ['/api/files'] }],
      allow: { permissions: { anyOf: ['file:write'] } },
    },
    {
      name: 'delete-files',
      to: [{ methods: ['DELETE'], paths: ['/api/files/{*}'] }],
      allow: { permissions: { anyOf: ['file:delete'] } },
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
