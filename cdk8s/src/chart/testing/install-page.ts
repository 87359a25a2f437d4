import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const PAGE = join(import.meta.dirname, '../../../../docs/install.md');

/** What docs/install.md tells people to do. */
export interface InstallPage {
  /** Arguments of each call of Helm, in the order of the page. */
  readonly commands: readonly (readonly string[])[];
  /** What to write into `sekisho.yaml`. */
  readonly values: string;
  /** The first object that is applied. */
  readonly namespace: string;
}

export function readInstallPage(): InstallPage {
  const page = readFileSync(PAGE, 'utf8');
  const [namespace = ''] = blocks(page, 'yaml');
  const values = blocks(page, 'yaml').find((text) => text.startsWith('# sekisho.yaml')) ?? '';
  const lines = blocks(page, 'sh').flatMap((text) => text.replaceAll('\\\n', ' ').split('\n'));
  const commands = lines.filter((line) => line.startsWith('helm ')).map(words);
  return { commands, values, namespace };
}

/** What goes into a pipe or behind it is somebody else's. */
function words(line: string): readonly string[] {
  const [command = ''] = line.split('|');
  return command.trim().split(/\s+/).slice(1);
}

function blocks(page: string, language: string): readonly string[] {
  const found = page.matchAll(/^```(\S*)\n(.*?)^```/gms);
  return [...found].flatMap(([, name, content = '']) => (name === language ? [content] : []));
}
