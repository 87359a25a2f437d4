import type { Problem } from '../problem.ts';
import type { Allow, ClaimCondition, Operation, PolicyRule, ValueSet } from '../schema/service-auth-policy.ts';
import { at } from './field-path.ts';
import { pathProblems } from './path-pattern.ts';
import { claimNameProblems, valueProblems } from './value.ts';

/** What the shape of one rule does not say by itself. */
export function ruleProblems(rule: PolicyRule, index: number): readonly Problem[] {
  const path = at('spec.rules', index);
  return [
    ...(rule.to ?? []).flatMap((operation, position) => operationProblems(operation, at(path, 'to', position))),
    ...allowProblems(rule.allow, at(path, 'allow')),
  ];
}

function operationProblems(operation: Operation, path: string): readonly Problem[] {
  const { methods, paths, ports } = operation;
  if (methods === undefined && paths === undefined && ports === undefined) {
    const hint = 'leave `to` out to mean every request';
    return [{ path, code: 'Missing', message: 'needs methods, paths or ports', hint }];
  }
  return (paths ?? []).flatMap((pattern, index) => pathProblems(pattern, at(path, 'paths', index)));
}

function allowProblems(allow: Allow, path: string): readonly Problem[] {
  const keys = Object.keys(allow);
  if (keys.length === 0) {
    const hint = 'set public, authenticated, permissions, roles, callers or claims';
    return [{ path, code: 'Missing', message: 'allows nobody', hint }];
  }
  if (allow.public !== undefined && keys.length > 1) {
    const others = keys.filter((key) => key !== 'public').join(', ');
    const hint = `remove ${others}, or remove public`;
    return [{ path: at(path, 'public'), code: 'Exclusive', message: `stands beside ${others}`, hint }];
  }
  return [
    ...valueSetProblems(allow.permissions, at(path, 'permissions')),
    ...valueSetProblems(allow.roles, at(path, 'roles')),
    ...(allow.claims ?? []).flatMap((claim, index) => claimProblems(claim, at(path, 'claims', index))),
  ];
}

function valueSetProblems(set: ValueSet | undefined, path: string): readonly Problem[] {
  if (set === undefined) return [];
  if (set.anyOf === undefined && set.allOf === undefined) {
    return [{ path, code: 'Missing', message: 'names no value', hint: 'set anyOf or allOf' }];
  }
  return [...listProblems(set.anyOf, at(path, 'anyOf')), ...listProblems(set.allOf, at(path, 'allOf'))];
}

function claimProblems(claim: ClaimCondition, path: string): readonly Problem[] {
  return [
    ...claim.path.flatMap((name, index) => claimNameProblems(name, at(path, 'path', index))),
    ...listProblems(claim.anyOf, at(path, 'anyOf')),
  ];
}

function listProblems(values: readonly string[] | undefined, path: string): readonly Problem[] {
  return (values ?? []).flatMap((value, index) => valueProblems(value, at(path, index)));
}
