import type { FastifyRequest } from 'fastify';
import { withOtherMethodsRefused } from '../http/other-methods.ts';
import type { HttpServer } from '../http/server.ts';
import { createKeyedHash } from '../keys/keyed-hash.ts';
import type { Authenticate } from '../login/login.ts';
import type { AuthMetrics } from '../metrics.ts';
import type { TellLogout } from './backchannel/teller.ts';
import { createConsents } from './consents.ts';
import { readForms } from './http/form-body.ts';
import { interactionRoutes } from './http/interaction-routes.ts';
import { mountProvider } from './http/mount.ts';
import { userinfoRoute } from './http/userinfo-route.ts';
import { createLiveProvider, type LiveKeys } from './live-provider.ts';
import type { ProviderOptions } from './provider.ts';

export interface OAuthOptions extends ProviderOptions {
  readonly keys: LiveKeys;
  readonly authenticate: Authenticate;
  readonly metrics: AuthMetrics;
  /** Address of whoever connects. */
  readonly clientAddress: (request: FastifyRequest) => string;
  /** Seconds until somebody at this address may try another device code, 0 for now; counts it if so. */
  readonly takeUserCode: (ip: string) => Promise<number>;
}

/** Adds OAuth and OpenID Connect to an app; each part reads bodies its own way, so each has a scope of its own. */
export type OAuth = (app: HttpServer) => void;

export interface OAuthParts {
  readonly oauth: OAuth;
  readonly tellLogout: TellLogout;
}

export function createOAuth(options: OAuthOptions): OAuthParts {
  const { keys, encryptionKeys, resources } = options;
  const live = createLiveProvider(options, keys);
  const provider = () => live().provider;
  const formToken = createKeyedHash(encryptionKeys.current, 'oauth-forms');
  const consents = createConsents(resources);
  const oauth: OAuth = (app) => {
    app.register(async (scope) =>
      withOtherMethodsRefused(scope, (routes) => mountProvider(routes, { ...options, live })),
    );
    app.register(async (scope) => {
      readForms(scope);
      withOtherMethodsRefused(scope, (routes) =>
        interactionRoutes(routes, { ...options, provider, formToken, consents }),
      );
      withOtherMethodsRefused(scope, (routes) =>
        userinfoRoute(routes, { accounts: options.accounts, verify: options.tokenEndpoints.verify }),
      );
    });
  };
  return { oauth, tellLogout: async (notice) => live().tellLogout(notice) };
}
