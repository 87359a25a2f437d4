/** Something that is allowed but may not be what was meant: where, what, and what to write instead. */
export interface Advice {
  /** Field path, such as `spec.rules[0].to[0].paths[1]`. */
  readonly path: string;
  readonly message: string;
  readonly hint: string;
}
