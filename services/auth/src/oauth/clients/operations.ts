import { Type } from 'typebox';
import { RevokedLater } from '../../http/admin-schemas.ts';
import { operation } from '../../http/operation.ts';
import {
  ClientAnswer,
  ClientParams,
  ClientsAnswer,
  ListQuery,
  NewClientBody,
  ReplaceClientBody,
  SecretAnswer,
  SecretBody,
} from './schemas.ts';

const tag = 'clients';
export const REMOVED_LATER = 'removed; what was issued to the client is revoked as soon as Redis answers again';

export const create = operation(
  {
    id: 'createClient',
    tag,
    summary: 'Register an OAuth client',
    description:
      'Its secret, if it has one, is told once. One of our own (`firstParty`), or one that is granted `auth`, is made only by who holds as much, or `grants:admin`.',
    needs: 'clients:write',
    problems: ['client_taken'],
  },
  { body: NewClientBody, response: { 201: ClientAnswer } },
);

export const list = operation(
  {
    id: 'listClients',
    tag,
    summary: 'List the OAuth clients by id',
    description: 'Where there are more, `next` is the `after` of the next page.',
    needs: 'clients:read',
  },
  { querystring: ListQuery, response: { 200: ClientsAnswer } },
);

export const read = operation(
  { id: 'readClient', tag, summary: 'Read an OAuth client', needs: 'clients:read', problems: ['client_unknown'] },
  { params: ClientParams, response: { 200: ClientAnswer } },
);

export const replace = operation(
  {
    id: 'replaceClient',
    tag,
    summary: 'Replace an OAuth client',
    description:
      'With the `version` that it was read with: a change that somebody made since is not lost. Tokens that were issued before say what was granted then until they end: revoke the client to refuse them.',
    needs: 'clients:write',
    problems: ['client_unknown', 'version_conflict'],
  },
  { params: ClientParams, body: ReplaceClientBody, response: { 200: ClientAnswer } },
);

export const remove = operation(
  {
    id: 'removeClient',
    tag,
    summary: 'Remove an OAuth client',
    description: `Everything that was issued to it is revoked. 202: ${REMOVED_LATER}.`,
    needs: 'clients:write',
    problems: ['client_unknown'],
  },
  { params: ClientParams, response: { 202: RevokedLater, 204: Type.Null() } },
);

export const addSecret = operation(
  {
    id: 'addClientSecret',
    tag,
    summary: 'Make another secret for an OAuth client',
    description:
      'The secrets that are valid now stay so for `overlapSeconds`, a day unless said otherwise; with 0 they end at once. Tokens live on: revoke the client to refuse them.',
    needs: 'clients:write',
    problems: ['client_unknown'],
  },
  { params: ClientParams, body: SecretBody, response: { 201: SecretAnswer } },
);
