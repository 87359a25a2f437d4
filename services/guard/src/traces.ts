import { decide } from '@sekisho/policy';
import { type Attributes, errorType, type OpenSpan, parseTraceparent, type Tracing, wrap } from '@sekisho/telemetry';
import type { VerifyCache } from '@sekisho/tokens';
import type { Answer } from './answer.ts';
import type { HopToken } from './hop/hop-token.ts';
import type { PlacedRequest } from './http/request.ts';
import type { SessionGate } from './sessions/session-gate.ts';
import type { Soon } from './soon.ts';
import type { Narrow } from './tokens/narrow.ts';
import type { VerifyForTarget } from './tokens/verify.ts';

type Decide = (question: PlacedRequest) => Soon<Answer>;

/** A span for each question of a recorded trace, below that with which Envoy asks it. */
export function tracedDecide(tracing: Tracing, decideQuestion: Decide): Decide {
  if (!tracing.enabled) return decideQuestion;
  return (question) => {
    const span = serve(tracing, question);
    return span === undefined ? decideQuestion(question) : answered(span, () => decideQuestion(question));
  };
}

function serve(tracing: Tracing, { place, request: { method, header } }: PlacedRequest): OpenSpan | undefined {
  const route = `/${place}/*`;
  return tracing.serve({
    name: `${method} ${route}`,
    traceparent: header('traceparent'),
    tracestate: header('tracestate'),
    attributes: { 'http.request.method': method, 'http.route': route },
  });
}

/** Of a question whose trace is recorded, as the proxy tells. */
export function recordedTrace(tracing: Tracing, question: PlacedRequest | undefined): string | undefined {
  if (!tracing.enabled || question === undefined) return undefined;
  const context = parseTraceparent(question.request.header('traceparent'));
  return context?.sampled === true ? context.traceId : undefined;
}

async function answered(span: OpenSpan, work: () => Soon<Answer>): Promise<Answer> {
  try {
    const answer = await span.run(work);
    const failed = !answer.allowed && answer.status >= 500;
    span.end({ attributes: describeAnswer(answer), errorType: failed ? answer.code : undefined });
    return answer;
  } catch (error) {
    span.end({ errorType: errorType(error) });
    throw error;
  }
}

function describeAnswer(answer: Answer): Attributes {
  if (answer.allowed) return { 'http.response.status_code': 200, 'sekisho.decision': 'allow' };
  const { status, code, policy, rule } = answer;
  return {
    'http.response.status_code': status,
    'sekisho.decision': 'deny',
    'sekisho.code': code,
    ...(policy !== undefined && { 'sekisho.policy': policy }),
    ...(rule !== undefined && { 'sekisho.rule': rule }),
  };
}

/** What was there at once had been found out by an earlier request. */
const fromMemory = (_: unknown, atOnce: boolean): Attributes => ({ 'sekisho.cache.hit': atOnce });

export function tracedVerify(tracing: Tracing, verify: VerifyForTarget): VerifyForTarget {
  return wrap(tracing, { name: 'jwt.verify', describe: fromMemory }, verify);
}

export function tracedNarrow(tracing: Tracing, narrow: Narrow): Narrow {
  return wrap(tracing, { name: 'token.mint', describe: fromMemory }, narrow);
}

export function tracedPolicy(tracing: Tracing): typeof decide {
  return wrap(tracing, { name: 'policy.decide', describe: describeDecision }, decide);
}

function describeDecision(decision: ReturnType<typeof decide>): Attributes {
  const { allowed, rule } = decision;
  return {
    'sekisho.decision': allowed ? 'allow' : 'deny',
    ...(!allowed && { 'sekisho.code': decision.code }),
    ...(rule !== undefined && { 'sekisho.rule': rule }),
  };
}

export function tracedGate(tracing: Tracing, gate: SessionGate): SessionGate {
  if (!tracing.enabled) return gate;
  const describe = ({ state }: Awaited<ReturnType<SessionGate['check']>>, atOnce: boolean) => ({
    'sekisho.session.state': state,
    'sekisho.cache.hit': atOnce,
  });
  return {
    check: wrap(tracing, { name: 'session.get', describe }, (ref) => gate.check(ref)),
    forget: (id) => gate.forget(id),
    get size() {
      return gate.size;
    },
  };
}

export function tracedHopTokens(tracing: Tracing, tokens: VerifyCache<HopToken>): VerifyCache<HopToken> {
  if (!tracing.enabled) return tokens;
  return {
    known: (token) => tokens.known(token),
    verify: wrap(tracing, { name: 'jwt.verify', describe: fromMemory }, (token: string) => tokens.verify(token)),
  };
}
