import { isExpected } from './expected.ts';
import { interruption } from './interrupt.ts';
import { MeshError, runningMesh, startMesh, stopMesh, supervisorId } from './launcher.ts';
import { meshPaths } from './paths.ts';
import { describe } from './status.ts';

const HELP = `The local mesh: etcd, kube-apiserver, two istiods, Valkey, auth, operator, two gateways, the guard, a web page and four services with their Envoys, as processes.

  make up       start it and leave it running; writes .local/mesh.json
  make status   what runs, since when, and where
  make down     stop everything that it started
`;

async function up(): Promise<number> {
  if (runningMesh() === undefined)
    await startMesh((line) => console.log(`  ${line}`), { keep: true, signal: interruption() });
  console.log(describe());
  console.log('\nNext: `make demo` runs the story on it, `make down` stops it.');
  return 0;
}

async function down(): Promise<number> {
  console.log((await stopMesh()) ? 'The mesh is stopped. Logs stay in .local/mesh/logs.' : 'No mesh was up.');
  return 0;
}

async function status(): Promise<number> {
  if (supervisorId() === undefined) {
    console.log('No mesh is up. Next: `make up`.');
    return 1;
  }
  console.log(describe());
  return 0;
}

async function main(verb: string | undefined): Promise<number> {
  switch (verb) {
    case 'up':
      return up();
    case 'down':
      return down();
    case 'status':
      return status();
    default:
      console.log(HELP);
      return verb === undefined || verb === '--help' ? 0 : 2;
  }
}

try {
  process.exitCode = await main(process.argv[2]);
} catch (error) {
  if (!isExpected(error)) throw error;
  console.error(`\n${error.message}`);
  if (error instanceof MeshError) console.error(`\nLogs: ${meshPaths().logs}`);
  process.exitCode = 1;
}
