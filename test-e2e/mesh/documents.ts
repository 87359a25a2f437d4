import { readFile } from 'node:fs/promises';
import type { Manifest } from '@sekisho/cdk8s';
import { parseAllDocuments } from 'yaml';

/** The manifests of a YAML file. */
export async function documents(file: string): Promise<readonly Manifest[]> {
  const parsed = parseAllDocuments(await readFile(file, 'utf8')).map((document) => document.toJS() as Manifest | null);
  return parsed.filter((manifest) => manifest !== null);
}
