import { generateKeyPairSync } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { runCli } from '../testing/run-cli.ts';

const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const KEY_ID = { kid: 'one', use: 'sig', alg: 'ES256' };
const PUBLIC = JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), ...KEY_ID }] });
const PRIVATE = JSON.stringify({ keys: [{ ...privateKey.export({ format: 'jwk' }), ...KEY_ID }] });
const POLICIES = `
apiVersion: auth.sekisho.dev/v1alpha1
kind: TokenIssuer
metadata: { name: platform }
spec: { issuer: https://auth.example.org, jwksUri: https://auth.example.org/jwks.json, default: true }
---
apiVersion: auth.sekisho.dev/v1alpha1
kind: ServiceAuthPolicy
metadata: { name: bucket, namespace: shop }
spec:
  selector: { matchLabels: { app: bucket } }
  mtls: Strict
  rules: [{ name: all, allow: { permissions: { anyOf: ["bucket:read"] } } }]
`;

let folder: string;
const file = (name: string) => join(folder, name);
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sekisho-render-'));
  await writeFile(file('policies.yaml'), POLICIES);
  await writeFile(file('hop.yaml'), `${POLICIES}  revocation: { check: EveryHop }\n`);
  await writeFile(file('public.jwks'), PUBLIC);
  await writeFile(file('private.jwks'), PRIVATE);
  await writeFile(file('none.jwks'), 'secret-looking text');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const render = (policies: string, ...args: string[]) => runCli(['render', '--policies', file(policies), ...args]);

test('policies become Istio objects with the keys of a file', async () => {
  const { code, out } = await render('policies.yaml', '--jwks', `platform=${file('public.jwks')}`);
  expect(code).toBe(0);
  const objects = parseAllDocuments(out).map((document) => document.toJS());
  expect(objects.map(({ kind }) => kind).sort()).toEqual([
    'AuthorizationPolicy',
    'AuthorizationPolicy',
    'PeerAuthentication',
    'RequestAuthentication',
  ]);
  expect(out).toContain('"kid":"one"');
});

test('the mesh config of this repository lets a policy ask the guard', async () => {
  const meshConfig = join(import.meta.dirname, '../../../../istio/mesh-config.yaml');
  const jwks = ['--jwks', `platform=${file('public.jwks')}`];
  const { code, out } = await render('hop.yaml', ...jwks, '--mesh-config', meshConfig);
  expect(code).toBe(0);
  expect(out).toContain('name: sekisho-hop');
});

describe('nothing is printed, and the way out is told, where', () => {
  test.each([
    ['keys are missing', 'policies.yaml', [], 1, '--jwks NAME=FILE'],
    ['keys are private', 'policies.yaml', ['--jwks', 'platform=private.jwks'], 1, 'private.jwks'],
    ['keys are no keys', 'policies.yaml', ['--jwks', 'platform=none.jwks'], 1, 'is no JSON'],
    ['keys are of nobody', 'policies.yaml', ['--jwks', 'other=public.jwks'], 2, 'no TokenIssuer other'],
    ['keys come in the clear', 'policies.yaml', ['--jwks', 'platform=http://a.example/jwks'], 1, 'cannot be read'],
    [
      'the guard is asked, and no mesh config is there',
      'hop.yaml',
      ['--jwks', 'platform=public.jwks'],
      1,
      '--mesh-config',
    ],
    [
      'the trust domain is none',
      'policies.yaml',
      ['--jwks', 'platform=public.jwks', '--trust-domain', 'A/B'],
      2,
      '--trust-domain: not',
    ],
  ])('%s', async (_, policies, args, expected, told) => {
    const { code, out, err } = await render(
      policies,
      ...args.map((one) => one.replace(/=(\w+\.jwks)$/, `=${file('$1')}`)),
    );
    expect({ code, out }).toEqual({ code: expected, out: '' });
    expect(err).toContain(told);
    expect(err).not.toContain('secret-looking');
  });
});
