import type { KeyStore, NewKey } from './key-store.ts';
import type { DueStep } from './rotation.ts';

export interface CarryOutOptions {
  readonly store: KeyStore;
  /** The key that a step adds. */
  readonly newKey: () => Promise<NewKey>;
}

/** @returns whether it was made: not, if another replica made it impossible, or made it first */
export async function carryOut(step: DueStep, { store, newKey }: CarryOutOptions): Promise<boolean> {
  switch (step.kind) {
    case 'start':
      return store.start(await newKey());
    case 'prepare':
      return store.prepare(await newKey(), step.active);
    case 'discard':
      return store.discard(step.kid);
    case 'promote':
      return store.promote(step.kid, step.replaces);
    case 'relieve':
      return store.relieve(step.kid);
    case 'retire':
      return store.retire(step.kid);
    case 'lengthen':
      return store.lengthen(step.longestTokenMs);
  }
}
