import { join } from 'node:path';
import type { BuildOptions } from 'esbuild';
import { clientNodeSlice } from './client-node.ts';
import type { Part } from './parts.ts';

/** CommonJS packages in an ECMAScript module still ask for what Node gives to CommonJS alone. */
const COMMON_JS = `import { createRequire as __createRequire } from 'node:module';
const require = __createRequire(import.meta.url);
const __filename = import.meta.filename;
const __dirname = import.meta.dirname;`;

/** Where the bundle lies in the image: as deep in `/app` as `src/main.ts` in its package, so that paths from it hold. */
export const BUNDLE = 'dist/main.js';

/**
 * Nothing is minified: a stack trace names functions, and whoever audits an image can read it. Names of classes in
 * use are kept by that as well; `keepNames` would slow every closure down.
 * @param root of the repository
 * @param target folder that becomes `/app`
 */
export function esbuildOptions(part: Part, root: string, target: string) {
  return {
    absWorkingDir: root,
    entryPoints: [join(part.folder, 'src/main.ts')],
    outfile: join(target, BUNDLE),
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node24',
    banner: { js: COMMON_JS },
    external: [...part.external],
    plugins: [clientNodeSlice],
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'none',
    charset: 'utf8',
    metafile: true,
    logLevel: 'silent',
  } as const satisfies BuildOptions;
}
