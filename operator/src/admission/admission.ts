import type { Clock, KubeClient, Random } from '@sekisho/kube';
import type { Logger, Metrics } from '@sekisho/telemetry';
import { OperatorError } from '../errors.ts';
import { createReviewer } from './answer.ts';
import { CertificateKeeper } from './certificate-keeper.ts';
import type { AdmissionConfig } from './config.ts';
import { createKnowledge } from './known.ts';
import { createAdmissionMetrics } from './metrics.ts';
import { startWebhookServer, type WebhookServer } from './server.ts';

export interface AdmissionOptions extends AdmissionConfig {
  readonly client: KubeClient;
  /** Of the mesh. */
  readonly rootNamespace: string;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly random: Random;
}

export interface Admission {
  readonly address: WebhookServer['address'];
  /** A readiness check: rejects until a certificate that the API server trusts is served. */
  check(): Promise<void>;
  /** Lets reviews in progress finish. */
  stop(): Promise<void>;
}

const PATH = '/validate';

/**
 * The admission webhook: judges ServiceAuthPolicies and TokenIssuers before they are stored, on every replica. Rejects when the
 * address cannot be bound; all else is tried again for as long as it takes.
 */
export async function startAdmission(options: AdmissionOptions): Promise<Admission> {
  const { client, log, clock, random, rootNamespace } = options;
  const abort = new AbortController();
  const knowledge = createKnowledge({
    ...{ client, clock, random },
    onError: (kind, err) => log.warn({ kind, err }, 'watching for admission failed, will go on'),
  });
  const keeper = new CertificateKeeper({
    ...options,
    onCertificate(generation) {
      server.use(generation);
      log.info({ expires: new Date(generation.expiresAt).toISOString() }, 'webhook serves a new certificate');
    },
    onError: (err) => log.warn({ err }, 'keeping the webhook certificate failed, will be tried again'),
  });
  const { reviewed } = createAdmissionMetrics(options.metrics, keeper);
  const server = await startWebhookServer({
    listen: options.listen,
    path: PATH,
    answer: createReviewer({ known: () => ({ ...knowledge.known(), rootNamespace }), onResult: reviewed }),
    onError: (err) => log.error({ err }, 'an admission review failed'),
  });
  const running = Promise.all([knowledge.run(abort.signal), keeper.run(abort.signal)]);
  return {
    address: server.address,
    async check() {
      if (keeper.current === undefined) throw new OperatorError('webhook_not_trusted', 'no certificate is served yet');
    },
    async stop() {
      await server.close();
      abort.abort();
      await running;
    },
  };
}
