import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { generateSigningKey } from './keys.ts';
import { isRegionName, KID_PATTERN, MAX_KID_LENGTH, regionalKid, regionOfKid } from './region.ts';

const THUMBPRINT = 'NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs';
const region = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,30}[a-z0-9])?$/);

describe('the name of a region', () => {
  test.each(['a', 'eu-west-1', '1', 'a'.repeat(32)])('may be %s', (name) => {
    expect(isRegionName(name)).toBe(true);
  });

  test.each(['', '-a', 'a-', 'A', 'a.b', 'a_b', 'a\n', 'ä', 'a'.repeat(33)])('may not be %j', (name) => {
    expect(isRegionName(name)).toBe(false);
    expect(() => regionalKid(THUMBPRINT, name)).toThrow(TypeError);
  });
});

describe('the name of a key', () => {
  test('tells its region, or that it is of none', () => {
    expect(regionOfKid(`eu-west-1.${THUMBPRINT}`)).toBe('eu-west-1');
    expect(regionOfKid(THUMBPRINT)).toBeUndefined();
  });

  test.each([
    ['another issuer', 'eu.key-1'],
    ['no region', `.${THUMBPRINT}`],
    ['two regions', `a.b.${THUMBPRINT}`],
    ['no name of a region', `EU.${THUMBPRINT}`],
    ['more behind it', `a.${THUMBPRINT}.`],
    ['a new line behind it', `a.${THUMBPRINT}\n`],
    ['a longer thumbprint', `a.${THUMBPRINT}A`],
  ])('tells no region with %s', (_, kid) => {
    expect(regionOfKid(kid)).toBeUndefined();
    expect(kid).not.toMatch(new RegExp(KID_PATTERN));
  });

  test('is what the region made it, whatever the region is called', () => {
    fc.assert(
      fc.property(region, (name) => {
        const kid = regionalKid(THUMBPRINT, name);
        expect(regionOfKid(kid)).toBe(name);
        expect(kid).toMatch(new RegExp(KID_PATTERN));
        expect(kid.length).toBeLessThanOrEqual(MAX_KID_LENGTH);
      }),
    );
  });

  test('is asked of any text without harm', () => {
    fc.assert(fc.property(fc.string(), (text) => regionOfKid(text) === undefined));
  });

  test('is that of the key with and without a region', async () => {
    const key = await generateSigningKey('ES256', 'eu');
    expect(regionOfKid(key.kid)).toBe('eu');
    expect(key.publicJwk.kid).toBe(key.kid);
    expect(regionOfKid((await generateSigningKey()).kid)).toBeUndefined();
  });
});
