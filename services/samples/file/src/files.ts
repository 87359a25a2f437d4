import { mkdir, open, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { openCatalogue, type StoredFile } from './catalogue.ts';
import { FileError } from './errors.ts';

/** Files of all owners: their contents in a folder, and who owns them in a database beside it. */
export interface Files extends Disposable {
  list(owner: string): readonly StoredFile[];
  /** @throws FileError `file_too_large`, `files_full`, `upload_incomplete`; nothing of the file stays then */
  add(owner: string, file: Omit<StoredFile, 'bytes'>, content: Readable): Promise<StoredFile>;
  /** @throws FileError `file_unknown` */
  read(owner: string, id: string): Promise<{ file: StoredFile; content: Readable }>;
  /** @throws FileError `file_unknown` */
  remove(owner: string, id: string): Promise<void>;
}

const PART = '.part';

/** @param folder made when it does not exist; nothing else may write there */
export async function openFiles(folder: string, maxBytes: number): Promise<Files> {
  const contents = join(folder, 'contents');
  await mkdir(contents, { recursive: true, mode: 0o700 });
  const catalogue = openCatalogue(join(folder, 'files.db'));
  // What was being uploaded when the process ended.
  for (const name of await readdir(contents)) {
    if (!catalogue.holds(name)) await rm(join(contents, name));
  }
  const pathOf = (id: string) => join(contents, id);
  return {
    list: (owner) => catalogue.list(owner),
    add: async (owner, file, content) => {
      const path = pathOf(file.id);
      try {
        const bytes = await write(`${path}${PART}`, content, maxBytes);
        await rename(`${path}${PART}`, path);
        const stored = { ...file, bytes };
        if (!catalogue.add(owner, stored)) throw new FileError('files_full', 'You have as many files as one may have.');
        return stored;
      } catch (error) {
        await Promise.all([rm(`${path}${PART}`, { force: true }), rm(path, { force: true })]);
        throw error;
      }
    },
    read: async (owner, id) => {
      const file = catalogue.find(owner, id) ?? unknownFile();
      const handle = await open(pathOf(file.id));
      return { file, content: handle.createReadStream() };
    },
    remove: async (owner, id) => {
      if (!catalogue.remove(owner, id)) unknownFile();
      await rm(pathOf(id), { force: true });
    },
    [Symbol.dispose]: () => catalogue[Symbol.dispose](),
  };
}

/** @returns the number of bytes */
async function write(path: string, content: Readable, maxBytes: number): Promise<number> {
  let bytes = 0;
  async function* bounded(): AsyncGenerator<Buffer> {
    // The request is not destroyed, or its answer could not be sent.
    for await (const chunk of content.iterator({ destroyOnReturn: false })) {
      bytes += chunk.length;
      if (bytes > maxBytes) throw new FileError('file_too_large', `A file may have ${maxBytes} bytes.`);
      yield chunk;
    }
  }
  await using handle = await open(path, 'wx', 0o600);
  try {
    await handle.writeFile(bounded());
  } catch (cause) {
    if (!content.errored) throw cause;
    throw new FileError('upload_incomplete', 'The upload broke off.', { cause });
  }
  await handle.sync();
  return bytes;
}

function unknownFile(): never {
  throw new FileError('file_unknown', 'You have no such file.');
}
