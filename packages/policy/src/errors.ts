export type PolicyErrorCode = 'bad_trust_domain';

/** A caller's mistake. A document's mistakes are never thrown: they are Problems. */
export class PolicyError extends Error {
  override readonly name = 'PolicyError';
  readonly code: PolicyErrorCode;

  constructor(code: PolicyErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
