import { Injectable } from '@nestjs/common';
import type { FileDriver } from '../storage/file-driver.js';
import type { MountedStorage } from '../storage/mounted-storage.js';
import { StorageError } from '../storage/storage-error.js';
import type { StoragePath } from '../storage/storage-path.js';
import { StorageTree } from '../storage/storage-tree.js';
import type { BucketState } from './bucket-state.js';
import type { BucketStateFile } from './bucket-state-file.js';
import { BucketStates } from './bucket-states.js';

/** The bucket states of every storage of the tree, each kept in the storage that the bucket lies in. */
@Injectable()
export class BucketStateStore {
  private readonly states = new WeakMap<MountedStorage, BucketStates>();

  constructor(private readonly tree: StorageTree) {}

  /** Where the state of the bucket at a path of the tree is kept; undefined where its storage can keep none. */
  of(name: string, path: string): BucketStateFile | undefined {
    const location = this.tree.locate(path);
    return location && this.in(location.storage)?.of(name, location.path);
  }

  /** The states of a storage; undefined where it can keep none. */
  in(storage: MountedStorage): BucketStates | undefined {
    if (!storage.files) return undefined;
    let states = this.states.get(storage);
    if (states === undefined) {
      states = new BucketStates(storage.files);
      this.states.set(storage, states);
    }
    return states;
  }

  /**
   * When a bucket was created: by its state, else by its folder's time, which is the best that an existing folder tells, or
   * by that of the nearest folder above: the first object makes it. */
  async createdAt(name: string, path: string): Promise<Date> {
    try {
      const { createdAt }: BucketState = (await this.of(name, path)?.read()) ?? {};
      if (createdAt !== undefined) return new Date(createdAt);
      const location = this.tree.locate(path);
      return location?.storage.files ? await timeOf(location.storage.files, location.path) : new Date(0);
    } catch (error) {
      // One storage that is down must not hide the buckets of all others; its own are there, of a time that nobody can tell now.
      if (error instanceof StorageError && error.code === 'unavailable') return new Date(0);
      throw error;
    }
  }
}

async function timeOf(files: FileDriver, folder: StoragePath): Promise<Date> {
  const stat = await files.stat(folder);
  if (stat !== undefined || folder === '') return new Date(stat?.mtimeMs ?? 0);
  return await timeOf(files, folder.slice(0, Math.max(0, folder.lastIndexOf('/'))) as StoragePath);
}
