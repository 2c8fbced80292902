import { Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { S3Response } from '../../http/s3-response.js';
import type { ObjectStore } from '../../objects/object-store.js';
import { xmlAnswer } from '../documents/xml-answer.js';
import { listPage, type ListPage } from './list-page.js';
import type { ListParameters } from './list-parameters.js';

/** A request for a page of a listing, and how it is answered. */
export interface PageRequest {
  readonly store: ObjectStore;
  readonly parameters: ListParameters;
  /** Key or common prefix behind which the page begins; empty for the first page. */
  readonly from: string;
  /** Differs wherever the document would, but for what is in the bucket. */
  readonly id: string;
  document(page: ListPage): Buffer;
  /** The request by which a client goes on. */
  following(last: string): PageRequest;
}

interface PageAhead {
  readonly document: Buffer;
  readonly isCurrent: () => Promise<boolean>;
  readonly next: PageRequest | undefined;
}

interface Kept {
  readonly request: PageRequest;
  /** Undefined where there is nothing by which it could be compared. */
  readonly page: Promise<PageAhead | undefined>;
}

/** Pages kept at once, in a process, each with its facts about half a megabyte. */
const MAX_PAGES = 4;
/** For how long a page is kept that nobody has come for, in milliseconds. */
const KEPT_MS = 5000;

/**
 * Makes the page that a client is about to ask for while it reads the one that it has, down to its bytes. Before one is sent, it is
 * compared with what is there then: a page is never older than the request.
 */
@Injectable()
export class PagesAhead {
  private readonly pages = new LRUCache<string, Kept>({ ttl: KEPT_MS, ttlAutopurge: true });

  /** Answers with a page, made ahead or now. */
  async answer(request: PageRequest): Promise<S3Response> {
    const ready = await this.take(request);
    if (ready !== undefined) {
      this.start(ready.next);
      return xmlAnswer(ready.document);
    }
    const page = await listPage(request.store, request.parameters, request.from);
    // Who has come for a second page comes for a third; the first may be all that a client wants.
    if (request.from !== '' && page.isCurrent) this.start(followingOf(request, page));
    return xmlAnswer(request.document(page));
  }

  private async take({ id, store }: PageRequest): Promise<PageAhead | undefined> {
    const kept = this.pages.get(id);
    this.pages.delete(id);
    // Another store: the bucket leads elsewhere since.
    if (kept?.request.store !== store) return undefined;
    const page = await kept.page;
    // A storage that fails now is found out by the listing itself, which tells it as it must be told.
    return (await page?.isCurrent().catch(() => false)) ? page : undefined;
  }

  private start(request: PageRequest | undefined): void {
    // Of more clients than there are pages kept, each page would be thrown out before its client comes.
    if (request === undefined || this.pages.size >= MAX_PAGES || this.pages.has(request.id)) return;
    // What goes wrong is left for the request itself to find.
    this.pages.set(request.id, { request, page: this.make(request).catch(() => undefined) });
  }

  private async make(request: PageRequest): Promise<PageAhead | undefined> {
    // The answer that this follows goes out first.
    await new Promise((resolve) => setImmediate(resolve));
    const page = await listPage(request.store, request.parameters, request.from, true);
    if (!page.isCurrent) return undefined;
    return { document: request.document(page), isCurrent: page.isCurrent, next: followingOf(request, page) };
  }
}

function followingOf(request: PageRequest, { next }: ListPage): PageRequest | undefined {
  return next && request.following(next.last);
}
