import type { EncryptionKeys } from '@sekisho/tokens';
import { OWN_CLIENT } from '../login/access-grant.ts';
import { createSessionSecretFormat, type SessionSecretRead } from '../refresh/session-secret.ts';

export interface CookieContent {
  readonly userId: string;
  readonly sessionId: string;
}

export interface CookieRead extends CookieContent, Pick<SessionSecretRead, 'isGenuine'> {
  /** Whether we made it, whatever became of its session: good for logging out, and for looking the session up. */
  isSealed(): boolean;
}

/** Makes and reads the value of the cookie that stands for a session in a browser. */
export interface BrowserCookieFormat {
  make(content: CookieContent, secret: string): string;
  /** @returns undefined for what does not look like one */
  read(value: string): CookieRead | undefined;
}

const KIND = { prefix: 'skb_', purpose: 'browser-cookie' } as const;
const CONTENT = /^2\.([A-Za-z0-9_-]{1,128})\.([A-Za-z0-9_-]{1,128})$/;

/** As refresh tokens are made, but one for the whole life of its session: a browser sends the same one many times at once. */
export function createBrowserCookieFormat(keys: EncryptionKeys): BrowserCookieFormat {
  const format = createSessionSecretFormat(keys, KIND);
  return {
    make: ({ userId, sessionId }, secret) => format.make(`2.${userId}.${sessionId}`, secret, OWN_CLIENT),
    read(value) {
      const read = format.read(value);
      const [, userId, sessionId] = CONTENT.exec(read?.content ?? '') ?? [];
      if (read === undefined || userId === undefined || sessionId === undefined) return undefined;
      return { userId, sessionId, isGenuine: read.isGenuine, isSealed: () => read.isSealedFor(OWN_CLIENT) };
    },
  };
}
