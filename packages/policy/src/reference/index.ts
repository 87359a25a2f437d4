export { POLICY_CONDITIONS } from './reasons.ts';
export { type ReferenceOptions, referencePage } from './reference.ts';
