import type { KubeObject } from '@sekisho/kube';
import { type Jwks, parseJwks, targetOf } from '@sekisho/policy';
import { type Static, Type } from 'typebox';
import { Compile } from 'typebox/compile';
import type { ObjectName } from './attachment.ts';

const Spec = Type.Object({
  jwtRules: Type.Array(Type.Object({ issuer: Type.String(), jwks: Type.Optional(Type.String()) })),
});
type Rules = Static<typeof Spec>['jwtRules'];
const spec = Compile(Spec);

/** By `iss`. */
export type IssuerKeys = ReadonlyMap<string, Jwks>;

/**
 * The keys of issuers, as the operator wrote them into RequestAuthentications: one process fetches them, and the guard verifies
 * with what the mesh holds. The same text is the same object, so that a verifier knows when its keys changed.
 */
export class KeyBook {
  /** Of the texts that were there last; a text that nobody holds any more is forgotten. */
  #texts = new Map<string, Jwks | undefined>();
  #objects: readonly KubeObject[] = [];

  /** Takes what there is now. */
  update(requestAuthentications: readonly KubeObject[]): void {
    this.#objects = requestAuthentications;
    const before = this.#texts;
    this.#texts = new Map();
    for (const { jwks } of requestAuthentications.flatMap(rulesOf)) {
      if (jwks !== undefined && !this.#texts.has(jwks)) this.#texts.set(jwks, before.get(jwks) ?? parseText(jwks));
    }
  }

  /** Keys that the mesh holds for an issuer anywhere: enough to know that it is ready. */
  anywhere(): IssuerKeys {
    return this.#keysIn(this.#objects);
  }

  /**
   * Keys that the proxies of a Gateway hold. A token from outside is verified with no other: a namespace that may write its
   * own RequestAuthentications must not add a key for what is exchanged.
   */
  ofGateway({ namespace, name }: ObjectName): IssuerKeys {
    return this.#keysIn(
      this.#objects.filter(({ metadata, spec: aimed }) => {
        const target = targetOf(aimed);
        const names = target !== undefined && 'targetRefs' in target ? target.targetRefs : [];
        return metadata.namespace === namespace && names.some((ref) => ref.name === name);
      }),
    );
  }

  #keysIn(objects: readonly KubeObject[]): IssuerKeys {
    const found = new Map<string, Jwks>();
    for (const { issuer, jwks } of objects.flatMap(rulesOf)) {
      const keys = jwks === undefined ? undefined : this.#texts.get(jwks);
      if (keys !== undefined && !found.has(issuer)) found.set(issuer, keys);
    }
    return found;
  }
}

function rulesOf(object: KubeObject): Rules {
  return spec.Check(object.spec) ? object.spec.jwtRules : [];
}

/** What somebody edited by hand is repaired by the operator; until then it holds no key. */
function parseText(text: string): Jwks | undefined {
  try {
    const parsed = parseJwks(JSON.parse(text));
    return parsed.ok ? parsed.value : undefined;
  } catch {
    return undefined;
  }
}
