import { meshPath } from '../decide/mesh-path.ts';
import { at } from '../parse/field-path.ts';
import { isTemplate } from '../parse/path-pattern.ts';
import type { ServiceAuthPolicy } from '../resources.ts';
import type { Operation, PolicyRule } from '../schema/service-auth-policy.ts';
import type { Advice } from './advice.ts';

/** What the writer of a valid policy should look at twice: openings that are wider than they read. Pure, in field order. */
export function policyAdvice({ spec }: ServiceAuthPolicy): readonly Advice[] {
  return [...spec.rules.flatMap((rule, index) => ruleAdvice(rule, at('spec.rules', index))), ...mtlsAdvice(spec)];
}

function ruleAdvice(rule: PolicyRule, path: string): readonly Advice[] {
  const isPublic = rule.allow.public === true;
  if (rule.to === undefined) return [isPublic ? publicEverywhere(path) : everyRequest(path)];
  return rule.to.flatMap((operation, index) => operationAdvice(operation, isPublic, at(path, 'to', index)));
}

function publicEverywhere(path: string): Advice {
  const message = 'opens every request to everybody, and the other rules mean nothing';
  return { path, message, hint: 'name the public methods and paths in to' };
}

function everyRequest(path: string): Advice {
  return {
    path,
    message: 'applies to every method and path, also to those added later',
    hint: 'name what is meant in to',
  };
}

function operationAdvice({ methods, paths }: Operation, isPublic: boolean, path: string): readonly Advice[] {
  const found: Advice[] = [];
  if (isPublic && paths === undefined) {
    found.push({ path, message: 'is public on every path', hint: 'name the public paths' });
  }
  if (methods === undefined) {
    found.push({ path, message: 'allows every method, DELETE too', hint: 'name the methods that are meant' });
  }
  return [...found, ...(paths ?? []).flatMap((pattern, index) => pathAdvice(pattern, at(path, 'paths', index)))];
}

function pathAdvice(pattern: string, path: string): readonly Advice[] {
  if (isTemplate(pattern)) return [];
  return pattern.includes('*') ? prefixAdvice(pattern, path) : spellingAdvice(pattern, path);
}

/** Envoy compares the path in the spelling of the mesh, so one in another spelling is met by no request. */
function spellingAdvice(pattern: string, path: string): readonly Advice[] {
  const spelled = meshPath(pattern);
  if (spelled === pattern) return [];
  if (spelled === undefined) return [{ path, message: 'is no path that the mesh takes', hint: 'remove it' }];
  return [{ path, message: 'is never met, because the mesh spells it in another way', hint: `write ${spelled}` }];
}

/** `/admin*` is compared as text: it matches `/administrator` as well as `/admin/users`. */
function prefixAdvice(pattern: string, path: string): readonly Advice[] {
  if (!pattern.endsWith('*') || pattern.endsWith('/*')) return [];
  const prefix = pattern.slice(0, -1);
  const message = `matches whatever begins with ${prefix}, such as ${prefix}-other`;
  return [{ path, message, hint: `for a path and what lies below it write ${prefix} and ${prefix}/{**}` }];
}

function mtlsAdvice({ mtls, rules }: ServiceAuthPolicy['spec']): readonly Advice[] {
  const index = rules.findIndex(({ allow }) => allow.callers !== undefined);
  if (mtls !== 'Permissive' || index < 0) return [];
  const message = `lets plaintext in, which has no identity for spec.rules[${index}].allow.callers to match`;
  return [{ path: 'spec.mtls', message, hint: 'write Strict once every caller is in the mesh' }];
}
