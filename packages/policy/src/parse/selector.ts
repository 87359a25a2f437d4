import type { Problem } from '../problem.ts';
import type { ServiceAuthPolicySpec } from '../schema/service-auth-policy.ts';
import { at } from './field-path.ts';

// Kubernetes' qualified name: an optional DNS prefix and a name of at most 63 characters.
const LABEL_KEY = /^([a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;

/** Exactly one kind of target, and label keys that Kubernetes takes (the schema checks the values). */
export function selectorProblems({ selector, targetRefs }: ServiceAuthPolicySpec): readonly Problem[] {
  if (selector !== undefined && targetRefs !== undefined) {
    const hint = 'keep one of them';
    return [{ path: 'spec.targetRefs', code: 'Exclusive', message: 'stands beside selector', hint }];
  }
  if (selector === undefined && targetRefs === undefined) {
    const hint = 'set spec.selector.matchLabels to the labels of the workload';
    return [{ path: 'spec.selector', code: 'Missing', message: 'is required', hint }];
  }
  return labelKeyProblems(selector?.matchLabels ?? {});
}

export function labelKeyProblems(labels: Readonly<Record<string, string>>): readonly Problem[] {
  return Object.keys(labels)
    .filter((key) => !LABEL_KEY.test(key))
    .map((key) => ({
      path: at('spec.selector.matchLabels', key),
      code: 'BadValue',
      message: 'is not a label key',
      hint: 'use letters, digits, hyphens, underscores and dots, with at most one DNS prefix before a slash',
    }));
}
