import type { FastifyReply } from 'fastify';
import { errors } from 'oidc-provider';
import { asked, OIDC_SCOPES, toList } from '../grants/context.ts';
import { consentPage } from '../pages/consent-page.ts';
import { type InteractionDependencies, text, type Visit } from './interaction.ts';

export async function showConsent(
  { accounts, resources }: InteractionDependencies,
  visit: Visit,
): Promise<FastifyReply> {
  const { interaction, language, inLanguage, client, action, csrf } = visit;
  const account = await accounts.find(interaction.session?.accountId ?? '');
  if (account === undefined) throw new errors.SessionNotFound('nobody is logged in');
  const { scopes, what } = request(visit, resources);
  const returnsTo = URL.parse(text(interaction.params['redirect_uri']))?.origin;
  return visit.show(
    consentPage({
      language,
      inLanguage,
      application: client.name,
      account: account.email,
      action,
      csrf,
      email: scopes.includes('email'),
      services: what.services.map((name) => ({ name, permissions: what.permissions ?? [] })),
      ...(returnsTo !== undefined && { returnsTo }),
    }),
  );
}

/** @returns where the browser goes next */
export async function submitConsent(
  { provider: currentProvider, resources, consents }: InteractionDependencies,
  visit: Visit,
): Promise<string> {
  const provider = currentProvider();
  const { interaction, client } = visit;
  const accountId = interaction.session?.accountId;
  if (accountId === undefined) throw new errors.SessionNotFound('nobody is logged in');
  const known = interaction.grantId === undefined ? undefined : await provider.Grant.find(interaction.grantId);
  const grant = known ?? new provider.Grant({ accountId, clientId: client.id });
  const { scopes, what } = request(visit, resources);
  grant.addOIDCScope(scopes.filter((scope) => OIDC_SCOPES.has(scope)).join(' '));
  consents.record(grant, what);
  return visit.finish({ consent: { grantId: await grant.save() } });
}

function request({ interaction }: Visit, resources: InteractionDependencies['resources']) {
  const scopes = text(interaction.params['scope']).split(' ').filter(Boolean);
  return { scopes, what: asked(resources, toList(interaction.params['resource']), scopes) };
}
