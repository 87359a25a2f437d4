import { expect, test } from 'vitest';
import { refusedAtHop } from './hop.ts';

const TOKEN = `e30.${Buffer.from('{"iss":"x"}').toString('base64url')}.c2ln`;

test.each<[readonly string[], boolean, boolean]>([
  [[], true, false],
  [[], false, true],
  [[`Bearer ${TOKEN}`], false, false],
  [[`service  ${TOKEN}`], true, false],
  [[''], true, true],
  [['Basic x'], true, true],
  [[`Basic x Bearer ${TOKEN}`], true, true],
  [[`Bearer ${TOKEN}`, `Bearer ${TOKEN}`], true, true],
  [['Bearer a.b.c'], true, true],
  [[`Bearer ${TOKEN} `], true, false],
])('the guard at a hop, of %j where a caller without a token may come: %s', (authorization, isOpen, refused) => {
  expect(refusedAtHop(authorization, isOpen)).toBe(refused);
});
