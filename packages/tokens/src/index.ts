export { bearerToken } from './bearer.ts';
export {
  AccessClaims,
  type Actor,
  assertAccessClaims,
  MAX_ACTORS,
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
export { type Delegation, intersect } from './downscope.ts';
export { TOKEN_ERROR_CODES, TokenError, type TokenErrorCode } from './errors.ts';
export { keyIdOf } from './key-id.ts';
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
export { CLOCK_SKEW_SECONDS, TOKEN_SECONDS } from './lifetime.ts';
export {
  type AccessGrant,
  createMinter,
  MAX_ACCESS_TOKEN_LENGTH,
  MAX_TOKEN_LENGTH,
  type Mint,
  type Minted,
  type Minter,
  type MinterOptions,
  type WorkloadGrant,
} from './mint.ts';
export { ANY_AUDIENCE, createVerifier, type VerifierOptions, type Verify } from './verify.ts';
export { createVerifyCache, type VerifyCacheOptions } from './verify-cache.ts';
