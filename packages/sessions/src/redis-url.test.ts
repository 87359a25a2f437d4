import { describe, expect, test } from 'vitest';
import { parseRedisUrl, REDIS_URL_PATTERN } from './redis-url.ts';

const single = { kind: 'single', primary: '', tls: false, db: 0 };

describe('the address of Redis', () => {
  test.each<[string, object]>([
    ['redis://127.0.0.1', { ...single, addresses: [{ host: '127.0.0.1', port: 6379 }] }],
    [
      'rediss://app:p%40ss%2Fw%3A@cache.example:6380/2',
      {
        ...single,
        addresses: [{ host: 'cache.example', port: 6380 }],
        tls: true,
        username: 'app',
        password: 'p@ss/w:',
        db: 2,
      },
    ],
    ['redis://:secret@[::1]:7000', { ...single, addresses: [{ host: '::1', port: 7000 }], password: 'secret' }],
    ['redis://a@b:c@host', { ...single, addresses: [{ host: 'host', port: 6379 }], username: 'a@b', password: 'c' }],
    [
      'redis+sentinel://s1,s2:5000,[::1]/mymaster',
      {
        ...single,
        kind: 'sentinel',
        primary: 'mymaster',
        addresses: [
          { host: 's1', port: 26379 },
          { host: 's2', port: 5000 },
          { host: '::1', port: 26379 },
        ],
      },
    ],
    [
      'rediss+sentinel://app:secret@s1/my%20primary/3?sentinelPassword=p%26w',
      {
        ...single,
        kind: 'sentinel',
        primary: 'my primary',
        tls: true,
        addresses: [{ host: 's1', port: 26379 }],
        username: 'app',
        password: 'secret',
        sentinelPassword: 'p&w',
        db: 3,
      },
    ],
    [
      'redis+cluster://n1:7000,n2',
      {
        ...single,
        kind: 'cluster',
        addresses: [
          { host: 'n1', port: 7000 },
          { host: 'n2', port: 6379 },
        ],
      },
    ],
  ])('%s is understood', (url, place) => {
    expect(parseRedisUrl(url)).toEqual(place);
    expect(url).toMatch(new RegExp(REDIS_URL_PATTERN));
  });

  test.each([
    '',
    'http://hunter2',
    'redis:hunter2',
    'redis+other://hunter2',
    'redis://',
    'redis://:hunter2@',
    'redis://:hunter2@host:99999',
    'redis://:hunter2@host:x',
    'redis://:hunter2@ho st',
    'redis://:hunter2@host/x',
    'redis://:hunter2@host/0/1',
    'redis://:hunter2%zz@host',
    'redis://:hunter2@host?password=hunter2',
    'redis://:hunter2@a,,b',
    'redis+sentinel://:hunter2@host',
    'redis+sentinel://:hunter2@host/',
    'redis+sentinel://:hunter2@host/m?password=hunter2',
    'redis+cluster://:hunter2@host/1',
    `redis+cluster://:hunter2@${Array(33).fill('host').join(',')}`,
  ])('%j is refused, with a reason that holds none of it', (url) => {
    expect(() => parseRedisUrl(url)).toThrow(expect.objectContaining({ code: 'redis_url_invalid' }));
    try {
      parseRedisUrl(url);
    } catch (error) {
      expect(String(error)).not.toContain('hunter2');
    }
  });
});
