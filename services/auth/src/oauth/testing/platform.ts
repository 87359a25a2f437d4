import type { HttpServer } from '../../http/server.ts';
import type { Service } from '../../service.ts';
import { ADMIN_LOGIN, logIn } from '../../testing/real-service.ts';

/** `fetch` into an app, for client libraries: what they would send over the network. */
export function fetchInto(app: HttpServer) {
  return async (input: string | URL | Request, init?: object): Promise<Response> => {
    const request = new Request(input, init);
    const { pathname, search } = new URL(request.url);
    const body = await request.text();
    const response = await app.inject({
      method: request.method as 'GET',
      url: `${pathname}${search}`,
      headers: Object.fromEntries(request.headers),
      ...(body !== '' && { payload: body }),
    });
    const headers = Object.entries(response.headers).map(([name, value]): [string, string] => [name, String(value)]);
    return new Response(response.rawPayload.length === 0 ? null : new Uint8Array(response.rawPayload), {
      status: response.statusCode,
      headers,
    });
  };
}

/** Calls the administrators' API as the first administrator. */
export async function asAdmin(
  service: Service,
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  url: string,
  payload?: object,
) {
  const token = (await logIn(service, ADMIN_LOGIN)).json().access_token;
  const headers = { authorization: `Bearer ${token}` };
  return service.adminApp.inject({ method, url, headers, ...(payload !== undefined && { payload }) });
}
