import type { Metrics } from '@sekisho/telemetry';
import type { CertificateKeeper } from './certificate-keeper.ts';

const RESULTS = ['allowed', 'warned', 'refused', 'unreadable', 'failed'] as const;
export type ReviewResult = (typeof RESULTS)[number];
const BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.05, 0.1, 0.5];

export interface AdmissionMetrics {
  reviewed(result: ReviewResult, milliseconds: number): void;
}

export function createAdmissionMetrics(metrics: Metrics, keeper: CertificateKeeper): AdmissionMetrics {
  const total = metrics.counter({
    name: 'sekisho_admission_reviews_total',
    help: 'Admission requests by what they came to',
    labels: { result: RESULTS },
  });
  const seconds = metrics.histogram({
    name: 'sekisho_admission_review_seconds',
    help: 'Time to judge one admission request, its network not included',
    buckets: BUCKETS,
  });
  metrics.gauge({
    name: 'sekisho_webhook_certificate_expiry_timestamp_seconds',
    help: 'When the serving certificate of the webhook expires; 0 while there is none',
    collect: (gauge) => gauge.set((keeper.current?.expiresAt ?? 0) / 1000),
  });
  return {
    reviewed(result, milliseconds) {
      total.inc({ result });
      seconds.observe(milliseconds / 1000);
    },
  };
}
