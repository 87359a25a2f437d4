import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { NOW, runCli } from '../testing/run-cli.ts';

const ISSUER = `
apiVersion: auth.sekisho.dev/v1alpha1
kind: TokenIssuer
metadata: { name: platform }
spec: { issuer: https://auth.example.org, jwksUri: https://auth.example.org/jwks.json, default: true }
`;
const BUCKET = `
apiVersion: auth.sekisho.dev/v1alpha1
kind: ServiceAuthPolicy
metadata: { name: bucket, namespace: shop }
spec:
  selector: { matchLabels: { app: bucket } }
  rules:
    - name: read-items
      to: [{ methods: [GET], paths: ["/api/bucket-items", "/api/bucket-items/{*}"] }]
      allow: { permissions: { anyOf: ["bucket:read"] } }
    - name: names
      to: [{ methods: [GET], paths: ["/names"] }]
      allow: { callers: [{ namespace: shop, serviceAccount: user }] }
    - name: health
      to: [{ methods: [GET, OPTIONS], paths: ["/healthz"] }]
      allow: { public: true }
`;
const USER = `
apiVersion: auth.sekisho.dev/v1alpha1
kind: ServiceAuthPolicy
metadata: { name: user, namespace: shop }
spec:
  selector: { matchLabels: { app: user } }
  mtls: Strict
  rules: [{ name: all, to: [{ ports: [8080] }], allow: { authenticated: true } }]
---
apiVersion: v1
kind: ConfigMap
metadata: { name: other }
`;
const CLAIMS = {
  iss: 'https://auth.example.org',
  sub: 'alice',
  aud: ['bucket'],
  services: { bucket: { permissions: ['bucket:read'] } },
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sekisho-explain-'));
  for (const [name, text] of Object.entries({ 'issuer.yaml': ISSUER, 'bucket.yml': BUCKET, 'user.yaml': USER })) {
    await writeFile(join(folder, name), text);
  }
  await writeFile(join(folder, 'notes.txt'), '{{{');
});

const jwt = (claims: object) => `h.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.sig`;

/** Runs `explain` on the folder, with this on standard input. */
async function explain(line: string, input = '') {
  return runCli(['explain', '--policies', folder, ...line.split(' ')], { input });
}

/** The same for programs. */
async function decided(line: string, input?: string) {
  const { code, out, err } = await explain(`${line} --output json`, input);
  return { code, err, ...JSON.parse(out) };
}

describe('sekisho explain', () => {
  test('tells the rule that allows, and what the path became', async () => {
    const line = '--host bucket.shop --path /api//bucket-items/%31?x=1 --claims -';
    expect(await decided(line, JSON.stringify(CLAIMS))).toEqual({
      code: 0,
      err: '',
      decision: 'allow',
      policy: 'shop/bucket',
      path: '/api/bucket-items/1',
      rule: 'read-items',
    });
  });

  test('tells what is missing, and ends with 3', async () => {
    const { code, out, err } = await explain('--policy bucket --path /api/bucket-items');
    expect({ code, err }).toEqual({ code: 3, err: '' });
    expect(out).toMatch(/^Decision: +deny$/m);
    expect(out).toMatch(/^Rule: +read-items$/m);
    expect(out).toMatch(/^Code: +token_missing$/m);
    expect(out).toMatch(/^Why: +rule read-items: a token is needed$/m);
  });

  test('reads a token, its times too, and repeats nothing of it', async () => {
    const now = NOW.getTime() / 1000;
    const line = '--policy shop/bucket --path /api/bucket-items --token -';
    expect(await decided(line, `${jwt({ ...CLAIMS, exp: now - 30 })}\n`)).toMatchObject({ code: 0 });
    const told = await explain(`${line} --output json`, jwt({ ...CLAIMS, sub: 'secret-subject', exp: now - 90 }));
    expect(told.out + told.err).not.toContain('secret');
    expect(JSON.parse(told.out)).toMatchObject({ decision: 'deny', code: 'token_expired' });
    expect(await decided(line, jwt({ ...CLAIMS, nbf: now + 90 }))).toMatchObject({ decision: 'deny' });
    expect((await explain(`${line} --output json`, 'secret')).out).toContain('token_malformed');
  });

  test('takes a list for no claims', async () => {
    expect(await explain('--path / --policy bucket --claims -', '["a"]')).toMatchObject({ code: 1, out: '' });
  });

  test('knows the direct caller, and that plain text has none', async () => {
    expect(await decided('--policy bucket --path /names --caller shop/user')).toMatchObject({ code: 0, rule: 'names' });
    expect((await explain('--policy bucket --path /names --caller shop/other')).code).toBe(3);
    const plain = await explain('--policy user --path / --port 8080 --output json');
    expect(JSON.parse(plain.out)).toMatchObject({ code: 'caller_not_allowed' });
  });

  test('knows that a preflight carries no token', async () => {
    const line = '--policy bucket --path /healthz --method OPTIONS --token - --output json';
    expect(JSON.parse((await explain(line, 'bad')).out)).toMatchObject({ decision: 'deny' });
    expect(JSON.parse((await explain(`${line} --preflight`, 'bad')).out)).toMatchObject({ decision: 'allow' });
    expect((await explain('--policy bucket --path / --preflight')).code).toBe(2);
  });

  test('tells a path that no mesh takes', async () => {
    const { code, out } = await explain('--policy bucket --path /a%00 --output json');
    expect({ code, ...JSON.parse(out) }).toMatchObject({ decision: 'deny', code: 'path_invalid' });
  });

  test.each([
    ['--path /', 'policies may be meant'],
    ['--path / --host nobody.shop', 'no ServiceAuthPolicy is meant'],
    ['--path / --policy user', 'Add --port'],
    ['--path / --policy bucket --caller shop', 'NAMESPACE/SERVICEACCOUNT'],
    ['--path / --policy bucket --claims - --token -', 'exclude each other'],
    ['--policy bucket', '--path'],
    ['--path / --policy user --port 0', 'It must be a port'],
    ['--path / --policy bucket --claims -', 'does not hold claims'],
    ['--path / --policy bucket --claims /dev/null', 'does not hold claims'],
  ])('%s is refused with the way out', async (line, said) => {
    const { code, out, err } = await explain(line);
    expect(code === 1 || code === 2).toBe(true);
    expect({ out, err }).toEqual({ out: '', err: expect.stringContaining(said) });
  });

  test('names the fields of a policy that is refused, and the issuer that is missing', async () => {
    const broken = join(folder, 'notes.yaml.broken');
    await writeFile(broken, BUCKET.replace('public: true', 'public: true, roles: { anyOf: ["*"] }'));
    const refused = await runCli(['explain', '--policies', broken, '--path', '/']);
    expect(refused).toMatchObject({ code: 1, err: expect.stringContaining('spec.rules[2].allow') });
    const alone = await runCli(['explain', '--policies', join(folder, 'bucket.yml'), '--path', '/']);
    expect(alone).toMatchObject({ code: 1, err: expect.stringContaining('TokenIssuer') });
    await writeFile(broken, 'a: [');
    const noYaml = await runCli(['explain', '--policies', broken, '--path', '/']);
    expect(noYaml).toMatchObject({ code: 1, err: expect.stringContaining('is no YAML') });
    const none = await runCli(['explain', '--policies', join(folder, 'nothing'), '--path', '/']);
    expect(none).toMatchObject({ code: 1, err: expect.stringContaining('cannot be read') });
    expect(await runCli(['explain', '--path', '/'])).toMatchObject({ code: 2 });
  });
});
