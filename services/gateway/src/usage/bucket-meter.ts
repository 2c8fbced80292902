import { setTimeout as delay } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { StorageTree } from '../storage/storage-tree.js';
import type { Usage } from './bucket-usage.js';

/** Objects that are asked for at once. */
const PAGE = 1000;
/** The longest rest between two pages, in milliseconds. */
const LONGEST_REST_MS = 1000;

/** Counts the objects at a path through its listing, as a client would: every kind of storage has one, and memory holds a page. */
@Injectable()
export class BucketMeter {
  constructor(private readonly tree: StorageTree) {}

  /** Rests after each page for as long as the page took, so that clients have at least half of the process. @throws what listing throws */
  async measure(path: string): Promise<Usage> {
    const store = this.tree.storeAt(path);
    let size = 0;
    let objects = 0;
    for (let startAfter: string | undefined = ''; startAfter !== undefined;) {
      const began = performance.now();
      const { entries, truncated } = await store.list({ prefix: '', delimiter: '', startAfter, limit: PAGE });
      let last: string | undefined;
      for (const entry of entries) {
        if (entry.kind !== 'object') continue;
        last = entry.object.key;
        size += entry.object.size;
        objects++;
      }
      startAfter = truncated ? last : undefined;
      await delay(Math.min(performance.now() - began, LONGEST_REST_MS), undefined, { ref: false });
    }
    return { size, objects };
  }
}
