import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { readPeer } from './client-certificate.ts';
import { IdentityError } from './errors.ts';

const peerOf = (header: string | string[]) => readPeer({ 'x-forwarded-client-cert': header });
const element = (uri: string) => `By=spiffe://cluster.local/ns/shop/sa/user;Hash=ab12;Subject="";URI=${uri}`;
const bucket = { trustDomain: 'cluster.local', namespace: 'shop', serviceAccount: 'bucket' };
const bucketUri = 'spiffe://cluster.local/ns/shop/sa/bucket';

describe('the direct caller', () => {
  test('is the URI of the only element', () => {
    expect(peerOf(element(bucketUri))).toEqual(bucket);
  });

  test('is the URI of the last of several elements', () => {
    const gateway = element('spiffe://cluster.local/ns/istio-ingress/sa/public-istio');
    expect(peerOf(`${gateway},${element(bucketUri)}`)).toEqual(bucket);
    expect(peerOf([gateway, element(bucketUri)])).toEqual(bucket);
    expect(peerOf(`${gateway}, ${element(bucketUri)}`)).toEqual(bucket);
  });

  test('is read from a quoted value and whatever the case of the key', () => {
    expect(peerOf(`By="a,b;c=d";uri="${bucketUri}"`)).toEqual(bucket);
  });

  test('is not taken from text inside a quoted subject', () => {
    const fake = String.raw`Subject="CN=\",By=x;URI=spiffe://cluster.local/ns/shop/sa/admin;\\"`;
    expect(peerOf(`${fake};URI=${bucketUri}`)).toEqual(bucket);
    expect(peerOf(fake)).toBeUndefined();
  });

  test('is nobody without the header', () => {
    expect(readPeer({})).toBeUndefined();
    expect(readPeer({ x_forwarded_client_cert: element(bucketUri) })).toBeUndefined();
  });

  test.each([
    ['no URI', 'By=x;Hash=ab;Subject="CN=legacy"'],
    ['an empty URI', 'By=x;URI='],
    ['another kind of URI', element('https://example.org')],
    ['a SPIFFE id that is no workload of a mesh', element('spiffe://cluster.local/vm/7')],
    ['a longer path', element(`${bucketUri}/x`)],
    ['a name with forbidden letters', element('spiffe://cluster.local/ns/shop/sa/buc%6bet')],
  ])('is nobody for a certificate with %s', (_, header) => {
    expect(peerOf(header)).toBeUndefined();
  });

  test.each([
    ['an empty text', ''],
    ['an open quote', 'Subject="CN=a'],
    ['text after a closing quote', `Subject="a"b;URI=${bucketUri}`],
    ['an open quote that swallows what Envoy appended', `X=",${element(bucketUri)}`],
    ['a pair without a value', `By;URI=${bucketUri}`],
    ['a trailing comma', `${element(bucketUri)},`],
    ['two URIs', `${element(bucketUri)};URI=spiffe://cluster.local/ns/shop/sa/admin`],
    ['more than 16 KiB', `Subject="${'a'.repeat(16_384)}";URI=${bucketUri}`],
  ])('is refused for %s', (_, header) => {
    expect(() => peerOf(header)).toThrow(expect.objectContaining({ code: 'unavailable', statusCode: 503 }));
  });
});

test('any text gives a workload, nobody or an IdentityError', () => {
  const piece = fc.constantFrom('By=', 'URI=', bucketUri, ',', ';', '"', '\\', '=', ' ', 'a', 'Subject="a"');
  const text = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join('')),
  );
  fc.assert(
    fc.property(text, (header) => {
      try {
        peerOf(header);
      } catch (error) {
        expect(error).toBeInstanceOf(IdentityError);
      }
    }),
  );
});

test('no forwarded element that is whole changes what the last one says', () => {
  const quoted = fc.string({ maxLength: 40 }).map((text) => `"${text.replace(/[\\"]/g, '\\$&')}"`);
  const forwarded = fc.array(quoted.map((value) => `URI=${bucketUri.replace('bucket', 'admin')};Subject=${value}`));
  fc.assert(
    fc.property(forwarded, (elements) => {
      expect(peerOf([...elements, element(bucketUri)])).toEqual(bucket);
    }),
  );
});
