import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

/** A Sentinel that says what a test wants, when it wants it. */
export interface FakeSentinel {
  readonly port: number;
  /** Clients that are told of new primaries. */
  readonly followers: number;
  /** Names another primary from now on; who follows is told of it while the next one asks, before that one is answered. */
  failOverWhileAsked(primary: number): void;
  close(): Promise<void>;
}

const HOST = '127.0.0.1';
const CHANNEL = '+switch-master';

/** @param primary port of the server that it names */
export async function startFakeSentinel(primary: number): Promise<FakeSentinel> {
  const sockets = new Set<Socket>();
  const answers = new Answers(primary);
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      sockets.delete(socket);
      answers.followers.delete(socket);
    });
    const take = commandReader();
    socket.setEncoding('utf8').on('data', async (text) => {
      for (const command of take(String(text))) await answers.answer(socket, command);
    });
  });
  server.listen(0, HOST);
  await once(server, 'listening');
  const address = server.address();
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    get followers() {
      return answers.followers.size;
    },
    failOverWhileAsked: (port) => answers.failOver(port),
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

class Answers {
  readonly followers = new Set<Socket>();
  #primary: number;
  #mustTell = false;

  constructor(primary: number) {
    this.#primary = primary;
  }

  failOver(primary: number): void {
    this.#primary = primary;
    this.#mustTell = true;
  }

  async answer(socket: Socket, [name = '', argument = '']: readonly string[]): Promise<void> {
    switch (`${name} ${argument}`.toLowerCase()) {
      case 'sentinel get-master-addr-by-name':
        if (this.#mustTell) {
          this.#mustTell = false;
          await this.#tell();
        }
        return void socket.write(array(HOST, String(this.#primary)));
      case 'sentinel sentinels':
        return void socket.write(array());
      case `subscribe ${CHANNEL}`:
        this.followers.add(socket);
        return void socket.write(`*3\r\n${bulk('subscribe')}${bulk(CHANNEL)}:1\r\n`);
      default:
        // Also to HELLO: the client goes on with RESP2.
        socket.write(`-ERR unknown command '${name}'\r\n`);
    }
  }

  /** Resolves when everybody who was told has left, to ask anew. */
  async #tell(): Promise<void> {
    const gone = [...this.followers].map((follower) => once(follower, 'close'));
    for (const follower of this.followers) follower.write(array('message', CHANNEL, 'a new primary'));
    await Promise.all(gone);
  }
}

/** Commands as clients send them: an array of texts, none with a line break in it. */
function commandReader(): (text: string) => string[][] {
  let rest = '';
  return (text) => {
    const commands: string[][] = [];
    const lines = `${rest}${text}`.split('\r\n');
    for (;;) {
      const count = 2 * Number(lines[0]?.slice(1)) + 1;
      // Behind the last line comes what is not whole yet, or nothing.
      if (!(lines.length > count)) break;
      commands.push(lines.splice(0, count).filter((_, index) => index > 0 && index % 2 === 0));
    }
    rest = lines.join('\r\n');
    return commands;
  };
}

function array(...texts: readonly string[]): string {
  return `*${texts.length}\r\n${texts.map(bulk).join('')}`;
}

function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}
