import { KubeError } from '@sekisho/kube';
import { FakeClock } from '@sekisho/kube/testing';
import { createLogger } from '@sekisho/telemetry';
import { beforeEach, expect, test } from 'vitest';
import { OperatorError } from './errors.ts';
import { Outages } from './outages.ts';

const unreachable = new KubeError('network', 'no answer from the API server: ECONNREFUSED');
const forbidden = new KubeError('forbidden', 'PATCH /x: 403 no');

let clock: FakeClock;
let lines: string[];
let outages: Outages;

beforeEach(() => {
  clock = new FakeClock();
  lines = [];
  const write = (line: string) => {
    const { level, msg } = JSON.parse(line) as { level: string; msg: string };
    lines.push(`${level} ${msg}`);
  };
  outages = new Outages({ log: createLogger({ name: 'test', destination: { write } }), clock });
});

test('an API server that is gone is told of once, whoever notices, and once more when all work again', () => {
  for (let turn = 0; turn < 100; turn += 1) {
    outages.failed('watching ServiceAuthPolicy', unreachable);
    outages.failed('policies shop/bucket', new AggregateError([unreachable, unreachable]));
  }
  outages.ended('watching ServiceAuthPolicy');
  expect(lines).toEqual(['warn the API server fails, will be tried again']);
  outages.ended('policies shop/bucket');
  outages.ended('policies shop/bucket');
  expect(lines.slice(1)).toEqual(['info the API server works again']);
});

test('what fails for a reason of its own has an outage of its own', () => {
  outages.failed('policies shop/bucket', forbidden);
  outages.failed('policies shop/user', new OperatorError('not_kept', 'x'));
  outages.failed('policies shop/odd', new TypeError('x'));
  outages.ended('policies shop/bucket');
  expect(lines).toEqual([
    'warn policies shop/bucket fails, will be tried again',
    'warn policies shop/user fails, will be tried again',
    'error policies shop/odd fails, will be tried again',
    'info policies shop/bucket works again',
  ]);
});

test('another cause is news', () => {
  outages.failed('policies shop/bucket', unreachable);
  outages.failed('policies shop/bucket', forbidden);
  expect(lines).toEqual([
    'warn the API server fails, will be tried again',
    'info the API server works again',
    'warn policies shop/bucket fails, will be tried again',
  ]);
});

test('an outage that goes on is told of every ten minutes', async () => {
  for (let minute = 0; minute < 30; minute += 1) {
    outages.failed('policies shop/bucket', forbidden);
    await clock.advance(60_000);
  }
  expect(lines).toHaveLength(3);
});

test('what never failed works without a word', () => {
  outages.ended('policies shop/bucket');
  expect(lines).toEqual([]);
});
