/** Where a person, or a script, is. */
export interface Terminal {
  /** Whether somebody can be asked. */
  readonly isInteractive: boolean;
  /** Results. */
  out(text: string): void;
  /** Everything that is not a result: questions, hints, errors. */
  err(text: string): void;
  ask(question: string): Promise<string>;
  /** What is typed is not shown. */
  askSecret(question: string): Promise<string>;
  /** All of standard input, at most 64 KiB. */
  readInput(): Promise<string>;
}

/** What the command needs of the machine that it runs on. */
export interface Context {
  readonly terminal: Terminal;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly fetch: typeof globalThis.fetch;
  readonly now: () => Date;
}
