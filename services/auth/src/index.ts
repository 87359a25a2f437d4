export { AuthConfig } from './config.ts';
export { AUTH_ERRORS, AuthError, type AuthErrorCode } from './errors.ts';
export { createService, type Service, type ServiceOptions } from './service.ts';
