import { join } from 'node:path';
import { REPOSITORY } from '../mesh/paths.ts';
import { succeed } from './commands.ts';
import type { KindCluster } from './kind-cluster.ts';
import type { Settings } from './settings.ts';

const PARTS = ['operator', 'auth', 'guard'] as const;
const SAMPLES = ['user', 'bucket', 'notification', 'file', 'web'] as const;

export interface Images {
  readonly platform: Readonly<Record<(typeof PARTS)[number], string>>;
  readonly shop: Readonly<Record<(typeof SAMPLES)[number], string>>;
}

export function imagesOf({ registry, tag }: Pick<Settings, 'registry' | 'tag'>): Images {
  const image = (name: string): string => `${registry}/${name}:${tag}`;
  return {
    platform: { operator: image('operator'), auth: image('auth'), guard: image('guard') },
    shop: {
      ...{ user: image('sample-user'), bucket: image('sample-bucket'), notification: image('sample-notification') },
      ...{ file: image('sample-file'), web: image('sample-web') },
    },
  };
}

/** Builds them from these sources, and loads them into the nodes of a kind cluster; the nodes of any other pull from REGISTRY. */
export async function provideImages(kind: string, { name }: KindCluster, settings: Settings): Promise<Images> {
  const images = imagesOf(settings);
  if (name === undefined) return images;
  const { registry, tag, base } = settings;
  const parts = [...PARTS, ...SAMPLES].flatMap((part) => ['--part', part]);
  const options = ['--registry', registry, '--tag', tag, ...(base === undefined ? [] : ['--base', base])];
  const program = join(REPOSITORY, 'packaging/src/main.ts');
  await succeed(process.execPath, [program, 'images', ...parts, ...options], { cwd: REPOSITORY });
  const all = [...Object.values(images.platform), ...Object.values(images.shop)];
  await succeed(kind, ['load', 'docker-image', '--name', name, ...all]);
  return images;
}
