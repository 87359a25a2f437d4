import { access } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type DocumentedWorld, ISSUER, openDocumentedWorld } from './documented-world.ts';
import { filledIn } from './fill-in.ts';
import { labelsIn, portsOf, readSources } from './look-ups.ts';
import { pages, ROOT } from './pages.ts';
import { type Command, commandsOf } from './script.ts';
import { shell } from './shell.ts';
import { trialOf } from './trials.ts';

/** Each command of each page, but for blocks that are run as a whole (commands.integration.ts) and what trials.ts says is tried elsewhere. */
const isTried = (command: Command): boolean => ['run', 'looked up'].includes(String(trialOf(command)));
const perPage = (await pages())
  .map((page) => [page.path, commandsOf(page).filter(isTried)] as const)
  .filter(([, commands]) => commands.length > 0);
const ALICE = 'alice@example.org';

let world: DocumentedWorld;
let sources: string;

beforeAll(async () => {
  world = await openDocumentedWorld();
  sources = await readSources(world);
  expect(await world.sekisho(['login'])).toMatchObject({ code: 0 });
}, 600_000);
afterAll(() => world?.close(), 120_000);

describe.each(perPage)('of %s', (_, commands) => {
  test('every command works', { timeout: 600_000 }, async () => {
    await world.sekisho(['users', 'delete', ALICE]);
    const isMade = commands.some(({ text }) => text.startsWith(`sekisho users create ${ALICE}`));
    if (!isMade) expect(await world.sekisho(['users', 'create', ALICE])).toMatchObject({ code: 0 });
    // One after the other, as a reader does: what comes later may need what was before.
    for (const command of commands) await attempt(filledIn(command), commands);
  });
});

/** What is the same on many pages, and leaves nothing behind. */
const worked = new Set<string>();

/** @throws an error that names the command */
async function attempt(command: Command, around: readonly Command[]): Promise<void> {
  if (worked.has(command.text)) return;
  try {
    const [program = ''] = command.words;
    const attemptOne = ATTEMPTS[program];
    if (attemptOne === undefined) throw new Error(`there is no way to try ${program}`);
    await attemptOne(command, around);
    if (program !== 'sekisho') worked.add(command.text);
  } catch (cause) {
    throw new Error(`${command.page}: ${command.text}: ${cause instanceof Error ? cause.message : 'failed'}`, {
      cause,
    });
  }
}

const ATTEMPTS: Readonly<Record<string, (command: Command, around: readonly Command[]) => Promise<void>>> = {
  sekisho,
  kubectl: (command) => (trialOf(command) === 'run' ? kubectl(command) : kubectlLookedUp(command)),
  make,
  node: async ({ text }) => void (await shell(text, world.place)),
  curl,
  grep,
  export: async ({ words }) =>
    expect(words.slice(1).every((word) => /^SEKISHO_(PUBLIC_)?SERVER=/.test(word))).toBe(true),
};

async function sekisho({ words }: Command): Promise<void> {
  const args = await Promise.all(words.slice(1).map(inPlace));
  const isJudgement = ['check', 'explain'].includes(args[0] ?? '');
  const { code, told } = await world.sekisho(args);
  expect({ code, told }).toEqual({ code: isJudgement && code === 3 ? 3 : 0, told });
}

/** Files that a page names are in the world's folder. */
async function inPlace(word: string): Promise<string> {
  if (word === '~/.kube/config') return world.place.kubeconfig;
  const file = join(world.place.folder, word);
  return access(file).then(
    () => file,
    () => word,
  );
}

async function kubectl({ text, words }: Command): Promise<void> {
  const told = await shell(text, world.place);
  if (words.includes('can-i')) expect(told.trim()).toBe('yes');
  const label = words[words.indexOf('-l') + 1] ?? '';
  if (words.includes('-l') && label.startsWith('app=')) expect(labelsIn(world.manifests)).toContain(label);
}

/** Without pods nothing is logged or forwarded: kubectl reads its options, and what is named is there. */
async function kubectlLookedUp({ text, words }: Command): Promise<void> {
  await shell(`${text} --help`, world.place);
  const namespace = words[words.indexOf('-n') + 1] ?? 'default';
  const objects = words.filter((word) => /^(deployment|service)\/./.test(word) && !MADE_BY_ISTIOD.has(word));
  for (const object of objects) await shell(`kubectl -n ${namespace} get ${object}`, world.place);
  if (!words.includes('port-forward')) return;
  expect(portsOf(world.manifests, objects[0] ?? '')).toContain(Number(words.at(-1)));
}

/** Of a Gateway. */
const MADE_BY_ISTIOD = new Set(['deployment/edge-istio']);

/** What it would run, which fails for a verb that is not there; and somebody reads each variable. */
async function make({ text, words }: Command): Promise<void> {
  await shell(text.replace(/^make /, 'make --dry-run '), { ...world.place, folder: ROOT });
  const variables = words.filter((word) => /^[A-Z]+=/.test(word)).map((word) => word.split('=')[0]);
  const isRead = (name: string) => [`$(${name})`, `$(${name}:`, `text('${name}')`].some((use) => sources.includes(use));
  expect(variables.filter((name = '') => !isRead(name))).toEqual([]);
}

/** The platform's pages are asked for through the port that was forwarded just before; what is on the Internet is here. */
async function curl({ text, words }: Command, around: readonly Command[]): Promise<void> {
  if (trialOf({ text, words, page: '' }) === 'run')
    return void (await shell(text.replace(ISSUER, world.publicServer), world.place));
  const [, port, path = ''] = /^localhost:(\d+)(\/\w+)$/.exec(words.at(-1) ?? '') ?? [];
  expect(around.some((other) => other.words.includes('port-forward') && other.words.includes(port ?? ''))).toBe(true);
  expect((await fetch(new URL(path, world.adminServer))).status).toBe(200);
}

/** What is looked for in a log or among metrics, somebody writes. */
async function grep({ words }: Command): Promise<void> {
  const patterns = words.filter((word, index) => words[index - 1] === '-e' || (index > 0 && !word.startsWith('-')));
  expect(patterns).not.toEqual([]);
  expect(patterns.filter((pattern) => !sources.includes(soughtBy(pattern)))).toEqual([]);
}

/** Of a field of a line in JSON its name, and of a part of a histogram that of the histogram. */
function soughtBy(pattern: string): string {
  const [, field = pattern] = /^"(\w+)":/.exec(pattern) ?? [];
  return field.replace(/^\^|_bucket$/g, '').toLowerCase();
}
