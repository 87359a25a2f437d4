import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { REPOSITORY } from '../mesh/paths.ts';
import { type StoryContext, storyContext } from '../story/index.ts';

const COMMAND = join(REPOSITORY, 'packages/cli/src/main.ts');

let context: StoryContext;
beforeAll(async () => {
  context = await storyContext(inject('mesh'));
});
afterAll(() => context?.close());

/** `sekisho explain` of the cluster's own policies. */
async function explain(line: string, token = '') {
  const args = [COMMAND, 'explain', '--token', '-', '--output', 'json', ...line.split(' ')];
  const child = spawn(process.execPath, args, { env: { KUBECONFIG: context.mesh.kubeconfig } });
  child.stdin.end(token);
  const [out, err, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'exit')]);
  expect(err).toBe('');
  return { exit: code, ...JSON.parse(out) };
}

test('the command reads the policies of the cluster and tells why a token is let in, or not', async () => {
  const { logIn, alice, bob } = context;
  const write = '--host bucket.shop --method POST --path /api//bucket-items --caller istio-ingress/public';
  const allowed = await explain(write, await logIn(alice));
  expect(allowed).toMatchObject({ exit: 0, decision: 'allow', policy: 'shop/bucket', path: '/api/bucket-items' });
  const denied = await explain(write, await logIn(bob));
  expect(denied).toMatchObject({ exit: 3, code: 'permission_missing', decision: 'deny', rule: allowed.rule });
  expect(JSON.stringify(denied)).not.toContain(bob.id);
});
