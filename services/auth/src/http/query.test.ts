import { createLogger } from '@sekisho/telemetry';
import { Type } from 'typebox';
import { expect, test } from 'vitest';
import { createServer } from './server.ts';

const querystring = Type.Object(
  { limit: Type.Optional(Type.Integer()), active: Type.Optional(Type.Boolean()), name: Type.Optional(Type.String()) },
  { additionalProperties: false },
);

async function query(text: string) {
  const app = createServer(createLogger({ name: 'test', level: 'silent' }));
  app.get('/', { schema: { querystring } }, async (request) => ({ read: request.query }));
  const response = await app.inject({ url: `/?${text}` });
  return response.statusCode === 200 ? response.json().read : response.json().code;
}

test.each([
  ['limit=50&active=true&name=7', { limit: 50, active: true, name: '7' }],
  ['active=false', { active: false }],
  ['', {}],
])('a query of %j is read by the types of its schema', async (text, read) => {
  expect(await query(text)).toEqual(read);
});

test.each([
  'limit=',
  'limit=5.5',
  'limit=1e3',
  'limit=0x1',
  'limit=-',
  'limit=9999999999999999999999',
  'limit=1&limit=2',
  'active=1',
  'active=yes',
  'name=a&name=b',
  'other=1',
  '__proto__=1',
  'constructor=1',
])('a query of %j is refused', async (text) => {
  expect(await query(text)).toBe('request_invalid');
});
