import type { DocumentKind } from '@bucketway/contract';

/** A change that would make a document larger than a ConfigMap or Secret can be. Everything else goes on. */
export class DocumentTooLargeError extends Error {
  override readonly name = 'DocumentTooLargeError';

  constructor(
    readonly kind: DocumentKind,
    readonly shard: number,
    bytes: number,
    limit: number,
  ) {
    super(
      `the ${kind} document ${shard} would have ${bytes} bytes, more than the ${limit} that one object holds: ` +
        'install Bucketway with more documents.shards',
    );
  }
}

/** An access key id that belongs to somebody else. Says nothing about who. */
export class KeyIdTakenError extends Error {
  override readonly name = 'KeyIdTakenError';

  constructor(readonly accessKeyId: string) {
    super(`the access key id ${accessKeyId} is in use already: use another key`);
  }
}

/** A mapping that names a key which nobody stored. */
export class UnknownKeyError extends Error {
  override readonly name = 'UnknownKeyError';

  constructor(bucket: string, accessKeyId: string) {
    super(`the mapping of ${bucket} names the key ${accessKeyId}, which is in no key ring: set the keys first`);
  }
}

/** A removal that waits because many others came with it. It is carried out at `until` without being asked for again. */
export class RemovalHeldError extends Error {
  override readonly name = 'RemovalHeldError';

  constructor(
    readonly bucket: string,
    /** Milliseconds from now. */
    readonly retryInMs: number,
  ) {
    super(
      `the removal of ${bucket} is held for ${Math.ceil(retryInMs / 1000)} s, because too many buckets vanish at once`,
    );
  }
}

/**
 * A change of a document whose stored version was lost or edited while no operator ran. It is stored after
 * `DocumentPublisher.settle()`: a document with only some of its buckets would end the others.
 */
export class UnsettledDocumentError extends Error {
  override readonly name = 'UnsettledDocumentError';

  constructor(
    readonly kind: DocumentKind,
    readonly shard: number,
  ) {
    super(`the ${kind} document ${shard} is rebuilt once every S3Bucket was looked at`);
  }
}

/** Stored content changed to what this change no longer is: another change of the same bucket or ring came after it. */
export class SupersededError extends Error {
  override readonly name = 'SupersededError';
}

/** The publisher was stopped before the change was stored. */
export class PublisherStoppedError extends Error {
  override readonly name = 'PublisherStoppedError';

  constructor() {
    super('no more documents are written: the operator stops or leads no more');
  }
}
