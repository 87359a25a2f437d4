import { waitFor } from '../mesh/wait.ts';
import type { StoryContext } from './context.ts';
import { call, json, outcome } from './http.ts';
import type { Chapter } from './step.ts';

/** Service to service: the mesh proves who calls by mTLS, and a token in whose name. */
export const hopsChapter: Chapter<StoryContext> = {
  title: 'Service to service',
  steps: [
    {
      title: 'bucket asks user in the name of alice who owns the new item (token exchange, act: shop/bucket)',
      expected: '201, title see the sea, with an owner name',
      run: async ({ mesh, logIn, alice }) => {
        const options = { method: 'POST', token: await logIn(alice), body: { title: 'see the sea' } };
        const answer = await call(`${mesh.gateway}/api/bucket-items`, options);
        const item = json(answer);
        return `${answer.status}, title ${item['title']}, ${item['ownerName'] ? 'with an owner name' : `no owner name: ${answer.text}`}`;
      },
    },
    {
      title: 'bucket leaves alice a notification in her name: the token that it exchanged says who acts',
      expected: 'You added: see the aurora, left by system:serviceaccount:shop:bucket',
      run: notified,
    },
    {
      title: 'alice leaves one herself, with the permission, but not through bucket',
      expected: '403 RBAC: access denied',
      run: async ({ mesh, logIn, alice }) => {
        const options = { method: 'POST', token: await logIn(alice), body: { text: 'well done' } };
        return outcome(await call(`${mesh.gateway}/api/notifications`, options));
      },
    },
    {
      title: 'the gateway asks user for a name that it tells to bucket only, with a valid token: not among the callers',
      expected: '403 RBAC: access denied',
      run: async ({ mesh, logIn, alice }) =>
        outcome(await call(`${mesh.gateway}/api/users/${alice.id}/name`, { token: await logIn(alice) })),
    },
    {
      title: "user's own identity asks bucket for items, without a token",
      expected: '403 RBAC: access denied',
      run: async ({ mesh }) =>
        outcome(await throughEgress(mesh.workloads['user']?.egressProxy, 'bucket.shop', '/api/bucket-items')),
    },
    {
      title: "bucket's identity asks user, past the app",
      expected: '200',
      run: async ({ mesh, alice }) =>
        outcome(await throughEgress(mesh.workloads['bucket']?.egressProxy, 'user.shop', `/api/users/${alice.id}/name`)),
    },
    {
      title: 'a path that the policy makes public, without a token',
      expected: '200',
      run: async ({ mesh }) =>
        outcome(await throughEgress(mesh.workloads['user']?.egressProxy, 'bucket.shop', '/healthz')),
    },
    {
      title: 'plain text to a sidecar (mTLS is STRICT)',
      expected: 'the connection is cut',
      run: async ({ mesh }) => {
        const address = mesh.workloads['bucket']?.address;
        return call(`http://${address}/healthz`).then(outcome, cut);
      },
    },
  ],
};

/** An item is added also where its notification could not be left in time, as on a busy machine: then another one is. */
function notified({ mesh, logIn, alice }: StoryContext): Promise<string> {
  return waitFor(
    'a notification of bucket',
    async () => {
      const token = await logIn(alice);
      const body = { title: 'see the aurora' };
      const added = await call(`${mesh.gateway}/api/bucket-items`, { method: 'POST', token, body });
      if (added.status !== 201) return undefined;
      const answer = await call(`${mesh.gateway}/api/notifications`, { token });
      const { notifications } = json(answer) as { notifications?: { text: string; from: string }[] };
      const found = notifications?.find(({ text }) => text.endsWith(body.title));
      return found && `${found.text}, left by ${found.from}`;
    },
    { timeout: 120_000 },
  );
}

/** Envoy takes the connection and ends it. @throws every other error: that nobody listens proves nothing */
function cut(error: Error & { code?: string }): string {
  if (error.code === 'ECONNRESET' || error.code === 'UND_ERR_SOCKET') return 'the connection is cut';
  throw error;
}

/** Sends a request out of a workload's Envoy, so with that workload's mTLS identity. */
function throughEgress(proxy: string | undefined, host: string, path: string): ReturnType<typeof call> {
  return call(`${proxy}${path}`, { headers: { host } });
}
