const ACCEPTED = 202;

/** Whether what was issued before is revoked by now. @param status of the answer */
export function revocationNote(status: number): string {
  return status === ACCEPTED
    ? 'It is stored, but Redis does not answer: tokens issued before are revoked as soon as it does, without another command.'
    : 'What must not be used any more is revoked.';
}
