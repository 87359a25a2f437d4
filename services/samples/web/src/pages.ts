import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** One file as it is served. */
export interface Page {
  readonly type: string;
  readonly body: Buffer;
  /** Of exactly this body. */
  readonly etag: string;
}

/** By path. */
export type Pages = ReadonlyMap<string, Page>;

/** What the browser needs to know of the platform. */
export interface Settings {
  readonly issuer: string;
  readonly clientId: string;
}

const FOLDER = join(import.meta.dirname, '../browser');
const INDEX = 'index.html';
/** A file of any other kind is none of the page's. */
const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** Everything that is served, read once: no request names a file on the disk. */
export async function readPages(settings: Settings): Promise<Pages> {
  const names = (await readdir(FOLDER)).filter((name) => extname(name) in TYPES);
  const files = await Promise.all(
    names.map(async (name) => [pathOf(name), page(extname(name), await readFile(join(FOLDER, name)))] as const),
  );
  // The module as its package ships it: no build stands between.
  const library = await readFile(fileURLToPath(import.meta.resolve('oauth4webapi')));
  return new Map([
    ...files,
    ['/web/oauth4webapi.js', page('.js', library)],
    ['/web/settings.js', page('.js', Buffer.from(`export const settings = ${JSON.stringify(settings)};\n`))],
  ]);
}

function pathOf(name: string): string {
  return name === INDEX ? '/' : `/web/${name}`;
}

function page(extension: string, body: Buffer): Page {
  const etag = `"${createHash('sha256').update(body).digest('base64url')}"`;
  return { type: TYPES[extension] ?? 'application/octet-stream', body, etag };
}
