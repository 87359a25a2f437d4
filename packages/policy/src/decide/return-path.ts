const MAX_LENGTH = 2_048;
/**
 * One slash and not two, which would name a host; no backslash, which browsers read as a slash; nothing that they leave out, such as
 * a tab (https://url.spec.whatwg.org/#concept-basic-url-parser).
 */
const PATH = /^\/(?!\/)[!-[\]-~]*$/;

/** Whether a browser that is sent there stays on the host that sent it: a path, with a query perhaps. */
export function isReturnPath(text: string): boolean {
  return text.length <= MAX_LENGTH && PATH.test(text);
}
