export type { EncryptionKeys } from '@sekisho/tokens';
export { AuthConfig } from './config.ts';
export { AUTH_ERRORS, AuthError, type AuthErrorCode } from './errors.ts';
export { KEY_DEFAULTS, type KeySettings } from './keys/config.ts';
export { PASSWORD_HASHING } from './passwords/hasher.ts';
export { createService, type Service, type ServiceOptions } from './service.ts';
