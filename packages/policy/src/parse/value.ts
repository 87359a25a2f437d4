import type { Problem } from '../problem.ts';

const CONTROL = /\p{Cc}/u;

/**
 * A value that is compared with a claim. Istio reads a leading or trailing `*` in `values` as a wildcard and has no escape
 * (istio.io/docs/reference/config/security/conditions), so such a value would match more than it says.
 */
export function valueProblems(value: string, path: string): readonly Problem[] {
  if (value.startsWith('*') || value.endsWith('*')) {
    return [
      {
        path,
        code: 'Wildcard',
        message: "must not start or end with '*', which the mesh reads as a wildcard",
        hint: 'list the whole values that are meant',
      },
    ];
  }
  return controlProblems(value, path);
}

/** A claim's name: Istio writes nested claims as `request.auth.claims[a][b]`, without an escape for brackets. */
export function claimNameProblems(name: string, path: string): readonly Problem[] {
  if (/[[\]]/.test(name)) {
    return [
      {
        path,
        code: 'BadValue',
        message: 'must not hold a bracket, which the mesh cannot write in a claim name',
        hint: 'have the issuer publish the claim under another name',
      },
    ];
  }
  return controlProblems(name, path);
}

function controlProblems(value: string, path: string): readonly Problem[] {
  if (!CONTROL.test(value)) return [];
  return [{ path, code: 'BadValue', message: 'must not hold a control character', hint: 'remove it' }];
}
