/** An answer that is none of 2xx. `code` is that of the problem (RFC 9457), or empty. */
export class ApiError extends Error {
  /** @param {number} status @param {string} code */
  constructor(status, code) {
    super(`${status} ${code}`);
    this.name = 'ApiError';
    this.status = status;
    this.code = code;
  }
}

const TIMEOUT_MS = 15_000;
/** What can be asked twice without being done twice (RFC 9110 section 9.2.2; what PATCH does here can). */
const REPEATABLE = ['GET', 'PATCH', 'DELETE'];
const TRIES = 3;
const PAUSE_MS = 1_000;

/**
 * @typedef {object} Item
 * @property {string} id
 * @property {string} title
 * @property {boolean} done
 */
/**
 * @typedef {object} Session
 * @property {string} id
 * @property {boolean} current
 * @property {{ userAgent?: string }} device
 * @property {string} [ip]
 * @property {string} createdAt
 * @property {string} lastAccessedAt
 */
/** @typedef {{ email?: string, permissions: string[] }} Caller */

/**
 * The services on this page's own host, in the name of whoever the token is for. Calls reject with ApiError, and with TypeError or
 * DOMException where no answer came.
 * @param {string} token
 */
export function connect(token) {
  /** @param {string} method @param {string} path @param {object} [body] */
  const send = (method, path, body) => patiently(method, () => request(token, method, path, body));
  return {
    /** @returns {Promise<Caller>} */
    whoAmI: async () => (await send('GET', '/api/whoami')).caller,
    /** @returns {Promise<Item[]>} */
    items: async () => (await send('GET', '/api/bucket-items')).items,
    /** @param {string} title */
    addItem: (title) => send('POST', '/api/bucket-items', { title }),
    /** @param {string} id @param {boolean} done */
    setDone: (id, done) => send('PATCH', `/api/bucket-items/${encodeURIComponent(id)}`, { done }),
    /** @param {string} id */
    removeItem: (id) => send('DELETE', `/api/bucket-items/${encodeURIComponent(id)}`),
    /** @returns {Promise<Session[]>} */
    sessions: async () => (await send('GET', '/v1/sessions')).sessions,
    /** @param {string} id */
    endSession: (id) => send('DELETE', `/v1/sessions/${encodeURIComponent(id)}`),
    endThisSession: () => send('DELETE', '/v1/sessions/current'),
    endAllSessions: () => send('DELETE', '/v1/sessions'),
  };
}

/** @typedef {ReturnType<typeof connect>} Api */

/**
 * Asks again where 503 says that it is only a matter of time.
 * @param {string} method
 * @param {() => ReturnType<typeof request>} ask
 */
async function patiently(method, ask) {
  for (let left = REPEATABLE.includes(method) ? TRIES : 1; ; left -= 1) {
    try {
      return await ask();
    } catch (error) {
      if (left === 1 || !(error instanceof ApiError && error.status === 503)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** @param {string} token @param {string} method @param {string} path @param {object} [body] */
async function request(token, method, path, body) {
  const response = await fetch(path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
    // The token says who asks, and nothing else does.
    credentials: 'omit',
    cache: 'no-store',
    redirect: 'error',
    signal: AbortSignal.timeout(TIMEOUT_MS),
  });
  const answer = await jsonOf(response);
  if (!response.ok) throw new ApiError(response.status, typeof answer.code === 'string' ? answer.code : '');
  return answer;
}

/** What a proxy answers of its own is no JSON. @param {Response} response */
async function jsonOf(response) {
  const isJson = /^application\/(problem\+)?json\b/.test(response.headers.get('content-type') ?? '');
  return isJson ? await response.json() : {};
}
