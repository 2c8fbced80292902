import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeKubeApi } from '../../test/support/kube-api-fake.js';
import { KubeClient } from './kube-client.js';
import type { KubeError } from './kube-error.js';
import { PODS } from './resource.js';

const TOKEN = { token: 'hunter2' };

describe('KubeCredentials', () => {
  let api: FakeKubeApi;
  let client: KubeClient;

  beforeEach(async () => {
    api = await FakeKubeApi.start();
    client = KubeClient.fromConfig(api.kubeconfigPath);
  });

  afterEach(async () => {
    await client.close(true);
    await api.stop();
  });

  const clusterOf = (cluster: object): object => ({ clusters: [{ name: 'fake', cluster }] });

  async function failure(): Promise<KubeError> {
    return client.list(PODS, {}).then(
      () => expect.fail('it was listed'),
      (error: unknown) => error as KubeError,
    );
  }

  it.each([
    ['no current cluster', { 'current-context': 'gone' }, 'the kubeconfig has no current cluster'],
    [
      'a proxy that is none for HTTP',
      clusterOf({ server: 'https://127.0.0.1:1', 'proxy-url': 'socks5://me:hunter2@127.0.0.1:1' }),
      'proxy-url of the kubeconfig must begin with http: or https:',
    ],
    [
      'a server without TLS',
      clusterOf({ server: 'http://127.0.0.1:1' }),
      'a server of http: needs insecure-skip-tls-verify: true in the kubeconfig',
    ],
  ])('says what is wrong with a kubeconfig of %s', async (_, changes, message) => {
    await api.writeKubeconfig(TOKEN, api.url, changes);
    expect((await failure()).message).toBe(`list pods: CredentialsFailed: ${message}`);
  });

  it('takes a kubeconfig that was put right', async () => {
    await api.writeKubeconfig({}, api.url, { 'current-context': 'gone' });
    await failure();
    await api.writeKubeconfig({});
    expect((await client.list(PODS, {})).items).toEqual([]);
  });

  it.each([
    ['the code alone, where a file is missing', { tokenFile: '/nowhere/hunter2' }, ': ENOENT'],
    ['nothing of what a credential plugin lacks', { exec: { command: '', env: [{ name: 'hunter2', value: '' }] } }, ''],
  ])('tells %s', async (_, user, detail) => {
    await api.writeKubeconfig('tokenFile' in user ? { 'auth-provider': { name: 'tokenFile', config: user } } : user);
    const error = await failure();
    expect(error.message).toBe(`list pods: CredentialsFailed${detail}`);
    expect(JSON.stringify(error, Object.getOwnPropertyNames(error))).not.toContain('hunter2');
  });
});
