import { Injectable } from '@nestjs/common';
import { isAnonymous, type Principal } from '../auth/identity.js';
import type { BucketMapping, BucketRoot, Snapshot } from '../config/snapshot.js';
import { S3Error } from '../errors/s3-error.js';
import { isBucketName, type BucketName } from '../http/bucket-name.js';
import { fromByteString } from '../storage/byte-string.js';
import type { FileDriver, FolderNames } from '../storage/file-driver.js';
import { StorageError } from '../storage/storage-error.js';
import { joinPath, type StoragePath } from '../storage/storage-path.js';
import { StorageTree } from '../storage/storage-tree.js';
import { childPath } from '../storage/tree-path.js';
import { bucketRootGrants } from './bucket-root-grants.js';
import type { BucketState } from './bucket-state.js';
import type { BucketStateFile } from './bucket-state-file.js';
import { BucketStateStore } from './bucket-state-store.js';

/** A bucket of the bucket root. */
export interface RootBucket {
  readonly mapping: BucketMapping;
  /** Undefined where its storage can keep none. */
  readonly stateFile: BucketStateFile | undefined;
  readonly state: BucketState;
  /** Whether it is a storage of its own, which is there whatever lies in it. */
  readonly mounted: boolean;
}

/** Where a bucket of the bucket root lies, whether it is there or not. */
interface Place {
  readonly path: string;
  readonly files: FileDriver;
  readonly folder: StoragePath;
  readonly stateFile: BucketStateFile;
}

/** The folders of the bucket root, each of which is a bucket, be it a folder of a storage or a storage that is mounted there. */
@Injectable()
export class BucketRootFolders {
  constructor(
    private readonly tree: StorageTree,
    private readonly stateStore: BucketStateStore,
  ) {}

  async find(snapshot: Snapshot, name: BucketName): Promise<RootBucket | undefined> {
    const root = snapshot.bucketRoot;
    if (root && this.isMounted(root, name)) return this.mountedBucket(snapshot, root, name);
    const place = root && this.place(root, name);
    if (!place || (await place.files.stat(place.folder))?.kind !== 'folder') return undefined;
    const state = await place.stateFile.read();
    const grants = bucketRootGrants(snapshot, root, state.owner);
    const mapping: BucketMapping = { name, path: place.path, grants, anonymous: 'none' };
    return { mapping, stateFile: place.stateFile, state, mounted: false };
  }

  /**
   * Makes sure that a bucket that was found is still there: one that was deleted, and made again by somebody else, has another owner.
   *
   * @throws S3Error `NoSuchBucket`
   */
  async confirm(snapshot: Snapshot, name: BucketName, { owner }: BucketState): Promise<void> {
    const now = await this.find(snapshot, name);
    if (now && now.state.owner === owner) return;
    throw new S3Error('NoSuchBucket', { details: { BucketName: name } });
  }

  /** Names of all of them, in no order. */
  async names({ bucketRoot }: Snapshot): Promise<readonly BucketName[]> {
    if (bucketRoot === undefined) return [];
    const location = this.tree.locate(bucketRoot.path);
    const names = location?.storage.files ? await listFolder(location.storage.files, location.path) : [];
    const folders = new Set(this.tree.mountsIn(bucketRoot.path));
    for (const name of names) if (name.endsWith('/')) folders.add(fromByteString(name.slice(0, -1)));
    return [...folders].filter((name) => isBucketName(name));
  }

  /**
   * Makes a bucket that belongs to the principal.
   *
   * @param refuseTaken called, under the name's lock, where the bucket is there already; throws
   */
  async create(
    snapshot: Snapshot,
    name: BucketName,
    principal: Principal,
    refuseTaken: (bucket: RootBucket) => never,
  ): Promise<void> {
    const { files, folder, stateFile } = this.creatable(snapshot, name, principal);
    if (isAnonymous(principal)) throw new S3Error('AccessDenied');
    const mounted = this.isMounted(snapshot.bucketRoot, name) ? await this.find(snapshot, name) : undefined;
    if (mounted) refuseTaken(mounted);
    await stateFile.change(async () => {
      const taken = await this.find(snapshot, name);
      if (taken) refuseTaken(taken);
      await files.makeFolder(folder);
      return { owner: principal.name, createdAt: new Date().toISOString() };
    });
  }

  /**
   * Removes a bucket.
   *
   * @param empty called under the name's lock before the folder is removed; throws where the bucket is not empty
   */
  async delete(snapshot: Snapshot, name: BucketName, principal: Principal, empty: () => Promise<void>): Promise<void> {
    const { files, folder, stateFile } = this.creatable(snapshot, name, principal);
    if (this.isMounted(snapshot.bucketRoot, name)) {
      throw new S3Error('AccessDenied', {
        message: 'This bucket is a storage that the configuration mounts, and can only be removed there.',
      });
    }
    await stateFile.remove(async () => {
      await empty();
      if (!(await removeEmptyFolders(files, folder))) {
        throw new S3Error('BucketNotEmpty', { details: { BucketName: name } });
      }
    });
  }

  private isMounted(root: BucketRoot | undefined, name: BucketName): boolean {
    return root !== undefined && this.tree.isMount(childPath(root.path, name));
  }

  /** Nobody can have created it, so it belongs to all who may create; its storage, which may be down, is not asked. */
  private mountedBucket(snapshot: Snapshot, root: BucketRoot, name: BucketName): RootBucket {
    const path = childPath(root.path, name);
    const grants = bucketRootGrants(snapshot, root, undefined);
    const mapping: BucketMapping = { name, path, grants, anonymous: 'none' };
    return { mapping, stateFile: this.stateStore.of(name, path), state: {}, mounted: true };
  }

  /** @throws S3Error `AccessDenied` */
  private creatable(snapshot: Snapshot, name: BucketName, principal: Principal): Place {
    const root = snapshot.bucketRoot;
    if (!root) {
      throw new S3Error('AccessDenied', {
        message: 'This server has no bucketRoot, so buckets come from its configuration only.',
      });
    }
    if (isAnonymous(principal) || !root.create.has(principal.accessKeyId)) throw new S3Error('AccessDenied');
    const place = this.place(root, name);
    if (!place) throw new S3Error('AccessDenied', { message: 'The storage of the bucketRoot has no folders.' });
    return place;
  }

  private place(root: BucketRoot, name: BucketName): Place | undefined {
    const location = this.tree.locate(root.path);
    const files = location?.storage.files;
    const states = location && this.stateStore.in(location.storage);
    if (!location || !files || !states) return undefined;
    const folder = joinPath(location.path, name);
    return { path: childPath(root.path, name), files, folder, stateFile: states.of(name, folder) };
  }
}

/** Removes a folder that holds folders only. False, with what was not empty left, where there is a file. */
async function removeEmptyFolders(files: FileDriver, folder: StoragePath): Promise<boolean> {
  for (const name of await listFolder(files, folder)) {
    if (!name.endsWith('/')) return false;
    if (!(await removeEmptyFolders(files, joinPath(folder, fromByteString(name.slice(0, -1)))))) return false;
  }
  return files.removeFolder(folder);
}

/** The names in a folder; none where it is not there. */
async function listFolder(files: FileDriver, folder: StoragePath): Promise<FolderNames> {
  try {
    return await files.list(folder);
  } catch (error) {
    if (error instanceof StorageError && error.code === 'not-found') return [];
    throw error;
  }
}
