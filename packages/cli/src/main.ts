#!/usr/bin/env node
import { run } from './cli.ts';
import { createTerminal } from './terminal.ts';

process.exitCode = await run(process.argv.slice(2), {
  terminal: createTerminal(process),
  environment: process.env,
  fetch: globalThis.fetch,
  now: () => new Date(),
});
