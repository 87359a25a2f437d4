import { API_VERSION, ISSUER_KIND, type IstioObject, POLICY_KIND, type RawObject } from '@sekisho/policy';
import { ApiObject } from 'cdk8s';
import { Construct, type IConstruct } from 'constructs';

/** A ServiceAuthPolicy or a TokenIssuer in the tree, whoever put it there. */
export interface CustomResource {
  readonly construct: ApiObject;
  readonly kind: typeof POLICY_KIND | typeof ISSUER_KIND;
  /** With labels of its chart, patches and all. */
  readonly manifest: RawObject;
}

export function customResourcesBelow(scope: IConstruct): readonly CustomResource[] {
  return scope.node.findAll().flatMap((construct) => {
    if (!ApiObject.isApiObject(construct) || construct.apiVersion !== API_VERSION) return [];
    const { kind } = construct;
    return kind === POLICY_KIND || kind === ISSUER_KIND ? [{ construct, kind, manifest: construct.toJson() }] : [];
  });
}

/** Puts objects where a custom resource stands. What was to be applied after it, or before, is so after them, or before. */
export function addBeside({ construct }: CustomResource, objects: readonly IstioObject[]): void {
  const { scope, id, dependencies } = construct.node;
  const parent = scope instanceof Construct ? scope : construct.chart;
  const added = objects.map(({ apiVersion, kind, metadata, spec }) => {
    // Nobody owns what no cluster has made.
    const { ownerReferences: _, ...named } = metadata;
    return new ApiObject(parent, `${id}-${kind}-${named.name}`, { apiVersion, kind, metadata: named, ...{ spec } });
  });
  for (const one of added) one.addDependency(...dependencies);
  const waiting = construct.node.root.node.findAll().filter(({ node }) => node.dependencies.includes(construct));
  for (const one of waiting) one.node.addDependency(...added);
}

export function takeOut({ construct }: CustomResource): void {
  construct.node.scope?.node.tryRemoveChild(construct.node.id);
}
