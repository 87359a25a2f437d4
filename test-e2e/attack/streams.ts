import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { type Address, type Head, requestBytes } from './raw.ts';

const PART = randomBytes(64 * 1024);
const PARTS = 160;
const TIMEOUT_MS = 60_000;
const KEY = randomBytes(16).toString('base64');

/** What the service must have received of an upload. */
export const UPLOADED = { bytes: PARTS * PART.length, sha256: hashOfUpload() } as const;

function hashOfUpload(): string {
  const hash = createHash('sha256');
  for (let index = 0; index < PARTS; index += 1) hash.update(PART);
  return hash.digest('hex');
}

/** Sends 10 MiB as they are taken. @returns status and body */
export async function upload(url: string, token: string): Promise<{ readonly status: number; readonly body: string }> {
  const sent = request(url, { method: 'POST', headers: { authorization: `Bearer ${token}` } });
  const answered = once(sent, 'response');
  sent.setTimeout(TIMEOUT_MS, () => sent.destroy(new Error('the upload stands still')));
  for (let index = 0; index < PARTS; index += 1) {
    // An answer that comes before the end is a refusal.
    if (!sent.write(PART)) await Promise.race([once(sent, 'drain'), answered]);
  }
  sent.end();
  const [response] = await answered;
  return { status: response.statusCode, body: await text(response) };
}

/** Asks for a WebSocket (RFC 6455 section 4.1). */
export function upgrade({ lines = [], ...head }: Head): string {
  const asked = ['Upgrade: websocket', 'Sec-WebSocket-Version: 13', `Sec-WebSocket-Key: ${KEY}`];
  return requestBytes({ ...head, lines: [...lines, ...asked] }).replace('Connection: close', 'Connection: Upgrade');
}

/** Sends a text once the protocol is switched, and answers what comes back; before that, the status of an answer that is no switch. */
export async function talk(address: Address, opening: string, said: string): Promise<string> {
  const socket = connect(address);
  socket.setTimeout(TIMEOUT_MS, () => socket.destroy(new Error('the WebSocket stands still')));
  try {
    socket.write(opening);
    let received = '';
    for await (const chunk of socket) {
      received += String(chunk);
      const [head = '', heard] = received.split('\r\n\r\n', 2);
      if (heard === undefined) continue;
      const [, status = ''] = head.split(' ');
      if (status !== '101') return status;
      if (heard.length >= said.length) return heard;
      if (heard === '') socket.write(said);
    }
    return 'closed';
  } finally {
    socket.destroy();
  }
}
