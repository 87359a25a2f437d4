/** Loaded before a server's main, in its process: answers each message with what its heap retains. Needs --expose-gc. */
process.on('message', () => {
  // The second run frees what finalizers of the first let go of.
  for (let run = 0; run < 2; run += 1) globalThis.gc?.();
  process.send?.(process.memoryUsage().heapUsed);
});
// Listening shall not keep a process up that has stopped.
process.channel?.unref();
