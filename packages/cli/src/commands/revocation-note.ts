const ACCEPTED = 202;

/** What a revocation by name came to. @param done what to say when it is made */
export function revocationOutcome(status: number, done: string): string {
  return status === ACCEPTED ? 'It is stored, but Redis does not answer: it is made as soon as it does.' : done;
}

/** Whether what was issued before is revoked by now. @param status of the answer */
export function revocationNote(status: number): string {
  return status === ACCEPTED
    ? 'It is stored, but Redis does not answer: tokens issued before are revoked as soon as it does, without another command.'
    : 'What must not be used any more is revoked.';
}
