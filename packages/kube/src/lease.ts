import type { CallOptions, KubeClient } from './client.ts';
import { NotFoundError } from './errors.ts';
import { isRecord, textField } from './json.ts';
import type { KubeObject, ObjectRef } from './object.ts';
import type { Resource } from './resource.ts';

export const LEASES: Resource = {
  group: 'coordination.k8s.io',
  version: 'v1',
  plural: 'leases',
  kind: 'Lease',
  namespaced: true,
};

/** A Lease as one read or write showed it. */
export interface LeaseRecord {
  /** '' while nobody holds it. */
  readonly holder: string;
  /** How long after its last renewal the holder counts on it; undefined when it does not say. */
  readonly durationMs: number | undefined;
  readonly transitions: number;
  readonly acquireTime: string | undefined;
  /** Differs whenever the holder did something: equal text means that nothing was renewed. */
  readonly fingerprint: string;
  readonly resourceVersion: string | undefined;
}

export interface LeaseClaim {
  readonly holder: string;
  readonly durationMs: number;
}

/** Reads and writes one Lease. Every write names the version it saw, so that of two that saw the same only one succeeds. */
export class LeaseLock {
  readonly #client: KubeClient;
  readonly #ref: ObjectRef & { readonly namespace: string };

  constructor(client: KubeClient, ref: ObjectRef & { readonly namespace: string }) {
    this.#client = client;
    this.#ref = ref;
  }

  /** Undefined: there is no such Lease yet. */
  async read(options: CallOptions): Promise<LeaseRecord | undefined> {
    try {
      return toRecord(await this.#client.get(LEASES, this.#ref, options));
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  }

  /** Takes or renews. Throws `ConflictError` or `AlreadyExistsError` when someone wrote since `seen` was read. */
  async hold(
    claim: LeaseClaim,
    { seen, now, ...options }: CallOptions & { readonly seen: LeaseRecord | undefined; readonly now: Date },
  ): Promise<LeaseRecord> {
    const renewTime = microTime(now);
    const renewal = seen?.holder === claim.holder;
    const spec = {
      holderIdentity: claim.holder,
      leaseDurationSeconds: Math.ceil(claim.durationMs / 1_000),
      acquireTime: (renewal && seen.acquireTime) || renewTime,
      renewTime,
      leaseTransitions: seen === undefined || renewal ? (seen?.transitions ?? 0) : seen.transitions + 1,
    };
    return this.#write(spec, seen?.resourceVersion, options);
  }

  /** Gives the Lease up, so that the next one need not wait for it to run out. */
  async release(seen: LeaseRecord, options: CallOptions): Promise<void> {
    await this.#write({ leaseDurationSeconds: 1, leaseTransitions: seen.transitions }, seen.resourceVersion, options);
  }

  async #write(spec: object, resourceVersion: string | undefined, options: CallOptions): Promise<LeaseRecord> {
    const { namespace, name } = this.#ref;
    const metadata = { namespace, name, ...(resourceVersion !== undefined && { resourceVersion }) };
    const lease = { apiVersion: `${LEASES.group}/${LEASES.version}`, kind: LEASES.kind, metadata, spec };
    const write = resourceVersion === undefined ? 'create' : 'replace';
    return toRecord(await this.#client[write](LEASES, lease, options));
  }
}

function toRecord({ metadata, spec }: KubeObject): LeaseRecord {
  const fields = isRecord(spec) ? spec : {};
  const seconds = fields['leaseDurationSeconds'];
  const transitions = fields['leaseTransitions'];
  return {
    holder: textField(fields, 'holderIdentity') ?? '',
    durationMs: typeof seconds === 'number' && seconds > 0 ? seconds * 1_000 : undefined,
    transitions: typeof transitions === 'number' ? transitions : 0,
    acquireTime: textField(fields, 'acquireTime'),
    fingerprint: JSON.stringify(fields),
    resourceVersion: metadata.resourceVersion,
  };
}

/** metav1.MicroTime wants exactly six decimals. */
export function microTime(date: Date): string {
  return date.toISOString().replace('Z', '000Z');
}
