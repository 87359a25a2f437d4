import type { MeshInfo } from '../mesh/mesh-info.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** The running mesh, wherever it runs. */
    mesh: MeshInfo;
    /** How many policies the mesh and the decision function are compared on, and what they are made of: `DIFFERENTIAL_POLICIES`, `DIFFERENTIAL_SEED`. */
    differential: { readonly policies: number; readonly seed: number };
  }
}
