import { expect, test } from 'vitest';
import { parseServer } from './server-address.ts';

const parse = (text: string, allowHttp = false) => parseServer(text, { source: '--server', allowHttp }).origin;

test.each([
  ['https://auth.example.org/', 'https://auth.example.org'],
  ['http://localhost:8081', 'http://localhost:8081'],
  ['http://127.0.0.1:8081', 'http://127.0.0.1:8081'],
  ['http://[::1]:8081', 'http://[::1]:8081'],
])('%s is a server', (text, origin) => {
  expect(parse(text)).toBe(origin);
});

test.each(['http://auth.example.org', 'http://127.example.org', 'http://localhost.example.org', 'http://10.0.0.1'])(
  '%s would show the token to the network, unless that is said to be meant',
  (text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'server_unsafe' }));
    expect(parse(text, true)).toBe(text);
  },
);

test.each(['', 'auth.example.org', 'ftp://x', 'https://user:pass@x', 'https://x?token=1', 'https://x#a'])(
  '%j is none',
  (text) => {
    expect(() => parse(text)).toThrow(expect.objectContaining({ code: 'usage' }));
  },
);
