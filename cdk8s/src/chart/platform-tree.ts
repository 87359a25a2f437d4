import type { Manifest } from '../kubernetes.ts';
import { PLATFORM_NAMESPACE, type PlatformOptions, renderPlatform } from '../platform.ts';
import { MARKERS } from './bindings.ts';
import type { Child, Json } from './tree.ts';
import { merge } from './variants.ts';

/** Everything that the chart can install. */
const FULL: PlatformOptions = {
  target: 'cluster',
  issuer: MARKERS.issuer,
  bootstrapAdminEmail: MARKERS.bootstrapAdminEmail,
  routesFrom: [MARKERS.routesFrom],
  edge: {},
};

/** What a value of the chart switches on, and the options without it. */
const SWITCHES: readonly { readonly condition: string; readonly off: PlatformOptions }[] = [
  { condition: '.Values.guard.enabled', off: without('edge') },
  { condition: '.Values.auth.bootstrapAdminEmail', off: without('bootstrapAdminEmail') },
];

function without(key: 'edge' | 'bootstrapAdminEmail'): PlatformOptions {
  return Object.fromEntries(Object.entries(FULL).filter(([name]) => name !== key)) as unknown as PlatformOptions;
}

/** What is rendered, whatever is switched on: one child for each manifest. */
export function platformTree(): readonly Child[] {
  const variants = SWITCHES.map(({ condition, off }) => ({ condition, off: rendered(off) }));
  const node = merge(rendered(FULL), variants);
  return node.type === 'list' ? node.children : [];
}

/** All but the namespace, in which Helm keeps its own record of the release before anything else. */
export function installed(manifests: readonly Manifest[]): readonly Manifest[] {
  return manifests.filter(({ kind, metadata }) => kind !== 'Namespace' || metadata.name !== PLATFORM_NAMESPACE);
}

/** Plain data: what was rendered may hold undefined fields. */
function rendered(options: PlatformOptions): readonly Json[] {
  return JSON.parse(JSON.stringify(installed(renderPlatform(options).manifests))) as readonly Json[];
}
