import type { TraceHeaders } from '@sekisho/identity';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { Pool } from 'undici';
import { BucketError } from './errors.ts';

export interface UserService {
  /** The display name of a user. @throws BucketError `user_service_failed` */
  nameOf(userId: string, trace: TraceHeaders): Promise<string>;
  close(): Promise<void>;
}

export interface UserServiceOptions {
  /** The service's URL as the mesh knows it, for example `http://user.shop`. */
  readonly url: URL;
  /** The sidecar's egress listener, where traffic is not captured; it routes by the Host header. */
  readonly egressProxy?: URL;
  /** For the whole call. @default 2000 */
  readonly timeoutMs?: number;
}

const Answer = Type.Object({ name: Type.String() });
const MAX_ANSWER_BYTES = 4_096;

/** The sidecars on both sides prove by mTLS that this is bucket; the call itself carries no credential. */
export function connectUserService({ url, egressProxy = url, timeoutMs = 2_000 }: UserServiceOptions): UserService {
  const pool = new Pool(egressProxy.origin, { connections: 16, maxResponseSize: MAX_ANSWER_BYTES });
  const ask = async (userId: string, trace: TraceHeaders) => {
    const response = await pool.request({
      method: 'GET',
      path: `/api/users/${encodeURIComponent(userId)}/name`,
      headers: { ...trace, host: url.host },
      signal: AbortSignal.timeout(timeoutMs),
    });
    const body = await response.body.text();
    if (response.statusCode !== 200) throw new Error(`user answered ${response.statusCode}`);
    return Value.Parse(Answer, JSON.parse(body)).name;
  };
  return {
    nameOf: (userId, trace) =>
      ask(userId, trace).catch((cause: unknown) => {
        throw new BucketError('user_service_failed', 'The user service did not give a name.', { cause });
      }),
    close: () => pool.close(),
  };
}
