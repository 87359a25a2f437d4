import { availableParallelism } from 'node:os';
import { buildApps } from './apps.ts';
import { bootstrapAdministrator } from './bootstrap.ts';
import type { HttpServer } from './http/server.ts';
import { createPasswordHasher, type PasswordHasher } from './passwords/hasher.ts';
import type { ServiceOptions } from './service-options.ts';
import { openStores, type Stores } from './stores.ts';
import { tracedPasswords } from './traces.ts';

export type { ServiceOptions } from './service-options.ts';

export interface Service {
  readonly publicApp: HttpServer;
  readonly adminApp: HttpServer;
  /** Ends requests in flight, then what they need. */
  close(): Promise<void>;
}

/** At about 20 ms a hash and a core, the last in the queue waits a second. */
const HASHING = { concurrency: availableParallelism(), maxWaiting: 50 * availableParallelism() };

/**
 * The service with everything it needs, not yet listening.
 * @throws AuthError when the database, its keys or the encryption key are not usable
 */
export async function createService(options: ServiceOptions): Promise<Service> {
  // What was opened is closed again in reverse, also when a later step fails.
  await using opened = new AsyncDisposableStack();
  const stores = await openStores(options, opened);
  const passwords = tracedPasswords(stores.tracing, await createPasswordHasher(HASHING));
  await bootstrap(options, { ...stores, passwords });
  const { upkeep, logoutDelivery, ...apps } = buildApps(options, { ...stores, passwords });
  upkeep.start();
  opened.defer(upkeep.stop);
  logoutDelivery.start();
  opened.defer(() => logoutDelivery.stop());
  opened.defer(() => apps.adminApp.close());
  opened.defer(() => apps.publicApp.close());
  const owned = opened.move();
  return { ...apps, close: () => owned.disposeAsync() };
}

async function bootstrap(
  { log, uuid, firstAdministrator }: ServiceOptions,
  { accounts, passwords }: Stores & { readonly passwords: PasswordHasher },
) {
  if (firstAdministrator === undefined) return;
  const made = await bootstrapAdministrator({ accounts, passwords, uuid }, firstAdministrator);
  if (made) log.info('first administrator made');
}
