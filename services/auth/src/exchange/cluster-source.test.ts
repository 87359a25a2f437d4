import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { fromApiServer, fromFile } from './cluster-source.ts';

describe('the keys of an API server', () => {
  const answering = (discovery: string) =>
    fromApiServer({ raw: async (path) => (path === '/openid/v1/jwks' ? '{"keys":[]}' : discovery) });

  test('are those of its issuer', async () => {
    expect(await answering('{"issuer":"https://cluster"}')()).toEqual({
      issuer: 'https://cluster',
      jwks: { keys: [] },
    });
  });

  test.each(['{}', 'null', '{"issuer":7}'])('are refused without an issuer: %s', async (discovery) => {
    await expect(answering(discovery)()).rejects.toMatchObject({ code: 'unavailable' });
  });
});

test('keys in a file are read again each time', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'cluster-source-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'jwks.json');
  const read = fromFile(path, 'https://cluster');
  for (const kid of ['a', 'b']) {
    await writeFile(path, JSON.stringify({ keys: [{ kid }] }));
    expect(await read()).toEqual({ issuer: 'https://cluster', jwks: { keys: [{ kid }] } });
  }
});
