import { expect, test } from 'vitest';
import { createResources } from '../oauth/resources.ts';
import { toRequest } from './grant-type.ts';

const resources = createResources('https://auth.test');
const proof = { subject_token: 'a.b.c', subject_token_type: 'urn:ietf:params:oauth:token-type:jwt' };

test('a service is named by audience, or as a resource', () => {
  const wanted = { service: 'bucket', workloadToken: 'a.b.c' };
  expect(toRequest({ ...proof, audience: 'bucket' }, resources)).toEqual(wanted);
  expect(toRequest({ ...proof, resource: 'https://auth.test/services/bucket' }, resources)).toEqual(wanted);
});

test.each(['b'.repeat(64), 'bucket\n', '.', 'https://auth.test/services/bucket'])(
  'an audience that is no name of a service goes no further, neither to a log nor into an answer: %j',
  (audience) => {
    expect(() => toRequest({ ...proof, audience }, resources)).toThrow('invalid_target');
  },
);
