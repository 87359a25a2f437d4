const BOTH_MALFORMED = ['401 token_malformed', '401 token_malformed'] as const;
/** Of another kind: nobody's, where nobody needs to be known. */
const NONE = ['401 token_missing', '200'] as const;
const ONE = ['200', '200'] as const;

/**
 * Header lines, in which T and U stand for tokens of one user, and the answers where one is needed and where none is. What arrives at the service never is
 * any of these tokens.
 */
export const CREDENTIALS: readonly (readonly [lines: readonly string[], answers: readonly [string, string]])[] = [
  [['Authorization: Bearer T'], ONE],
  [['Authorization: bearer T'], ONE],
  [['Authorization: Bearer  T'], ONE],
  [['Authorization: Bearer T', 'Authorization: Bearer T'], BOTH_MALFORMED],
  [['Authorization: Bearer T', 'Authorization: Bearer U'], BOTH_MALFORMED],
  [['authorization: Bearer T', 'AUTHORIZATION: Bearer U'], BOTH_MALFORMED],
  [['Authorization: Bearer T', 'Authorization: Basic x'], BOTH_MALFORMED],
  [['Authorization: Bearer T, Bearer U'], BOTH_MALFORMED],
  [['Authorization: Bearer T x'], BOTH_MALFORMED],
  [['Authorization: Bearer "T"'], BOTH_MALFORMED],
  [['Authorization: Bearer T\u00a0'], BOTH_MALFORMED],
  [['Authorization: Bearer'], BOTH_MALFORMED],
  [['Authorization: '], NONE],
  [['Authorization: Basic x', 'Authorization: Bearer T'], NONE],
  [['Authorization: Basic x Bearer T'], NONE],
  [['Authorization: Bearer\tT'], NONE],
  [['Authorization: Service T'], NONE],
  [['Authorization: Negotiate T'], NONE],
  [['Cookie: token=T'], NONE],
  [['Authorization : Bearer T'], ['400', '400']],
];
