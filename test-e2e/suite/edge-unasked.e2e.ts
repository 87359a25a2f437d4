import { afterAll, expect, test } from 'vitest';
import { Cluster } from '../mesh/cluster.ts';
import { frozen } from '../mesh/frozen.ts';
import { readMesh } from '../mesh/mesh-info.ts';
import { remove } from '../mesh/remove.ts';
import { settle } from '../story/settle.ts';

const LONG = 120_000;
const EDGE = 'istio-edge';
const QUESTIONS = { apiVersion: 'security.istio.io/v1', kind: 'AuthorizationPolicy' } as const;
const mesh = readMesh();
const cluster = new Cluster(mesh.kubeconfig);
afterAll(() => cluster.close());

async function removeQuestion(): Promise<void> {
  const { items } = await cluster.client.list(await cluster.resource(QUESTIONS), { namespace: EDGE });
  const [question] = items.filter(({ spec }) => Reflect.get(Object(spec), 'action') === 'CUSTOM');
  if (question === undefined) throw new Error('the guarded gateway has no CUSTOM policy');
  await remove(cluster, { ...QUESTIONS, metadata: question.metadata });
}

const foreignAllow = {
  ...QUESTIONS,
  metadata: { name: 'foreign', namespace: EDGE },
  spec: { action: 'ALLOW', rules: [{}] },
};

/** The page of the shop: open to everybody. */
const page = (wanted: string): Promise<string> => settle(`${mesh.edge}/`, {}, wanted, LONG);

test('a gateway whose question to the guard was deleted is closed, and not open, until the operator puts it back', {
  timeout: 4 * LONG,
}, async () => {
  expect(await page('200')).toBe('200');
  await cluster.apply([foreignAllow]);
  try {
    await frozen(mesh, 'operator', async () => {
      await removeQuestion();
      expect(await page('403 RBAC: access denied')).toBe('403 RBAC: access denied');
    });
    expect(await page('200')).toBe('200');
  } finally {
    await remove(cluster, foreignAllow);
  }
});
