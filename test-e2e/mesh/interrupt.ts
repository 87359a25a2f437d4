/** Someone asked to stop before the work was done. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}

/**
 * Aborts on Ctrl-C, on SIGTERM and when the terminal closes. The same signal a second time ends the process at once; a mesh that it
 * started ends even then.
 */
export function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(name, () => controller.abort(new Interrupted(`interrupted by ${name}`)));
  return controller.signal;
}
