import { describe, expect, test } from 'vitest';
import { keyHolders } from './key-holders.ts';
import { cachesOf } from './testing/caches.ts';
import { serviceAuthPolicy, settled, tokenIssuer } from './testing/objects.ts';

const issuer = tokenIssuer('web');
const other = tokenIssuer('other', { issuer: 'https://other.example', default: false });
const { policy, generated } = settled(serviceAuthPolicy('bucket'), issuer);
const sets = generated.filter(({ kind }) => kind === 'RequestAuthentication');
const moved = { ...policy, spec: { ...Object(policy.spec), issuers: ['missing'] } };

describe('a new key must reach', () => {
  test('each policy that uses its issuer, also one that holds nothing yet', () => {
    const fresh = serviceAuthPolicy('fresh');
    expect(keyHolders(cachesOf([policy, fresh], generated), issuer)).toEqual([
      { refused: false, objects: sets },
      { refused: false, objects: [] },
    ]);
    expect(keyHolders(cachesOf([policy, fresh], generated), other)).toEqual([]);
  });

  test('a policy that names another issuer by now, as long as its objects take tokens of the former', () => {
    expect(keyHolders(cachesOf([moved], generated), issuer)).toEqual([{ refused: false, objects: sets }]);
    expect(keyHolders(cachesOf([moved]), issuer)).toEqual([]);
  });

  test('nobody for objects whose policy is gone', () => {
    const successor = { ...moved, metadata: { ...moved.metadata, uid: 'uid-later' } };
    expect(keyHolders(cachesOf([], generated), issuer)).toEqual([]);
    expect(keyHolders(cachesOf([successor], generated), issuer)).toEqual([]);
  });
});
