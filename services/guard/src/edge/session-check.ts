import type { DeviceCheck, Session } from '@sekisho/sessions';
import { DETAIL, type Denied, denied } from '../answer.ts';
import type { KnownSession, SessionGate } from '../sessions/session-gate.ts';
import type { Credential } from '../tokens/credential.ts';

interface Asked {
  readonly header: (name: string) => string | undefined;
}

interface Policy {
  readonly name: string;
  readonly whenUnavailable: 'Deny' | 'Allow';
}

/** Whether the session behind a token lives and is used from where it began; undefined when nothing is against it. Never rejects. */
export type SessionCheck = (
  credential: Credential,
  policy: Policy,
  request: Asked,
) => Denied | undefined | Promise<Denied | undefined>;

export interface SessionCheckOptions {
  readonly gate: SessionGate;
  readonly checkDevice: DeviceCheck;
  /** Ends a session whose device changed, where that is the setting. Its failure is told, and the request refused all the same. */
  readonly endSession: (session: Session) => Promise<void>;
}

/** As the auth service notes it at log-in. */
const MAX_USER_AGENT = 512;

export function createSessionCheck(options: SessionCheckOptions): SessionCheck {
  const { gate } = options;
  const judge = (state: Awaited<ReturnType<SessionGate['check']>>, policy: Policy, request: Asked) => {
    switch (state.state) {
      case 'over':
        return over(policy);
      case 'unknown':
        return policy.whenUnavailable === 'Allow'
          ? undefined
          : denied('unavailable', 'the session cannot be looked up right now: try again', { policy: policy.name });
      case 'alive':
        return changedDevice(options, state.known, request) ? over(policy) : undefined;
    }
  };
  return (credential, policy, request) => {
    if (credential.session === undefined) return undefined;
    const state = gate.check(credential.session);
    // Mostly known already: then nothing waits.
    if (!(state instanceof Promise)) return judge(state, policy, request);
    return state.then((read) => judge(read, policy, request));
  };
}

function over({ name }: Policy): Denied {
  return denied('session_expired', DETAIL.session_expired, { policy: name });
}

/**
 * Of a device only the User-Agent shows here, and only what a log-in noted can change. What is another one and
 * in order is kept beside the session, since every request of a browser tells the same.
 */
function changedDevice(options: SessionCheckOptions, known: KnownSession, { header }: Asked): boolean {
  const { session } = known;
  const noted = session.device.userAgent;
  const agent = header('user-agent')?.slice(0, MAX_USER_AGENT);
  if (noted === undefined || agent === undefined || agent === noted || agent === known.comparedAgent) return false;
  const answer = options.checkDevice(session, { ...session.device, userAgent: agent });
  if (answer === 'revoke') {
    options.gate.forget(session.id);
    void options.endSession(session);
  }
  if (answer !== 'same' && answer !== 'log') return true;
  known.comparedAgent = agent;
  return false;
}
