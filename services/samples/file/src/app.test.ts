import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tokenHeaders } from '@sekisho/identity/testing';
import { createLogger } from '@sekisho/telemetry';
import type { FastifyInstance } from 'fastify';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { buildApp } from './app.ts';
import { MAX_FILES_PER_OWNER, openCatalogue } from './catalogue.ts';
import { type Files, openFiles } from './files.ts';

const MAX_BYTES = 1_000_000;
const grants = (...permissions: string[]) => ({ file: { permissions } });
const tokenOf = (id: string, services = grants('file:read', 'file:write', 'file:delete')) =>
  tokenHeaders({ sub: id, aud: ['file'], user: { id, roles: ['member'] }, services });
const [mia, ben] = [tokenOf('mia'), tokenOf('ben')];

let folder: string;
let app: FastifyInstance;
let files: Files;
let url: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'file-service-'));
  await start();
});
afterEach(async () => {
  await stop();
  rmSync(folder, { recursive: true });
});

async function start() {
  files = await openFiles(folder, MAX_BYTES);
  const log = createLogger({ name: 'file', level: 'silent' });
  const clock = () => new Date('2026-01-01T00:00:00Z');
  const newId = () => `f${readdirSync(contents()).length + 1}`;
  app = await buildApp({ files, log, clock, newId });
  url = await app.listen({ port: 0, host: '127.0.0.1' });
}

async function stop() {
  // A client may hold a connection that it has not used yet, and a graceful close waits a minute for its first request.
  const cutting = setInterval(() => app.server.closeAllConnections(), 10);
  await app.close().finally(() => clearInterval(cutting));
  files[Symbol.dispose]();
}

const contents = () => join(folder, 'contents');
const get = (path: string, headers: Record<string, string> = mia) => fetch(`${url}${path}`, { headers });

function upload(body: NonNullable<RequestInit['body']>, headers: Record<string, string> = mia, name = 'notes.txt') {
  const init = { headers: { 'content-type': 'application/octet-stream', ...headers }, body, duplex: 'half' } as const;
  return fetch(`${url}/api/files?${new URLSearchParams({ name })}`, { method: 'POST', ...init });
}

describe('a file', () => {
  test('is uploaded, listed, downloaded as it was and removed', async () => {
    const content = new Uint8Array(300_000).map((_, index) => index % 251);
    const created = await upload(content, mia, "été (1)'*.txt");
    const file = { id: 'f1', name: "été (1)'*.txt", bytes: 300_000, createdAt: '2026-01-01T00:00:00.000Z' };
    expect(created.status).toBe(201);
    expect(created.headers.get('location')).toBe('/api/files/f1');
    expect(await created.json()).toEqual(file);
    expect(await (await get('/api/files')).json()).toEqual({ files: [file] });
    const download = await get('/api/files/f1');
    expect(Buffer.from(await download.arrayBuffer()).equals(content)).toBe(true);
    expect(download.headers.get('content-disposition')).toBe(
      "attachment; filename*=UTF-8''%C3%A9t%C3%A9%20%281%29%27%2a.txt",
    );
    expect(download.headers.get('x-content-type-options')).toBe('nosniff');
    expect((await fetch(`${url}/api/files/f1`, { method: 'DELETE', headers: mia })).status).toBe(204);
    expect(readdirSync(contents())).toEqual([]);
    expect((await get('/api/files/f1')).status).toBe(404);
  });

  test('of another owner is not there', async () => {
    await upload('secret');
    for (const method of ['GET', 'DELETE']) {
      const response = await fetch(`${url}/api/files/f1`, { method, headers: ben });
      expect(await response.json()).toMatchObject({ status: 404, code: 'file_unknown' });
    }
    expect(await (await get('/api/files', ben)).json()).toEqual({ files: [] });
    expect(await (await get('/api/files/f1')).text()).toBe('secret');
  });

  test('is as large as it may be and no larger, whether it says its size or not', async () => {
    expect((await upload('x'.repeat(MAX_BYTES))).status).toBe(201);
    const tooLarge = 'x'.repeat(MAX_BYTES + 1);
    for (const body of [tooLarge, ReadableStream.from([Buffer.from(tooLarge)])]) {
      expect(await (await upload(body)).json()).toMatchObject({ status: 413, code: 'file_too_large' });
    }
    expect(readdirSync(contents())).toEqual(['f1']);
  });

  test('whose upload breaks off leaves nothing behind', async () => {
    const headers = { 'content-type': 'application/octet-stream', 'content-length': 1_000, ...mia };
    const broken = request(`${url}/api/files?name=a`, { method: 'POST', headers });
    broken.on('error', () => undefined);
    broken.write('half of it');
    await vi.waitFor(() => expect(readdirSync(contents())).toEqual(['f1.part']), { timeout: 30_000 });
    broken.destroy();
    await vi.waitFor(() => expect(readdirSync(contents())).toEqual([]), { timeout: 30_000 });
    expect(files.list('mia')).toEqual([]);
  });

  test('is there after a restart, and what was half uploaded before is not', async () => {
    await upload('kept');
    writeFileSync(join(contents(), 'f9.part'), 'half');
    await stop();
    await start();
    expect(await (await get('/api/files/f1')).text()).toBe('kept');
    expect(readdirSync(contents())).toEqual(['f1']);
  });

  test('may be empty', async () => {
    await upload(new Uint8Array());
    expect((await get('/api/files/f1')).headers.get('content-length')).toBe('0');
  });

  test('is one too many when the owner has all that one may have', async () => {
    using catalogue = openCatalogue(join(folder, 'files.db'));
    const file = { name: 'a', bytes: 1, createdAt: '2026-01-01T00:00:00.000Z' };
    for (let n = 1; n < MAX_FILES_PER_OWNER; n++) catalogue.add('mia', { ...file, id: `other-${n}` });
    expect((await upload('the last')).status).toBe(201);
    expect(await (await upload('one more')).json()).toMatchObject({ status: 409, code: 'files_full' });
    expect(readdirSync(contents())).toEqual(['f1']);
    expect((await upload('of another', ben)).status).toBe(201);
  });

  test.each(['', 'a/b', '..\\b', 'a\nb', 'a'.repeat(201)])('is refused with the name %j', async (name) => {
    expect(await (await upload('a', mia, name)).json()).toMatchObject({ status: 400, code: 'request_invalid' });
  });

  test('is refused as anything but bytes', async () => {
    const json = await upload('{}', { ...mia, 'content-type': 'application/json' });
    expect(await json.json()).toMatchObject({ status: 415, code: 'request_invalid' });
  });

  test('is refused where nothing is sent at all', async () => {
    const nothing = await app.inject({ method: 'POST', url: '/api/files?name=a', headers: mia });
    expect(nothing.json()).toMatchObject({ status: 400, code: 'file_missing' });
    expect(readdirSync(contents())).toEqual([]);
  });

  test.each(['/api/files/..%2ffiles.db', '/api/files/%2e%2e%2ffiles.db', '/api/files/files.db'])(
    'is not found by a path: %s',
    async (path) => {
      expect((await get(path)).status).toBe(404);
    },
  );
});

test.each([
  ['GET', '/api/files', grants('file:write')],
  ['GET', '/api/files/f1', grants('file:delete')],
  ['POST', '/api/files?name=a', grants('file:read')],
  ['DELETE', '/api/files/f1', grants('file:read', 'file:write')],
])('%s %s needs a token, and its permission', async (method, path, services) => {
  const init = method === 'POST' ? { method, body: new Uint8Array(1) } : { method };
  const type = { 'content-type': 'application/octet-stream' };
  expect((await fetch(`${url}${path}`, { ...init, headers: type })).status).toBe(401);
  const refused = await fetch(`${url}${path}`, { ...init, headers: { ...type, ...tokenOf('mia', services) } });
  expect(await refused.json()).toMatchObject({ status: 403, code: 'permission_missing' });
  expect(readdirSync(contents())).toEqual([]);
});

test('health is for everyone', async () => {
  expect(await (await get('/healthz', {})).json()).toEqual({ status: 'ok' });
});
