import { ServiceCallError } from './errors.ts';

type Body = NonNullable<Response['body']>;

/** The body's text. @throws ServiceCallError `answer_too_large` */
export async function boundedText(response: Response, maxBytes: number): Promise<string> {
  if (response.body === null) return '';
  return new Response(ReadableStream.from(bounded(response.body, maxBytes))).text();
}

/** The body as it comes, until it is larger than it may be: then it ends with ServiceCallError `answer_too_large`. */
export async function* bounded(body: Body, maxBytes: number): AsyncGenerator<Uint8Array> {
  let size = 0;
  for await (const chunk of body) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new ServiceCallError('answer_too_large', `The answer is larger than ${maxBytes} bytes.`);
    yield chunk;
  }
}
