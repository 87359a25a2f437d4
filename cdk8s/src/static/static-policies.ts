import { ISSUER_KIND, POLICY_KIND } from '@sekisho/policy';
import type { ApiObject } from 'cdk8s';
import { Construct, type IConstruct } from 'constructs';
import { ManifestError } from '../errors.ts';
import { compile } from './compile.ts';
import { addBeside, type CustomResource, customResourcesBelow, takeOut } from './custom-resource.ts';
import { readFacts, type StaticFacts, type StaticFactsProps } from './facts.ts';

export interface StaticPoliciesProps extends StaticFactsProps {
  /** Whether policies and issuers are rendered too: a guard reads them in its cluster. Needs the definitions. @default false */
  readonly customResources?: boolean;
}

/**
 * For a cluster without the operator: every ServiceAuthPolicy below the scope is synthesized as the Istio objects that the operator would
 * write, in its place. The scope is an App, or a Chart where charts are of different clusters: what two policies of one cluster ask for
 * may exclude each other, so all of them belong below it, with their TokenIssuers. All are compiled, or the synthesis fails.
 */
export class StaticPolicies extends Construct {
  /** What it compiles is below. */
  readonly where: IConstruct;
  readonly #facts: StaticFacts;
  readonly #keeps: boolean;
  readonly #compiled = new Set<ApiObject>();

  /** @throws ManifestError `static_invalid`, naming each field and a way out */
  constructor(scope: Construct, id: string, { customResources = false, ...facts }: StaticPoliciesProps = {}) {
    super(scope, id);
    this.where = scope;
    this.#facts = readFacts(facts);
    this.#keeps = customResources;
    refuseSecond(this);
    // The one hook that cdk8s calls in every synthesis, when all constructs are there. What it throws ends the synthesis.
    this.node.addValidation({ validate: () => this.#compile() });
  }

  /** Each synthesis of a chart comes here again. */
  #compile(): string[] {
    const added = customResourcesBelow(this.where).filter(({ construct }) => !this.#compiled.has(construct));
    if (this.#compiled.size === 0 || added.length > 0) this.#replace(added);
    return [];
  }

  #replace(resources: readonly CustomResource[]): void {
    const [first] = resources;
    if (first !== undefined && this.#compiled.size > 0)
      refuse(
        `${first.construct.node.path} was added after the others were compiled: add all before the first synthesis`,
      );
    const policies = resources.filter(({ kind }) => kind === POLICY_KIND);
    const issuers = resources.filter(({ kind }) => kind === ISSUER_KIND);
    if (policies.length === 0) refuse(`there is no ${POLICY_KIND} below ${nameOf(this.where)}`);
    const manifests = {
      policies: policies.map(({ manifest }) => manifest),
      issuers: issuers.map(({ manifest }) => manifest),
    };
    const objectsOf = compile(manifests, this.#facts);
    for (const policy of policies) addBeside(policy, objectsOf(policy.manifest));
    for (const { construct } of resources) this.#compiled.add(construct);
    if (!this.#keeps) resources.forEach(takeOut);
  }
}

/** Two would compile the same policy, or one would miss what the other has taken. */
function refuseSecond(self: StaticPolicies): void {
  const others = self.node.root.node.findAll().filter((one): one is StaticPolicies => one instanceof StaticPolicies);
  const other = others.find(
    (one) => one !== self && (isAbove(one.where, self.where) || isAbove(self.where, one.where)),
  );
  if (other !== undefined) refuse(`${self.node.path} and ${other.node.path} compile the same policies: leave one out`);
}

function isAbove(upper: IConstruct, lower: IConstruct): boolean {
  return lower.node.scopes.includes(upper);
}

function nameOf({ node }: IConstruct): string {
  return node.path === '' ? 'the app' : node.path;
}

function refuse(reason: string): never {
  throw new ManifestError('static_invalid', reason);
}
