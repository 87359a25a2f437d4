import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';

export const ROOT = join(import.meta.dirname, '../..');

/** A page of the documentation. */
export interface Page {
  /** From the root of the repository. */
  readonly path: string;
  readonly text: string;
}

const PAGES = ['*.md', 'docs/**/*.md', 'istio/*.md', 'charts/*/*.md', 'packages/*/README.md', 'test-e2e/**/README.md'];

/** Every page that a reader may open. */
export async function pages(): Promise<readonly Page[]> {
  const paths: string[] = [];
  for await (const path of glob(PAGES, { cwd: ROOT })) paths.push(path);
  return Promise.all(paths.sort().map(async (path) => ({ path, text: await readFile(join(ROOT, path), 'utf8') })));
}

/** Contents of its fenced blocks in one language; '' for those that name none. */
export function blocks({ text }: Page, language: string): readonly string[] {
  return [...text.matchAll(/^```(\S*)\n(.*?)^```/gms)]
    .filter(([, name]) => name === language)
    .map(([, , content = '']) => content);
}

/** Targets of its links, without those to other sites. */
export function links({ text }: Page): readonly string[] {
  const prose = text.replaceAll(/^```.*?^```/gms, '').replaceAll(/`[^`\n]*`/g, '');
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));
}

/** Names by which its headings are linked to, as GitHub makes them. */
export function anchors({ text }: Page): ReadonlySet<string> {
  const prose = text.replaceAll(/^```.*?^```/gms, '');
  const titles = [...prose.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) => title);
  return new Set(titles.map(anchorOf));
}

function anchorOf(title: string): string {
  return title
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
    .trim()
    .replaceAll(/\s/g, '-');
}

/** Commands that begin so, wherever the page names one: in a block, or in backticks. */
export function commands({ text }: Page, program: string): readonly string[] {
  const lines = [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
  const blockLines = [...text.matchAll(/^```(?:|sh|bash|console)\n(.*?)^```/gms)].flatMap(([, content = '']) =>
    content.split('\n'),
  );
  return [...lines, ...blockLines]
    .map((line) => line.replace(/^\$ /, '').trim())
    .filter((line) => line.startsWith(`${program} `));
}
