import { createLogger } from '@sekisho/telemetry';
import { Type } from 'typebox';
import { describe, expect, test } from 'vitest';
import { collectOpenApi, openApiRoute } from './open-api.ts';
import { operation } from './operation.ts';
import { withOtherMethodsRefused } from './other-methods.ts';
import { createServer } from './server.ts';

const info = { title: 'Test', description: 'A test.' };

async function documentOf(schema: object, method: 'POST' | 'DELETE' = 'POST') {
  const app = createServer(createLogger({ name: 'test', level: 'silent' }));
  collectOpenApi(app, info);
  withOtherMethodsRefused(app, (routes) => {
    openApiRoute(routes);
    routes.route({ method, url: '/v1/things/:id', schema, handler: async () => ({}) });
  });
  return (await app.inject({ url: '/openapi.json' })).json();
}

describe('the document of an app', () => {
  test('tells each route with its shapes, its permission and every answer', async () => {
    const about = {
      id: 'putThing',
      tag: 'things',
      summary: 'Put',
      needs: 'users:write',
      problems: ['email_taken'],
    } as const;
    const document = await documentOf(
      operation(about, {
        params: Type.Object({ id: Type.String() }),
        body: Type.Object({ kind: Type.Literal('a') }),
        response: { 200: Type.Object({}), 204: Type.Null() },
      }),
    );
    expect(document).toMatchObject({ openapi: '3.1.0', info: { ...info, version: 'v1' } });
    expect(Object.keys(document.paths)).toEqual(['/v1/things/{id}']);
    const { responses, ...operationObject } = document.paths['/v1/things/{id}'].post;
    expect(operationObject).toMatchObject({
      operationId: 'putThing',
      tags: ['things'],
      summary: 'Put',
      description: 'Needs `users:write` at `auth`.',
      security: [{ bearer: ['users:write'] }],
      parameters: [{ name: 'id', in: 'path' }],
      requestBody: { content: { 'application/json': { schema: { properties: { kind: { const: 'a' } } } } } },
    });
    expect(Object.keys(responses)).toEqual(['200', '204', '400', '401', '403', '409', '413', '415', '503']);
    expect(responses['409']).toEqual({
      description: 'Conflict: `email_taken`',
      content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
    });
    expect(responses['204']).toEqual({ description: 'No Content' });
    expect(document.components.schemas.Problem.properties).toHaveProperty('code');
  });

  test('tells which body may be left out', async () => {
    const bodyOf = async (body: object) => {
      const document = await documentOf(operation({ id: 'a', tag: 'things', summary: 'A' }, { body }));
      return document.paths['/v1/things/{id}'].post.requestBody;
    };
    expect(await bodyOf(Type.Object({}))).toMatchObject({ required: true });
    expect(await bodyOf(Type.Union([Type.Null(), Type.Object({})]))).toMatchObject({ required: false });
  });

  test('tells of a deletion that it may be refused for what came with it', async () => {
    const document = await documentOf(operation({ id: 'a', tag: 'things', summary: 'A' }, {}), 'DELETE');
    const { responses } = document.paths['/v1/things/{id}'].delete;
    expect(Object.keys(responses)).toEqual(['400', '413', '415', '503']);
  });

  test('says that anyone may ask where nothing is needed', async () => {
    const document = await documentOf(operation({ id: 'a', tag: 'things', summary: 'A' }, {}));
    const { security, responses } = document.paths['/v1/things/{id}'].post;
    expect(security).toEqual([]);
    expect(Object.keys(responses)).toEqual(['503']);
  });
});
