import { type Call, closedLoop } from './load.ts';
import type { ServerProcess } from './server-process.ts';

export interface RateOptions {
  readonly atOnce: number;
  readonly seconds: number;
}

/** Calls that a server answers in one second of its CPU, whatever it waits for. */
export async function perCpuSecond(
  server: Pick<ServerProcess, 'cpuSeconds'>,
  call: Call,
  options: RateOptions,
): Promise<number> {
  const before = server.cpuSeconds();
  const answered = await closedLoop(call, options);
  const spent = server.cpuSeconds() - before;
  if (spent === 0) throw new Error('the server used no CPU: the round is too short');
  return answered / spent;
}
