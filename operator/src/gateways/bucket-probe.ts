import type { S3BucketPathPolicy } from '@bucketway/contract';
import type { GatewayPod } from './gateway-pod.js';
import { elements, firstElement } from './s3-answer.js';
import type { RequestKey, SignedRequests } from './signed-requests.js';

/** A key that no client uses: the answer 404 shows that the bucket is there, the key pair is right and the storage answers. */
const PROBE_KEY = 'bucketway-readiness-probe';
/** Bucketway's own, of HeadBucket: whether the bucket's folder is there. */
export const FOLDER_HEADER = 'x-bucketway-folder';
const PROBE_TIMEOUT_MS = 10_000;

/** What came of asking a gateway for an object of a bucket. */
export type ProbeResult =
  | { readonly usable: true }
  | { readonly usable: false; readonly fault: 'missing' | 'occupied'; readonly message: string }
  | {
      readonly usable: false;
      /** `gateway`: it does not know bucket or key; `storage`: it does, and the storage does not answer. */
      readonly fault: 'gateway' | 'storage' | 'timeout';
      readonly message: string;
    };

/** Asks gateways, each by its own address, for an object of a bucket as the bucket's owner would. */
export class BucketProbe {
  constructor(private readonly requests: SignedRequests) {}

  /** Without a key the request is anonymous, and the bucket must let anybody in. @param pathPolicy what must be at the path for the bucket to be usable */
  async ask(
    pod: GatewayPod,
    bucket: string,
    key: RequestKey | undefined,
    pathPolicy: S3BucketPathPolicy,
  ): Promise<ProbeResult> {
    try {
      if (key === undefined) return await this.askAnonymously(pod, bucket, pathPolicy);
      if (pathPolicy === 'MustBeEmpty') return await this.askForObjects(pod, bucket, key);
      const path = `/${bucket}/${PROBE_KEY}`;
      const request = { method: 'GET', path, headers: { range: 'bytes=0-0' }, timeoutMs: PROBE_TIMEOUT_MS } as const;
      const { status, body } = await this.requests.send(pod, request, key);
      const result = judge(status, body);
      return result.usable && pathPolicy === 'MustExist' ? await this.askForFolder(pod, bucket, key) : result;
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      return { usable: false, fault: 'timeout', message: `gateway pod ${pod.name} did not answer: ${reason}` };
    }
  }

  // Whoever may read and not list is told of an object that is not there as of one that is forbidden. HeadBucket is for
  // everybody who may do anything, and looks at the storage.
  private async askAnonymously(pod: GatewayPod, bucket: string, pathPolicy: S3BucketPathPolicy): Promise<ProbeResult> {
    const { status, folder } = await this.lookAtFolder(pod, bucket, undefined);
    if (status >= 300) return judge(status, '');
    return folder === 'missing' && pathPolicy === 'MustExist' ? MISSING : { usable: true };
  }

  private async askForObjects(pod: GatewayPod, bucket: string, key: RequestKey): Promise<ProbeResult> {
    const query = { 'list-type': '2', 'max-keys': '1' };
    const request = { method: 'GET', path: `/${bucket}`, query, timeoutMs: PROBE_TIMEOUT_MS } as const;
    const { status, body } = await this.requests.send(pod, request, key);
    if (status !== 200) return judge(status, body);
    if (elements(body, 'Contents').length === 0) return { usable: true };
    const message =
      'There are objects at the path, and pathPolicy is MustBeEmpty: move them away, or set pathPolicy to CreateIfMissing ' +
      'to take them over.';
    return { usable: false, fault: 'occupied', message };
  }

  private async askForFolder(pod: GatewayPod, bucket: string, key: RequestKey): Promise<ProbeResult> {
    const { folder } = await this.lookAtFolder(pod, bucket, key);
    return folder === 'missing' ? MISSING : { usable: true };
  }

  private async lookAtFolder(
    pod: GatewayPod,
    bucket: string,
    key: RequestKey | undefined,
  ): Promise<{ readonly status: number; readonly folder: unknown }> {
    const headers = { [FOLDER_HEADER]: 'report' };
    const request = { method: 'HEAD', path: `/${bucket}`, headers, timeoutMs: PROBE_TIMEOUT_MS } as const;
    const answer = await this.requests.send(pod, request, key);
    return { status: answer.status, folder: answer.headers[FOLDER_HEADER] };
  }
}

const MISSING: ProbeResult = {
  usable: false,
  fault: 'missing',
  message: 'There is no folder at the path: make it, or set pathPolicy to CreateIfMissing.',
};

function judge(status: number, body: string): ProbeResult {
  const code = firstElement(body, 'Code');
  if (status < 300 || code === 'NoSuchKey' || code === 'InvalidRange') return { usable: true };
  const message = `${code ?? `status ${status}`}: ${firstElement(body, 'Message') ?? 'no message'}`;
  return { usable: false, fault: status >= 500 ? 'storage' : 'gateway', message };
}
