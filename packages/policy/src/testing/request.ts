/** One request as both the reference mesh and the direct reading of a policy see it. */
export interface TestRequest {
  readonly method: string;
  readonly path: string;
  readonly port: number;
  /** mTLS identity of the direct caller; absent over plaintext. */
  readonly caller?: { readonly namespace: string; readonly serviceAccount: string };
  readonly token?: TestToken | undefined;
}

export interface TestToken {
  readonly iss: string;
  /** Which of the issuer's keys signed it. */
  readonly kid: string;
  readonly sub: string;
  readonly aud: readonly string[];
  readonly claims: Readonly<Record<string, unknown>>;
  /** The guard knows that it is no longer to be honoured. */
  readonly revoked: boolean;
}

/** The payload as a claim path walks it. */
export function payload({ iss, sub, aud, claims }: TestToken): Readonly<Record<string, unknown>> {
  return { ...claims, iss, sub, aud };
}
