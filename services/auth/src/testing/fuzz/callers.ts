import { setTimeout as pause } from 'node:timers/promises';
import type { Service } from '../../service.ts';
import { ADMIN_LOGIN, logIn } from '../real-service.ts';
import type { Caller } from './requests.ts';

const PASSWORD = 'correct horse battery';

export interface Callers {
  /** The value of an `Authorization` header; none for nobody. */
  authorization(caller: Caller): Promise<string | undefined>;
  /** The token was refused: another one is needed. */
  forget(caller: Caller): void;
}

/** Those who call, each with a token that is made anew when it was revoked: the requests themselves revoke and log out. */
export function createCallers(service: Service): Callers {
  const tokens = new Map<Caller, string>();
  const logins: Partial<Record<Caller, object>> = {
    administrator: ADMIN_LOGIN,
    auditor: { email: 'auditor@example.org', password: PASSWORD, services: ['auth'] },
    user: { email: 'user@example.org', password: PASSWORD },
  };
  return {
    async authorization(caller) {
      if (caller === 'nobody') return undefined;
      const login = logins[caller];
      if (login === undefined) return 'Bearer eyJhbGciOiJub25lIn0.e30.forged-signature-of-nobody';
      const token = tokens.get(caller) ?? (await tokenFor(service, login));
      tokens.set(caller, token);
      return `Bearer ${token}`;
    },
    forget: (caller) => void tokens.delete(caller),
  };
}

const ATTEMPTS = 600;
const PAUSE_MS = 100;

/** In the second of a revocation a log-in is told to come back. */
async function tokenFor(service: Service, login: object): Promise<string> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const answer = await logIn(service, login);
    if (answer.statusCode === 201) return answer.json().access_token;
    if (answer.statusCode !== 503) throw new Error(`the log-in of a test is refused: ${answer.body}`);
    await pause(PAUSE_MS);
  }
  throw new Error('the log-in of a test is told to come back again and again');
}

/** Who is there beside the administrator: one who uses the platform, and one who may read one part of this service. */
export const PEOPLE = [
  { email: 'user@example.org', password: PASSWORD, grants: [{ service: 'bucket', permissions: ['bucket:read'] }] },
  { email: 'auditor@example.org', password: PASSWORD, grants: [{ service: 'auth', permissions: ['audit:read'] }] },
];
