import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ManifestError } from '../errors.ts';
import type { Target } from '../kubernetes.ts';

export const USAGE = `Renders the platform and the sample services.
  --target local|cluster   local leaves Deployments out (default: cluster)
  --issuer URL             the iss of the platform's tokens (default: https://auth.sekisho.local)
  --jwks-uri URL           where its keys are (default: the auth service in the cluster)
  --admin-email ADDRESS    first administrator of the auth service (default: none)
  --edge                   with the guard, a gateway that asks it, which the services are reached through, and a page for
                           browsers; the issuer is the address of that gateway, and the page its OAuth client shop-web
  --monitoring             with what watches it: PodMonitors, a PrometheusRule and dashboards (the Prometheus operator's CRDs are needed)
  --static                 for a cluster without the operator: the sample services alone, and their policies as the Istio objects that the
                           operator would write; with --jwks, and not with options of the platform
  --jwks FILE              the keys of the platform's tokens as its /.well-known/jwks.json has them, for --static
  --out FOLDER             where platform.yaml and shop.yaml go (default: dist beside this package)
  --stdout                 print instead of writing`;

const OPTIONS = {
  target: { type: 'string', default: 'cluster' },
  issuer: { type: 'string', default: 'https://auth.sekisho.local' },
  'jwks-uri': { type: 'string' },
  'admin-email': { type: 'string' },
  out: { type: 'string', default: join(import.meta.dirname, '../../dist') },
  edge: { type: 'boolean', default: false },
  monitoring: { type: 'boolean', default: false },
  static: { type: 'boolean', default: false },
  jwks: { type: 'string' },
  stdout: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

export type Arguments = Omit<ReturnType<typeof parse>, 'target'> & { readonly target: Target };

/** @throws ManifestError `arguments_invalid` */
export function readArguments(args: readonly string[]): Arguments {
  const values = parse(args);
  const { target } = values;
  if (target !== 'local' && target !== 'cluster') return refuse('--target must be local or cluster');
  const ofPlatform = (['edge', 'monitoring', 'admin-email', 'jwks-uri'] as const).find((name) => values[name]);
  if (values.static && ofPlatform !== undefined)
    refuse(`--${ofPlatform} is about the platform, which --static does not render: leave one out`);
  if (values.static !== (values.jwks !== undefined))
    refuse('--static needs --jwks FILE, since nobody fetches keys later, and --jwks is for --static alone');
  return { ...values, target };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options: OPTIONS, strict: true }).values;
  } catch (cause) {
    return refuse(cause instanceof Error ? cause.message : 'unreadable', cause);
  }
}

function refuse(reason: string, cause?: unknown): never {
  throw new ManifestError('arguments_invalid', `${reason}\n${USAGE}`, { cause });
}
