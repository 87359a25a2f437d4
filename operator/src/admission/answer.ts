import type { ReviewResult } from './metrics.ts';
import { readReview } from './request.ts';
import { reviewOf } from './response.ts';
import type { Answer } from './server.ts';
import { judge, type Known, type Verdict } from './verdict.ts';

export interface ReviewerOptions {
  /** Asked anew for each review. */
  readonly known: () => Known;
  readonly onResult: (result: ReviewResult, milliseconds: number) => void;
}

const unreadable: Answer = { status: 400, body: { error: 'not an AdmissionReview of admission.k8s.io/v1' } };

/** From the text of a body to the answer. What is no review is told nothing about why. */
export function createReviewer({ known, onResult }: ReviewerOptions): (text: string) => Answer {
  return (text) => {
    const began = performance.now();
    let result: ReviewResult = 'failed';
    try {
      const request = readReview(text);
      if (request === undefined) {
        result = 'unreadable';
        return unreadable;
      }
      const verdict = judge(request, known());
      result = resultOf(verdict);
      return { status: 200, body: reviewOf(request, verdict) };
    } finally {
      onResult(result, performance.now() - began);
    }
  };
}

function resultOf(verdict: Verdict): ReviewResult {
  if (!verdict.allowed) return 'refused';
  return verdict.advice.length > 0 ? 'warned' : 'allowed';
}
