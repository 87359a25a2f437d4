import type { Caller } from './caller.ts';
import type { HeaderBag } from './headers.ts';
import { type TraceHeaders, traceHeaders } from './trace.ts';

/** What came with a caller and is needed to call further on its behalf. */
export interface Provenance {
  /** The verified token. Absent when none came. */
  readonly token?: string;
  readonly trace: TraceHeaders;
}

/** Beside the callers and not in them, so that a caller may be logged or sent back as it is. */
const provenances = new WeakMap<Caller, Provenance>();

export function remember<Read extends Caller>(caller: Read, headers: HeaderBag, token: string | undefined): Read {
  provenances.set(caller, { ...(token !== undefined && { token }), trace: traceHeaders(headers) });
  return caller;
}

/** @returns undefined for a caller that this package did not read, a copy of one for example */
export function provenanceOf(caller: Caller): Provenance | undefined {
  return provenances.get(caller);
}
