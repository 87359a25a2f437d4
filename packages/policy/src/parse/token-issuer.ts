import { type Parsed, type Problem, parsed } from '../problem.ts';
import type { TokenIssuer } from '../resources.ts';
import { type RequiredClaim, type TokenIssuerSpec, tokenIssuerSpecSchema } from '../schema/token-issuer.ts';
import {
  API_VERSION,
  DEFAULT_PERMISSIONS_CLAIM,
  DEFAULT_ROLES_CLAIM,
  ISSUER_KIND,
  SERVICE_PLACEHOLDER,
} from '../vocabulary.ts';
import { at } from './field-path.ts';
import { type Jwks, parseJwks } from './jwks.ts';
import { jwksUriProblems } from './jwks-uri.ts';
import { envelopeOf, type Resource } from './resource.ts';
import { readIssuerStatus } from './status.ts';
import { claimNameProblems, valueProblems } from './value.ts';

const readEnvelope = envelopeOf(ISSUER_KIND, tokenIssuerSpecSchema);

/** Parses a TokenIssuer from any source, validates inline keys and applies every default. */
export function parseTokenIssuer(raw: unknown): Parsed<TokenIssuer> {
  const envelope = readEnvelope(raw);
  if (!envelope.ok) return envelope;
  const { resource } = envelope;
  const { spec } = resource;
  const jwks = spec.jwks === undefined ? undefined : parseJwks(spec.jwks, 'spec.jwks');
  return parsed(withDefaults(resource, jwks?.ok ? jwks.value : undefined), [
    ...valueProblems(spec.issuer, 'spec.issuer'),
    ...sourceProblems(spec),
    ...(jwks === undefined || jwks.ok ? [] : jwks.problems),
    ...claimPathProblems(spec.permissions, 'spec.permissions'),
    ...claimPathProblems(spec.roles, 'spec.roles'),
    ...(spec.requiredClaims ?? []).flatMap((claim, index) => requiredProblems(claim, at('spec.requiredClaims', index))),
  ]);
}

function withDefaults({ metadata, spec, status }: Resource<TokenIssuerSpec>, jwks: Jwks | undefined): TokenIssuer {
  return {
    apiVersion: API_VERSION,
    kind: ISSUER_KIND,
    metadata,
    spec: {
      issuer: spec.issuer,
      ...(jwks !== undefined && { jwks }),
      ...(spec.jwksUri !== undefined && { jwksUri: spec.jwksUri }),
      permissions: spec.permissions ?? DEFAULT_PERMISSIONS_CLAIM,
      roles: spec.roles ?? DEFAULT_ROLES_CLAIM,
      requiredClaims: spec.requiredClaims ?? [],
      default: spec.default ?? false,
    },
    status: readIssuerStatus(status),
  };
}

function sourceProblems({ jwks, jwksUri }: TokenIssuerSpec): readonly Problem[] {
  if ((jwks === undefined) === (jwksUri === undefined)) {
    const hint = 'set jwks for inline keys, or jwksUri for keys to fetch';
    return [{ path: 'spec', code: 'Exclusive', message: 'needs exactly one of jwks and jwksUri', hint }];
  }
  return jwksUri === undefined ? [] : jwksUriProblems(jwksUri, 'spec.jwksUri');
}

function requiredProblems({ path: claim, anyOf = [] }: RequiredClaim, path: string): readonly Problem[] {
  const values = anyOf.flatMap((value, index) => valueProblems(value, at(path, 'anyOf', index)));
  return [...claimPathProblems(claim, at(path, 'path')), ...values];
}

function claimPathProblems(claim: readonly string[] | undefined, path: string): readonly Problem[] {
  return (claim ?? []).flatMap((name, index): readonly Problem[] => {
    const where = at(path, index);
    if (/[{}]/.test(name.replaceAll(SERVICE_PLACEHOLDER, ''))) {
      const message = `may hold no brace besides ${SERVICE_PLACEHOLDER}`;
      return [
        { path: where, code: 'BadValue', message, hint: `write ${SERVICE_PLACEHOLDER} for the policy's service` },
      ];
    }
    return claimNameProblems(name, where);
  });
}
