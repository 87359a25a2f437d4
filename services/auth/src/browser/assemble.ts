import { randomBytes } from 'node:crypto';
import type { Session } from '@sekisho/sessions';
import type { EncryptionKeys } from '@sekisho/tokens';
import { withOtherMethodsRefused } from '../http/other-methods.ts';
import type { HttpServer } from '../http/server.ts';
import { createKeyedHash } from '../keys/keyed-hash.ts';
import type { Login } from '../login/login.ts';
import { readForms } from '../oauth/http/form-body.ts';
import type { PresentAccess } from '../refresh/present-access.ts';
import { createBrowserAccess } from './browser-access.ts';
import { createBrowserCookieFormat } from './browser-cookie.ts';
import { type BrowserSessionsOptions, createBrowserSessions } from './browser-sessions.ts';
import { type BrowserLogInOptions, createBrowserLogIns } from './log-in.ts';
import { createFormGuard } from './page-visit.ts';
import { type BrowserPagesOptions, browserPages } from './pages.ts';
import { type BrowserRoutesOptions, browserRoutes } from './routes.ts';

export interface BrowserParts
  extends Pick<BrowserLogInOptions, 'endings'>,
    Pick<BrowserSessionsOptions, 'isRevoked' | 'store'>,
    Pick<BrowserPagesOptions, 'clientAddress'>,
    Omit<BrowserRoutesOptions, 'access' | 'metrics'> {
  readonly encryptionKeys: EncryptionKeys;
  /** A log-in whose session is told to `begin`, and what that makes of it handed on. */
  readonly loginWith: (begin: (session: Session) => Promise<string>) => Login;
  readonly presentAccess: PresentAccess;
  readonly metrics: BrowserPagesOptions['metrics'] & BrowserRoutesOptions['metrics'];
}

export interface BrowserSessionsApi {
  /** The log-in page, in a scope of its own: it reads forms. */
  pages(app: HttpServer): void;
  routes(app: HttpServer): void;
}

const SECRET_BYTES = 32;

export function assembleBrowserSessions(parts: BrowserParts): BrowserSessionsApi {
  const { encryptionKeys, loginWith, presentAccess } = parts;
  const newSecret = () => randomBytes(SECRET_BYTES).toString('base64url');
  const format = createBrowserCookieFormat(encryptionKeys);
  const sessions = createBrowserSessions({ ...parts, format, newSecret });
  const logIns = createBrowserLogIns({ ...parts, sessions, login: loginWith(sessions.begin) });
  const forms = createFormGuard(createKeyedHash(encryptionKeys.current, 'browser-forms'), newSecret);
  const access = createBrowserAccess(sessions, presentAccess);
  return {
    pages(app) {
      app.register(async (scope) => {
        readForms(scope);
        withOtherMethodsRefused(scope, (routes) => browserPages(routes, { ...parts, logIns, forms }));
      });
    },
    routes: (app) => browserRoutes(app, { ...parts, access }),
  };
}
