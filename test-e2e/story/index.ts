import { authChapter } from './auth.ts';
import { changesChapter, partnerChapter } from './changes.ts';
import type { StoryContext } from './context.ts';
import { edgeChapter } from './edge.ts';
import { filesChapter } from './files.ts';
import { guardChapter } from './guard.ts';
import { hopsChapter } from './hops.ts';
import { logInChapter } from './log-in.ts';
import type { Chapter } from './step.ts';

export { type StoryContext, storyContext } from './context.ts';
export { type Answer, type Call, call, outcome } from './http.ts';
export { Policies } from './policies.ts';
export { type Chapter, runStep, type Step, type StepResult } from './step.ts';

/** The story that `make demo` tells and the e2e suite repeats. It takes back what it changes; after a run that was cut short `storyContext` does. */
export const story: readonly Chapter<StoryContext>[] = [
  logInChapter,
  edgeChapter,
  guardChapter,
  authChapter,
  hopsChapter,
  filesChapter,
  partnerChapter,
  changesChapter,
];
