import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { MESH_CONFIG } from './istiod.ts';

/** `defaultConfig` of the mesh config: in a cluster the injector hands it to each proxy. */
export async function proxyDefaults(): Promise<Readonly<Record<string, unknown>>> {
  const { defaultConfig = {} }: { defaultConfig?: Record<string, unknown> } = parse(
    await readFile(MESH_CONFIG, 'utf8'),
  );
  return defaultConfig;
}
