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
  const https = { ...HTTP_LISTENER, port: 443, protocol: 'HTTPS', tls: {} };
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
    // The host of a narrower listener is that one's alone: nothing stands there at this one.
    ['other.example', 'shop.example', []],
    ['other.example', 'other.example', ['wide']],
    ['other.example', 'third.example', []],
    ['example', 'shop.example', ['any']],
    ['invalid:_', 'shop.example', ['any']],
  ])('with the server name %s, the host %s leads to %j', (serverName, host, expected) => {
    expect(found(source, { scheme: 'https', serverName, host })).toEqual(expected);
  });

  test('without a certificate are none: what is asked of them comes to the next wider one', () => {
    const { tls: _, ...placeholder } = shop;
    const leads = found(
      { ...source, gateway: gateway([placeholder, wide, any]) },
      { scheme: 'https', serverName: 'shop.example' },
    );
    expect(leads).toEqual(['wide']);
  });

  test('could each have been asked where no server name is known', () => {
    expect(found(source, { scheme: 'https' })).toEqual(['shop', 'any']);
    expect(found(source, { scheme: 'https', host: 'other.example' })).toEqual(['wide', 'any']);
    expect(found(source, { scheme: 'http' })).toEqual([]);
  });
});

test('a client that came by HTTPS to a proxy before the Gateway came by HTTP to its listeners, where it has no others', () => {
  const https = { ...HTTP_LISTENER, name: 'https', port: 443, protocol: 'HTTPS', tls: {} };
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

describe('the hosts of a listener', () => {
  const listeners = [
    HTTP_LISTENER,
    { ...HTTP_LISTENER, name: 'wide', hostname: '*.example' },
    { ...HTTP_LISTENER, name: 'shop', hostname: 'shop.example' },
    { ...HTTP_LISTENER, name: 'elsewhere', hostname: '*.other.test', port: 8080 },
  ];
  const at = (name: string, hostnames: readonly string[] = []) => {
    const parentRefs = [{ name: 'public', namespace: 'istio-ingress', sectionName: name }];
    return route({ parentRefs, hostnames, rules: [rule(name)] }, { name });
  };
  const leads = (host: string, ...routes: readonly ReturnType<typeof at>[]) =>
    found({ gateway: gateway(listeners), routes }, { host });

  test('that a narrower one covers are left to it, so a route that names them here has none of their requests', () => {
    expect(leads('a.example', at('http', ['a.example']), at('wide'))).toEqual(['wide']);
    expect(leads('shop.example', at('wide', ['shop.example']), at('shop'))).toEqual(['shop']);
    expect(leads('shop.example', at('wide', ['shop.example']), at('http'))).toEqual(['http']);
    expect(leads('a.b.example', at('http', ['*.b.example']), at('wide', ['*.example']))).toEqual(['wide']);
  });

  test('that none of the same port covers are its own', () => {
    expect(leads('a.test', at('http', ['a.test']), at('wide'))).toEqual(['http']);
    expect(leads('a.other.test', at('http', ['a.other.test']))).toEqual(['http']);
    expect(leads('a.example', at('http'))).toEqual(['http']);
    expect(leads('shop.example', at('shop', ['*.example']), at('wide'))).toEqual(['shop']);
  });
});
