import type { Manifest } from '@sekisho/cdk8s';
import type { Cluster } from '../mesh/cluster.ts';
import type { MeshInfo } from '../mesh/mesh-info.ts';
import { remove } from '../mesh/remove.ts';
import { Accounts, logIn } from '../story/accounts.ts';
import { call } from '../story/http.ts';

const ITEMS = '/api/bucket-items';
const GRANTS = [{ service: 'bucket', permissions: ['bucket:read'] }];

/** A little of everything that is counted, each time that it is asked for. */
export class Traffic {
  readonly #mesh: MeshInfo;
  readonly #cluster: Cluster;
  readonly #accounts: Accounts;
  #rounds = 0;

  constructor(mesh: MeshInfo, cluster: Cluster) {
    this.#mesh = mesh;
    this.#cluster = cluster;
    this.#accounts = new Accounts(mesh);
  }

  /** Somebody comes and goes, others are refused, and a policy changes. What a busy machine refuses is no matter: there are more rounds. */
  async round(): Promise<void> {
    const { auth, edge, gateway } = this.#mesh;
    // Another one each time: log-ins of one account are limited.
    const person = await this.#accounts.create({ name: 'watched', roles: ['member'], grants: GRANTS });
    const token = await logIn(this.#mesh, person);
    await call(edge + ITEMS, { token });
    await call(edge + ITEMS);
    await call(gateway + ITEMS);
    await call(gateway + ITEMS, { token: 'none' });
    await call(`${auth.url}/v1/sessions`, {
      method: 'POST',
      body: { email: person.email, password: 'not the password' },
    });
    await call(`${auth.url}/v1/sessions/current`, { method: 'DELETE', token });
    this.#rounds += 1;
    await this.#cluster.apply([policy(this.#rounds)]);
  }

  end(): Promise<void> {
    return remove(this.#cluster, policy(0));
  }
}

/** Of no workload. */
function policy(round: number): Manifest {
  return {
    apiVersion: 'auth.sekisho.dev/v1alpha1',
    kind: 'ServiceAuthPolicy',
    metadata: { name: 'watched', namespace: 'shop' },
    spec: {
      selector: { matchLabels: { app: 'watched' } },
      rules: [{ name: `round-${round}`, allow: { public: true } }],
    },
  };
}
