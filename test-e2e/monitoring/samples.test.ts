import { expect, test } from 'vitest';
import { sumOf } from './samples.ts';

const TEXT = `# HELP requests_total Requests
requests_total{verb="GET",code="200"} 3
requests_total{verb="GET",code="404"} 2
requests_total{verb="PUT",code="200"} 1
requests_total_seconds 9
up 1
`;

test('sums the series of a metric whose labels all match, and no other metric', () => {
  expect(sumOf(TEXT, 'requests_total')).toBe(6);
  expect(sumOf(TEXT, 'requests_total', ['verb="GET"'])).toBe(5);
  expect(sumOf(TEXT, 'requests_total', ['verb="GET"', 'code="404"'])).toBe(2);
  expect(sumOf(TEXT, 'up')).toBe(1);
  expect(sumOf(TEXT, 'missing')).toBe(0);
});
