import type { KubeClient, KubeObject } from '@sekisho/kube';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { WEBHOOKS } from './resources.ts';

const Webhooks = Type.Array(
  Type.Object({
    name: Type.String(),
    clientConfig: Type.Object({ caBundle: Type.Optional(Type.String()) }),
  }),
);

/**
 * Makes every webhook of a configuration trust exactly these authorities (PEM). Only `caBundle` is written, by server-side
 * apply: all else belongs to whoever installed the configuration. Writes nothing when it is so already.
 * @throws KubeError; `not_found` when there is no such configuration, which is never created here
 */
export async function trustAuthorities(
  client: KubeClient,
  name: string,
  authorities: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  const configuration = await client.get(WEBHOOKS, { name }, { signal });
  const webhooks = webhooksOf(configuration);
  const caBundle = Buffer.from(authorities.map((pem) => `${pem.trimEnd()}\n`).join(''), 'utf8').toString('base64');
  if (webhooks.every(({ clientConfig }) => clientConfig.caBundle === caBundle)) return;
  const { apiVersion, kind, metadata } = configuration;
  const wanted = {
    apiVersion,
    kind,
    // The uid keeps a configuration that was deleted meanwhile from coming back as a torso.
    metadata: { name, ...(metadata.uid !== undefined && { uid: metadata.uid }) },
    webhooks: webhooks.map((webhook) => ({ name: webhook.name, clientConfig: { caBundle } })),
  };
  await client.apply(WEBHOOKS, wanted, { force: true, signal });
}

function webhooksOf(configuration: KubeObject) {
  const { webhooks } = configuration;
  return Value.Check(Webhooks, webhooks) ? webhooks : [];
}
