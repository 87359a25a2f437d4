export { assertB64Token, bearerText, bearerToken } from './bearer.ts';
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
  TEXT_CHARACTER,
  TEXT_PATTERN,
  UserClaims,
} from './claims.ts';
export { BROWSER_COOKIE, type Cookie, foreignCookies, parseCookies } from './cookies.ts';
export { type Delegation, intersect } from './downscope.ts';
export { type EncryptionKeys, parseEncryptionKeys } from './encryption-keys.ts';
export { TOKEN_ERROR_CODES, TokenError, type TokenErrorCode } from './errors.ts';
export { keyIdOf } from './key-id.ts';
export {
  exportSigningKey,
  generateSigningKey,
  importSigningKey,
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
export { EcPublicJwk, type Jwks, PublicJwk, parsePublicJwk, RsaPublicJwk } from './public-jwk.ts';
export { isRegionName, KID_PATTERN, MAX_KID_LENGTH, REGION_PATTERN, regionOfKid } from './region.ts';
export { type OpenedSigningKey, openSigningKey, sealSigningKey } from './sealed-key.ts';
export { ANY_AUDIENCE, createVerifier, type VerifierOptions, type Verify } from './verify.ts';
export { createVerifyCache, type VerifyCache, type VerifyCacheOptions } from './verify-cache.ts';
