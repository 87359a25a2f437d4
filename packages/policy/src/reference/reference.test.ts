import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { crds } from '../crd/crds.ts';
import { parseServiceAuthPolicy } from '../parse/service-auth-policy.ts';
import { parseTokenIssuer } from '../parse/token-issuer.ts';
import { POLICY_CONDITIONS } from './reasons.ts';
import { referencePage } from './reference.ts';

const definition = (kind: string) => {
  const found = crds().find(({ spec }) => JSON.stringify(spec).includes(`"kind":"${kind}"`));
  if (found === undefined) throw new Error(kind);
  return found;
};

test('the page of a resource has each field with its limits, what is refused, and the meaning of each reason', () => {
  const page = referencePage(definition('ServiceAuthPolicy'), {
    introduction: 'Hello.',
    conditions: POLICY_CONDITIONS,
  });
  expect(page).toContain('`auth.sekisho.dev/v1alpha1`, namespaced, short name `sap`.');
  expect(page).toContain(
    '| `spec.rules[].allow.permissions.anyOf[]` | list of string | At least one of these permissions is held. At most',
  );
  expect(page).toContain(
    '| `spec.mode` | `Enforce` or `Shadow` | Shadow evaluates and counts, but lets through. Default: Enforce. |',
  );
  expect(page).toContain('- `spec`: needs exactly one of selector and targetRefs');
  expect(page).toContain('### Condition Enforced');
  expect(page).toContain('| `ProxiesBehind` | ');
  expect(page.split('\n').every((line) => !line.startsWith('|') || /^\|.*\|$/.test(line))).toBe(true);
});

test.each([
  ['service-auth-policy.md', parseServiceAuthPolicy],
  ['token-issuer.md', parseTokenIssuer],
])('every example of %s is valid', async (file, parse) => {
  const page = await readFile(new URL(`../../../../docs/reference/${file}`, import.meta.url), 'utf8');
  const examples = [...page.matchAll(/```yaml\n(.*?)```/gs)].flatMap(([, text = '']) => parseAllDocuments(text));
  expect(examples.length).toBeGreaterThan(0);
  for (const example of examples) expect(parse(example.toJS())).toMatchObject({ ok: true });
});
