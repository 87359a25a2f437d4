import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ManifestError } from './errors.ts';
import { type Manifest, type Target, toYaml } from './kubernetes.ts';
import { renderMonitoring } from './monitoring.ts';
import { renderPlatform } from './platform.ts';
import { renderShop } from './shop.ts';

const USAGE = `Renders the platform and the sample services.
  --target local|cluster   local leaves Deployments out (default: cluster)
  --issuer URL             the iss of the platform's tokens (default: https://auth.sekisho.local)
  --jwks-uri URL           where its keys are (default: the auth service in the cluster)
  --admin-email ADDRESS    first administrator of the auth service (default: none)
  --edge                   with the guard, a gateway that asks it, which the services are reached through, and a page for
                           browsers; the issuer is the address of that gateway, and the page its OAuth client shop-web
  --monitoring             with what watches it: PodMonitors, a PrometheusRule and dashboards (the Prometheus operator's CRDs are needed)
  --out FOLDER             where platform.yaml and shop.yaml go (default: dist beside this package)
  --stdout                 print instead of writing`;

const OPTIONS = {
  target: { type: 'string', default: 'cluster' },
  issuer: { type: 'string', default: 'https://auth.sekisho.local' },
  'jwks-uri': { type: 'string' },
  'admin-email': { type: 'string' },
  out: { type: 'string', default: join(import.meta.dirname, '../dist') },
  edge: { type: 'boolean', default: false },
  monitoring: { type: 'boolean', default: false },
  stdout: { type: 'boolean', default: false },
  help: { type: 'boolean', short: 'h', default: false },
} as const;

function main(args: string[]): void {
  const values = parse(args);
  if (values.help) return void process.stdout.write(`${USAGE}\n`);
  const { issuer, 'jwks-uri': jwksUri, 'admin-email': bootstrapAdminEmail } = values;
  const target = readTarget(values.target);
  const platform = renderPlatform({
    target,
    issuer,
    ...(jwksUri !== undefined && { jwksUri }),
    ...(bootstrapAdminEmail !== undefined && { bootstrapAdminEmail }),
    ...(values.edge && { edge: {} }),
  });
  // A second way in would be a way past the guard.
  const { edge } = platform;
  const { gateway } = edge ?? platform;
  const shop = renderShop({ target, gateway, ...(edge && { web: { gateway: edge.gateway, issuer } }) });
  const monitoring = values.monitoring ? { monitoring: renderMonitoring(platform) } : {};
  const files = { platform: platform.manifests, shop: shop.manifests, ...monitoring };
  if (values.stdout) return void process.stdout.write(toYaml(Object.values(files).flat()));
  write(values.out, files);
}

function parse(args: string[]) {
  try {
    return parseArgs({ args, options: OPTIONS, strict: true }).values;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : 'unreadable';
    throw new ManifestError('arguments_invalid', `${reason}\n${USAGE}`, { cause });
  }
}

function readTarget(target: string): Target {
  if (target === 'local' || target === 'cluster') return target;
  throw new ManifestError('arguments_invalid', `--target must be local or cluster\n${USAGE}`);
}

function write(folder: string, files: Readonly<Record<string, readonly Manifest[]>>): void {
  mkdirSync(folder, { recursive: true });
  for (const [name, manifests] of Object.entries(files)) {
    const file = join(folder, `${name}.yaml`);
    writeFileSync(file, toYaml(manifests));
    process.stdout.write(`${file}\n`);
  }
}

try {
  main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof ManifestError)) throw error;
  process.stderr.write(`cdk8s: ${error.message}\n`);
  process.exitCode = 1;
}
