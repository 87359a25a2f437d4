import { randomBytes } from 'node:crypto';
import { hash, verify } from '@node-rs/argon2';
import { BoundedQueue } from './bounded-queue.ts';
import { opaqueString } from './opaque-string.ts';

/** OWASP's minimum for argon2id: 19 MiB, 2 passes, 1 lane. The algorithm's own default is argon2id, version 19. */
export const PASSWORD_HASHING = { memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;
const CURRENT = `$argon2id$v=19$m=${PASSWORD_HASHING.memoryCost},t=${PASSWORD_HASHING.timeCost},p=${PASSWORD_HASHING.parallelism}$`;

/** Both take the password as it was typed. */
export interface PasswordHasher {
  /** PHC string. Rejects with AuthError `unavailable` when too many wait, as does `verify`. */
  hash(password: string): Promise<string>;
  /** Takes the same time without a stored hash, and is then false: who asks cannot tell an unknown user. */
  verify(stored: string | undefined, password: string): Promise<boolean>;
  /** Whether a stored hash was made with other parameters than `hash` uses now. */
  isOutdated(stored: string): boolean;
}

export interface HasherOptions {
  /** Hashes at once; each takes 19 MiB and a core. */
  readonly concurrency: number;
  readonly maxWaiting: number;
}

export async function createPasswordHasher(options: HasherOptions): Promise<PasswordHasher> {
  const queue = new BoundedQueue(options);
  const nobody = await hash(randomBytes(32), PASSWORD_HASHING);
  return {
    hash: (password) => queue.run(() => hash(opaqueString(password), PASSWORD_HASHING)),
    async verify(stored, password) {
      const matches = await queue.run(() => verify(stored ?? nobody, opaqueString(password)));
      return stored !== undefined && matches;
    },
    isOutdated: (stored) => !stored.startsWith(CURRENT),
  };
}
