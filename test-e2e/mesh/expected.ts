import { ToolchainError } from '../toolchain/index.ts';
import { Interrupted } from './interrupt.ts';
import { MeshError } from './launcher.ts';

/** What can come of a command on any machine: its message says all that is to be said. */
export function isExpected(error: unknown): error is Error {
  return [MeshError, ToolchainError, Interrupted].some((kind) => error instanceof kind);
}
