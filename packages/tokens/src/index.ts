export { bearerToken } from './bearer.ts';
export {
  AccessClaims,
  assertAccessClaims,
  PermissionName,
  PermissionNames,
  permissionsAt,
  RoleName,
  RoleNames,
  ServiceGrant,
  ServiceName,
  SessionClaims,
  UserClaims,
} from './claims.ts';
export { TOKEN_ERROR_CODES, TokenError, type TokenErrorCode } from './errors.ts';
export {
  type EcPublicJwk,
  exportSigningKey,
  generateSigningKey,
  importSigningKey,
  type Jwks,
  type PublicJwk,
  type RsaPublicJwk,
  SIGNING_ALGORITHMS,
  type SigningAlgorithm,
  type SigningKey,
  toJwks,
} from './keys.ts';
export {
  type AccessGrant,
  createMinter,
  MAX_TOKEN_LENGTH,
  type Mint,
  type Minted,
  type MinterOptions,
} from './mint.ts';
export { CLOCK_SKEW_SECONDS, createVerifier, type VerifierOptions, type Verify } from './verify.ts';
