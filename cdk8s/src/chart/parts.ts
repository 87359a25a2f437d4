import { ManifestError } from '../errors.ts';

/** What lies in which file of templates/, by `Kind/name`; the first that matches. */
const FILES: readonly (readonly [RegExp, string])[] = [
  [/^(PodMonitor|PrometheusRule)\/|^ConfigMap\/sekisho-dashboard-/, 'monitoring'],
  [/\/sekisho-definitions$/, 'definitions'],
  [/\/default-deny$/, 'network'],
  [/\/sekisho-(redis|postgresql)$/, 'stores'],
  [/\/sekisho-guard$/, 'guard'],
  [/^(Gateway|Namespace)\/|^ServiceAuthPolicy\/edge$/, 'gateways'],
  [/\/platform$/, 'issuer'],
  [/\/(auth|sekisho-auth)$/, 'auth'],
  [/\/sekisho(-operator|-webhook|-operator-[a-z-]+)?$/, 'operator'],
];

/**
 * Kinds that stay when the release is uninstalled: without its policy or its issuer a workload or a gateway would lose what was
 * generated from them, and the rule that guards the definitions guards them best when nobody else does.
 */
export const KEPT: ReadonlySet<string> = new Set([
  'Namespace',
  'TokenIssuer',
  'ServiceAuthPolicy',
  'ValidatingAdmissionPolicy',
  'ValidatingAdmissionPolicyBinding',
]);

/** @throws ManifestError `chart_invalid` for a manifest that nobody gave a place */
export function partOf(id: string): string {
  const [, part] = FILES.find(([pattern]) => pattern.test(id)) ?? [];
  if (part === undefined) throw new ManifestError('chart_invalid', `${id} has no file: give it one in parts.ts`);
  return part;
}
