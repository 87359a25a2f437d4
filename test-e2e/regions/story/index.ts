import type { Chapter } from '../../story/step.ts';
import type { RegionsContext } from './context.ts';
import { cutChapter } from './cut.ts';
import { databaseChapter } from './database.ts';
import { endChapter } from './end.ts';
import { keysChapter } from './keys.ts';
import { storesChapter } from './stores.ts';
import { togetherChapter } from './together.ts';

export { regionsContext } from './context.ts';

/** The story that `make demo-regions` tells. */
export const regionsStory: readonly Chapter<RegionsContext>[] = [
  togetherChapter,
  cutChapter,
  databaseChapter,
  keysChapter,
  storesChapter,
  endChapter,
];
