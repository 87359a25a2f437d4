import { expect, test } from 'vitest';
import { tokenIn } from './token-in.ts';

test.each([
  [['Bearer a.b.c'], 'a.b.c'],
  [['Service a.b.c'], 'a.b.c'],
  [['Bearer   a.b.c'], 'a.b.c'],
  [['Basic x Bearer a.b.c'], 'a.b.c'],
  [['XBearer a.b.c'], 'a.b.c'],
  [['Basic x', 'Bearer a.b.c'], 'a.b.c'],
  [['Bearer "a.b.c"'], 'a.b.c"'],
  [['Bearer a.b.c', 'Bearer d.e.f'], 'a.b.c,Bearer d.e.f'],
  [['Bearer ,'], ','],
  [['bearer a.b.c'], undefined],
  [['Bearer'], undefined],
  [['Bearer\ta.b.c'], undefined],
  [[''], undefined],
  [[], undefined],
])('of %j the token is %s', (values, token) => {
  expect(tokenIn(values)).toBe(token);
});

test.each([[['Bearer a.b.c', 'Service d.e.f']], [['Service a.b.c Bearer d.e.f']]])('%j is no JWT', (values) => {
  expect(tokenIn(values)).toContain(' ');
});
