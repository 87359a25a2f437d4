import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PARTS } from './parts.ts';

const ROOT = join(import.meta.dirname, '../..');
const dockerfile = readFileSync(join(ROOT, 'Dockerfile'), 'utf8');
const stages = new Map(
  dockerfile
    .split(/^FROM /m)
    .slice(1)
    .map((stage) => [/^\S+ AS (\S+)$/m.exec(stage)?.[1] ?? '', stage] as const),
);

test('every process of the platform and of the samples is a part', () => {
  const folders = ['.', 'services', 'services/samples', 'packages'].flatMap((folder) =>
    readdirSync(join(ROOT, folder)).map((name) => join(folder, name)),
  );
  const mains = folders.filter((folder) => existsSync(join(ROOT, folder, 'src/main.ts')));
  const tools = ['cdk8s', 'packaging'];
  expect(mains.filter((folder) => !tools.includes(folder)).toSorted()).toEqual(
    PARTS.map(({ folder }) => folder).toSorted(),
  );
});

test.each(PARTS)('$name has a target that copies what its bundle writes', ({ name, external }) => {
  const copied = [...(stages.get(name) ?? '').matchAll(/^COPY (.*)$/gm)].map(([, what]) => what);
  const trees = external.length > 0 ? ['packages', 'bundle'] : ['bundle'];
  expect(copied).toEqual(trees.map((tree) => `dist/${name}/${tree}/ /`));
});

test('the Dockerfile has no target besides, and each is a process that is not root', () => {
  expect([...stages.keys()]).toEqual(['runtime', ...PARTS.map(({ name }) => name)]);
  expect(stages.get('runtime')).toMatch(/^USER 65532:65532$/m);
  // Each begins where that user is set, and none runs a program in its base: there may be no shell.
  expect(dockerfile.match(/^FROM .*$/gm)?.slice(1)).toEqual(PARTS.map(({ name }) => `FROM runtime AS ${name}`));
  expect(dockerfile).not.toMatch(/^(RUN|USER root|USER 0)/m);
});
