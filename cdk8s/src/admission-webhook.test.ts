import { crds, ISSUER_KIND } from '@sekisho/policy';
import { expect, test } from 'vitest';
import { renderPlatform } from './platform.ts';

test('an issuer whose fields can hold no key is stored while nobody judges, or no installation could begin', () => {
  const { manifests } = renderPlatform({ issuer: 'https://auth.example' });
  const issuer = manifests.find(({ kind }) => kind === ISSUER_KIND);
  const text = JSON.stringify(crds().find(({ metadata }) => metadata.name.startsWith('tokenissuers')));
  const { spec } = JSON.parse(text).spec.versions[0].schema.openAPIV3Schema.properties;
  const keyless = Object.keys(spec.properties).filter((field) => field !== 'jwks');
  expect(keyless).toEqual(expect.arrayContaining(Object.keys(Object(issuer?.['spec']))));
  const listed = `[${keyless.map((field) => `'${field}'`).join(', ')}]`;
  const webhook = JSON.stringify(manifests.find(({ kind }) => kind === 'ValidatingWebhookConfiguration'));
  expect(webhook).toContain(`"object.spec.exists(field, !(field in ${listed}))"`);
});
