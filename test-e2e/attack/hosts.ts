import { VIRTUAL } from '../echo/echo.ts';

const { host, path } = VIRTUAL;
const OTHER = 'other.test';

export interface Asked {
  readonly host: string;
  readonly target?: string;
  readonly lines?: readonly string[];
}

/** Who asks for the path of the virtual host by which name, and what the answer is. */
export const HOSTS: readonly (readonly [name: string, asked: Asked, answer: string])[] = [
  ['its name', { host }, '200'],
  ['in capitals', { host: host.toUpperCase() }, '200'],
  ['with a port', { host: `${host}:8443` }, '200'],
  [
    'in an absolute target, which outranks Host (RFC 9112 section 3.2.2)',
    { host: OTHER, target: `http://${host}${path}` },
    '200',
  ],
  ['another name in an absolute target', { host, target: `http://${OTHER}${path}` }, '404'],
  ['another name', { host: OTHER }, '404'],
  ['no name', { host: '' }, '404'],
  ['a final dot', { host: `${host}.` }, '404'],
  ['a final dot and a port', { host: `${host}.:80` }, '404'],
  ['a user', { host: `${OTHER}@${host}` }, '404'],
  ['a user before another', { host: `${host}@${OTHER}` }, '404'],
  ['an escape', { host: host.replace('.', '%2e') }, '404'],
  ['two, the other last', { host, lines: [`Host: ${OTHER}`] }, '404'],
  ['two, the other first', { host: OTHER, lines: [`Host: ${host}`] }, '404'],
  ['the same twice', { host, lines: [`Host: ${host}`] }, '404'],
  ['X-Forwarded-Host', { host: OTHER, lines: [`X-Forwarded-Host: ${host}`] }, '404'],
  ['a pseudo-header', { host: OTHER, lines: [`:authority: ${host}`] }, '400'],
  ['two in one', { host: `${host}, ${OTHER}` }, '400'],
  ['a path', { host: host + path }, '400'],
  ['a space', { host: `${host} ${OTHER}` }, '400'],
  ['a NUL', { host: `${host}\u0000` }, '400'],
  ['a port that is none', { host: `${host}:99999` }, '400 request_malformed'],
  ['a port of letters', { host: `${host}:x` }, '400 request_malformed'],
];
