import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { openSealed, parseEncryptionKeys } from './encryption-keys.ts';
import { seal } from './seal.ts';

const [a, b] = [randomBytes(32), randomBytes(32)];
const text = (...keys: Buffer[]) => keys.map((key) => key.toString('base64')).join('\n');

test('the first line of the file seals, the lines below open', () => {
  expect(parseEncryptionKeys('FILE', text(a))).toEqual({ current: a, previous: [] });
  expect(parseEncryptionKeys('FILE', text(a, b))).toEqual({ current: a, previous: [b] });
  expect(parseEncryptionKeys('FILE', text(a, b).replace('\n', '\r\n'))).toEqual({ current: a, previous: [b] });
});

test.each([
  ['', 'line 1'],
  ['hunter2', 'line 1'],
  [text(Buffer.alloc(31)), 'line 1'],
  [`${text(a)}\n\n${text(b)}`, 'line 2'],
  [`${text(a, b)} `, 'line 2'],
  [text(...Array.from({ length: 9 }, () => a)), 'at most 8'],
])('another text is refused with the line and nothing of it (%#)', (wrong, where) => {
  const parse = () => parseEncryptionKeys('FILE', wrong);
  expect(parse).toThrow(expect.objectContaining({ code: 'key_invalid' }));
  expect(parse).toThrow(`FILE: ${where.startsWith('line') ? where : 'the file must hold at most'}`);
  expect(parse).not.toThrow('hunter2');
});

test('any of the keys opens, and what the current one did not seal is outdated', () => {
  const plain = Buffer.from('plain');
  expect(openSealed(seal(plain, 'kid', a), 'kid', { current: a, previous: [b] })).toEqual({ plain, outdated: false });
  expect(openSealed(seal(plain, 'kid', b), 'kid', { current: a, previous: [b] })).toEqual({ plain, outdated: true });
  for (const previous of [[], [b]]) {
    const open = () => openSealed(seal(plain, 'kid', randomBytes(32)), 'kid', { current: a, previous });
    expect(open).toThrow(expect.objectContaining({ code: 'key_unreadable' }));
  }
});
