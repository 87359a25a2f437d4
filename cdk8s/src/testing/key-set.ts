/** The public key of RFC 7515 appendix A.3, as an issuer publishes it. */
export const KEY_SET = {
  keys: [
    {
      kty: 'EC',
      kid: 'one',
      use: 'sig',
      alg: 'ES256',
      crv: 'P-256',
      x: 'f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU',
      y: 'x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0',
    },
  ],
} as const;
