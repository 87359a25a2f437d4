import { chmod, mkdir, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { CliError } from '../errors.ts';

const StoredToken = Type.Object({
  accessToken: Type.String(),
  /** Epoch seconds. */
  expiresAt: Type.Integer(),
  refreshToken: Type.Optional(Type.String()),
  /** Where it was got, and can be refreshed. */
  publicServer: Type.String(),
});
export type StoredToken = Static<typeof StoredToken>;

/** By the address of the administration. */
const Tokens = Type.Record(Type.String(), StoredToken);
type Tokens = Static<typeof Tokens>;

/** Tokens of `sekisho login`, in a file that only its owner can read. Rejects with CliError `token_unreadable`. */
export interface TokenStore {
  find(server: string): Promise<StoredToken | undefined>;
  save(server: string, token: StoredToken): Promise<void>;
  forget(server: string): Promise<void>;
}

/** @param environment XDG base directory specification: XDG_CONFIG_HOME, else ~/.config */
export function configFolder({
  XDG_CONFIG_HOME: xdg,
  HOME: home,
}: Readonly<Record<string, string | undefined>>): string {
  if (xdg?.startsWith('/')) return join(xdg, 'sekisho');
  if (home?.startsWith('/')) return join(home, '.config', 'sekisho');
  throw new CliError('token_unreadable', 'there is no folder for tokens', {
    wayOut: 'Set HOME or XDG_CONFIG_HOME, or use --token-file.',
  });
}

export function createTokenStore(folder: string): TokenStore {
  const path = join(folder, 'tokens.json');

  async function all(): Promise<Tokens> {
    const text = await readFile(path, 'utf8').catch((cause) => {
      if (cause.code === 'ENOENT') return '{}';
      throw unreadable(path, cause);
    });
    const tokens = parsed(text);
    if (Value.Check(Tokens, tokens)) return tokens;
    throw unreadable(path);
  }

  /** Whole or not at all: a second command at the same time, or a full disk, leaves no half of a file. */
  async function write(tokens: Tokens): Promise<void> {
    await mkdir(folder, { recursive: true, mode: 0o700 });
    await chmod(folder, 0o700);
    const draft = `${path}.${process.pid}`;
    try {
      const file = await open(draft, 'wx', 0o600);
      await file.writeFile(JSON.stringify(tokens));
      await file.close();
      await rename(draft, path);
    } catch (cause) {
      await rm(draft, { force: true });
      throw new CliError('token_unreadable', `cannot write ${path}`, {
        cause,
        wayOut: 'Make the folder writable, or use --token-file.',
      });
    }
  }

  return {
    find: async (server) => (await all())[server],
    save: async (server, token) => write({ ...(await all()), [server]: token }),
    async forget(server) {
      const { [server]: forgotten, ...others } = await all();
      if (forgotten !== undefined) await write(others);
    },
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unreadable(path: string, cause?: unknown): CliError {
  return new CliError('token_unreadable', `cannot read ${path}`, {
    cause,
    wayOut: 'Remove the file and run `sekisho login`.',
  });
}
