/** A token that the platform issued. */
export interface Credential {
  readonly token: string;
  readonly claims: Readonly<Record<string, unknown>> & { readonly exp: number };
  /** When the auth service said that it is revoked, milliseconds. */
  revokedAt?: number;
}

export type Presented =
  | { readonly kind: 'none' }
  | { readonly kind: 'issued'; readonly credential: Credential }
  /** Right in every claim, but signed by another key. */
  | { readonly kind: 'forged'; readonly token: string };

export type Service = 'echo' | 'bucket';

/** A request of the load. */
export interface Ask {
  /** What it stands for, in the tables. */
  readonly name: string;
  readonly service: Service;
  /** Through the gateway, or at the service itself, past the guard at the edge. */
  readonly place: 'edge' | 'service';
  readonly method: 'GET' | 'POST';
  readonly path: string;
  readonly presented: Presented;
}

/** What came back: the status with the code of a refusal, or that nothing did. */
export type Reply = { readonly status: number; readonly code?: string } | 'none';

export const isAllowed = (reply: Reply): boolean => reply !== 'none' && reply.status < 300;
