import { Type } from 'typebox';
import { IfMatch } from '../http/if-match.ts';
import { operation } from '../http/operation.ts';
import { WorkloadAnswer, WorkloadBody, WorkloadParams, WorkloadsAnswer, WorkloadsQuery } from './schemas.ts';

const tag = 'workloads';

export const list = operation(
  { id: 'listWorkloads', tag, summary: 'List the workloads that were granted something', needs: 'workloads:read' },
  { querystring: WorkloadsQuery, response: { 200: WorkloadsAnswer } },
);

export const read = operation(
  {
    id: 'readWorkloadGrants',
    tag,
    summary: 'Read what a workload may do',
    needs: 'workloads:read',
    problems: ['workload_unknown'],
  },
  { params: WorkloadParams, response: { 200: WorkloadAnswer } },
);

export const put = operation(
  {
    id: 'replaceWorkloadGrants',
    tag,
    summary: 'Replace what a workload may do',
    description:
      'A workload is a Kubernetes ServiceAccount. Nothing is allowed that is not named. What exists is replaced with If-Match and the ETag of what was read; tokens issued before live on for at most five minutes.',
    needs: 'workloads:write',
    problems: ['version_required', 'version_conflict', 'grants_ambiguous'],
  },
  { params: WorkloadParams, headers: IfMatch, body: WorkloadBody, response: { 200: WorkloadAnswer } },
);

export const remove = operation(
  {
    id: 'removeWorkloadGrants',
    tag,
    summary: 'Take away all that a workload may do',
    needs: 'workloads:write',
    problems: ['workload_unknown'],
  },
  { params: WorkloadParams, response: { 204: Type.Null() } },
);
