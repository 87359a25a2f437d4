import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gunzipSync } from 'node:zlib';
import { type ReceivedSpan, spansOf } from './otlp.ts';

/** Takes spans by OTLP over HTTP and keeps them. It is strict: what it could not read makes whoever looks at its spans fail. */
export interface Collector extends AsyncDisposable {
  /** @throws Error when something came that is no such request */
  spans(): readonly ReceivedSpan[];
  /** Of one trace. */
  trace(traceId: string): readonly ReceivedSpan[];
}

/** @param address HOST:PORT to listen on */
export async function startCollector(address: string): Promise<Collector> {
  const spans: ReceivedSpan[] = [];
  const faults: string[] = [];
  const server = createServer(async (request, response) => {
    try {
      spans.push(...spansOf(await bodyOf(request)));
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    } catch (error) {
      // Envoy gives up a delivery when it is told to stop: that is no request at all.
      if (!request.complete) return void response.destroy();
      faults.push(String(error));
      response.writeHead(400).end();
    }
  });
  const { hostname, port } = new URL(`http://${address}`);
  server.listen(Number(port), hostname);
  await once(server, 'listening');
  const received = () => {
    if (faults.length > 0) throw new Error(`not OTLP: ${faults.join('; ')}`);
    return spans;
  };
  return {
    spans: received,
    trace: (traceId) => received().filter((span) => span.traceId === traceId),
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  const { method, url, headers } = request;
  const what = `${method} ${url} of ${headers['content-type']}`;
  const body = await buffer(request);
  if (what !== 'POST /v1/traces of application/x-protobuf') throw new Error(what);
  return headers['content-encoding'] === 'gzip' ? gunzipSync(body) : body;
}
