import { FOLDER_HEADER } from './bucket-probe.js';
import type { GatewayPod } from './gateway-pod.js';
import { elements, firstElement } from './s3-answer.js';
import type { RequestKey, SignedAnswer, SignedRequest, SignedRequests } from './signed-requests.js';

const TIMEOUT_MS = 30_000;
/** Written and deleted again. */
const TRIAL_KEY = 'bucketway-deletion-trial';
/** Deletions under way at once. */
const PARALLEL = 8;

/** Uses a bucket as its owner would, as far as the operator needs it. */
export class BucketClient {
  constructor(private readonly requests: SignedRequests) {}

  /**
   * Deletes objects and aborts uploads, at most `limit` of them.
   *
   * @returns whether something may be left
   * @throws Error with the gateway's answer
   */
  async empty(pod: GatewayPod, bucket: string, key: RequestKey, limit: number): Promise<boolean> {
    for (let deleted = 0; deleted < limit;) {
      const paths = await this.page(pod, bucket, key);
      if (paths.length === 0) {
        if (deleted === 0) await this.assertStorage(pod, bucket, key);
        return false;
      }
      for (let start = 0; start < paths.length; start += PARALLEL) {
        const batch = paths.slice(start, start + PARALLEL);
        await Promise.all(
          batch.map((target) => this.send(pod, { method: 'DELETE', timeoutMs: TIMEOUT_MS, ...target }, key)),
        );
      }
      deleted += paths.length;
    }
    return true;
  }

  /** The next objects to delete, or else the next uploads to abort. */
  private async page(
    pod: GatewayPod,
    bucket: string,
    key: RequestKey,
  ): Promise<readonly Pick<SignedRequest, 'path' | 'query'>[]> {
    const get = async (query: Record<string, string>): Promise<string> => {
      const request = { method: 'GET', path: `/${bucket}`, query, timeoutMs: TIMEOUT_MS } as const;
      return (await this.send(pod, request, key)).body;
    };
    const objects = elements(await get({ 'list-type': '2', 'encoding-type': 'url' }), 'Contents');
    if (objects.length > 0) return objects.map((object) => ({ path: pathOf(bucket, object) }));
    const uploads = elements(await get({ uploads: '', 'encoding-type': 'url' }), 'Upload');
    return uploads.map((upload) => ({
      path: pathOf(bucket, upload),
      query: { uploadId: firstElement(upload, 'UploadId') ?? '' },
    }));
  }

  // A storage that is gone and that nobody has missed yet lists as empty, like a bucket that was never written to. Only a
  // write tells them apart.
  private async assertStorage(pod: GatewayPod, bucket: string, key: RequestKey): Promise<void> {
    const ask = { [FOLDER_HEADER]: 'report' };
    const look: SignedRequest = { method: 'HEAD', path: `/${bucket}`, headers: ask, timeoutMs: TIMEOUT_MS };
    const { headers } = await this.send(pod, look, key);
    if (headers[FOLDER_HEADER] !== 'missing') return;
    const path = `/${bucket}/${TRIAL_KEY}`;
    const { status } = await this.requests.send(pod, { method: 'PUT', path, timeoutMs: TIMEOUT_MS }, key);
    // What may only be read has nothing that could be deleted.
    if (status === 403) return;
    if (status >= 300) throw new Error(`the storage takes no write (status ${status})`);
    await this.send(pod, { method: 'DELETE', path, timeoutMs: TIMEOUT_MS }, key);
  }

  private async send(pod: GatewayPod, request: SignedRequest, key: RequestKey): Promise<SignedAnswer> {
    const answer = await this.requests.send(pod, request, key);
    if (answer.status >= 300) {
      const code = firstElement(answer.body, 'Code') ?? `status ${answer.status}`;
      throw new Error(`${code}: ${firstElement(answer.body, 'Message') ?? 'no message'}`);
    }
    return answer;
  }
}

function pathOf(bucket: string, entry: string): string {
  const key = decodeURIComponent((firstElement(entry, 'Key') ?? '').replaceAll('+', ' '));
  const encoded = encodeURIComponent(key).replaceAll(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `/${bucket}/${encoded.replaceAll('%2F', '/')}`;
}
