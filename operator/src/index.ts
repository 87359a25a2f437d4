export { createFetchJson, type FetchJson, type FetchOptions } from './fetch-jwks.ts';
export { createOperator, type Operator, type OperatorOptions } from './operator.ts';
export { GENERATED, ISSUERS, POLICIES } from './resources.ts';
