import { toJwks } from '@sekisho/tokens';
import { waitFor } from '../mesh/wait.ts';
import { PARTNER_ISSUER, type StoryContext } from './context.ts';
import { call, outcome } from './http.ts';
import { Policies } from './policies.ts';
import { settle, stays } from './settle.ts';
import type { Chapter } from './step.ts';

const SHOP = 'shop';
const BUCKET = 'bucket';
const ITEMS = '/api/bucket-items';
const DENIED = '403 RBAC: access denied';

/** An identity provider outside the platform joins: a TokenIssuer with inline keys, named by the policy. */
export const partnerChapter: Chapter<StoryContext> = {
  title: 'A second issuer',
  steps: [
    {
      title: 'a token of an issuer that no policy names',
      expected: '401 Jwt issuer is not configured',
      run: async (context) =>
        outcome(await call(context.mesh.gateway + ITEMS, { token: await partnerToken(context, new Date()) })),
    },
    {
      title: 'TokenIssuer partner is applied and the policy names it',
      expected: '200',
      run: async (context) => {
        await context.cluster.apply([partnerIssuer(context)]);
        await new Policies(context.cluster).edit(SHOP, BUCKET, (spec) => {
          spec.issuers = ['platform', 'partner'];
        });
        return settle(context.mesh.gateway + ITEMS, { token: await partnerToken(context, new Date()) }, '200');
      },
    },
    {
      title: 'its token of ten minutes ago, valid for five',
      expected: '401 Jwt is expired',
      run: async (context) => {
        const token = await partnerToken(context, new Date(Date.now() - 10 * 60_000));
        return outcome(await call(context.mesh.gateway + ITEMS, { token }));
      },
    },
    {
      title: 'the policy names it no longer, and it is deleted',
      expected: '401 Jwt issuer is not configured',
      run: async (context) => {
        await new Policies(context.cluster).edit(SHOP, BUCKET, (spec) => {
          spec.issuers = ['platform'];
        });
        const token = await partnerToken(context, new Date());
        await context.cluster.client.delete(await context.cluster.resource(partnerIssuer(context)), {
          name: 'partner',
        });
        return settle(context.mesh.gateway + ITEMS, { token }, '401 Jwt issuer is not configured');
      },
    },
  ],
};

/** A policy changes, is tampered with, and breaks. */
export const changesChapter: Chapter<StoryContext> = {
  title: 'Changing policies',
  steps: [
    {
      title: 'the policy now asks for bucket:audit, which nobody has',
      expected: DENIED,
      run: async (context) => {
        await new Policies(context.cluster).askFor('bucket:audit');
        return settle(context.mesh.gateway + ITEMS, { token: await context.logIn(context.alice) }, DENIED);
      },
    },
    {
      title: 'and for bucket:read again',
      expected: '200',
      run: async (context) => {
        await new Policies(context.cluster).askFor('bucket:read');
        return settle(context.mesh.gateway + ITEMS, { token: await context.logIn(context.alice) }, '200');
      },
    },
    {
      title: 'the generated ALLOW is deleted by hand',
      expected: 'it comes back with the same name; nobody without a token got in meanwhile',
      run: deleteAllow,
    },
    {
      title: 'the generated DENY is edited by hand',
      expected: 'the edit is undone',
      run: editDeny,
    },
    {
      title: 'a broken edit: permission bucket:* would be a wildcard to Istio',
      expected: 'refused by the API server, naming spec.rules[2].allow.permissions.anyOf[0]',
      run: wildcardEdit,
    },
    {
      title: 'a broken edit that the schema cannot see: an issuer that does not exist',
      expected:
        'Accepted=False IssuerNotFound; the last good rules stay: 200 with a token, 403 RBAC: access denied without',
      run: brokenEdit,
    },
    {
      title: 'kubectl get serviceauthpolicies bucket user --namespace shop',
      expected:
        'Name bucket, Service bucket, Mode Enforce, Rules 6, Accepted False, Programmed False, Enforced False; ' +
        'Name user, Service user, Mode Enforce, Rules 4, Accepted True, Programmed True, Enforced True',
      run: async ({ cluster }) => {
        const policies = new Policies(cluster);
        await policies.enforced(SHOP, 'user');
        return policies.printed(SHOP, [BUCKET, 'user']);
      },
    },
    {
      title: 'the edit is taken back, and every Envoy has what it means',
      expected: 'Accepted=True Accepted, Programmed=True, Enforced=True',
      run: async ({ cluster }) => {
        const policies = new Policies(cluster);
        await policies.edit(SHOP, BUCKET, (spec) => {
          spec.issuers = ['platform'];
        });
        await policies.programmed(SHOP, BUCKET);
        await policies.enforced(SHOP, BUCKET);
        const accepted = await policies.condition(SHOP, BUCKET, 'Accepted');
        return `Accepted=${accepted.status} ${accepted.reason}, Programmed=True, Enforced=True`;
      },
    },
  ],
};

function partnerIssuer({ partner }: StoryContext): {
  apiVersion: string;
  kind: string;
  metadata: { name: string };
  spec: unknown;
} {
  const spec = { issuer: PARTNER_ISSUER, jwks: toJwks([partner.key]) };
  return { apiVersion: 'auth.sekisho.dev/v1alpha1', kind: 'TokenIssuer', metadata: { name: 'partner' }, spec };
}

async function partnerToken({ partner }: StoryContext, issuedAt: Date): Promise<string> {
  const services = { bucket: { permissions: ['bucket:read'] } };
  const user = { id: 'partner-user', roles: [], permissions: [] };
  const grant = { subject: 'partner-user', clientId: 'web', user, audience: [BUCKET], services, lifetimeSeconds: 300 };
  return (await partner.mintAt(() => issuedAt)(grant)).token;
}

async function wildcardEdit({ cluster }: StoryContext): Promise<string> {
  const refusal = await new Policies(cluster).askFor('bucket:*').then(
    () => 'accepted',
    (error: unknown) => String(error),
  );
  const path = /spec\.\S+(?=: Invalid value)/.exec(refusal)?.[0];
  return path === undefined ? refusal : `refused by the API server, naming ${path}`;
}

async function deleteAllow({ cluster, mesh }: StoryContext): Promise<string> {
  const policies = new Policies(cluster);
  const before = await policies.generated(SHOP, BUCKET, 'ALLOW');
  await cluster.client.delete(await cluster.resource(before), { namespace: SHOP, name: before.metadata.name });
  const back = waitFor('the ALLOW comes back', () => policies.generated(SHOP, BUCKET, 'ALLOW'), { timeout: 60_000 });
  // A second more than it takes: istiod sends the deletion to Envoy some 0.2 s later.
  const [after, meanwhile] = await Promise.all([back, stays(mesh.gateway + ITEMS, {}, DENIED, 2_000)]);
  const same = after.metadata.name === before.metadata.name && after.metadata.uid !== before.metadata.uid;
  const which = same ? 'it comes back with the same name' : `another object came: ${after.metadata.name}`;
  return `${which}; ${meanwhile === DENIED ? 'nobody without a token got in meanwhile' : `meanwhile, without a token: ${meanwhile}`}`;
}

async function editDeny({ cluster }: StoryContext): Promise<string> {
  const policies = new Policies(cluster);
  const before = await policies.generated(SHOP, BUCKET, 'DENY');
  const { name } = before.metadata;
  const harmless = { rules: [{ to: [{ operation: { methods: ['TRACE'] } }] }] };
  const edited = { ...before, spec: { ...(before.spec as object), ...harmless } };
  await cluster.client.replace(await cluster.resource(before), edited);
  const good = JSON.stringify(before.spec);
  const restored = async (): Promise<boolean> =>
    JSON.stringify((await policies.generated(SHOP, BUCKET, 'DENY')).spec) === good;
  await waitFor(`${name} is restored`, restored, { timeout: 60_000 });
  return 'the edit is undone';
}

async function brokenEdit({ cluster, mesh, logIn, alice }: StoryContext): Promise<string> {
  const policies = new Policies(cluster);
  await policies.edit(SHOP, BUCKET, (spec) => {
    spec.issuers = ['platform', 'nobody-knows-it'];
  });
  const accepted = await policies.condition(SHOP, BUCKET, 'Accepted');
  const withToken = await stays(mesh.gateway + ITEMS, { token: await logIn(alice) }, '200');
  const without = await stays(mesh.gateway + ITEMS, {}, DENIED);
  return `Accepted=${accepted.status} ${accepted.reason}; the last good rules stay: ${withToken} with a token, ${without} without`;
}
