import { expect, test } from 'vitest';
import { BUILDERS, buildCommand, parseBuilder, readableSize, sizeCommand } from './builder.ts';

test.each(BUILDERS)('%s builds one target from the bundles', (builder) => {
  const command = buildCommand({ builder, target: 'auth', image: 'r.example/s/auth:1', buildArgs: { BASE: 'b:1' } });
  expect(command.join(' ')).toBe(
    `${builder} build --file Dockerfile --target auth --tag r.example/s/auth:1 --build-arg BASE=b:1 .`,
  );
});

test('a builder that is not known is refused, with those that are', () => {
  expect(() => parseBuilder('docker; true')).toThrow('BUILDER must be one of docker, podman, buildah, nerdctl');
  expect(parseBuilder('podman')).toBe('podman');
});

test('sizes are readable, whatever the builder prints', () => {
  expect(readableSize('275812345\n')).toBe('275.8 MB');
  expect(readableSize('276 MB\n')).toBe('276 MB');
  expect(sizeCommand('docker', 'a:1')).toEqual(['docker', 'image', 'inspect', '--format', '{{.Size}}', 'a:1']);
  expect(sizeCommand('buildah', 'a:1')).toEqual(['buildah', 'images', '--format', '{{.Size}}', 'a:1']);
});
