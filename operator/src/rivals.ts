import type { IndexFunction, KubeObject, StoreView } from '@sekisho/kube';
import { familyOf, mayMeet, placesMeeting, placesOf, type RawObject, serviceNames, type Target } from '@sekisho/policy';
import { targetsOf } from './references.ts';

/** `family`: of the target. `place`: namespace and place of the target, see @sekisho/policy's `placesOf`. */
export type TargetIndex = 'family' | 'place';

export const TARGET_INDEXES: Readonly<Record<TargetIndex, IndexFunction>> = {
  family: (object) => targetsOf(object).map(familyOf),
  place: (object) =>
    targetsOf(object)
      .flatMap(placesOf)
      .map((place) => filed(object.metadata.namespace, place)),
};

type Targets = StoreView<TargetIndex>;

/** The objects of a namespace whose targets may meet this one. */
export function meeting(store: Targets, namespace: string, target: Target): readonly KubeObject[] {
  const found = whereMet(store, namespace, target).flatMap((place) => store.by('place', place));
  return [...new Set(found)].filter((object) => meets(object, target));
}

/**
 * Policies that may meet one of these targets, or meet a policy that does, and so on: whether a rival governs a workload depends on
 * the rival's own rivals. Each place is read once, who was found there is not compared again, and a family that was met whole is done
 * with: where everybody meets everybody, that is once through the list.
 */
export function related(policies: Targets, namespace: string, targets: readonly Target[]): readonly KubeObject[] {
  const found = new Set<KubeObject>();
  const unmet = new Map<string, readonly KubeObject[]>();
  const reached = [...targets];
  let families = [...policies.values('family')];
  const visit = (place: string, target: Target) => {
    const candidates = unmet.get(place) ?? policies.by('place', filed(namespace, place));
    const rest = candidates.filter((policy) => !found.has(policy));
    const met = rest.filter((policy) => meets(policy, target));
    for (const policy of met) found.add(policy);
    reached.push(...met.flatMap(targetsOf));
    unmet.set(place, met.length === 0 ? rest : rest.filter((policy) => !found.has(policy)));
  };
  // An array that grows while it is iterated brings the new targets too.
  for (const target of reached) {
    families = families.filter((family) => {
      const places = placesMeeting(target, family);
      for (const place of places) visit(place, target);
      return !places.includes(family);
    });
  }
  return [...found];
}

/** Policies of other namespaces that have to do with a name that this one has to do with. */
export function namesakes(policies: StoreView<'service'>, policy: RawObject): readonly KubeObject[] {
  const found = serviceNames(policy).flatMap((name) => policies.by('service', name));
  return [...new Set(found)].filter(({ metadata }) => metadata.namespace !== policy.metadata.namespace);
}

function whereMet(store: Targets, namespace: string, target: Target): readonly string[] {
  const families = [...store.values('family')];
  return families.flatMap((family) => placesMeeting(target, family)).map((place) => filed(namespace, place));
}

function filed(namespace: string | undefined, place: string): string {
  return `${namespace} ${place}`;
}

function meets(object: KubeObject, target: Target): boolean {
  return targetsOf(object).some((own) => mayMeet(own, target));
}
