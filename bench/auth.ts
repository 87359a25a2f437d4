import { latencyFigures } from './auth/latency-figures.ts';
import { logInFigures } from './auth/log-in-figures.ts';
import { mintFigures } from './auth/mint-figures.ts';
import { propagationFigures } from './auth/propagation-figures.ts';
import { revocationFigures } from './auth/revocation-figures.ts';
import { sessionMemoryFigures } from './auth/session-memory-figures.ts';
import { tokenFigures } from './auth/token-figures.ts';
import { touchFigures } from './auth/touch-figures.ts';
import { startWorld } from './auth/world.ts';
import { createSections, publish, report } from './report.ts';

/**
 * The auth service as it is deployed, in a process of its own on a real PostgreSQL and a real Valkey, against what each
 * of its answers cannot do without. Rates are per second of the server's CPU, which the load and the stores take none of;
 * each is the median of rounds in which all that are compared take turns. Judged by people: a missed target fails nothing.
 * `SESSIONS=100000 make bench-auth` is done in half the time.
 */
const count = Number(process.env['SESSIONS'] ?? 1_000_000);
if (!Number.isSafeInteger(count) || count < 1_000) throw new Error('SESSIONS must be a whole number from 1000');

await using opened = new AsyncDisposableStack();
const { figures, section } = createSections();
await section('narrow tokens', mintFigures);
const world = await startWorld(opened, report);
await section('token endpoint and refresh', () => tokenFigures(world));
await section('log-in', () => logInFigures(world));
await section('session touch', () => touchFigures(world.stores));
await section('latency at half of the most', () => latencyFigures(world));
await section('revocations', () => propagationFigures(world));
await section('memory of revocations', () => revocationFigures(world.stores));
await section(`memory of ${count} sessions`, () => sessionMemoryFigures(world.stores, count));
publish('auth', figures, [`accounts in ${world.auth.database}, sessions in Valkey; their CPU is not the server's`]);
