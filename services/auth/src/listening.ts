import type { ListenAddress } from '@sekisho/telemetry';

interface App {
  /** @returns the URL that it is served at */
  listen(address: ListenAddress): Promise<string>;
}

/** What is to listen; of a service that main.ts starts. */
export interface Startable {
  readonly publicApp: App;
  readonly adminApp: App;
  close(): Promise<void>;
}

export interface Addresses {
  readonly listen: ListenAddress;
  readonly adminListen: ListenAddress;
}

/**
 * Lets a service listen once it has started. A start that is broken off is no failure, however far it came.
 * @param stopping aborted by whoever then closes the service
 * @returns the URLs that both are served at; undefined where the process is told to stop meanwhile
 */
export async function listenUnlessStopping(
  starting: Promise<Startable>,
  addresses: Addresses,
  stopping: AbortSignal,
): Promise<{ readonly listen: string; readonly adminListen: string } | undefined> {
  try {
    const service = await starting;
    return stopping.aborted ? undefined : await listenOrClose(service, addresses);
  } catch (error) {
    if (stopping.aborted) return undefined;
    throw error;
  }
}

/** A port that is taken must not leave the embedded database locked. */
async function listenOrClose({ publicApp, adminApp, close }: Startable, { listen, adminListen }: Addresses) {
  try {
    return { listen: await publicApp.listen(listen), adminListen: await adminApp.listen(adminListen) };
  } catch (error) {
    await close();
    throw error;
  }
}
