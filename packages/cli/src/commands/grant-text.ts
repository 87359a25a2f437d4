import type { Grant } from '../api/answers.ts';
import { CliError } from '../errors.ts';
import { rfc3339 } from '../options.ts';

/** `bucket=bucket:read,bucket:write` @throws CliError `usage` */
export function parseGrant(text: string): Grant {
  const [, service, permissions] = /^([^=\s]+)=(.*)$/.exec(text) ?? [];
  if (service === undefined || permissions === undefined) {
    throw new CliError('usage', 'a grant is written service=permission,permission', {
      wayOut: 'For example --grant bucket=bucket:read,bucket:write',
    });
  }
  return { service, permissions: permissions === '' ? [] : permissions.split(',') };
}

export function grantText({ service, permissions, expires }: Grant): string {
  return `${service}=${permissions.join(',')}${expires === undefined ? '' : ` until ${rfc3339(expires)}`}`;
}
