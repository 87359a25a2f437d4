import { SessionError } from './errors.ts';

/**
 * The one place where what the client throws becomes ours.
 * @throws SessionError `redis_unavailable`: Redis or the way to it refused, nothing can be read or written now
 */
export async function redisCall<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    throw new SessionError('redis_unavailable', 'Redis did not do what it was asked', { cause });
  }
}
