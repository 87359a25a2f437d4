import { at } from '../parse/field-path.ts';
import { describeIgnored, type IgnoredKeys } from '../parse/jwks.ts';
import type { ServiceAuthPolicy, TokenIssuer } from '../resources.ts';
import type { Advice } from './advice.ts';

/** What advice needs to know of a TokenIssuer that exists. */
export interface KnownIssuer {
  readonly name: string;
  readonly issuer: string;
  readonly isDefault: boolean;
}

/** Issuers that a policy relies on and that are not there: until they are, the policy is not accepted. */
export function missingIssuers({ spec }: ServiceAuthPolicy, known: readonly KnownIssuer[]): readonly Advice[] {
  if (spec.issuers === undefined) {
    if (known.some(({ isDefault }) => isDefault)) return [];
    const message = 'is left out, and no TokenIssuer is the default yet';
    return [{ path: 'spec.issuers', message, hint: 'name an issuer, or mark one with default: true' }];
  }
  return spec.issuers.flatMap((name, index): readonly Advice[] =>
    known.some((issuer) => issuer.name === name)
      ? []
      : [
          {
            path: at('spec.issuers', index),
            message: `names the TokenIssuer ${name}, which does not exist yet`,
            hint: 'create it; until then the policy changes nothing, and a new one denies every request',
          },
        ],
  );
}

/** Inline keys that verify nothing, and other TokenIssuers that this one gets in the way of. */
export function issuerAdvice({ metadata, spec }: TokenIssuer, known: readonly KnownIssuer[]): readonly Advice[] {
  const others = known.filter(({ name }) => name !== metadata.name);
  const rival = spec.default ? others.find(({ isDefault }) => isDefault) : undefined;
  const twin = others.find(({ issuer }) => issuer === spec.issuer);
  return [
    ...ignoredKeys(spec.jwks?.ignored ?? []),
    ...(twin === undefined ? [] : [sameIssuer(twin.name)]),
    ...(rival === undefined ? [] : [secondDefault(rival.name)]),
  ];
}

function ignoredKeys(ignored: readonly IgnoredKeys[]): readonly Advice[] {
  if (ignored.length === 0) return [];
  const message = `holds keys that verify no token and are passed over: ${describeIgnored(ignored)}`;
  return [{ path: 'spec.jwks', message, hint: 'remove them' }];
}

function sameIssuer(name: string): Advice {
  const message = `is the iss of TokenIssuer ${name} too`;
  return { path: 'spec.issuer', message, hint: 'keep one of them: a policy that names both is refused' };
}

function secondDefault(name: string): Advice {
  const message = `TokenIssuer ${name} is the default already`;
  return { path: 'spec.default', message, hint: 'mark only one: with two, policies that name no issuer are refused' };
}
