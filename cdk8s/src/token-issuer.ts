import {
  API_VERSION,
  describeProblems,
  ISSUER_KIND,
  parseTokenIssuer,
  type RequiredClaim,
  type TokenIssuerSpec,
} from '@sekisho/policy';
import { ApiObject } from 'cdk8s';
import { Construct } from 'constructs';
import { ManifestError } from './errors.ts';

/** In every token that the platform makes for services, and in none of its id and log-out tokens (docs/adr/0043). */
export const REQUIRED_OF_PLATFORM: RequiredClaim[] = [{ path: ['client_id'] }];

export interface TokenIssuerProps {
  readonly name: string;
  readonly spec: TokenIssuerSpec;
}

/** Whose tokens count, and where its keys are. */
export class TokenIssuer extends Construct {
  readonly name: string;

  /** @throws ManifestError `issuer_invalid`, naming each field and a way out */
  constructor(scope: Construct, id: string, { name, spec }: TokenIssuerProps) {
    super(scope, id);
    this.name = name;
    const object = { apiVersion: API_VERSION, kind: ISSUER_KIND, metadata: { name }, spec };
    const parsed = parseTokenIssuer(object);
    if (!parsed.ok) throw new ManifestError('issuer_invalid', describeProblems(parsed.problems));
    new ApiObject(this, 'issuer', object);
  }
}
