import Type, { type TProperties } from 'typebox';
import { destination, group, name, namespaces, objects, strings } from './words.ts';

const gateway = <T extends TProperties>(description: string, properties: T) =>
  group(description, {
    create: Type.Boolean({ description: 'Whether the chart makes the Gateway and its namespace.' }),
    className: name('GatewayClass of the Gateway.'),
    annotations: strings('Annotations of the Gateway, for example `networking.istio.io/service-type: ClusterIP`.'),
    routesFrom: namespaces('Namespaces whose HTTPRoutes may attach.'),
    ...properties,
  });

export const edgeGateway = gateway('The Gateway that asks the guard about every request.', {
  name: name('Of the Gateway, be it made by the chart or there already.'),
  namespace: name('Its namespace.'),
});

export const publicGateway = gateway(
  'A Gateway `public` in `istio-ingress` that asks nobody: services verify tokens themselves.',
  {},
);

export const network = group('Who talks with the pods of the namespace; all else is denied.', {
  enabled: Type.Boolean({ description: 'Whether there are NetworkPolicies.' }),
  metricsFrom: namespaces('Namespaces whose pods read metrics.'),
  authFrom: objects(
    'Peers that reach log-in, tokens and keys. Empty: proxies of Gateways, pods with a sidecar, and the pods of the namespace.',
  ),
  administrationFrom: objects('Peers that reach the administration of the auth service.'),
  apiServer: destination('The API server, whose own address and port a policy sees.'),
  redis: destination('Redis, unless `redis.enabled`.'),
  globalRedis: destination('The store that regions share, where there are several.'),
  postgresql: destination('PostgreSQL and a replica that is read, unless `postgresql.enabled`.'),
  web: destination('Key sets of TokenIssuers, and applications that are told of a log-out.'),
});
