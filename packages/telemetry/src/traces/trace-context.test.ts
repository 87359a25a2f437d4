import { describe, expect, test } from 'vitest';
import { formatTraceparent, parseTraceparent } from './trace-context.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';

describe('parseTraceparent', () => {
  test('reads trace, span and whether it is sampled, and writes it back', () => {
    const context = { traceId: TRACE, spanId: SPAN, sampled: true };
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-01`)).toEqual(context);
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-00`)).toEqual({ ...context, sampled: false });
    expect(formatTraceparent(context)).toBe(`00-${TRACE}-${SPAN}-01`);
  });

  test('looks at the lowest bit of the flags alone', () => {
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-02`)?.sampled).toBe(false);
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-03`)?.sampled).toBe(true);
  });

  test('takes more fields from a later version, and none from this one', () => {
    expect(parseTraceparent(`01-${TRACE}-${SPAN}-01-more`)?.traceId).toBe(TRACE);
    expect(parseTraceparent(`00-${TRACE}-${SPAN}-01-more`)).toBeUndefined();
  });

  test.each([
    ['nothing', undefined],
    ['an empty header', ''],
    ['a trace of zeros', `00-${'0'.repeat(32)}-${SPAN}-01`],
    ['a span of zeros', `00-${TRACE}-${'0'.repeat(16)}-01`],
    ['version ff', `ff-${TRACE}-${SPAN}-01`],
    ['capital letters', `00-${TRACE.toUpperCase()}-${SPAN}-01`],
    ['two headers that were joined', `00-${TRACE}-${SPAN}-01,00-${TRACE}-${SPAN}-01`],
    ['a header that is too long', `01-${TRACE}-${SPAN}-01-${'a'.repeat(300)}`],
  ])('takes %s for none', (_, text) => {
    expect(parseTraceparent(text)).toBeUndefined();
  });
});
