import type { Static } from 'typebox';
import { AUDIENCE } from '../accounts/account.ts';
import { AuthError } from '../errors.ts';
import { type Authorize, administratorOf } from '../http/authorize.ts';
import { entityTag, requiredVersion } from '../http/if-match.ts';
import { DEFAULT_PAGE, toPage } from '../http/pages.ts';
import type { HttpServer } from '../http/server.ts';
import * as operations from './operations.ts';
import type { WorkloadAnswer, WorkloadBody } from './schemas.ts';
import type { Workload, WorkloadId, WorkloadSettings, WorkloadStore } from './workload.ts';

export interface WorkloadRoutesOptions {
  readonly workloads: WorkloadStore;
  readonly authorize: Authorize;
}

const PATH = '/v1/workloads/:namespace/:serviceAccount/grants';

/** What workloads may do, for themselves and for users. */
export function workloadRoutes(app: HttpServer, options: WorkloadRoutesOptions): void {
  readRoutes(app, options);
  changeRoutes(app, options);
}

function readRoutes(app: HttpServer, { workloads, authorize }: WorkloadRoutesOptions): void {
  const onRequest = authorize('workloads:read');
  app.get('/v1/workloads', { schema: operations.list, onRequest }, async (request) => {
    const { limit = DEFAULT_PAGE, cursor } = request.query;
    const after = cursor !== undefined && { after: fromCursor(cursor) };
    const found = await workloads.list({ ...after, limit: limit + 1 });
    return toPage(found, { limit, cursorOf: toCursor, answer: toAnswer });
  });
  app.get(PATH, { schema: operations.read, onRequest }, async (request, reply) => {
    const workload = await workloads.find(request.params);
    if (workload === undefined) throw unknownWorkload();
    return reply.header('etag', entityTag(workload.version)).send(toAnswer(workload));
  });
}

function changeRoutes(app: HttpServer, { workloads, authorize }: WorkloadRoutesOptions): void {
  const onRequest = authorize('workloads:write');
  app.put(PATH, { schema: operations.put, onRequest }, async (request, reply) => {
    const ifMatch = request.headers['if-match'];
    const by = {
      actor: administratorOf(request),
      version: ifMatch === undefined ? undefined : requiredVersion(ifMatch),
    };
    const workload = await workloads.put(request.params, toSettings(request.body), by);
    return reply.header('etag', entityTag(workload.version)).send(toAnswer(workload));
  });
  app.delete(PATH, { schema: operations.remove, onRequest }, async (request, reply) => {
    if (!(await workloads.remove(request.params, administratorOf(request)))) throw unknownWorkload();
    return reply.code(204).send(null);
  });
}

/** @throws AuthError `grants_ambiguous`, `request_invalid` */
function toSettings({ service, grants }: WorkloadBody): WorkloadSettings {
  const services = grants.map((grant) => grant.service);
  if (new Set(services).size < services.length) throw new AuthError('grants_ambiguous', 'name each service once');
  const own = services.indexOf(AUDIENCE);
  if (own !== -1) {
    const detail = `the API of ${AUDIENCE} is for administrators: no workload may be granted it`;
    throw new AuthError('request_invalid', detail, { field: `/grants/${own}/service` });
  }
  return {
    ...(service !== undefined && { service }),
    grants: grants.map(({ delegated, ...grant }) => ({
      ...grant,
      ...(delegated !== undefined && { delegated: { roles: [], ...delegated } }),
    })),
  };
}

function toAnswer({ grants, ...workload }: Workload): Static<typeof WorkloadAnswer> {
  return {
    ...workload,
    grants: grants.map(({ service, own, delegated }) => ({
      service,
      ...(own !== undefined && { own: [...own] }),
      ...(delegated !== undefined && {
        delegated: { permissions: [...delegated.permissions], roles: [...delegated.roles] },
      }),
    })),
  };
}

function toCursor({ namespace, serviceAccount }: WorkloadId): string {
  return `${namespace}/${serviceAccount}`;
}

function fromCursor(cursor: string): WorkloadId {
  const [namespace = '', serviceAccount = ''] = cursor.split('/');
  return { namespace, serviceAccount };
}

function unknownWorkload(): AuthError {
  return new AuthError('workload_unknown', 'nothing was granted to this workload');
}
