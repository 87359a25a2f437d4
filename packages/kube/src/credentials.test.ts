import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { kubeconfigCredentials } from './kubeconfig-credentials.ts';
import { podCredentials } from './pod-credentials.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'credentials-'));
});
afterEach(() => rm(folder, { recursive: true }));

const put = async (name: string, text: string): Promise<string> => {
  await writeFile(join(folder, name), text);
  return join(folder, name);
};
const base64 = (text: string) => Buffer.from(text).toString('base64');

/** A kubeconfig in YAML with these fields of its cluster and user. */
function kubeconfig(cluster: object, user: object): Promise<string> {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'here',
    contexts: [
      { name: 'there', context: { cluster: 'no', user: 'no' } },
      { name: 'here', context: { cluster: 'c', user: 'u' } },
    ],
    clusters: [{ name: 'c', cluster: { server: 'https://api.example:6443', ...cluster } }],
    users: [{ name: 'u', user }],
  };
  return put('config', `# as people write it\n${JSON.stringify(config, undefined, 2)}\n`);
}

describe('a kubeconfig', () => {
  test('names the server, its certificate authority and a token', async () => {
    const path = await kubeconfig({ 'certificate-authority-data': base64('CA') }, { token: 't1' });
    const source = kubeconfigCredentials(path);
    expect(source.server.href).toBe('https://api.example:6443/');
    expect(await source.read()).toEqual({ headers: { authorization: 'Bearer t1' }, tls: { ca: Buffer.from('CA') } });
  });

  test('may name files, relative to itself, which are read anew each time', async () => {
    for (const [name, text] of [
      ['ca.crt', 'CA'],
      ['me.crt', 'CERT'],
      ['me.key', 'KEY'],
      ['token', 'old\n'],
    ] as const) {
      await put(name, text);
    }
    const user = { 'client-certificate': 'me.crt', 'client-key': 'me.key', tokenFile: 'token', token: 'unused' };
    const source = kubeconfigCredentials(await kubeconfig({ 'certificate-authority': 'ca.crt' }, user));
    expect(await source.read()).toEqual({
      headers: { authorization: 'Bearer old' },
      tls: { ca: Buffer.from('CA'), cert: Buffer.from('CERT'), key: Buffer.from('KEY') },
    });
    await put('token', 'new\n');
    expect((await source.read()).headers).toEqual({ authorization: 'Bearer new' });
  });

  test('may have a password, another server name, or no verification', async () => {
    const cluster = { 'tls-server-name': 'inside', 'insecure-skip-tls-verify': true };
    const source = kubeconfigCredentials(await kubeconfig(cluster, { username: 'ann', password: 'p:w' }));
    expect(await source.read()).toEqual({
      headers: { authorization: `Basic ${base64('ann:p:w')}` },
      tls: { servername: 'inside', rejectUnauthorized: false },
    });
  });

  test('may name a plugin that brings the credentials', async () => {
    const credential = { apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential' };
    const answer = JSON.stringify({ ...credential, status: { token: 'from-plugin' } });
    const command = await put('plugin', `#!/bin/sh\ncat <<'END'\n${answer}\nEND\n`);
    await chmod(command, 0o700);
    const source = kubeconfigCredentials(
      await kubeconfig({}, { exec: { apiVersion: credential.apiVersion, command } }),
    );
    expect((await source.read()).headers).toMatchObject({ authorization: 'Bearer from-plugin' });
  });

  test.each([
    ['no server', { server: undefined }, {}, 'names no server'],
    ['a proxy', { 'proxy-url': 'http://proxy' }, {}, 'proxy-url'],
    ['impersonation', {}, { as: 'root' }, 'impersonation'],
  ])('with %s is refused', async (_, cluster, user, message) => {
    const path = await kubeconfig(cluster, user);
    expect(() => kubeconfigCredentials(path)).toThrow(message);
  });

  test('that names a file that is missing says so without its own content', async () => {
    const source = kubeconfigCredentials(await kubeconfig({}, { tokenFile: 'gone', token: 'secret' }));
    const error = await source.read().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'config', cause: { code: 'ENOENT' } });
  });

  test('that is no YAML is refused, and nothing of it is repeated', async () => {
    const path = await put('config', 'users: [{ token: secret-token');
    expect(() => kubeconfigCredentials(path)).toThrow(
      expect.objectContaining({ code: 'config', message: `the kubeconfig ${path} cannot be loaded` }),
    );
    expect(() => kubeconfigCredentials(path)).toThrow(expect.not.objectContaining({ cause: expect.anything() }));
  });
});

describe('a pod', () => {
  test('reads the token that the kubelet rewrites', async () => {
    await put('token', 'one\n');
    await put('ca.crt', 'CA');
    const source = podCredentials({ host: '10.96.0.1', port: '443', folder });
    expect(source.server.href).toBe('https://10.96.0.1/');
    expect(await source.read()).toEqual({ headers: { authorization: 'Bearer one' }, tls: { ca: 'CA' } });
    await put('token', 'two\n');
    expect((await source.read()).headers).toEqual({ authorization: 'Bearer two' });
  });

  test('has an IPv6 address, too, and a missing token is a config error', async () => {
    const source = podCredentials({ host: 'fd00::1', port: '6443', folder });
    expect(source.server.href).toBe('https://[fd00::1]:6443/');
    await expect(source.read()).rejects.toMatchObject({ code: 'config' });
  });
});
