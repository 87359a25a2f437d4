import type { Caller } from '@sekisho/identity';
import type { ServiceClient } from '@sekisho/identity/client';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { BucketError } from './errors.ts';

export interface UserService {
  /** The display name of the user who called. @throws BucketError `user_service_failed`, and for who is no user IdentityError */
  nameOf(caller: Caller): Promise<string>;
}

const Profile = Type.Object({ name: Type.String() });

/** Asked in the name of the user, so that the user service decides by what that user may do. */
export function connectUserService(client: ServiceClient): UserService {
  return {
    nameOf: async (caller) => {
      const user = client.for(caller);
      try {
        const response = await user.fetch('/api/users/profile');
        if (response.status === 200) return Value.Parse(Profile, await response.json()).name;
        await response.body?.cancel();
        throw new Error(`user answered ${response.status}`);
      } catch (cause) {
        throw new BucketError('user_service_failed', 'The user service did not give a name.', { cause });
      }
    },
  };
}
