import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Manifest } from '@sekisho/cdk8s';
import type { DocumentedWorld } from './documented-world.ts';
import { ROOT } from './pages.ts';

/** Where messages of logs, metrics, fields of the access log and variables of make are written. */
const SOURCES = [
  '{packages,operator,services}/**/src/**/*.ts',
  'docs/{metrics,regions,signing-keys,sessions-and-revocation}.md',
  'istio/mesh-config.yaml',
  'Makefile',
  'test-e2e/kind/settings.ts',
];

/** All of them and what the auth service tells Prometheus, as it is written and in lower case. */
export async function readSources({ adminServer }: Pick<DocumentedWorld, 'adminServer'>): Promise<string> {
  const texts: string[] = [await (await fetch(new URL('/metrics', adminServer))).text()];
  for await (const file of glob(SOURCES, { cwd: ROOT, exclude: ['**/node_modules/**', '**/*.test.ts'] }))
    texts.push(await readFile(join(ROOT, file), 'utf8'));
  const text = texts.join('\n');
  return `${text}\n${text.toLowerCase()}`;
}

interface PodTemplate {
  readonly metadata?: { readonly labels?: Readonly<Record<string, string>> };
  readonly spec?: {
    readonly containers?: readonly { readonly ports?: readonly { readonly containerPort: number }[] }[];
  };
}

/** Labels of the pods of a cluster, `app=auth`, istiod's among them. */
export function labelsIn(manifests: readonly Manifest[]): readonly string[] {
  const labels = manifests.flatMap((manifest) => Object.entries(templateOf(manifest).metadata?.labels ?? {}));
  return [...labels.map(([name, value]) => `${name}=${value}`), 'app=istiod'];
}

/** Ports of what `deployment/auth` or `service/auth` is. */
export function portsOf(manifests: readonly Manifest[], object: string): readonly number[] {
  const [kind = '', name] = object.split('/');
  const found = manifests.find((one) => one.kind.toLowerCase() === kind && one.metadata.name === name);
  if (found === undefined) return [];
  const { ports = [] }: { readonly ports?: readonly { readonly port: number }[] } = Object(found['spec']);
  const containers = templateOf(found).spec?.containers ?? [];
  return [
    ...ports.map(({ port }) => port),
    ...containers.flatMap((one) => one.ports ?? []).map((one) => one.containerPort),
  ];
}

function templateOf({ spec }: Manifest): PodTemplate {
  const { template = {} }: { readonly template?: PodTemplate } = Object(spec);
  return template;
}
