import { createServer } from 'node:http';

/** The same on node:http alone. */
const headers: Record<string, string> = JSON.parse(process.env['HEADERS'] ?? '{}');
createServer({ keepAliveTimeout: 0 }, (_request, response) => void response.writeHead(200, headers).end()).listen(
  Number(process.env['PORT']),
  '127.0.0.1',
);
