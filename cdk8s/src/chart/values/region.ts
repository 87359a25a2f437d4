import Type from 'typebox';
import { MAX_REGIONS, REGION_NAME, WITHOUT_GLOBAL, WITHOUT_LOCAL } from '../../region.ts';
import { group, text } from './words.ts';

export const region = group('Which of several regions this one is (docs/regions.md).', {
  name: text(
    'Of this one: lower case letters, digits and `-`. Empty: there is one region, and nothing below is read.',
    {
      pattern: `^$|${REGION_NAME}`,
    },
  ),
  all: Type.Array(Type.String({ pattern: REGION_NAME }), {
    description:
      'Names of all that are there, this one included, in the same order everywhere: first the one that there was before.',
    maxItems: MAX_REGIONS,
    uniqueItems: true,
  }),
  maxStalenessSeconds: Type.Integer({
    minimum: 10,
    maximum: 86_400,
    description:
      "Without news of another region's revocations for longer, the guard goes by `whenUnavailable` and the auth service accepts no token.",
  }),
  withoutGlobal: text(
    'Sessions that are known here while the global store is away: `local`, they go on, or `refuse`.',
    {
      pattern: `^(${WITHOUT_GLOBAL.join('|')})$`,
    },
  ),
  withoutLocal: text('What serves while the Redis of this region is away: `global`, the global store, or `refuse`.', {
    pattern: `^(${WITHOUT_LOCAL.join('|')})$`,
  }),
  databaseReplica: Type.Boolean({
    description: 'Whether the Secret of the auth service has `database-read-url`, a replica in this region.',
  }),
  databaseReplicaMaxAgeSeconds: Type.Integer({
    minimum: 60,
    maximum: 86_400,
    description: 'How old what that replica shows may be: by what is older nobody logs in.',
  }),
});
