import { authChapter } from './auth.ts';
import { browserChapter } from './browser.ts';
import { changesChapter, partnerChapter } from './changes.ts';
import type { StoryContext } from './context.ts';
import { edgeChapter } from './edge.ts';
import { filesChapter } from './files.ts';
import { guardChapter } from './guard.ts';
import { hopsChapter } from './hops.ts';
import { logInChapter } from './log-in.ts';
import type { Chapter } from './step.ts';

export { Accounts, type AuthPlace, logIn, logInAnswer, type Person } from './accounts.ts';
export { type StoryContext, storyContext } from './context.ts';
export { type Answer, type Call, call, outcome } from './http.ts';
export { Policies } from './policies.ts';
export { settle } from './settle.ts';
export { type Chapter, runStep, type Step, type StepResult } from './step.ts';

/**
 * The story that `make demo` tells and the e2e suite repeats. It takes back what it changes; after a run that was cut short
 * `storyContext` does.
 *
 * Two gateways, on purpose: what the mesh enforces by itself, and how soon it follows a change, is seen through one where nothing of
 * Sekisho is on the way of a request; what the guard adds, through one that asks it. A cluster would have the second alone.
 */
export const story: readonly Chapter<StoryContext>[] = [
  logInChapter,
  edgeChapter,
  guardChapter,
  authChapter,
  browserChapter,
  hopsChapter,
  filesChapter,
  partnerChapter,
  changesChapter,
];
