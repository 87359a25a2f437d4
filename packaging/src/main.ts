import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { parseBuilder } from './builder.ts';
import { bundlePart } from './bundle.ts';
import { PackagingError } from './errors.ts';
import { buildImages, nextSteps, type Run } from './images.ts';
import { originOf } from './origin.ts';
import { PARTS, type Part } from './parts.ts';
import { run } from './run.ts';

const USAGE = `Bundles every part, and makes images of them.
  bundle                   one file for each part, below dist
  images                   bundles, and builds an image of each part
  --part NAME              only this part; may be repeated (default: all)
  --builder NAME           docker, podman, buildah or nerdctl (default: docker)
  --registry NAME          what the names of the images begin with (default: sekisho)
  --tag TAG                (default: the version)
  --base IMAGE             what the images are built from (default: as the Dockerfile says)`;

const OPTIONS = {
  part: { type: 'string', multiple: true, default: PARTS.map(({ name }) => name) },
  builder: { type: 'string', default: 'docker' },
  registry: { type: 'string', default: 'sekisho' },
  tag: { type: 'string' },
  base: { type: 'string' },
} as const;

const ROOT = join(import.meta.dirname, '../..');
const say = (line: string) => process.stdout.write(`${line}\n`);

async function main(args: string[]): Promise<void> {
  const { values, positionals } = parse(args);
  const parts = values.part.map(partNamed);
  const [verb] = positionals;
  if (positionals.length !== 1 || (verb !== 'bundle' && verb !== 'images')) throw new PackagingError('usage', USAGE);
  for (const part of parts) {
    const { bytes, packages } = await bundlePart(part, { root: ROOT, target: join(ROOT, 'dist') });
    say(`dist/${part.name}: ${(bytes / 1e6).toFixed(1)} MB in one file, of ${packages} packages`);
  }
  if (verb === 'images') await images(parts, values);
}

async function images(parts: readonly Part[], values: Omit<ReturnType<typeof parse>['values'], 'part'>): Promise<void> {
  const here: Run = (command) => run(command, { cwd: ROOT, env: process.env });
  const origin = await originOf(ROOT, here, process.env['SOURCE_DATE_EPOCH']);
  const { registry, tag = origin.version, base } = values;
  const settings = { builder: parseBuilder(values.builder), registry, tag, base, origin };
  for (const { name, size } of await buildImages(parts, settings, here)) say(`${name}  ${size}`);
  say(nextSteps(settings));
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true, strict: true });
  } catch (cause) {
    throw new PackagingError('usage', `${cause instanceof Error ? cause.message : 'unreadable'}\n${USAGE}`, { cause });
  }
}

function partNamed(name: string): Part {
  const part = PARTS.find((one) => one.name === name);
  if (part !== undefined) return part;
  throw new PackagingError('usage', `--part must be one of ${PARTS.map((one) => one.name).join(', ')}`);
}

main(process.argv.slice(2)).catch((error: unknown) => {
  if (!(error instanceof PackagingError)) throw error;
  process.stderr.write(`packaging: ${error.message}\n`);
  process.exitCode = 1;
});
