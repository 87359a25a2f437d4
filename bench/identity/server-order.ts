import type { TokenVerifierOptions } from '@sekisho/identity/verify';
import type { Framework } from './applications.ts';

export const VARIANTS = ['bare', 'identity', 'verified'] as const;
export type Variant = (typeof VARIANTS)[number];

/** What a process with an application is told. */
export interface ServerOrder {
  readonly framework: Framework;
  readonly ports: Readonly<Record<Variant, number>>;
  readonly issuers: TokenVerifierOptions['issuers'];
}
