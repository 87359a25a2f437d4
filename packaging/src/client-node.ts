import { dirname } from 'node:path';
import type { Plugin } from 'esbuild';

/**
 * Of client-node only the class is used that reads a kubeconfig; but nothing marks its modules as free of side effects, so
 * that 16 MB of generated API would come along. These two lists are left to what that class imports: a name that is
 * missing here fails the build.
 */
const SLICES = new Map([
  ['dist/index.js', "import './polyfill.js'; export { KubeConfig } from './config.js';"],
  ['dist/gen/index.js', "export * from './servers.js'; export { createConfiguration } from './configuration.js';"],
]);

export const clientNodeSlice: Plugin = {
  name: 'client-node-slice',
  setup(build) {
    const filter = /\/node_modules\/@kubernetes\/client-node\/dist\/(gen\/)?index\.js$/;
    build.onLoad({ filter }, ({ path }) => {
      const slice = [...SLICES].find(([file]) => path.endsWith(`/client-node/${file}`));
      return slice && { contents: slice[1], loader: 'js', resolveDir: dirname(path) };
    });
  },
};
