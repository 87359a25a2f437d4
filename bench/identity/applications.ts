import { createServer, type Server, type ServerResponse } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import type { IdentityOptions } from '@sekisho/identity';
import * as ofExpress from '@sekisho/identity/express';
import * as ofFastify from '@sekisho/identity/fastify';
import * as ofFetch from '@sekisho/identity/fetch';
import * as ofHono from '@sekisho/identity/hono';
import * as ofNode from '@sekisho/identity/node';
import express from 'express';
import Fastify from 'fastify';
import { Hono } from 'hono';

export const FRAMEWORKS = ['fastify', 'express', 'hono', 'fetch', 'node'] as const;
export type Framework = (typeof FRAMEWORKS)[number];

export const SERVICE = 'bucket';
export const PERMISSION = 'bucket:read';
const ANSWER = { items: [] };
const TEXT = JSON.stringify(ANSWER);

/** One route, which asks for a permission; without options the same route, which asks for nothing. */
export const APPLICATIONS: Readonly<Record<Framework, (options?: IdentityOptions) => Promise<Server>>> = {
  async fastify(options) {
    const app = Fastify();
    if (options !== undefined) await app.register(ofFastify.identity, options);
    const preHandler = options === undefined ? [] : [ofFastify.requirePermission(PERMISSION)];
    app.get('/', { preHandler }, async () => ANSWER);
    await app.ready();
    return app.server;
  },

  async express(options) {
    const app = express();
    if (options !== undefined) app.use(ofExpress.identity(options), ofExpress.requirePermission(PERMISSION));
    app.get('/', (_, response) => void response.json(ANSWER));
    return createServer(app);
  },

  async hono(options) {
    const app = new Hono();
    if (options !== undefined) app.use(ofHono.identity(options), ofHono.requirePermission(PERMISSION));
    app.get('/', (context) => context.json(ANSWER));
    return createServer(getRequestListener(app.fetch));
  },

  async fetch(options) {
    const answer = () => Response.json(ANSWER);
    const guarded = () => ofFetch.requirePermission(PERMISSION)(answer);
    return createServer(getRequestListener(options === undefined ? answer : ofFetch.identity(options, guarded())));
  },

  async node(options) {
    const answer = (_: unknown, response: ServerResponse) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end(TEXT);
    if (options === undefined) return createServer(answer);
    const listener = ofNode.identity(options, ofNode.requirePermission(PERMISSION)(answer));
    return createServer((request, response) => void listener(request, response));
  },
};
