import type { User } from '../api/answers.ts';

export const ALICE: User = {
  id: '00000000-0000-4000-8000-000000000002',
  email: 'alice@example.org',
  active: true,
  roles: ['member'],
  permissions: [],
  grants: [{ service: 'bucket', permissions: ['bucket:read'], expires: 1_798_761_600 }],
  version: 3,
};

export const FIND_ALICE = {
  request: 'GET /v1/users?email=alice%40example.org&limit=200',
  answer: {
    items: [{ ...ALICE, id: '00000000-0000-4000-8000-00000000000a', email: 'alice@example.org.example' }, ALICE],
  },
} as const;

export const problem = (status: number, code: string, rest: object = {}) => ({
  status,
  answer: { type: 'about:blank', title: 'x', status, detail: 'it is refused', code, ...rest },
});
