/** Who signs tokens of this issuer. Each has keys of its own, which no other can use. */
export const SIGNERS = ['auth', 'guard'] as const;
export type Signer = (typeof SIGNERS)[number];
