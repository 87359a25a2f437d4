import { expect, test } from 'vitest';
import { requestId } from './request-id.ts';

const UUID = /^[0-9a-f-]{36}$/;

test('a request keeps the id that Envoy gave it', () => {
  expect(requestId({ headers: { 'x-request-id': 'f0e1d2c3-0000-4000-8000-000000000000' } })).toMatch(/^f0e1d2c3/);
});

test.each([undefined, '', 'short', 'a b c d e f g h', 'line\nbreak-line', 'x'.repeat(65), '"quoted-quoted"'])(
  'a request with the id %j gets one of our own',
  (given) => {
    const headers = given === undefined ? {} : { 'x-request-id': given };
    expect(requestId({ headers })).toMatch(UUID);
  },
);
