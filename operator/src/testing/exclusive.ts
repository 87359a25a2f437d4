import { once } from 'node:events';
import { type KubeClient, LeaderElection } from '@sekisho/kube';

/** Every operator acts on the whole API server, so only one test file at a time may run any there: they elect each other. */
const LEASE = { namespace: 'kube-system', name: 'operator-tests', leaseMs: 5_000 };

/** Resolves when it is this identity's turn, with how to end it. */
export async function enterExclusively(client: KubeClient, identity: string): Promise<() => Promise<void>> {
  const entered = Promise.withResolvers<void>();
  const leave = new AbortController();
  const onError = (error: unknown) => {
    throw error;
  };
  const lead = async (term: AbortSignal) => {
    entered.resolve();
    await once(term, 'abort');
  };
  const turn = new LeaderElection({ ...LEASE, client, identity, onError }).run(lead, leave.signal);
  await entered.promise;
  return async () => {
    leave.abort();
    await turn;
  };
}
