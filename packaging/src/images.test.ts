import { describe, expect, test } from 'vitest';
import type { Command } from './builder.ts';
import { PackagingError } from './errors.ts';
import { buildImages, type ImageSettings, nextSteps } from './images.ts';
import { PARTS } from './parts.ts';

const settings: ImageSettings = {
  builder: 'podman',
  registry: 'r.example/sekisho',
  tag: '1.2.3',
  base: undefined,
  origin: { version: '1.2.3', revision: 'abc', created: new Date(1_000) },
};

test('each part becomes the image of its name, labelled with what it is made of', async () => {
  const commands: Command[] = [];
  const images = await buildImages(PARTS, settings, async (command) => {
    commands.push(command);
    return command[1] === 'build' ? '' : '1500000\n';
  });
  expect(images.map(({ name }) => name)).toContain('r.example/sekisho/sample-user:1.2.3');
  expect(images[0]).toEqual({ name: 'r.example/sekisho/operator:1.2.3', size: '1.5 MB' });
  expect(commands).toHaveLength(2 * PARTS.length);
  const labels = ['VERSION=1.2.3', 'REVISION=abc', 'CREATED=1970-01-01T00:00:01.000Z'];
  expect(commands[0]).toEqual(expect.arrayContaining([...labels, '--target', 'operator']));
  expect(commands[0]?.join(' ')).not.toContain('BASE=');
});

test('the first build that fails ends the run', async () => {
  const run = async () => {
    throw new Error('no space left');
  };
  await expect(buildImages(PARTS, settings, run)).rejects.toThrow('no space left');
});

describe('of some parts', () => {
  const guard = PARTS.filter(({ name }) => name === 'guard');
  const failing = (text: string) => async () => {
    throw new PackagingError('builder_failed', text);
  };

  test('a builder that wants what was not bundled is told of with the way out', async () => {
    const text = 'Step 14/20 : COPY dist/operator/bundle/ /\nCOPY failed: file not found in build context';
    const images = buildImages(guard, settings, failing(text));
    await expect(images).rejects.toMatchObject({
      code: 'builder_failed',
      message: expect.stringMatching(/operator was not bundled: use BuildKit .*, or build every part: leave PARTS out/),
    });
  });

  test('any other failure is told as it is', async () => {
    const text = 'COPY failed: no dist/guard/bundle/';
    await expect(buildImages(guard, settings, failing(text))).rejects.toThrow(text);
  });
});

test('what comes next depends on whether the names lead to a registry', () => {
  expect(nextSteps(settings)).toContain('podman push NAME`, then install the chart with images.registry=r.example and');
  const other = nextSteps({ ...settings, registry: 'r.example/team' });
  expect(other).toContain('r.example/team/<part> as each image.repository');
  for (const registry of ['sekisho', 'sekisho/dev']) {
    expect(nextSteps({ ...settings, registry })).toContain('build with REGISTRY=');
  }
});
