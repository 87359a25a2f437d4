/** A process of the platform, or a sample, that becomes one image. */
export interface Part {
  /** The target in the Dockerfile, and the folder below `dist/`. */
  readonly name: string;
  /** Repository of the image, below the registry. */
  readonly image: string;
  /** Folder of its package, from the root of the repository. */
  readonly folder: string;
  /** Packages that cannot be in one file with the rest: they find a native library or WebAssembly beside themselves. */
  readonly external: readonly string[];
  /** Folders of its package that it reads while it runs. */
  readonly assets: readonly string[];
}

const NOTHING = { external: [], assets: [] };

function sample(name: string): Part {
  return { name, image: `sample-${name}`, folder: `services/samples/${name}`, ...NOTHING };
}

export const PARTS: readonly Part[] = [
  { name: 'operator', image: 'operator', folder: 'operator', ...NOTHING },
  {
    name: 'auth',
    image: 'auth',
    folder: 'services/auth',
    external: ['@electric-sql/pglite', '@node-rs/argon2'],
    assets: [],
  },
  { name: 'guard', image: 'guard', folder: 'services/guard', ...NOTHING },
  { name: 'cli', image: 'cli', folder: 'packages/cli', ...NOTHING },
  sample('user'),
  sample('bucket'),
  sample('notification'),
  sample('file'),
  // Its browser gets this module as the package ships it.
  { ...sample('web'), external: ['oauth4webapi'], assets: ['browser'] },
];
