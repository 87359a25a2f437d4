import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { FakeAuth } from '@sekisho/guard/testing';
import { listen } from '@sekisho/telemetry';
import { generateSigningKey, type SigningKey } from '@sekisho/tokens';

export interface KeyServer {
  readonly url: string;
  /** What a guard proves itself by. */
  readonly workloadToken: string;
  /** Signs access tokens: of as many people as are wanted, and without a log-in of each. */
  readonly accessKey: SigningKey;
  stop(): void;
}

/** The auth service as far as a guard asks it: for its keys. */
export async function startKeyServer(): Promise<KeyServer> {
  const accessKey = await generateSigningKey();
  const auth = new FakeAuth(accessKey);
  const server = createServer(async (request, response) => {
    const { method = 'GET', url = '/', headers } = request;
    const body = await text(request);
    const answer = await auth.fetch(`http://auth${url}`, {
      ...{ method, headers: { authorization: headers.authorization ?? '' } },
      ...(body !== '' && { body }),
    });
    response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  });
  const { host, port } = await listen(server, { host: '127.0.0.1', port: 0 });
  const stop = () => {
    server.close();
    server.closeAllConnections();
  };
  return { url: `http://${host}:${port}`, workloadToken: auth.token, accessKey, stop };
}
