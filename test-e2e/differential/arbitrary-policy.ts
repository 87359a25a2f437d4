import type { Allow, Operation, ValueSet } from '@sekisho/policy';
import fc from 'fast-check';
import { IDENTITIES, METHODS, partOf, some, VALUES, weighted, words } from './alphabet.ts';
import type { TriedPolicy } from './case.ts';
import { ISSUER_NAMES } from './issuers.ts';

const PATTERNS = words(`
  / // /a /A /a/b /a/b/ /a* /a/* /a;* /a/%C3%BC /a%7Cb /a/%252f /%25* *.png *b */ *%2F
  /{**} /{*} /a/{*} /a/{**} /{*}/b /a/{*}/c /a/{*}/ /a/{*}/{**}
`);
/** The workload has no port 7070. */
const PORTS = [8080, 9090, 7070];
const CALLERS = IDENTITIES.slice(0, 2).map((identity) => {
  const [namespace = '', serviceAccount = ''] = identity.split('/');
  return { namespace, serviceAccount };
});
const CLAIMS = [
  ['user', 'tier'],
  ['user.tier'],
  ['scope'],
  ['a', 'b', 'c'],
  ['sub'],
  ['groups'],
  ['https://claims.test/x'],
];

const operation = partOf<Operation>({ methods: some(METHODS), paths: some(PATTERNS), ports: some(PORTS, 2) });
const valueSet = partOf<ValueSet>({ anyOf: some(VALUES), allOf: some(VALUES, 2) });
const claim = fc.record({ path: fc.constantFrom(...CLAIMS), anyOf: some(VALUES) });
const claims = fc.array(claim, { minLength: 1, maxLength: 2 });

const allow: fc.Arbitrary<Allow> = fc.oneof(
  weighted<Allow>(2, fc.constant({ public: true })),
  weighted<Allow>(1, fc.constant({ authenticated: true })),
  weighted<Allow>(1, fc.record({ callers: some(CALLERS) })),
  weighted<Allow>(1, fc.record({ permissions: valueSet })),
  weighted<Allow>(1, fc.record({ roles: fc.record({ anyOf: some(VALUES) }) })),
  weighted<Allow>(1, fc.record({ claims: fc.tuple(claim) })),
  weighted<Allow>(
    2,
    partOf<Allow>({
      authenticated: fc.constant(true),
      permissions: valueSet,
      roles: valueSet,
      callers: some(CALLERS),
      claims,
    }),
  ),
);

const to = fc.array(operation, { minLength: 1, maxLength: 3 });
const rule = fc.record({ to, allow }, { requiredKeys: ['allow'] });

export const policy: fc.Arbitrary<TriedPolicy> = fc.record({
  rules: fc
    .array(rule, { minLength: 1, maxLength: 5 })
    .map((rules) => rules.map((one, index) => ({ name: `rule-${index}`, ...one }))),
  issuers: fc.subarray([...ISSUER_NAMES], { minLength: 1 }),
  mtls: fc.constantFrom('Strict', 'Permissive'),
  check: fc.constantFrom('Edge', 'Edge', 'EveryHop'),
});
