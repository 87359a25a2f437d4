import Type, { type TProperties } from 'typebox';
import { image, resources, scheduling } from './pods.ts';
import { group, labels, name, objects, QUANTITY, text } from './words.ts';

const autoscaling = group('As many pods as their CPU asks for, instead of `replicas`. Needs metrics-server.', {
  enabled: Type.Boolean({ description: 'Whether there is a HorizontalPodAutoscaler.' }),
  min: Type.Integer({ minimum: 1, maximum: 100, description: 'At least 2, or the loss of a node is an outage.' }),
  max: Type.Integer({ minimum: 1, maximum: 100, description: 'At most so many.' }),
  targetCpu: text('CPU of the average pod above which another is added.', { pattern: QUANTITY }),
});

const part = <T extends TProperties>(description: string, properties: T) =>
  group(description, {
    image,
    replicas: Type.Integer({ minimum: 0, maximum: 100, description: 'How many pods.' }),
    resources,
    extraEnv: objects(
      'Environment beside what the chart sets: `[{ name, value }]`. Settings are in the docs of the part.',
    ),
    ...scheduling,
    ...properties,
  });

export const operator = part('The operator: policies become objects of the mesh.', {});

export const auth = part('The auth service: accounts, sessions, tokens, keys.', {
  secretName: name(
    'Secret with `database-url`, `redis-url` and `key-encryption-key`; in a region also `global-redis-url` and `session-key`.',
  ),
  bootstrapAdminEmail: text(
    'First administrator, with `bootstrap-admin-password` of the Secret. Empty: none is made.',
    { pattern: '^([^\\s@]+@[^\\s@]+)?$', maxLength: 254 },
  ),
  trustedProxies: Type.Array(Type.String({ pattern: '^[0-9A-Fa-f.:]+(/[1-9][0-9]{0,2})?$', maxLength: 43 }), {
    description:
      "Addresses or networks of the Gateways' pods, whose `X-Forwarded-For` is believed. Empty: all log-ins come from one network, and are limited as one.",
    maxItems: 64,
  }),
  autoscaling,
});

export const guard = part('The guard: what proxies ask about requests.', {
  enabled: Type.Boolean({ description: 'Whether there is one, and a gateway that asks it.' }),
  secretName: name(
    'Secret with `redis-url` and a `key-encryption-key` of its own; in a region also `global-redis-url`.',
  ),
  loginPath: text('Where people who open a page without a session are led, for example `/login`. Empty: nowhere.', {
    // As the guard reads it.
    pattern: '^(/([A-Za-z0-9_.~-][A-Za-z0-9_./~-]{0,254})?)?$',
  }),
  meshed: Type.Boolean({ description: 'Whether its pods get a sidecar, and answer only certificates of the mesh.' }),
  podLabels: labels('Labels of its pods, beside `app` and what `guard.meshed` sets.', [
    'app',
    'sidecar.istio.io/inject',
  ]),
  autoscaling,
});
