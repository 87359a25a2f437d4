import { afterEach, beforeEach, describe, expect, inject, test } from 'vitest';
import { Journal, upstreamOf } from '../testing/journal.ts';
import { moreOpen } from '../testing/openness.ts';
import { twoPolicies, workloadOf } from '../testing/policies.ts';
import { Replica } from '../testing/replica.ts';
import { useCluster } from '../testing/use-cluster.ts';
import { useHistory } from '../testing/use-history.ts';

/** What is written, in this order, to go from `reading` to `writing`. */
const STEPS = [
  'authorizationpolicies/bucket-deny',
  'authorizationpolicies/bucket-allow',
  'peerauthentications/bucket-mtls',
  'serviceauthpolicies/bucket/status',
];

const cluster = useCluster({ operator: false });
const history = useHistory(cluster);
let journal: Journal;
let replica: Replica;

beforeEach(async () => {
  journal = new Journal(await upstreamOf(inject('kubeconfig')));
  replica = await start();
});
afterEach(async () => {
  await replica.close();
  await journal.close();
});

async function start(): Promise<Replica> {
  return Replica.start({ name: 'a', server: await journal.door('a'), namespace: cluster.namespace });
}

describe('an operator that is killed', () => {
  test.each(STEPS)(
    'at its write of %s, carried out or not, leaves nothing open, and its successor goes on',
    async (step) => {
      const { reading, writing } = twoPolicies(cluster, 'bucket');
      await cluster.apply(reading);
      await cluster.programmed('bucket');
      journal.onWrite = (path) => {
        if (path.includes(`/${cluster.namespace}/${step}`)) replica.signal('SIGKILL');
      };
      await cluster.apply(writing);
      await replica.exited();
      journal.onWrite = () => undefined;
      await replica.close();
      replica = await start();
      await cluster.programmed('bucket');
      const states = await history().states('bucket');
      expect(moreOpen(states, workloadOf(cluster, [reading, writing]))).toEqual([]);
      expect(moreOpen(states.slice(-1), workloadOf(cluster, [writing]))).toEqual([]);
    },
  );
});
