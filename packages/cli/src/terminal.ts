import { createInterface } from 'node:readline/promises';
import type { ReadStream } from 'node:tty';
import type { Terminal } from './context.ts';
import { CliError } from './errors.ts';

export interface Streams {
  readonly stdin: NodeJS.ReadableStream & Partial<Pick<ReadStream, 'isTTY' | 'setRawMode'>>;
  readonly stdout: NodeJS.WritableStream;
  readonly stderr: NodeJS.WritableStream & { readonly isTTY?: boolean };
}

const MAX_INPUT_BYTES = 64 * 1024;

/** The terminal of a process. Questions go to standard error: standard output is for results. */
export function createTerminal({ stdin, stdout, stderr }: Streams): Terminal {
  return {
    isInteractive: stdin.isTTY === true && stderr.isTTY === true,
    out: (text) => void stdout.write(text),
    err: (text) => void stderr.write(text),
    async ask(question) {
      const lines = createInterface({ input: stdin, output: stderr });
      try {
        return await lines.question(question);
      } finally {
        lines.close();
      }
    },
    async askSecret(question) {
      stderr.write(question);
      try {
        return await typedUnseen(stdin);
      } finally {
        stderr.write('\n');
      }
    },
    readInput: () => readAll(stdin),
  };
}

/** What is typed until Enter, while the terminal shows nothing of it. */
function typedUnseen(stdin: Streams['stdin']): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const characters: string[] = [];
  const onData = (chunk: Buffer | string) => {
    for (const character of chunk.toString()) {
      if (character === '\r' || character === '\n') return resolve(characters.join(''));
      if (character === '\u0003' || character === '\u0004') return reject(new CliError('interrupted', 'interrupted'));
      if (character === '\u007f' || character === '\b') characters.pop();
      else characters.push(character);
    }
  };
  stdin.setRawMode?.(true);
  stdin.on('data', onData);
  stdin.resume();
  return promise.finally(() => {
    stdin.off('data', onData);
    stdin.setRawMode?.(false);
    stdin.pause();
  });
}

async function readAll(stdin: Streams['stdin']): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > MAX_INPUT_BYTES) throw new CliError('usage', 'standard input holds more than 64 KiB');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
