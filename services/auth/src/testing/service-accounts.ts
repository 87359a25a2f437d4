import { randomUUID } from 'node:crypto';
import { connect, KubeClient, type Resource } from '@sekisho/kube';

const core = { group: '', version: 'v1' } as const;
const NAMESPACES: Resource = { ...core, plural: 'namespaces', kind: 'Namespace', namespaced: false };
const SERVICE_ACCOUNTS: Resource = { ...core, plural: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true };

/** ServiceAccounts of a real API server, in a namespace of their own, and the tokens that it signs for them. */
export async function openServiceAccounts(kubeconfig: string) {
  const transport = connect({ kubeconfig });
  const client = new KubeClient(transport, { fieldManager: 'test' });
  const namespace = `exchange-${randomUUID().slice(0, 8)}`;
  await client.create(NAMESPACES, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  return {
    namespace,
    async create(name: string): Promise<string> {
      await client.create(SERVICE_ACCOUNTS, {
        apiVersion: 'v1',
        kind: 'ServiceAccount',
        metadata: { name, namespace },
      });
      return `system:serviceaccount:${namespace}:${name}`;
    },
    /** As a kubelet projects it into a pod (the TokenRequest API). */
    async token(name: string, audience = 'sekisho'): Promise<string> {
      const spec = { audiences: [audience], expirationSeconds: 600 };
      const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec };
      const made = await client.createSub(SERVICE_ACCOUNTS, { namespace, name, subresource: 'token' }, body);
      return (made as { readonly status: { readonly token: string } }).status.token;
    },
    close: () => transport.close(),
  };
}
