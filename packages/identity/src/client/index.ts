export type { Fetch, FetchInit } from '../fetch-function.ts';
export type { CallInit } from './call.ts';
export type { TokenQuery } from './exchange.ts';
export type { Wait } from './retry.ts';
export { type ServiceCalls, type ServiceClient, type ServiceClientOptions, serviceClient } from './service-client.ts';
export type { TokenSource } from './token-cache.ts';
export { type WorkloadTokensOptions, workloadTokens } from './workload-tokens.ts';
