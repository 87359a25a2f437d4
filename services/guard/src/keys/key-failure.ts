/**
 * Why the guard could not learn its keys. `key_unreadable`: this process has another encryption key than the one that made
 * the key; the others are of the auth service and its answer.
 */
export const KEY_FAILURES = ['auth_unreachable', 'auth_refused', 'answer_invalid', 'key_unreadable'] as const;
export type KeyFailure = (typeof KEY_FAILURES)[number];
