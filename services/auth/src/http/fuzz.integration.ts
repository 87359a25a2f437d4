import { randomUUID } from 'node:crypto';
import fc from 'fast-check';
import type { InjectOptions } from 'fastify';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Service } from '../service.ts';
import { type Callers, createCallers, PEOPLE } from '../testing/fuzz/callers.ts';
import { type Operation, operationsOf } from '../testing/fuzz/document.ts';
import { wrongWith } from '../testing/fuzz/judge.ts';
import { type FuzzRequest, requestsOf } from '../testing/fuzz/requests.ts';
import { databaseKinds, startService, untilReady } from '../testing/real-service.ts';

/** `FUZZ_RUNS=2000 FUZZ_SEED=$RANDOM` looks for more than the tests of a change can. */
const { runs: numRuns, seed } = inject('fuzz');
const DELETIONS = new Set(['deleteUser', 'removeClient', 'removeWorkloadGrants']);
const UNLIMITED = { burst: 1_000_000, refillSeconds: 1 };

const operations = [...(await operationsOf('public')), ...(await operationsOf('admin'))];

describe(`requests made of the API document, with the seed ${seed}`, () => {
  const known = new Map<string, string[]>();
  const succeeded = new Set<string>();
  let service: Service;
  let callers: Callers;
  let remove = async () => {};

  beforeAll(async () => {
    const database = await databaseKinds('')[0]?.create();
    remove = database?.remove ?? remove;
    service = await startService({
      redisUrl: inject('redisUrl'),
      databaseUrl: database?.url ?? '',
      rates: { network: UNLIMITED, accountFromNetwork: UNLIMITED, account: UNLIMITED },
    });
    await untilReady(service);
    callers = createCallers(service);
    await fill();
  });
  afterAll(async () => {
    await service.close();
    await remove();
  });

  async function asAdministrator(method: 'GET' | 'POST' | 'PUT', url: string, payload?: object) {
    const authorization = await callers.authorization('administrator');
    const answer = await service.adminApp.inject({
      method,
      url,
      headers: { authorization },
      ...(payload !== undefined && { payload }),
    });
    expect([url, answer.statusCode < 300, answer.body]).toEqual([url, true, expect.any(String)]);
    return answer.json();
  }

  /** People, clients and workloads that the requests find and change; those that are doomed they may delete. */
  async function fill(): Promise<void> {
    for (const person of PEOPLE) await asAdministrator('POST', '/v1/users', person);
    for (const index of [0, 1, 2, 3]) await fillOne(`kept-${index}`, '');
    for (const index of [0, 1, 2, 3]) await fillOne(`doomed-${index}`, ' doomed');
    for (const version of [1, 2, 3, 4, 5]) add('if-match', `"${version}"`);
    add('service', 'bucket');
  }

  async function fillOne(name: string, suffix: string): Promise<void> {
    const grants = [{ service: 'bucket', permissions: ['bucket:read'] }];
    const user = { email: `${name}@example.org`, password: 'correct horse battery', grants };
    add(`/v1/users id${suffix}`, (await asAdministrator('POST', '/v1/users', user)).id);
    const client = { id: name, name, authMethod: 'client_secret_post', grantTypes: ['client_credentials'] };
    add(`/v1/clients id${suffix}`, (await asAdministrator('POST', '/v1/clients', client)).id);
    add(`/v1/workloads namespace${suffix}`, 'shop');
    add(`/v1/workloads serviceAccount${suffix}`, name);
    await asAdministrator('PUT', `/v1/workloads/shop/${name}/grants`, { grants: [] });
  }

  function add(name: string, value: string): void {
    known.set(name, [...(known.get(name) ?? []), value]);
  }

  const knownFor = ({ id, path }: Operation, parameter: string) => {
    const name = `${path.split('/').slice(0, 3).join('/')} ${parameter}${DELETIONS.has(id) ? ' doomed' : ''}`;
    return known.get(name) ?? known.get(parameter) ?? [];
  };

  async function answerTo({ app }: Operation, request: FuzzRequest) {
    const authorization = await callers.authorization(request.caller);
    const canary = `canary-${randomUUID()}`;
    const { method, url, payload } = request;
    const sent = { ...(authorization !== undefined && { authorization }), 'x-canary': canary, 'user-agent': canary };
    const headers = { ...sent, ...request.headers };
    const target = app === 'public' ? service.publicApp : service.adminApp;
    const options: InjectOptions = {
      method: method as NonNullable<InjectOptions['method']>,
      url,
      headers,
      ...(payload !== undefined && { payload }),
    };
    let answer = await target.inject(options);
    // A machine that stands still for a while loses its stores too; what a request itself does, it does again.
    for (let again = 0; answer.statusCode === 503 && again < 3; again += 1) {
      await untilReady(service);
      answer = await target.inject(options);
    }
    if (answer.statusCode === 401) callers.forget(request.caller);
    const secrets = [canary, ...(authorization === undefined ? [] : [authorization.slice(7)]), ...secretsIn(payload)];
    return { answer: { status: answer.statusCode, headers: answer.headers, body: answer.body }, secrets };
  }

  test.each(operations.map((operation) => [operation.id, operation] as const))(
    '%s answers each as it says, and tells nobody else what was sent',
    async (_, operation) => {
      const property = fc.asyncProperty(requestsOf(operation, knownFor), async (request) => {
        const { answer, secrets } = await answerTo(operation, request);
        expect(wrongWith(operation, { request, answer, secrets })).toEqual([]);
        if (request.ours && answer.status < 300) succeeded.add(operation.id);
      });
      await fc.assert(property, { numRuns, seed });
    },
    60_000 + numRuns * 1_000,
  );

  test('reach what operations do, and not only what they refuse', () => {
    const refusedAlone = operations.map(({ id }) => id).filter((id) => !succeeded.has(id));
    // Nobody guesses a password or a refresh token.
    expect(refusedAlone).toEqual(expect.arrayContaining(['logIn', 'refresh']));
    expect(refusedAlone.length).toBeLessThan(operations.length / 2);
  });

  test('leave a service that works', async () => {
    callers.forget('administrator');
    await untilReady(service);
    expect((await asAdministrator('GET', '/v1/users')).items.length).toBeGreaterThan(0);
    expect((await asAdministrator('GET', '/v1/audit')).items.length).toBeGreaterThan(0);
  });
});

const SECRET_FIELDS = ['password', 'current', 'token', 'refresh_token'];
const SHORTEST = 8;

/** Too short a text is in any answer by chance. */
function secretsIn(payload: string | undefined): readonly string[] {
  try {
    const body: unknown = JSON.parse(payload ?? '');
    if (typeof body !== 'object' || body === null) return [];
    const values = SECRET_FIELDS.map((name) => (Object.hasOwn(body, name) ? Reflect.get(body, name) : undefined));
    return values.filter((value) => typeof value === 'string' && value.length >= SHORTEST);
  } catch {
    return []; // broken on purpose
  }
}
