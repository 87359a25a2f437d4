import { once } from 'node:events';
import { type KubeClient, LeaderElection } from '@sekisho/kube';

/**
 * Every operator acts on the whole API server, so only one test file at a time may run any there: they elect each other. A file whose
 * process stands still for a while keeps its turn; one that was killed leaves it to the others after a minute.
 */
const LEASE = { namespace: 'kube-system', name: 'operator-tests', leaseMs: 60_000 };

/** Resolves when it is this identity's turn, with how to end it. */
export async function enterExclusively(client: KubeClient, identity: string): Promise<() => Promise<void>> {
  const entered = Promise.withResolvers<void>();
  const leave = new AbortController();
  // A call that fails, as on a busy machine, is made again.
  const onError = () => undefined;
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
