import { PackagingError } from './errors.ts';

export const BUILDERS = ['docker', 'podman', 'buildah', 'nerdctl'] as const;
export type Builder = (typeof BUILDERS)[number];

/** A program and its arguments. */
export type Command = readonly [string, ...string[]];

export interface ImageOrder {
  readonly builder: Builder;
  /** In the Dockerfile. */
  readonly target: string;
  /** With its tag. */
  readonly image: string;
  /** By name; only what the Dockerfile declares. */
  readonly buildArgs: Readonly<Record<string, string>>;
}

/** @throws PackagingError `usage` */
export function parseBuilder(text: string): Builder {
  const builder = BUILDERS.find((one) => one === text);
  if (builder !== undefined) return builder;
  throw new PackagingError('usage', `BUILDER must be one of ${BUILDERS.join(', ')}`);
}

/** Only what every builder has, the one of Docker without BuildKit as well. */
export function buildCommand({ builder, target, image, buildArgs }: ImageOrder): Command {
  const args = Object.entries(buildArgs).flatMap(([name, value]) => ['--build-arg', `${name}=${value}`]);
  return [builder, 'build', '--file', 'Dockerfile', '--target', target, '--tag', image, ...args, '.'];
}

/** Prints the bytes of an image as they are unpacked; buildah says them with a unit. */
export function sizeCommand(builder: Builder, image: string): Command {
  return builder === 'buildah'
    ? [builder, 'images', '--format', '{{.Size}}', image]
    : [builder, 'image', 'inspect', '--format', '{{.Size}}', image];
}

const MEGABYTE = 1_000_000;

/** What `sizeCommand` printed, for people. */
export function readableSize(printed: string): string {
  const text = printed.trim();
  return /^\d+$/.test(text) ? `${(Number(text) / MEGABYTE).toFixed(1)} MB` : text;
}
