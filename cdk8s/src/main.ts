import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readArguments, USAGE } from './command/arguments.ts';
import { type Files, renderFiles } from './command/files.ts';
import { ManifestError } from './errors.ts';
import { toYaml } from './kubernetes.ts';

function main(args: readonly string[]): void {
  const values = readArguments(args);
  if (values.help) return void process.stdout.write(`${USAGE}\n`);
  const files = renderFiles(values);
  if (values.stdout) return void process.stdout.write(toYaml(Object.values(files).flat()));
  write(values.out, files);
}

function write(folder: string, files: Files): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, manifests] of Object.entries(files)) {
    const file = join(folder, `${name}.yaml`);
    writeFileSync(file, toYaml(manifests));
    process.stdout.write(`${file}\n`);
  }
}

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof ManifestError)) throw error;
  process.stderr.write(`cdk8s: ${error.message}\n`);
  process.exitCode = 1;
}
