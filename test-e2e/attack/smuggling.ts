import { PUBLIC } from '../echo/echo.ts';

/** What must never arrive as a request of its own. */
export const SMUGGLED = '/echo/public/smuggled';
const HIDDEN = `GET ${SMUGGLED} HTTP/1.1\r\nHost: edge.test\r\n\r\n`;

interface Shape {
  readonly name: string;
  readonly lines: readonly string[];
  readonly body: string;
}

const CHUNKED = 'Transfer-Encoding: chunked';
const END = `0\r\n\r\n${HIDDEN}`;
const length = (value: string | number) => `Content-Length: ${value}`;

function shape(name: string, lines: readonly string[], body: string): Shape {
  return { name, lines, body };
}

/** Requests on whose end two readers could differ (RFC 9112 section 6.3 and 11.2). */
export const SHAPES: readonly Shape[] = [
  shape('both lengths', [length(END.length), CHUNKED], END),
  shape(
    'both lengths, the other way round',
    [CHUNKED, length(4)],
    `${HIDDEN.length.toString(16)}\r\n${HIDDEN}\r\n0\r\n\r\n`,
  ),
  shape('two lengths', [length(0), length(HIDDEN.length)], HIDDEN),
  shape('two lengths in one', [length(`0, ${HIDDEN.length}`)], HIDDEN),
  shape('a length with a sign', [length(`+${HIDDEN.length}`)], HIDDEN),
  shape('a negative length', [length(-1)], HIDDEN),
  shape('a hexadecimal length', [length(`0x${HIDDEN.length.toString(16)}`)], HIDDEN),
  shape('a length beyond 64 bits', [length('18446744073709551616')], HIDDEN),
  shape('a coding that is not chunked', ['Transfer-Encoding: xchunked'], END),
  shape('chunked and another coding', ['Transfer-Encoding: chunked, identity'], END),
  shape('chunked twice', [CHUNKED, CHUNKED], END),
  shape('a space before the colon', ['Transfer-Encoding : chunked'], END),
  shape('a folded line', ['Transfer-Encoding:', ' chunked'], END),
  shape('a vertical tab before the coding', ['Transfer-Encoding: \vchunked'], END),
  shape('a name with a control character', [`Transfer-Encoding\u0001: chunked`], END),
  shape('a line feed alone inside a value', ['X-A: b\nTransfer-Encoding: chunked'], END),
  shape('a carriage return inside a value', ['X-A: b\rTransfer-Encoding: chunked'], END),
  shape('a NUL inside a value', ['X-A: b\u0000'], HIDDEN),
  shape('a chunk size beyond 64 bits', [CHUNKED], `10000000000000000\r\n${HIDDEN}`),
  shape('a chunk size with a sign', [CHUNKED], `-1\r\n${HIDDEN}\r\n0\r\n\r\n`),
  shape('a chunk that is longer than it says', [CHUNKED], `1\r\nab${HIDDEN}0\r\n\r\n`),
];

/** The same with nothing to differ on: the hidden request is a body, and stays one. */
export const HONEST = { target: PUBLIC, method: 'POST', lines: [length(HIDDEN.length)], body: HIDDEN };
