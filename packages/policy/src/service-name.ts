import { readPolicyStatus } from './parse/status.ts';
import type { Problem } from './problem.ts';
import type { ObjectMeta, RawObject } from './resources.ts';
import { targetOf } from './target.ts';

/**
 * A service has its name in one namespace only: the name is the audience of its tokens, so whoever had it elsewhere would be handed
 * tokens for it. Policies of one namespace may share a name, for a service may have several workloads. A policy for a Gateway has no
 * part in this: nobody mints tokens for one.
 */

/** The name that a policy asks for, also one that is broken elsewhere; undefined where no workload is selected. */
function serviceAsked({ metadata, spec }: RawObject): string | undefined {
  const target = targetOf(spec);
  if (target === undefined || 'targetRefs' in target) return undefined;
  const { service }: { service?: unknown } = Object(spec);
  return typeof service === 'string' ? service : metadata.name;
}

/** The name whose tokens a policy's generated objects accept, whatever it asks for by now. */
export function serviceInForce({ spec, status }: RawObject): string | undefined {
  const target = targetOf(spec);
  if (target !== undefined && 'targetRefs' in target) return undefined;
  const { service, objects = [] } = readPolicyStatus(status);
  return objects.length > 0 ? service : undefined;
}

/** Every name that a policy has to do with: to find those that may dispute one. */
export function serviceNames(policy: RawObject): readonly string[] {
  const names = [serviceAsked(policy), serviceInForce(policy)];
  return [...new Set(names.filter((name) => name !== undefined))];
}

/**
 * Who has each name: the oldest policy that it is in force for, so that an old policy cannot take a name by an edit; where it is in
 * force for none, the oldest that asks. Age is creationTimestamp, then namespace and name; what was never stored is the youngest.
 */
export function serviceHolders(policies: readonly RawObject[]): ReadonlyMap<string, RawObject> {
  const youngestFirst = policies
    .map((policy) => ({ policy, age: ageOf(policy) }))
    .sort((a, b) => (a.age < b.age ? 1 : -1));
  const named = (nameOf: (policy: RawObject) => string | undefined) =>
    youngestFirst.flatMap(({ policy }) => {
      const name = nameOf(policy);
      return name === undefined ? [] : [[name, policy] as const];
    });
  return new Map([...named(serviceAsked), ...named(serviceInForce)]);
}

/**
 * Why a policy must not have the name that it asks for, if so.
 * @param others that have to do with this name (see `serviceNames`), in any order; those of its own namespace dispute nothing
 */
export function serviceDispute(policy: RawObject, others: readonly RawObject[]): Problem | undefined {
  const name = serviceAsked(policy);
  const holder = name === undefined ? undefined : serviceHolders([policy, ...others]).get(name);
  if (holder === undefined || sameNamespace(holder.metadata, policy.metadata)) return undefined;
  const { namespace, name: holding } = holder.metadata;
  return {
    path: 'spec.service',
    code: 'NameTaken',
    message: `${name} is the name of the service of ServiceAuthPolicy ${namespace}/${holding}, and tokens for it are for that namespace alone`,
    hint: 'set spec.service to a name of its own; the name is free once no policy of that namespace has it',
  };
}

/**
 * The same before a change is stored: who begins to ask for a name comes after everybody who asks for it already, however old the
 * policy is. A name that it asked for before is not looked at: whose it is, its status says.
 * @param before undefined, or null, where it is new
 */
export function newServiceDispute(
  policy: RawObject,
  before: unknown,
  others: readonly RawObject[],
): Problem | undefined {
  const { creationTimestamp: _, ...metadata } = policy.metadata;
  const { spec }: { spec?: unknown } = Object(before);
  if (serviceAsked({ metadata, spec }) === serviceAsked(policy)) return undefined;
  return serviceDispute({ ...policy, metadata }, others);
}

function sameNamespace(a: ObjectMeta, b: ObjectMeta): boolean {
  return a.namespace === b.namespace;
}

/** RFC 3339 in UTC sorts as text. */
function ageOf({ metadata: { creationTimestamp = '~', namespace = '', name } }: RawObject): string {
  return `${creationTimestamp} ${namespace}/${name}`;
}
