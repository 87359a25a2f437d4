import { type Chapter, runStep, type StepResult } from './step.ts';

/** Runs chapter after chapter, prints each step as it ends, and answers all of them. @throws the signal's reason */
export async function tell<Context>(
  chapters: readonly Chapter<Context>[],
  context: Context,
  signal: AbortSignal,
): Promise<readonly StepResult[]> {
  const results: StepResult[] = [];
  for (const chapter of chapters) {
    console.log(`\n${chapter.title}`);
    for (const step of chapter.steps) {
      signal.throwIfAborted();
      const result = await runStep(chapter.title, step, context);
      results.push(result);
      console.log(lines(result));
    }
  }
  return results;
}

function lines({ title, holds, milliseconds, expected, actual, measured }: StepResult): string {
  const head = `  ${holds ? '✓' : '✗'} ${title}  (${milliseconds} ms)`;
  const came = measured === undefined ? actual : `${actual}: ${measured}`;
  return holds ? `${head}\n      ${came}` : `${head}\n      expected  ${expected}\n      came      ${came}`;
}
