import { randomBytes, randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '@sekisho/telemetry';
import { createService, KEY_DEFAULTS } from './src/index.ts';

/** Writes docs/openapi from the schemas of the routes: `node services/auth/generate.ts`. */
const folder = join(import.meta.dirname, '../../docs/openapi');
const scratch = await mkdtemp(join(tmpdir(), 'sekisho-openapi-'));

// The service as it runs, so that no route is forgotten. It is asked for its document only: nothing listens at the other end.
const service = await createService({
  issuer: 'https://auth.example.org',
  redisUrl: 'redis://127.0.0.1:1',
  databaseUrl: `pglite:${join(scratch, 'db')}`,
  encryptionKeys: { current: randomBytes(32), previous: [] },
  keys: KEY_DEFAULTS,
  tokenLifetime: 900,
  log: createLogger({ name: 'generate', level: 'silent' }),
  clock: () => new Date(),
  uuid: randomUUID,
});
try {
  await mkdir(folder, { recursive: true });
  for (const [name, app] of [
    ['auth', service.publicApp],
    ['auth-admin', service.adminApp],
  ] as const) {
    await app.ready();
    await writeFile(join(folder, `${name}.json`), `${JSON.stringify(app.swagger(), undefined, 2)}\n`);
  }
} finally {
  await service.close();
  await rm(scratch, { recursive: true });
}
