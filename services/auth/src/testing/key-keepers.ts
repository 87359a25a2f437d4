import { randomBytes } from 'node:crypto';
import { FakeClock, settle } from '@sekisho/kube/testing';
import type { EncryptionKeys } from '@sekisho/tokens';
import { AuthError } from '../errors.ts';
import { KeyKeeper, type KeyKeeperOptions, type KeyObserver } from '../keys/key-keeper.ts';
import { LiveKeyRing } from '../keys/key-ring.ts';
import type { Spread } from '../keys/rotation.ts';
import { keyTiming } from '../keys/timing.ts';
import { type MemoryKeys, memoryKeys } from './memory-keys.ts';

export const SECOND = 1_000;
export const HOUR = 3_600 * SECOND;
export const rules = {
  alg: 'ES256',
  periodMs: 24 * HOUR,
  publishMs: 900 * SECOND,
  longestTokenMs: 900 * SECOND,
  cutOffMs: 0,
  maxRetiring: 14,
} as const;
export const timing = keyTiming(30 * SECOND);
const ownKeys: EncryptionKeys = { current: randomBytes(32), previous: [] };
export const unavailable = new AuthError('unavailable', 'the database does not answer');

type KeeperOptions = KeyKeeperOptions<LiveKeyRing> & { readonly encryptionKeys: EncryptionKeys };

/** Keepers of one store, whose clock stands still until a test moves it. @param onEnd runs what is given at the end of the test */
export function keeperFixture(onEnd: (end: () => Promise<void>) => void) {
  const clock = new FakeClock();
  const store = memoryKeys(() => clock.now());
  const journal: string[] = [];
  const failures: unknown[] = [];
  const unreadable: string[] = [];
  const observer: KeyObserver = {
    seen: (_, __, { wait }) => void (wait && journal.push(wait.reason)),
    done: ({ kind }) => void journal.push(kind),
    compromised: () => void journal.push('compromised'),
    unreadable: (kids) => void unreadable.push(...kids),
    failed: (error) => void failures.push(error),
  };
  const keeper = ({ encryptionKeys = ownKeys, ...more }: Partial<KeeperOptions> = {}) => {
    const ring = new LiveKeyRing({ encryptionKeys, clock, staleMs: timing.staleMs });
    const spread = async (): Promise<Spread> => ({ kind: 'unreported' });
    const revokeKey = async () => undefined;
    const shared = { store, ring, rules, timing, spread, revokeKey, observer, clock, random: () => 0.5 };
    const made = new KeyKeeper<LiveKeyRing>({ ...shared, ...more });
    onEnd(() => made.stop());
    return made;
  };
  return { clock, store, keeper, journal, failures, unreadable, state: (kid: string) => store.rows.get(kid)?.state };
}

/** Lets time pass, and each time what the loops do be done: keys are really made and opened meanwhile. */
export async function pass(clock: FakeClock, ms: number, { loops = 1, stepMs = 10 * SECOND } = {}): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) {
    await clock.advance(stepMs);
    while (clock.pending.length < loops) await settle();
  }
}

/** Rejects each call of `read` while it is broken. */
export function breakable(store: MemoryKeys) {
  const broken = { ...store, isBroken: false };
  broken.read = () => (broken.isBroken ? Promise.reject(unavailable) : store.read());
  return broken;
}
