import { readMesh } from './mesh-info.ts';
import { meshPaths } from './paths.ts';
import { childrenOf, residentBytes } from './proc.ts';
import { type ProcessRecord, readRecord } from './supervisor.ts';

/** The running mesh as a text: its addresses, then a table of its processes. */
export function describe(): string {
  const rows = readRecord(meshPaths().processes).map(row);
  return [...addresses(), '', table([['PROCESS', 'STATE', 'RESTARTS', 'PID', 'MEMORY', 'LOG'], ...rows])].join('\n');
}

/** What runs by a list of supervised processes; Envoy for itself, beside its pilot-agent. */
export function processesIn(list: string): readonly { readonly name: string; readonly pid: number }[] {
  return readRecord(list).flatMap(({ name, pid }) => [
    { name, pid },
    ...childrenOf(pid).map((child) => ({ name: `${name} (envoy)`, pid: child })),
  ]);
}

/** Resident memory of each process of the running mesh. */
export function processMemory(): readonly { readonly name: string; readonly bytes: number }[] {
  return processesIn(meshPaths().processes).map(({ name, pid }) => ({ name, bytes: residentBytes(pid) }));
}

function addresses(): readonly string[] {
  try {
    const mesh = readMesh();
    return [
      `web         ${mesh.web}  (log in as ${mesh.shopper.email}, password in ${mesh.shopper.passwordFile})`,
      `gateway     ${mesh.gateway}  (asking the guard: ${mesh.edge})`,
      `auth        ${mesh.auth.url}  (administrators: ${mesh.auth.adminUrl})`,
      `kubeconfig  ${mesh.kubeconfig}`,
      `details     ${meshPaths().mesh}`,
    ];
  } catch {
    return ['The mesh is still starting.'];
  }
}

function row(process: ProcessRecord): readonly string[] {
  const bytes = [process.pid, ...childrenOf(process.pid)].reduce((sum, pid) => sum + residentBytes(pid), 0);
  const memory = `${Math.round(bytes / 1024 / 1024)} MiB`;
  return [process.name, process.state, String(process.restarts), String(process.pid), memory, process.log];
}

/** Aligns columns by their widest cell. */
export function table(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((cells) => cells[column]?.length ?? 0))) ?? [];
  return rows
    .map((cells) =>
      cells
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
