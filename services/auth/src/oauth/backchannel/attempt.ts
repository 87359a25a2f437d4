import { backoffMs, type Clock, type Random } from '@sekisho/kube';
import { type LogoutNotice, type LogoutNotices, NOTICE_LIFE_MS } from '@sekisho/sessions';
import type { Logger } from '@sekisho/telemetry';
import type { AuthMetrics } from '../../metrics.ts';
import { type Pauses, RETRY_BOUNDS } from './pauses.ts';
import type { TellLogout, Told } from './teller.ts';

export interface AttemptOptions {
  readonly notices: Pick<LogoutNotices, 'forget' | 'postpone'>;
  readonly tell: TellLogout;
  readonly pauses: Pauses;
  readonly metrics: Pick<AuthMetrics, 'backchannelLogouts'>;
  readonly log: Logger;
  readonly clock: Pick<Clock, 'now'>;
  readonly random: Random;
}

/** Tells an application of one end, and keeps what came of it. Rejects as `tell` and the notices do. */
export type Attempt = (notice: LogoutNotice) => Promise<void>;

/** With the longest pauses about as many as fit into a notice's life. */
const MAX_ATTEMPTS = 150;

export function createAttempt(options: AttemptOptions): Attempt {
  const { notices, tell, clock } = options;
  return async (notice) => {
    const isOld = clock.now() - notice.endedAt >= NOTICE_LIFE_MS;
    if (isOld) return giveUp(options, notice);
    const told = await tell(notice);
    options.metrics.backchannelLogouts.inc({ result: told.result });
    if (told.result === 'failed') return retry(options, { ...notice, attempts: notice.attempts + 1 }, told);
    options.pauses.end(notice.clientId);
    await notices.forget(notice);
  };
}

type Failed = Extract<Told, { readonly result: 'failed' }>;

async function retry(options: AttemptOptions, notice: LogoutNotice, { answered, reason }: Failed): Promise<void> {
  const { pauses, notices, log, random } = options;
  const { clientId, sessionId: session, attempts } = notice;
  // Whoever answers is there for others; who does not is left alone by all.
  const delay = answered ? backoffMs(attempts, RETRY_BOUNDS, random) : pauses.begin(clientId);
  if (answered) pauses.end(clientId);
  if (attempts >= MAX_ATTEMPTS) return giveUp(options, notice);
  log.warn({ client: clientId, session, attempts, reason }, 'an application could not be told of a log-out');
  await notices.postpone(notice, delay);
}

async function giveUp({ notices, metrics, log }: AttemptOptions, notice: LogoutNotice): Promise<void> {
  const { clientId: client, sessionId: session, attempts } = notice;
  metrics.backchannelLogouts.inc({ result: 'given_up' });
  log.error({ client, session, attempts }, 'an application is told of a log-out no more');
  await notices.forget(notice);
}
