import { expect, test } from 'vitest';
import { Tallies } from './tallies.ts';

test('what was counted is told once', () => {
  const told: [object, number][] = [];
  const tallies = new Tallies((labels, amount) => void told.push([labels, amount]));
  const a = tallies.of({ x: 'a' });
  tallies.of({ x: 'b' });
  a.inc();
  a.inc();
  tallies.tell();
  tallies.tell();
  expect(told).toEqual([[{ x: 'a' }, 2]]);
});

test('the same labels are one series, whatever their values hold', () => {
  const tallies = new Tallies(() => undefined);
  expect(tallies.of({ x: 'a', y: 'b' })).toBe(tallies.of({ x: 'a', y: 'b' }));
  expect(tallies.of({ x: 'a,y', y: '' })).not.toBe(tallies.of({ x: 'a', y: 'y,' }));
});
