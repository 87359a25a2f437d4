import type { ObjectRef } from '@sekisho/kube';
import { ConfigError, type ListenAddress, ListenSchema, parseListen } from '@sekisho/telemetry';
import { Type } from 'typebox';

const LABEL = '[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?';
const IN_NAMESPACE = `^${LABEL}/${LABEL}$`;

/** Environment of the webhook. */
export const AdmissionEnvironment = {
  WEBHOOK_LISTEN: Type.Optional(ListenSchema('where the admission webhook is served; leave it out to serve none')),
  WEBHOOK_SERVICE: Type.Optional(
    Type.String({
      pattern: IN_NAMESPACE,
      description: 'Service by which the API server calls the webhook, NAMESPACE/NAME',
    }),
  ),
  WEBHOOK_URL: Type.Optional(
    Type.String({
      maxLength: 512,
      pattern: '^https://',
      description:
        'the URL by which an API server outside the cluster network calls it, for example https://127.0.0.1:9443',
    }),
  ),
  WEBHOOK_SECRET: Type.String({
    pattern: IN_NAMESPACE,
    default: 'sekisho-system/sekisho-webhook',
    description: 'Secret that holds its certificates, NAMESPACE/NAME',
  }),
  WEBHOOK_CONFIGURATION: Type.String({
    pattern: '^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$',
    default: 'sekisho',
    description: 'name of the ValidatingWebhookConfiguration that is to trust them',
  }),
  WEBHOOK_CHECK_SECONDS: Type.Integer({
    minimum: 1,
    maximum: 3600,
    default: 30,
    description: 'how often certificates and configuration are looked at, 1 to 3600 seconds',
  }),
};

interface Read {
  readonly WEBHOOK_LISTEN?: string;
  readonly WEBHOOK_SERVICE?: string;
  readonly WEBHOOK_URL?: string;
  readonly WEBHOOK_SECRET: string;
  readonly WEBHOOK_CONFIGURATION: string;
  readonly WEBHOOK_CHECK_SECONDS: number;
}

export interface AdmissionConfig {
  readonly listen: ListenAddress;
  /** DNS name or IP address under which the API server calls. */
  readonly host: string;
  readonly secret: ObjectRef;
  readonly configuration: string;
  readonly checkMs: number;
}

/**
 * Undefined when no webhook is to be served.
 * @throws ConfigError unless exactly one of WEBHOOK_SERVICE and WEBHOOK_URL says how it is called
 */
export function admissionConfigFrom(read: Read): AdmissionConfig | undefined {
  const { WEBHOOK_LISTEN: listen, WEBHOOK_SERVICE: service, WEBHOOK_URL: url } = read;
  if (listen === undefined) {
    if (service === undefined && url === undefined) return undefined;
    throw fault('WEBHOOK_LISTEN', 'is not set, but WEBHOOK_SERVICE or WEBHOOK_URL is (set it too, or neither)');
  }
  if ((service === undefined) === (url === undefined)) {
    throw fault('WEBHOOK_SERVICE', 'or WEBHOOK_URL must be set, and not both: how the API server calls WEBHOOK_LISTEN');
  }
  return {
    listen: parseListen('WEBHOOK_LISTEN', listen),
    host: url === undefined ? serviceHost(service ?? '') : urlHost(url),
    secret: refIn(read.WEBHOOK_SECRET),
    configuration: read.WEBHOOK_CONFIGURATION,
    checkMs: read.WEBHOOK_CHECK_SECONDS * 1000,
  };
}

/** The name that an API server asks for (admissionregistration.k8s.io, ServiceReference). */
function serviceHost(service: string): string {
  const { name, namespace } = refIn(service);
  return `${name}.${namespace}.svc`;
}

function urlHost(url: string): string {
  const parsed = URL.parse(url);
  if (parsed === null) throw fault('WEBHOOK_URL', 'is no URL (for example https://127.0.0.1:9443)');
  return parsed.hostname.replace(/^\[|\]$/g, '');
}

function refIn(text: string): ObjectRef {
  const [namespace = '', name = ''] = text.split('/');
  return { namespace, name };
}

function fault(variable: string, text: string): ConfigError {
  return new ConfigError([{ variable, text }]);
}
