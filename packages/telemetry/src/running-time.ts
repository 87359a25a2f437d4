const TICKS = 20;

/**
 * Runs a task after so much time in which this process ran: where it stood still, all that was due meanwhile is due at once, and a time
 * that was over with it would end what only has to be taken from a socket yet.
 * @returns gives the task up
 */
export function afterRunning(ms: number, task: () => void): () => void {
  let ticks = 0;
  const timer = setInterval(() => {
    ticks += 1;
    if (ticks < TICKS) return;
    clearInterval(timer);
    task();
  }, ms / TICKS);
  return () => clearInterval(timer);
}
