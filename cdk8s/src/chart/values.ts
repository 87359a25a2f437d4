import Type, { type Static, type TSchema } from 'typebox';
import { monitoring, traces } from './values/observability.ts';
import { auth, guard, operator } from './values/parts.ts';
import { region } from './values/region.ts';
import { postgresql, redis } from './values/stores.ts';
import { edgeGateway, network, publicGateway } from './values/traffic.ts';
import { group, name, text } from './values/words.ts';

/** What values.yaml holds: its schema, and the table in the README of the chart. */
export const ChartValues = group('Values of the chart.', {
  issuer: text('**Required.** The `iss` of the tokens: the address at which applications reach the auth service.', {
    pattern: '^$|^https?://[^\\s?#]+$',
    maxLength: 512,
  }),
  tokenIssuer: group('The TokenIssuer `platform`, which stands for the auth service.', {
    requireClientId: Type.Boolean({
      description:
        'Whether services take access tokens alone, which name a client, and no id tokens. An upgrade puts it off while an operator runs that does not know how.',
    }),
  }),
  images: group('Of every image.', {
    registry: text('Host and path before the repositories, for example `registry.example.org/mirror`. Empty: none.', {
      pattern: '^$|^[A-Za-z0-9][A-Za-z0-9._:/-]*[A-Za-z0-9]$',
    }),
    pullPolicy: text('`Always`, `IfNotPresent` or `Never`. Empty: what Kubernetes makes of the tag.', {
      pattern: '^(Always|IfNotPresent|Never)?$',
    }),
    pullSecrets: Type.Array(group('A Secret of the namespace.', { name: name('Its name.') }), {
      description: 'Secrets for the registry: `[{ name }]`.',
    }),
  }),
  mesh: group('Facts of the mesh that is there.', {
    trustDomain: text('`trustDomain` of the mesh config.', { pattern: '^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$' }),
    rootNamespace: name('`rootNamespace` of the mesh config, where no policy is programmed.'),
    istiodNamespace: name('Namespace of istiod.'),
    configMap: group('The ConfigMap with the mesh config.', {
      namespace: name('Its namespace.'),
      name: text('`istio`, or `istio-REVISION`.', { pattern: '^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$' }),
    }),
  }),
  operator,
  auth,
  guard,
  edgeGateway,
  publicGateway,
  network,
  region,
  traces,
  monitoring,
  redis,
  postgresql,
  secrets: group('Passwords and keys.', {
    generate: Type.Boolean({
      description: 'For a trial: makes the Secrets, where stores are of the chart. Refused by `helm template`.',
    }),
  }),
  global: Type.Optional(Type.Object({}, { description: 'Of a chart that has this one as a part; not read.' })),
  crds: group('The custom resource definitions.', {
    upgrade: Type.Boolean({
      description: 'Whether an upgrade brings older definitions up to date, or is refused where Helm cannot (Helm 3).',
    }),
  }),
});
export type ChartValues = Static<typeof ChartValues>;

/** As values.schema.json: Helm 3 and 4 both read draft 7. */
export function valuesSchema(): TSchema {
  const $schema = 'http://json-schema.org/draft-07/schema#';
  return { $schema, title: 'Values of the chart sekisho', ...ChartValues };
}
