import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { boundLog } from './log-file.ts';
import { ManagedProcess, type ProcessSpec, type ProcessState } from './managed-process.ts';
import { MESH_MARK, type ProcessId } from './proc.ts';

/** One row of `.local/mesh/processes.json`. */
export interface ProcessRecord extends ProcessId {
  readonly name: string;
  readonly state: ProcessState;
  readonly restarts: number;
  readonly log: string;
}

/** Starts processes in order, keeps a record of them on disk, and stops exactly them in the reverse order. */
export class Supervisor {
  readonly #record: string;
  readonly #mark: Readonly<Record<string, string>>;
  readonly #processes: ManagedProcess[] = [];
  #stopped: Promise<void> | undefined;

  /**
   * @param record the file that lists every live process, for `make status` and for tests that kill one
   * @param folder marks every child's environment, so that a later run finds what a crash of this one left behind
   */
  constructor(record: string, folder: string) {
    this.#record = record;
    this.#mark = { [MESH_MARK]: folder };
  }

  /** @throws StartError */
  async start(spec: ProcessSpec): Promise<void> {
    if (this.#stopped !== undefined) throw new Error('the mesh is stopping');
    const child = new ManagedProcess({ ...spec, env: { ...spec.env, ...this.#mark } }, () => this.#write());
    this.#processes.push(child);
    await child.start();
  }

  /** Kills a process at once and keeps it down until `up`. */
  down(name: string): Promise<void> {
    return this.#named(name).down();
  }

  /** Resolves when it serves again. */
  up(name: string): Promise<void> {
    return this.#named(name).up();
  }

  #named(name: string): ManagedProcess {
    const found = this.#processes.find(({ spec }) => spec.name === name);
    if (found === undefined) throw new Error(`no process ${name}`);
    return found;
  }

  /** To be called now and then: a mesh may be up for days. */
  boundLogs(): void {
    for (const { spec } of this.#processes) boundLog(spec.log);
  }

  /** Stops all, one after the other, last started first. Safe to call twice. */
  stop(): Promise<void> {
    this.#stopped ??= this.#stopAll();
    return this.#stopped;
  }

  async #stopAll(): Promise<void> {
    for (const child of this.#processes.toReversed()) await child.stop();
    this.#write();
  }

  #write(): void {
    const rows = this.#processes.flatMap(({ id, state, restarts, spec }): ProcessRecord[] => {
      return id === undefined || state === 'stopped'
        ? []
        : [{ name: spec.name, ...id, state, restarts, log: spec.log }];
    });
    try {
      // A reader never sees half a file.
      writeFileSync(`${this.#record}.new`, `${JSON.stringify(rows, undefined, 2)}\n`);
      renameSync(`${this.#record}.new`, this.#record);
    } catch (error) {
      // A full disk or a removed folder costs the list, not the supervision.
      process.emitWarning(`${this.#record} is out of date: ${String(error)}`);
    }
  }
}

/** The processes of a record file; none when there is no (whole) file. */
export function readRecord(path: string): readonly ProcessRecord[] {
  try {
    return JSON.parse(readFileSync(path, 'utf8')) as readonly ProcessRecord[];
  } catch {
    return [];
  }
}
