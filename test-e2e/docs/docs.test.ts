import { access, readFile } from 'node:fs/promises';
import { dirname, join, normalize } from 'node:path';
import { createProgram } from '@sekisho/cli';
import { API_VERSION, ISSUER_KIND, parseServiceAuthPolicy, parseTokenIssuer } from '@sekisho/policy';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { anchors, blocks, commands, links, type Page, pages, ROOT } from './pages.ts';
import { commandsOf } from './script.ts';
import { RULES, ruleOf, trialOf } from './trials.ts';

const all = await pages();
/** Commands are only read, never run. */
const NOWHERE: Parameters<typeof createProgram>[0] = {
  terminal: { isInteractive: false, out() {}, err() {}, ask: nobody, askSecret: nobody, readInput: nobody },
  environment: {},
  fetch: nobody,
  now: () => new Date(0),
};
type Command = ReturnType<typeof createProgram>;

function nobody(): never {
  throw new Error('nobody is asked');
}

const named = all.map((page) => [page.path, page] as const);

test('the documentation is found', () => {
  expect(all.map(({ path }) => path)).toEqual(expect.arrayContaining(['README.md', 'docs/README.md', 'docs/guard.md']));
});

test.each(named)('%s is of one mind', (_path, { text }) => {
  expect(text).not.toMatch(/^(<{7}|>{7}) /m);
});

test.each(named)('%s links to what is there', async (_path, page) => {
  const dead = await Promise.all(
    links(page).map(async (target) => ((await leadsSomewhere(page, target)) ? [] : [target])),
  );
  expect(dead.flat()).toEqual([]);
});

async function leadsSomewhere({ path }: Page, target: string): Promise<boolean> {
  const [file = '', anchor] = target.split('#');
  const place = file === '' ? path : normalize(join(dirname(path), file));
  const exists = await access(join(ROOT, place)).then(
    () => true,
    () => false,
  );
  if (!exists || anchor === undefined) return exists;
  const page = all.find((candidate) => candidate.path === place);
  return page === undefined || anchors(page).has(anchor);
}

test('every page of docs is in its table', () => {
  const index = all.find(({ path }) => path === 'docs/README.md');
  const linked = new Set(index === undefined ? [] : links(index).map((target) => normalize(join('docs', target))));
  const own = all.map(({ path }) => path).filter((path) => /^docs\/(reference\/)?[^/]+\.md$/.test(path));
  expect(own.filter((path) => path !== 'docs/README.md' && !linked.has(path))).toEqual([]);
});

test.each(named)('every policy and issuer in %s is valid', (_path, page) => {
  const documents = blocks(page, 'yaml').flatMap((text) => parseAllDocuments(text));
  const wrong = documents.flatMap((document) => {
    const value: { readonly apiVersion?: string; readonly kind?: string } = Object(document.toJS());
    if (document.errors.length > 0) return [String(document.errors[0])];
    if (value.apiVersion !== API_VERSION) return [];
    const parsed = value.kind === ISSUER_KIND ? parseTokenIssuer(value) : parseServiceAuthPolicy(value);
    return parsed.ok ? [] : parsed.problems.map(({ path, message }) => `${path}: ${message}`);
  });
  expect(wrong).toEqual([]);
});

test('every verb of make that is named exists', async () => {
  const makefile = await readFile(join(ROOT, 'Makefile'), 'utf8');
  const verbs = new Set([...makefile.matchAll(/^([a-z0-9-]+):/gm)].map(([, verb]) => verb));
  const unknown = all.flatMap((page) =>
    commands(page, 'make').flatMap((line) => {
      const verb = line.split(/\s+/).find((word, index) => index > 0 && !word.includes('='));
      return verb === undefined || verbs.has(verb) ? [] : [`${page.path}: ${line}`];
    }),
  );
  expect(unknown).toEqual([]);
});

test('every command of sekisho that is named exists, with its options', () => {
  const program = createProgram(NOWHERE);
  const unknown = all.flatMap((page) =>
    commands(page, 'sekisho')
      .filter((line) => !isKnown(program, line.split(/[\s,]+/).slice(1)))
      .map((line) => `${page.path}: ${line}`),
  );
  expect(unknown).toEqual([]);
});

test('every command in a block for a shell is run, looked up, or tried elsewhere', () => {
  const untried = all.flatMap(commandsOf).filter((command) => trialOf(command) === undefined);
  expect(untried.map(({ page, text }) => `${page}: ${text}`)).toEqual([]);
});

test('no way to try a command is for none', () => {
  const tried = new Set(all.flatMap(commandsOf).map(ruleOf));
  expect(RULES.filter((rule) => !tried.has(rule)).map(({ command, page }) => [page, command])).toEqual([]);
});

/** Follows the words down to a command; what comes then are arguments, of which options must be its own or its parents'. */
function isKnown(command: Command, [word, ...rest]: readonly string[]): boolean {
  const below = command.commands.find((candidate) => candidate.name() === word);
  if (below !== undefined) return isKnown(below, rest);
  const words = [word ?? '', ...rest];
  // `COMMAND` stands for any of them.
  if (command.parent === null && /^[a-z]/.test(words[0] ?? '')) return false;
  const own = [command, ...ancestors(command)].flatMap(({ options }) => options.map(({ long }) => long));
  return words.every((option) => !option.startsWith('--') || option === '--help' || own.includes(option));
}

function ancestors({ parent }: Command): readonly Command[] {
  return parent === null ? [] : [parent, ...ancestors(parent)];
}
