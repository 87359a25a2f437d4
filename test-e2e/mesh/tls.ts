import { request } from 'node:https';

/** Whether an API server answers its /readyz. Trusts only `ca` (PEM). */
export function answersReadyz(url: string, ca: string, token: string): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const headers = { authorization: `Bearer ${token}` };
    const call = request(`${url}/readyz`, { ca, headers, timeout: 1_000, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    call.once('timeout', () => call.destroy(new Error('timeout')));
    call.once('error', reject);
    call.end();
  });
}
