import { isIP } from 'node:net';
import { CliError } from './errors.ts';

/**
 * @param source the option or variable that it came from, for the message
 * @throws CliError `usage`, `server_unsafe`
 */
export function parseServer(text: string, { source, allowHttp }: { source: string; allowHttp: boolean }): URL {
  const url = URL.parse(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '' || url.hash !== '') {
    throw new CliError('usage', `${source} must be an address like https://auth-admin.example.org`);
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname) && !allowHttp) {
    throw new CliError('server_unsafe', `${source}: over http, tokens and passwords travel in plain text`, {
      wayOut: 'Use https, a port-forward to localhost, or --allow-http where the network itself encrypts (a mesh).',
    });
  }
  return url;
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'));
}
