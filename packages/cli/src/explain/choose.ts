import {
  type DecisionPolicy,
  describeProblems,
  parseServiceAuthPolicy,
  prepareDecision,
  type RawObject,
  type ServiceAuthPolicy,
} from '@sekisho/policy';
import { CliError } from '../errors.ts';
import type { Written } from './policy-source.ts';

export interface Choice {
  /** `name` or `namespace/name`. */
  readonly policy?: string | undefined;
  /** `service.namespace`, with or without `.svc.cluster.local` and a port: what callers inside the mesh call it. */
  readonly host?: string | undefined;
}

export interface Chosen {
  /** `namespace/name` */
  readonly name: string;
  readonly source: ServiceAuthPolicy;
  readonly decision: DecisionPolicy;
}

/** A key that verifies nothing: what is explained is the decision, not the signature. */
const UNCHECKED = { keys: [{ kty: 'OKP', kid: 'unchecked', use: 'sig' }] } as const;

/**
 * The one policy that is meant, ready to decide.
 * @throws CliError `not_found`, `ambiguous`, `policy_invalid`
 */
export function choose({ policies, issuers }: Written, choice: Choice, trustDomain: string): Chosen {
  const raw = only(
    policies.filter((policy) => isMeant(policy, choice)),
    policies,
  );
  const name = nameOf(raw);
  const parsed = parseServiceAuthPolicy(raw);
  if (!parsed.ok) throw new CliError('policy_invalid', `${name} is refused: ${describeProblems(parsed.problems)}`);
  const states = issuers.map((issuer) => ({ issuer, jwks: UNCHECKED }));
  const prepared = prepareDecision(parsed.value, states, trustDomain);
  if (!prepared.ok) throw new CliError('policy_invalid', `${name} decides nothing: ${prepared.refusal.message}`);
  return { name, source: parsed.value, decision: prepared.policy };
}

function isMeant(policy: RawObject, { policy: wanted, host }: Choice): boolean {
  const isNamed = wanted === undefined || wanted === policy.metadata.name || wanted === nameOf(policy);
  return isNamed && (host === undefined || isHostOf(policy, host));
}

function isHostOf({ metadata, spec }: RawObject, host: string): boolean {
  const [service, namespace] = host.toLowerCase().replace(/:\d+$/, '').split('.');
  const written: unknown = Reflect.get(Object(spec), 'service');
  return service === (written ?? metadata.name) && namespace === namespaceOf(metadata);
}

function only(found: readonly RawObject[], all: readonly RawObject[]): RawObject {
  const [one, ...others] = found;
  const names = (policies: readonly RawObject[]) => policies.map(nameOf).sort();
  if (one === undefined) {
    const message = all.length === 0 ? 'there is no ServiceAuthPolicy' : 'no ServiceAuthPolicy is meant by that';
    const wayOut = all.length === 0 ? 'Check --policies.' : 'Name one of these with --policy.';
    throw new CliError('not_found', message, { wayOut, details: names(all).slice(0, 20) });
  }
  if (others.length > 0) {
    const wayOut = 'Name one of them with --policy NAMESPACE/NAME.';
    throw new CliError('ambiguous', `${found.length} policies may be meant`, {
      wayOut,
      details: names(found).slice(0, 20),
    });
  }
  return one;
}

function nameOf({ metadata }: RawObject): string {
  return `${namespaceOf(metadata)}/${metadata.name}`;
}

function namespaceOf({ namespace = 'default' }: RawObject['metadata']): string {
  return namespace;
}
