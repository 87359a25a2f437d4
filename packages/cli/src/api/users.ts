import { CliError } from '../errors.ts';
import { read, User, Users } from './answers.ts';
import type { Send } from './send.ts';

const ID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/**
 * A user by id or e-mail address.
 * @throws CliError `not_found`, `usage`
 */
export async function findUser(send: Send, user: string): Promise<User> {
  if (ID.test(user)) return read(User, (await send({ method: 'GET', path: `/v1/users/${user}` })).body);
  if (!user.includes('@')) {
    throw new CliError('usage', `${user} is neither an id nor an e-mail address`, {
      wayOut: 'Find users with `sekisho users list`.',
    });
  }
  const { items } = read(
    Users,
    (await send({ method: 'GET', path: '/v1/users', query: { email: user, limit: '200' } })).body,
  );
  const found = items.find(({ email }) => email === normalised(user));
  if (found !== undefined) return found;
  throw new CliError('not_found', `no user has the address ${user}`, {
    wayOut: 'Find users with `sekisho users list --email PREFIX`.',
  });
}

/** As the service compares addresses. */
function normalised(email: string): string {
  return email.toLowerCase().normalize('NFC');
}
