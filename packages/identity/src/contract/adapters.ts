import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import Fastify from 'fastify';
import { type Context, Hono } from 'hono';
import * as ofExpress from '../express.ts';
import * as ofFastify from '../fastify.ts';
import * as ofFetch from '../fetch.ts';
import * as ofHono from '../hono.ts';
import type { IdentityOptions } from '../identify.ts';
import * as ofNode from '../node.ts';
import { listening, MAX_HEADER_SIZE, portOf, type RunningServer } from './http.ts';
import { ROUTES, type Route } from './routes.ts';

/** The same application on each framework, written as one writes it there, on a port of loopback. */
export const ADAPTERS: Readonly<Record<string, (options: IdentityOptions) => Promise<RunningServer>>> = {
  fastify: fastifyServer,
  express: expressServer,
  hono: honoServer,
  fetch: fetchServer,
  'node:http': nodeServer,
};

async function fastifyServer(options: IdentityOptions): Promise<RunningServer> {
  const app = Fastify({ http: { maxHeaderSize: MAX_HEADER_SIZE } });
  await app.register(ofFastify.problems);
  await app.register(ofFastify.identity, options);
  for (const { method, path: url, guard, answer } of ROUTES) {
    const preHandler = guard === undefined ? [] : [guard(ofFastify)];
    app.route({
      method,
      url,
      preHandler,
      handler: async ({ caller }, reply) => reply.send(JSON.stringify(answer(caller))),
    });
  }
  await app.listen({ port: 0, host: '127.0.0.1' });
  return { port: portOf(app.server), close: () => app.close() };
}

async function expressServer(options: IdentityOptions): Promise<RunningServer> {
  const app = express();
  // Else the stack of a defect is told, and printed.
  app.set('env', 'test');
  app.use(ofExpress.identity(options));
  for (const { method, path, guard, answer } of ROUTES) {
    const guards = guard === undefined ? [] : [guard(ofExpress)];
    const add = method === 'GET' ? app.get.bind(app) : app.options.bind(app);
    add(path, ...guards, ({ caller }, response) => {
      response.json(answer(caller));
    });
  }
  app.use(ofExpress.identityErrors);
  return listening(createServer({ maxHeaderSize: MAX_HEADER_SIZE }, app));
}

async function honoServer(options: IdentityOptions): Promise<RunningServer> {
  const app = new Hono();
  app.use(ofHono.identity(options));
  app.onError(ofHono.identityErrors((_error, context) => context.text('Internal Server Error', 500)));
  for (const { method, path, guard, answer } of ROUTES) {
    const guards = guard === undefined ? [] : [guard(ofHono)];
    app.on(method, [path], ...guards, (context: Context) => context.body(JSON.stringify(answer(context.var.caller))));
  }
  return listening(createServer({ maxHeaderSize: MAX_HEADER_SIZE }, getRequestListener(app.fetch)));
}

async function fetchServer(options: IdentityOptions): Promise<RunningServer> {
  const handlers = ROUTES.map((route) => {
    const handler: ofFetch.Handler = ({ caller }) => new Response(JSON.stringify(route.answer(caller)));
    return { route, handler: route.guard === undefined ? handler : route.guard(ofFetch)(handler) };
  });
  const fetch = ofFetch.identity(options, (identified) => {
    const { method, url } = identified.request;
    const found = handlers.find(({ route }) => matches(route, method, new URL(url).pathname));
    return found?.handler(identified) ?? new Response(null, { status: 404 });
  });
  const answering = (request: Request) => fetch(request).catch(() => new Response(null, { status: 500 }));
  return listening(createServer({ maxHeaderSize: MAX_HEADER_SIZE }, getRequestListener(answering)));
}

async function nodeServer(options: IdentityOptions): Promise<RunningServer> {
  const handlers = ROUTES.map((route) => {
    const handler: ofNode.Handler = ({ caller }, response) => response.end(JSON.stringify(route.answer(caller)));
    return { route, handler: route.guard === undefined ? handler : route.guard(ofNode)(handler) };
  });
  const listener = ofNode.identity(options, (request, response) => {
    const found = handlers.find(({ route }) => matches(route, request.method, request.url));
    return found === undefined ? response.writeHead(404).end() : found.handler(request, response);
  });
  const answering = (request: IncomingMessage, response: ServerResponse) =>
    listener(request, response).catch(() => response.writeHead(500).end());
  return listening(createServer({ maxHeaderSize: MAX_HEADER_SIZE }, answering));
}

function matches({ method, path }: Route, requestMethod: string | undefined, requestPath: string | undefined): boolean {
  return method === requestMethod && path === requestPath;
}
