import Type, { type TProperties } from 'typebox';
import { image, resources, scheduling } from './pods.ts';
import { group, name, QUANTITY, text } from './words.ts';

const store = <T extends TProperties>(description: string, properties: T) =>
  group(description, {
    enabled: Type.Boolean({ description: 'Whether there is one. Production brings its own.' }),
    image,
    volume: group('Where it keeps what it holds.', {
      enabled: Type.Boolean({ description: 'Whether it has a volume. False: what it holds ends with its pod.' }),
      size: text('Of the volume.', { pattern: QUANTITY }),
      storageClassName: text("Empty: the cluster's own."),
    }),
    resources,
    ...scheduling,
    ...properties,
  });

export const redis = store('A Redis of its own, for who has none.', {
  program: text('The program in the image; `redis-server` in those of Redis.', { pattern: '^[a-z-]+$' }),
  secretName: name('Secret with `users.acl`: one line for each user.'),
  maxMemory: Type.Integer({ minimum: 16, maximum: 65_536, description: 'In MB, before it refuses more.' }),
});

export const postgresql = store('A PostgreSQL of its own, for who has none.', {
  user: Type.Integer({ minimum: 1, description: 'The user of the image who may own a database.' }),
  secretName: name('Secret with the key `password`.'),
});
