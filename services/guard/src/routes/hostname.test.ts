import { describe, expect, test } from 'vitest';
import { hostOf } from './hostname.ts';

describe('the host of an authority', () => {
  test.each([
    ['Shop.Example', 'shop.example'],
    ['shop.example:8443', 'shop.example'],
    ['shop.example:65535', 'shop.example'],
    ['[::1]:80', '[::1]'],
  ])('of %s is %s', (authority, host) => {
    expect(hostOf(authority)).toBe(host);
  });

  // Envoy looks for a virtual host of that very name, and takes the one for every host: another service than the name without it.
  test.each([
    'shop.example.',
    'shop.example.:80',
    'shop.example:0',
    'shop.example:65536',
    'shop.example:99999',
    'shop.example:',
    'a:b:80',
    '',
    '.',
  ])('there is none in %j', (authority) => {
    expect(hostOf(authority)).toBeUndefined();
  });
});
