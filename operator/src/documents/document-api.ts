import type { KubeClient } from '../kube/kube-client.js';

/** What the publisher needs of the API server. */
export type DocumentApi = Pick<KubeClient, 'get' | 'create' | 'replace' | 'delete'>;
