/** Header names in lower case, as node:http gives them. */
export type HeaderBag = Readonly<Record<string, string | readonly string[] | undefined>>;

/** node:http refuses more than 16 KiB of headers together, so one header cannot be longer. */
export const MAX_HEADER_LENGTH = 16_384;
