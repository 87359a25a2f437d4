import type { Caller } from '@sekisho/identity';
import type { ServiceClient } from '@sekisho/identity/client';
import { BucketError } from './errors.ts';

export interface NotificationService {
  /** Leaves a notification for the user who called. @throws BucketError `notification_failed` */
  notify(caller: Caller, text: string): Promise<void>;
}

export function connectNotificationService(client: ServiceClient): NotificationService {
  return {
    notify: async (caller, text) => {
      const user = client.for(caller);
      try {
        const headers = { 'content-type': 'application/json' };
        const init = { method: 'POST', headers, body: JSON.stringify({ text }) };
        const response = await user.fetch('/api/notifications', init);
        await response.body?.cancel();
        if (response.status !== 201) throw new Error(`notification answered ${response.status}`);
      } catch (cause) {
        throw new BucketError('notification_failed', 'The notification was not left.', { cause });
      }
    },
  };
}
