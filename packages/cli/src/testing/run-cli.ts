import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createTokenStore } from '../auth/token-store.ts';
import { run } from '../cli.ts';
import type { Context } from '../context.ts';

export const SERVER = 'https://admin.test/';
export const PUBLIC_SERVER = 'https://auth.test/';
export const NOW = new Date('2026-01-02T03:04:05Z');

/** One request that is expected, and its answer. */
export interface Exchange {
  /** `GET /v1/users?limit=50` */
  readonly request: string;
  readonly origin?: string;
  readonly body?: unknown;
  readonly ifMatch?: string;
  readonly token?: string | null;
  readonly status?: number;
  readonly answer?: unknown;
  readonly headers?: Record<string, string>;
}

export interface RunOptions {
  readonly exchanges?: readonly Exchange[];
  /** Standard input. */
  readonly input?: string;
  /** What a person answers, in order; without it nobody is there. */
  readonly answers?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Where tokens are kept. @default a new folder with a log-in */
  readonly folder?: string;
}

export async function newFolder(): Promise<string> {
  return mkdtemp(join(tmpdir(), 'sekisho-cli-'));
}

export async function loggedInFolder(
  token: Partial<{ expiresAt: number; refreshToken: string }> = {},
): Promise<string> {
  const folder = await newFolder();
  const expiresAt = NOW.getTime() / 1000 + 900;
  await createTokenStore(join(folder, 'sekisho')).save(SERVER, {
    accessToken: 'stored-token',
    expiresAt,
    publicServer: PUBLIC_SERVER,
    ...token,
  });
  return folder;
}

/** Runs the command against a server that answers exactly what is expected, in this order, and nothing else. */
export async function runCli(args: readonly string[], options: RunOptions = {}) {
  const { exchanges = [], input = '', answers, environment = {} } = options;
  const folder = options.folder ?? (await loggedInFolder());
  const [waiting, people] = [[...exchanges], [...(answers ?? [])]];
  const told = { out: '', err: '', problems: [] as string[] };
  const reply = async (question: string) => {
    told.err += question;
    return people.shift() ?? '';
  };
  const context: Context = {
    now: () => NOW,
    environment: { SEKISHO_SERVER: SERVER, XDG_CONFIG_HOME: folder, ...environment },
    terminal: {
      isInteractive: answers !== undefined,
      out(text) {
        told.out += text;
      },
      err(text) {
        told.err += text;
      },
      ask: reply,
      askSecret: reply,
      readInput: async () => input,
    },
    fetch: async (url, init) => {
      const expected = waiting.shift();
      const difference = differenceFrom(expected, new URL(String(url)), init ?? {});
      if (difference !== undefined) told.problems.push(difference);
      const { status = 200, answer, headers = {} } = expected ?? { status: 500 };
      return new Response(status === 204 ? null : JSON.stringify(answer ?? {}), { status, headers });
    },
  };
  const code = await run(args, context);
  const missing = waiting.map(({ request }) => `${request} was never sent`);
  return { code, ...told, problems: [...told.problems, ...missing], folder };
}

function differenceFrom(expected: Exchange | undefined, url: URL, init: RequestInit): string | undefined {
  const sent = `${init.method} ${url.pathname}${url.search}`;
  if (expected === undefined) return `${sent} was not expected`;
  const { request, origin = new URL(SERVER).origin, body, ifMatch, token = 'stored-token' } = expected;
  const headers = new Headers(init.headers);
  const facts = [
    ['request', sent, request],
    ['origin', url.origin, origin],
    ['body', init.body ?? undefined, body === undefined ? undefined : JSON.stringify(body)],
    ['if-match', headers.get('if-match') ?? undefined, ifMatch],
    ['authorization', headers.get('authorization'), token === null ? null : `Bearer ${token}`],
  ] as const;
  const wrong = facts.find(([, actual, wanted]) => actual !== wanted);
  return wrong && `${wrong[0]} of ${sent}: ${wrong[1]} instead of ${wrong[2]}`;
}
