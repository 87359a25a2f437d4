import { type Builder, buildCommand, type Command, readableSize, sizeCommand } from './builder.ts';
import { PackagingError } from './errors.ts';
import { PARTS, type Part } from './parts.ts';

/** Runs a program and answers what it printed; @throws PackagingError `builder_failed` */
export type Run = (command: Command) => Promise<string>;

export interface ImageSettings {
  readonly builder: Builder;
  /** What the names of images begin with, for example `registry.example.org/sekisho`. */
  readonly registry: string;
  readonly tag: string;
  /** Undefined: as the Dockerfile has it. */
  readonly base: string | undefined;
  /** For the labels. */
  readonly origin: Origin;
}

/** What the images are made of. */
export interface Origin {
  readonly version: string;
  readonly revision: string;
  /** When the sources were committed. */
  readonly created: Date;
}

export interface Image {
  readonly name: string;
  readonly size: string;
}

/** One after the other: they share the stage `runtime`. */
export async function buildImages(parts: readonly Part[], settings: ImageSettings, run: Run): Promise<Image[]> {
  const images: Image[] = [];
  for (const part of parts) images.push(await buildImage(part, settings, run).catch(explain(parts)));
  return images;
}

/** A builder without BuildKit makes every stage up to the target, and copies what was not bundled. */
function explain(parts: readonly Part[]) {
  return (error: unknown): never => {
    const missing = PARTS.find((part) => !parts.includes(part) && String(error).includes(`dist/${part.name}/`));
    if (missing === undefined) throw error;
    const why = `this builder also makes the stages before the one that is asked for, and ${missing.name} was not bundled`;
    const wayOut = 'use BuildKit (DOCKER_BUILDKIT=1), or build every part: leave PARTS out';
    throw new PackagingError('builder_failed', `${why}: ${wayOut}`, { cause: error });
  };
}

async function buildImage(part: Part, settings: ImageSettings, run: Run): Promise<Image> {
  const { builder, registry, tag, base, origin } = settings;
  const image = `${registry}/${part.image}:${tag}`;
  const buildArgs = {
    ...(base !== undefined && { BASE: base }),
    VERSION: origin.version,
    REVISION: origin.revision,
    CREATED: origin.created.toISOString(),
  };
  await run(buildCommand({ builder, target: part.name, image, buildArgs }));
  return { name: image, size: readableSize(await run(sizeCommand(builder, image))) };
}

/** What to do with them. */
export function nextSteps({ builder, registry, tag }: ImageSettings): string {
  if (!/[.:].*\//.test(registry)) {
    const push = 'To push them, build with REGISTRY=registry.example.org/sekisho';
    return `${push}; on kind, \`kind load docker-image NAME...\` instead.`;
  }
  return `Push each with \`${builder} push NAME\`, then install the chart with ${chartValues(registry)} and the tag ${tag}.`;
}

/** The chart names its images `sekisho/<part>`, below a registry. */
function chartValues(registry: string): string {
  const host = /^(.+)\/sekisho$/.exec(registry)?.[1];
  return host === undefined ? `${registry}/<part> as each image.repository` : `images.registry=${host}`;
}
