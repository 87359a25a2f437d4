import type { TokenVerifierOptions } from '@sekisho/identity/verify';
import type { Framework } from './applications.ts';

export type Variant = 'bare' | 'identity' | 'verified';

/** What a process with an application is told. */
export interface ServerOrder {
  readonly framework: Framework;
  readonly ports: Readonly<Record<Variant, number>>;
  readonly issuers: TokenVerifierOptions['issuers'];
}
