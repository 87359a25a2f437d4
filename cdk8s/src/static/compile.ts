import {
  type IstioObject,
  PolicyError,
  type RawObject,
  type Rendered,
  type RenderedPolicy,
  renderPolicies,
  type WrittenPolicies,
  writtenIssuers,
} from '@sekisho/policy';
import { ManifestError } from '../errors.ts';
import type { StaticFacts } from './facts.ts';

export interface CustomResources {
  readonly policies: readonly RawObject[];
  readonly issuers: readonly RawObject[];
}

/**
 * @returns what the operator would write for each of the policies
 * @throws ManifestError `static_invalid`; `policy_invalid` with what is wrong with each policy, when none is compiled
 */
export function compile(
  { policies, issuers }: CustomResources,
  { jwks, mesh }: StaticFacts,
): (policy: RawObject) => readonly IstioObject[] {
  const unknown = [...jwks.keys()].find((name) => !issuers.some(({ metadata }) => metadata.name === name));
  if (unknown !== undefined)
    throw new ManifestError('static_invalid', `jwks.${unknown}: there is no TokenIssuer ${unknown}`);
  const states = writtenIssuers(issuers, jwks, 'give its keys as jwks of StaticPolicies');
  const rendered = judged({ policies, issuers: states, mesh });
  if (rendered.ok) return finder(rendered.policies);
  const refused = rendered.refused.map(({ policy, message }) => `\n  ${policy}: ${message}`).join('');
  throw new ManifestError(
    'policy_invalid',
    `nothing was compiled, since without its objects a workload is open:${refused}`,
  );
}

function finder(rendered: readonly RenderedPolicy[]) {
  const objects = new Map(rendered.map((one) => [one.policy, one.objects]));
  return (policy: RawObject): readonly IstioObject[] => {
    const found = objects.get(keyOf(policy));
    if (found === undefined) throw new ManifestError('policy_invalid', `${keyOf(policy)} was not compiled`);
    return found;
  };
}

function keyOf({ metadata: { name, namespace = 'default' } }: RawObject): string {
  return `${namespace}/${name}`;
}

function judged(written: WrittenPolicies): Rendered {
  try {
    return renderPolicies(written);
  } catch (cause) {
    if (cause instanceof PolicyError)
      throw new ManifestError('static_invalid', `trustDomain: ${cause.message}`, { cause });
    throw cause;
  }
}
