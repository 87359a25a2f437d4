import { ITEMS, PUBLIC } from '../echo/echo.ts';
import type { Head } from './raw.ts';

const long = (length: number) => 'a'.repeat(length);

/** What is too large, of the guard's limits, of Envoy's (60 KiB and 100 headers), and of a service's own (Node's 16 KiB of headers). */
export const LIMITS: readonly (readonly [name: string, head: Head, answer: string])[] = [
  ['a path of 8,000 characters', { target: `${PUBLIC}/${long(8_000)}` }, '200'],
  ['a path of 9,000', { target: `${PUBLIC}/${long(9_000)}` }, '414 request_too_large'],
  ['a query of 9,000', { target: `${PUBLIC}?${long(9_000)}` }, '414 request_too_large'],
  ['a path of 70,000', { target: `${PUBLIC}/${long(70_000)}` }, '431'],
  ['a token of 30,000', { target: ITEMS, lines: [`Authorization: Bearer ${long(30_000)}`] }, '401 token_malformed'],
  ['a User-Agent of 30,000', { target: PUBLIC, lines: [`User-Agent: ${long(30_000)}`] }, '431'],
  ['a header of 70,000', { target: PUBLIC, lines: [`X-A: ${long(70_000)}`] }, '431'],
  ['101 headers', { target: PUBLIC, lines: Array.from({ length: 101 }, (_, index) => `X-${index}: a`) }, '431'],
];
