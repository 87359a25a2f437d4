import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { type StoryContext, story, storyContext } from '../story/index.ts';

let context: StoryContext;

beforeAll(async () => {
  context = await storyContext(inject('mesh'));
});

afterAll(() => context?.close());

// The steps of a chapter build on each other, and chapters leave the policies as they found them.
describe.each(story)('$title', ({ steps }) => {
  test.each(steps)('$title: $expected', async ({ run, expected }) => {
    expect(await run(context)).toBe(expected);
  });
});
