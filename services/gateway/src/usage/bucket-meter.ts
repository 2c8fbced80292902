import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { S3Error } from '../errors/s3-error.js';
import type { ObjectKey } from '../http/object-key.js';
import type { MaybePromise } from '../maybe-promise.js';
import type { MultipartStore, UploadsQuery } from '../objects/multipart-store.js';
import { StorageTree } from '../storage/storage-tree.js';
import type { Usage } from './bucket-usage.js';

type Marker = Pick<UploadsQuery, 'keyMarker' | 'uploadIdMarker'>;

/** Objects, uploads or parts that are asked for at once. */
const PAGE = 1000;
/** The longest rest between two pages, in milliseconds. */
const LONGEST_REST_MS = 1000;

/**
 * Counts what is at a path: its objects through its listing, as a client would, since every kind of storage has one and memory holds a
 * page; and the parts of uploads that are under way.
 */
@Injectable()
export class BucketMeter {
  constructor(private readonly tree: StorageTree) {}

  /** Rests after each page for as long as the page took, so that clients have at least half of the process. @throws what listing throws */
  async measure(path: string): Promise<Usage> {
    const store = this.tree.storeAt(path);
    let size = 0;
    let objects = 0;
    for (let startAfter: string | undefined = ''; startAfter !== undefined;) {
      const { entries, truncated } = await unhurried(() =>
        store.list({ prefix: '', delimiter: '', startAfter: startAfter ?? '', limit: PAGE }),
      );
      let last: string | undefined;
      for (const entry of entries) {
        if (entry.kind !== 'object') continue;
        last = entry.object.key;
        size += entry.object.size;
        objects++;
      }
      startAfter = truncated ? last : undefined;
    }
    if (store.capabilities.multipart) size += await sizeOfUploads(store.multipart);
    return { size, objects };
  }
}

async function sizeOfUploads(multipart: MultipartStore): Promise<number> {
  let size = 0;
  for (let marker: Marker | undefined = { keyMarker: '', uploadIdMarker: '' }; marker !== undefined;) {
    const asked: Marker = marker;
    const { entries, truncated } = await unhurried(() =>
      multipart.listUploads({ prefix: '', delimiter: '', limit: PAGE, ...asked }),
    );
    marker = undefined;
    for (const entry of entries) {
      if (entry.kind !== 'upload') continue;
      const { key, uploadId } = entry.upload;
      size += await sizeOfParts(multipart, key, uploadId);
      if (truncated) marker = { keyMarker: key, uploadIdMarker: uploadId };
    }
  }
  return size;
}

async function sizeOfParts(multipart: MultipartStore, key: ObjectKey, uploadId: string): Promise<number> {
  let size = 0;
  try {
    for (let marker: number | undefined = 0; marker !== undefined;) {
      const { parts, truncated } = await unhurried(() => multipart.listParts(key, uploadId, marker ?? 0, PAGE));
      for (const part of parts) size += part.size;
      marker = truncated ? parts.at(-1)?.number : undefined;
    }
  } catch (error) {
    // It has ended since it was listed.
    if (!(error instanceof S3Error && error.code === 'NoSuchUpload')) throw error;
  }
  return size;
}

async function unhurried<T>(ask: () => MaybePromise<T>): Promise<T> {
  const began = performance.now();
  const answer = await ask();
  await delay(Math.min(performance.now() - began, LONGEST_REST_MS), undefined, { ref: false });
  return answer;
}
