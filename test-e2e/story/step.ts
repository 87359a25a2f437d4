/** One thing that is done and looked at. */
export interface Step<Context> {
  readonly title: string;
  /** What must come, in the words of `run`'s answer. */
  readonly expected: string;
  /** Does it and puts what came into words. */
  readonly run: (context: Context) => Promise<string | Seen>;
}

/** What came, and what no two runs have alike. */
export interface Seen {
  readonly came: string;
  /** Told beside, and compared with nothing. */
  readonly measured: string;
}

export interface Chapter<Context> {
  readonly title: string;
  readonly steps: readonly Step<Context>[];
}

export interface StepResult {
  readonly chapter: string;
  readonly title: string;
  readonly expected: string;
  readonly actual: string;
  readonly measured?: string;
  readonly holds: boolean;
  /** How long the step took. */
  readonly milliseconds: number;
}

/** Runs one step. A step that throws differs, with the error's message as what came. */
export async function runStep<Context>(chapter: string, step: Step<Context>, context: Context): Promise<StepResult> {
  const began = performance.now();
  const answer = await step
    .run(context)
    .catch((error: unknown) => `failed: ${error instanceof Error ? error.message : String(error)}`);
  const { came, ...told } = typeof answer === 'string' ? { came: answer } : answer;
  const { title, expected } = step;
  return {
    chapter,
    title,
    expected,
    actual: came,
    ...told,
    holds: came === expected,
    milliseconds: Math.round(performance.now() - began),
  };
}
