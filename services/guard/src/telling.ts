import type { SecurityEvent } from '@sekisho/sessions';
import type { Logger } from '@sekisho/telemetry';
import type { Answer } from './answer.ts';
import type { PlacedRequest } from './http/request.ts';

const MAX_PATH = 256;
const MAX_ID = 64;

/** One line for each denial: who, what, by which policy, and why. No header, no query, no token. */
export function tellDenials(log: Logger) {
  return (question: PlacedRequest | undefined, answer: Answer): void => {
    if (answer.allowed) return;
    const { status, code, detail, note, policy, rule, asker } = answer;
    const why = { status, code, detail, note, policy, rule, user: asker?.user, session: asker?.session };
    log.warn({ ...(question && whatOf(question)), ...why }, 'request denied');
  };
}

function whatOf({ place, request: { method, host, path, header } }: PlacedRequest) {
  return { place, method, host, path: path.slice(0, MAX_PATH), requestId: header('x-request-id')?.slice(0, MAX_ID) };
}

export function tellSecurityEvent(log: Logger) {
  return (event: SecurityEvent): void => log.warn({ event }, 'security event');
}

/** Tells that something fails when it begins to, and that it works again, however often it is tried in between. */
export function tellOutages(log: Logger) {
  const failing = new Set<string>();
  return {
    failed(what: string, err: unknown): void {
      if (failing.has(what)) return;
      failing.add(what);
      log.warn({ what, err }, 'fails, will be tried again');
    },
    works(what: string): void {
      if (failing.delete(what)) log.info({ what }, 'works again');
    },
  };
}
