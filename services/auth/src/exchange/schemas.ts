import { PermissionNames, RoleNames, ServiceName } from '@sekisho/tokens';
import { type Static, Type } from 'typebox';
import { PageAnswer, PageQuery } from '../http/pages.ts';

const strict = { additionalProperties: false } as const;

const NAMESPACE = '[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?';
const NAME = '[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?';

export const WorkloadParams = Type.Object(
  { namespace: Type.String({ pattern: `^${NAMESPACE}$` }), serviceAccount: Type.String({ pattern: `^${NAME}$` }) },
  strict,
);

const WorkloadGrant = Type.Object(
  {
    service: ServiceName,
    own: Type.Optional({ ...PermissionNames, description: 'for itself; without it, no token for itself' }),
    delegated: Type.Optional(
      Type.Object(
        {
          permissions: PermissionNames,
          roles: Type.Optional({ ...RoleNames, description: 'of the user, that the service may see; none by default' }),
        },
        { ...strict, description: 'at most these, for a user who called it; without it, no token for users' },
      ),
    ),
  },
  strict,
);

const settings = {
  service: Type.Optional({ ...ServiceName, description: 'whose tokens it receives: only those can it exchange' }),
  grants: Type.Array(WorkloadGrant, { maxItems: 64 }),
};

export const WorkloadBody = Type.Object(settings, strict);
export type WorkloadBody = Static<typeof WorkloadBody>;

export const WorkloadAnswer = Type.Object({
  namespace: Type.String(),
  serviceAccount: Type.String(),
  ...settings,
  version: Type.Integer(),
});

const Cursor = Type.String({ pattern: `^${NAMESPACE}/${NAME}$` });
export const WorkloadsQuery = PageQuery(Cursor, {});
export const WorkloadsAnswer = PageAnswer(WorkloadAnswer);
