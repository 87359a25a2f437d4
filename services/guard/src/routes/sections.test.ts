import { describe, expect, test } from 'vitest';
import { gateway, HTTP_LISTENER, route } from '../testing/objects.ts';
import { found, rule } from '../testing/route-table.ts';

describe('listeners of one protocol', () => {
  const listeners = [HTTP_LISTENER, { ...HTTP_LISTENER, name: 'other', port: 8080 }];
  const at = (sectionName: string) => [{ name: 'public', namespace: 'istio-ingress', sectionName }];

  test('have routes of their own, and which of them was asked is not known', () => {
    const routes = [
      route({ parentRefs: at('http'), rules: [rule('here')] }, { name: 'here' }),
      route({ parentRefs: at('other'), rules: [rule('there')] }, { name: 'there' }),
    ];
    expect(found({ gateway: gateway(listeners), routes }, {})).toEqual(['here', 'there']);
  });

  test('a host that one names is what every host is at the other', () => {
    const routes = [
      route({ parentRefs: at('http'), hostnames: ['shop.example'], rules: [rule('here')] }, { name: 'here' }),
      route({ parentRefs: at('other'), rules: [rule('there')] }, { name: 'there' }),
    ];
    expect(found({ gateway: gateway(listeners), routes }, {})).toEqual(['here', 'there']);
  });
});

describe('HTTPS listeners of one port', () => {
  const https = { ...HTTP_LISTENER, port: 443, protocol: 'HTTPS' };
  const shop = { ...https, name: 'shop', hostname: 'Shop.example' };
  const wide = { ...https, name: 'wide', hostname: '*.example' };
  const any = { ...https, name: 'any' };
  const at = (sectionName: string) => [{ name: 'public', namespace: 'istio-ingress', sectionName }];
  const source = {
    gateway: gateway([shop, wide, any]),
    routes: [
      route({ parentRefs: at('shop'), rules: [rule('shop')] }, { name: 'shop' }),
      route(
        { parentRefs: at('wide'), hostnames: ['shop.example', 'other.example'], rules: [rule('wide')] },
        { name: 'wide' },
      ),
      route({ parentRefs: at('any'), rules: [rule('any')] }, { name: 'any' }),
    ],
  };

  test.each<[string, string, readonly string[]]>([
    ['shop.example', 'shop.example', ['shop']],
    ['shop.example', 'other.example', []],
    ['other.example', 'shop.example', ['wide']],
    ['other.example', 'third.example', []],
    ['example', 'shop.example', ['any']],
    ['invalid:_', 'shop.example', ['any']],
  ])('with the server name %s, the host %s leads to %j', (serverName, host, expected) => {
    expect(found(source, { scheme: 'https', serverName, host })).toEqual(expected);
  });

  test('could each have been asked where no server name is known', () => {
    expect(found(source, { scheme: 'https' })).toEqual(['shop', 'wide', 'any']);
    expect(found(source, { scheme: 'http' })).toEqual([]);
  });
});

test('a client that came by HTTPS to a proxy before the Gateway came by HTTP to its listeners, where it has no others', () => {
  const https = { ...HTTP_LISTENER, name: 'https', port: 443, protocol: 'HTTPS' };
  const at = (sectionName: string) => [{ name: 'public', namespace: 'istio-ingress', sectionName }];
  const routes = ['http', 'https'].map((name) => route({ parentRefs: at(name), rules: [rule(name)] }, { name }));
  expect(found({ gateway: gateway([HTTP_LISTENER]), routes }, { scheme: 'https' })).toEqual(['http']);
  expect(found({ gateway: gateway([HTTP_LISTENER, https]), routes }, { scheme: 'https' })).toEqual(['https']);
});

test('HTTP listeners of one port share their hosts: whoever names one takes it', () => {
  const named = { ...HTTP_LISTENER, name: 'named', hostname: 'shop.example' };
  const at = (sectionName: string) => [{ name: 'public', namespace: 'istio-ingress', sectionName }];
  const routes = [
    route({ parentRefs: at('http'), rules: [rule('any')] }, { name: 'any' }),
    route({ parentRefs: at('named'), rules: [rule('named')] }, { name: 'named' }),
  ];
  expect(found({ gateway: gateway([HTTP_LISTENER, named]), routes }, {})).toEqual(['named']);
});
