import { S3Error } from '../../errors/s3-error.js';
import { MAX_KEY_BYTES, type ObjectKey } from '../../http/object-key.js';
import { RESERVED_PREFIX, type StoragePath } from '../storage-path.js';
import { isTrialName } from './trial-objects.js';

const DOT_SEGMENT = /(?:^|\/)\.\.?(?:\/|$)/;
/** The gateway's own names, as on every storage. */
const RESERVED_SEGMENT = /(?:^|\/)\.bucketway/;
const INNER_DOT_SEGMENT = /(?:^|\/)\.\.?\//;

/** The keys of one bucket of the gateway as keys of the upstream's bucket. */
export class UpstreamKeys {
  /** Empty, or with a slash at its end. */
  readonly prefix: string;
  /** Trials lie beside the bucket's own keys. */
  private readonly hasTrials: boolean;

  /**
   * @param prefix of the storage
   * @param base folder of the bucket in the storage
   */
  constructor(prefix: string, base: StoragePath) {
    this.hasTrials = base === '';
    this.prefix = base === '' ? prefix : `${prefix}${base}/`;
  }

  /** @throws S3Error `UnsupportedKey`, `KeyTooLongError` */
  outer(key: ObjectKey): string {
    // Servers over files, and proxies, take ".." for the folder above: the key would be another bucket's.
    if (DOT_SEGMENT.test(key)) {
      throw new S3Error('UnsupportedKey', { message: 'A key must not contain the segments "." and "..".' });
    }
    if (RESERVED_SEGMENT.test(key)) {
      throw new S3Error('UnsupportedKey', { message: `Names that begin with "${RESERVED_PREFIX}" are reserved.` });
    }
    const outer = this.prefix + key;
    if (outer.length * 3 > MAX_KEY_BYTES && Buffer.byteLength(outer) > MAX_KEY_BYTES) {
      const spare = String(MAX_KEY_BYTES - Buffer.byteLength(this.prefix));
      throw new S3Error('KeyTooLongError', { details: { MaxSizeAllowed: spare } });
    }
    return outer;
  }

  /** The same for reading: what cannot be stored is not there. @throws S3Error `NoSuchKey` */
  outerToRead(key: ObjectKey): string {
    try {
      return this.outer(key);
    } catch (error) {
      throw new S3Error('NoSuchKey', { details: { Key: key }, cause: error });
    }
  }

  /** Whether anything that {@link outer} takes can begin with a prefix. */
  canHold(prefix: string): boolean {
    return !INNER_DOT_SEGMENT.test(prefix) && !RESERVED_SEGMENT.test(prefix);
  }

  /** Undefined for what is none of this bucket's (an upstream must not be able to slip it in), or the gateway's own. */
  inner(name: string | undefined): ObjectKey | undefined {
    if (name === undefined || !name.startsWith(this.prefix) || name.length === this.prefix.length) return undefined;
    const key = name.slice(this.prefix.length);
    return RESERVED_SEGMENT.test(key) || (this.hasTrials && isTrialName(key)) ? undefined : (key as ObjectKey);
  }
}
