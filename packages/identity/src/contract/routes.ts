import type { Caller } from '../caller.ts';
import { tokenCaller } from '../caller.ts';
import type { Guards } from '../guards.ts';

export const NOTES = 'notes';
export const BUCKET = { trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: 'bucket' };

/** One route of the application that every adapter serves: what it asks, and what it answers. */
export interface Route {
  readonly method: 'GET' | 'OPTIONS';
  readonly path: string;
  readonly guard?: <Guard>(guards: Guards<Guard>) => Guard;
  readonly answer: (caller: Caller) => unknown;
}

const get = (path: string, guard: Route['guard'], answer: Route['answer'] = () => 'done'): Route => ({
  method: 'GET',
  path,
  answer,
  ...(guard !== undefined && { guard }),
});

export const ROUTES: readonly Route[] = [
  get('/', undefined, (caller) => caller),
  { method: 'OPTIONS', path: '/', answer: (caller) => caller },
  get('/mine', ({ requireToken }) => requireToken()),
  get('/read', ({ requirePermission }) => requirePermission('notes:read')),
  get('/write', ({ requirePermission }) => requirePermission('notes:write')),
  get('/member', ({ requireRole }) => requireRole('member')),
  get('/admin', ({ requireRole }) => requireRole('admin')),
  get('/inside', ({ requireCaller }) => requireCaller(BUCKET)),
  // Asks in the handler what a guard could have asked before.
  get('/late', undefined, (caller) => tokenCaller(caller).id),
  get('/defect', undefined, () => {
    throw new Error('a secret');
  }),
];
