import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { LOOP_PROBE_PREFIX } from '../loop-question.js';

const NAME = new RegExp(`(?:^|/|=|%2F)${LOOP_PROBE_PREFIX}([0-9a-f]{32})-([0-9a-f]{64})`, 'i');

/** The S3 error of `unsupported-name`, which OpenList quotes. */
export const LOOP_ANSWER = 'UnsupportedKey';

/**
 * Finds out whether OpenList leads back to this gateway: a bucket on OpenList, mounted in that OpenList. Nothing of a request
 * goes through OpenList but the path, so the path carries the question: a name that only a holder of the same OpenList
 * token can make. OpenList's S3 storage looks for such a file, and then for a folder. A gateway on the same OpenList knows of
 * neither, but refuses to list the folder, without asking OpenList; and OpenList tells whoever asked why it failed. Who finds
 * that answer to a new name has found himself. This works over replicas, processes and several hops, and leaves nothing behind.
 */
export class LoopProbe {
  constructor(private readonly token: string) {}

  /** A name that does not exist on any drive. */
  newName(): string {
    const nonce = randomBytes(16).toString('hex');
    return `${LOOP_PROBE_PREFIX}${nonce}-${this.sign(nonce).toString('hex')}`;
  }

  /** Whether a path, or the target of a request, holds a name of {@link newName}, of whatever process. */
  isIn(text: string): boolean {
    const [, nonce, signature] = NAME.exec(text) ?? [];
    if (nonce === undefined || signature === undefined) return false;
    return timingSafeEqual(Buffer.from(signature, 'hex'), this.sign(nonce));
  }

  private sign(nonce: string): Buffer {
    return createHmac('sha256', this.token).update(`bucketway loop probe ${nonce}`).digest();
  }
}
