import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { KEY_SET } from '../testing/key-set.ts';
import { readArguments } from './arguments.ts';
import { renderFiles } from './files.ts';

const folder = mkdtempSync(join(tmpdir(), 'sekisho-cdk8s-'));
const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};
const keys = file('jwks.json', JSON.stringify(KEY_SET));
const render = (...args: readonly string[]) => renderFiles(readArguments(args));
const kinds = (...args: readonly string[]) =>
  Object.values(render(...args)).flatMap((each) => each.map(({ kind }) => kind));

afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('without options the platform and the services are rendered, and with --monitoring what watches them', () => {
  expect(Object.keys(render())).toEqual(['platform', 'shop']);
  expect(Object.keys(render('--edge', '--monitoring'))).toEqual(['platform', 'shop', 'monitoring']);
  expect(kinds('--target', 'local')).not.toContain('Deployment');
});

test('--static renders the services, with policies that need no operator', () => {
  expect(Object.keys(render('--static', '--jwks', keys))).toEqual(['shop']);
  const found = kinds('--static', '--jwks', keys);
  expect(found).toEqual(expect.arrayContaining(['Deployment', 'RequestAuthentication', 'AuthorizationPolicy']));
  expect(found).not.toContain('ServiceAuthPolicy');
});

test.each([
  [['--target', 'moon'], 'arguments_invalid', '--target must be local or cluster'],
  [['--colour'], 'arguments_invalid', "'--colour'"],
  [['--static'], 'arguments_invalid', '--static needs --jwks'],
  [['--jwks', keys], 'arguments_invalid', '--jwks is for --static alone'],
  [['--static', '--jwks', keys, '--edge'], 'arguments_invalid', '--edge is about the platform'],
  [['--static', '--jwks', join(folder, 'absent')], 'arguments_invalid', 'absent cannot be read'],
  [['--static', '--jwks', file('text', 'secret-looking')], 'arguments_invalid', 'cannot be read as JSON'],
  [['--static', '--jwks', file('large', ' '.repeat(300_000))], 'arguments_invalid', 'is larger than'],
  [['--static', '--jwks', file('none', '{"keys":[]}')], 'static_invalid', 'jwks.platform.keys: '],
])('%j is refused, and the way out is told', (args, code, told) => {
  const failed = expect.objectContaining({ code, message: expect.stringContaining(told) });
  expect(() => render(...args)).toThrow(failed);
  expect(() => render(...args)).not.toThrow('secret-looking');
});
