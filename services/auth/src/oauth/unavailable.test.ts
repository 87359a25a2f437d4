import { SessionError } from '@sekisho/sessions';
import { errors } from 'oidc-provider';
import { expect, test } from 'vitest';
import { AuthError } from '../errors.ts';
import { available, isUnavailable } from './unavailable.ts';

test.each([
  new SessionError('redis_unavailable', 'away'),
  new SessionError('session_untold', 'another region may know it'),
  new AuthError('unavailable', 'away'),
])('what cannot be known now is told as 503 temporarily_unavailable: %s', async (cause) => {
  const told = await available(Promise.reject(cause)).catch((error: unknown) => error);
  expect(told).toBeInstanceOf(errors.TemporarilyUnavailable);
  expect(told).toMatchObject({ error: 'temporarily_unavailable', status: 503, cause });
  expect([isUnavailable(told), isUnavailable(cause)]).toEqual([true, true]);
});

test.each([
  new SessionError('session_invalid', 'damaged'),
  new AuthError('session_expired', 'over'),
  new errors.TemporarilyUnavailable('for another reason'),
  new TypeError('a defect'),
])('what is known, and a defect, stay what they are: %s', async (error) => {
  await expect(available(Promise.reject(error))).rejects.toBe(error);
  expect(isUnavailable(error)).toBe(false);
});
