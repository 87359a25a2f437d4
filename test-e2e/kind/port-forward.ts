import { readFileSync } from 'node:fs';
import { Duplex } from 'node:stream';
import { Agent, WebSocket } from 'undici';

/** A port on a pod's loopback interface. */
export interface PodPort {
  readonly namespace: string;
  readonly pod: string;
  readonly port: number;
}

/** What of a kubeconfig that `access.ts` wrote is needed to reach the API server. */
export interface Access {
  readonly server: string;
  readonly ca: string;
  readonly token: string;
}

export function readAccess(kubeconfig: string): Access {
  const { clusters, users } = JSON.parse(readFileSync(kubeconfig, 'utf8'));
  const { server, 'certificate-authority': caFile } = clusters[0].cluster;
  return { server, ca: readFileSync(caFile, 'utf8'), token: users[0].user.token };
}

const PROTOCOL = 'v4.channel.k8s.io';
const DATA = 0;
const OPENING_MS = 30_000;

/**
 * A connection to a port of a pod, by way of the API server and the kubelet, as `kubectl port-forward` makes one.
 * https://kubernetes.io/docs/reference/generated/kubernetes-api/v1.36/ (connect portforward of a Pod): messages begin with a channel, the
 * port's data or its errors, and the first of each channel repeats the port.
 * @throws Error when the API server or the kubelet refuses
 */
export async function portForward(access: Access, { namespace, pod, port }: PodPort): Promise<Duplex> {
  const url = `${access.server}/api/v1/namespaces/${namespace}/pods/${pod}/portforward?ports=${port}`;
  const dispatcher = new Agent({ connect: { ca: access.ca, timeout: OPENING_MS } });
  const headers = { authorization: `Bearer ${access.token}` };
  const socket = new WebSocket(url.replace(/^http/, 'ws'), { protocols: [PROTOCOL], dispatcher, headers });
  socket.binaryType = 'arraybuffer';
  const connection = new PodConnection(socket, `${namespace}/${pod}:${port}`);
  connection.once('close', () => void dispatcher.destroy());
  await connection.opened;
  return connection;
}

class PodConnection extends Duplex {
  readonly opened: Promise<void>;
  readonly #socket: WebSocket;
  readonly #greeted = new Set<number>();

  constructor(socket: WebSocket, place: string) {
    super({ allowHalfOpen: false });
    this.#socket = socket;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.opened = promise;
    const timer = setTimeout(() => this.destroy(new Error(`${place}: no connection in time`)), OPENING_MS);
    socket.addEventListener('open', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.addEventListener('message', ({ data }) => this.#receive(Buffer.from(data as ArrayBuffer), place));
    socket.addEventListener('close', () => {
      this.push(null);
      this.destroy();
    });
    socket.addEventListener('error', ({ message }) => this.destroy(new Error(`${place}: ${message}`)));
    this.on('error', reject);
    this.once('close', () => {
      clearTimeout(timer);
      reject(new Error(`${place}: closed before it was open`));
    });
  }

  override _read(): void {
    // Comes as it comes: HTTP/2 bounds it, and what an administrator's page of Envoy holds.
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error) => void): void {
    this.#socket.send(Buffer.concat([Buffer.of(DATA), chunk]));
    done();
  }

  override _final(done: () => void): void {
    this.#socket.close();
    done();
  }

  override _destroy(error: Error | null, done: (error: Error | null) => void): void {
    this.#socket.close();
    done(error);
  }

  #receive(message: Buffer, place: string): void {
    const channel = message[0] ?? DATA;
    if (!this.#greeted.has(channel)) return void this.#greeted.add(channel);
    const rest = message.subarray(1);
    if (channel === DATA) this.push(rest);
    else if (rest.length > 0) this.destroy(new Error(`${place}: ${rest.toString('utf8').slice(0, 200)}`));
  }
}
