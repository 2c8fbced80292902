import { Injectable } from '@nestjs/common';
import { Access } from '../auth/access.js';
import { isAnonymous, type Principal } from '../auth/identity.js';
import { PERMISSIONS } from '../auth/permission.js';
import { SnapshotStore } from '../config/snapshot-store.js';
import type { BucketMapping, BucketRoot, Grant, Snapshot } from '../config/snapshot.js';
import { S3Error } from '../errors/s3-error.js';
import { isBucketName, type BucketName } from '../http/bucket-name.js';
import { fromByteString } from '../storage/byte-string.js';
import type { FileDriver, FolderNames } from '../storage/file-driver.js';
import { StorageError } from '../storage/storage-error.js';
import { joinPath, type StoragePath } from '../storage/storage-path.js';
import { StorageTree, type TreeLocation } from '../storage/storage-tree.js';
import { childPath } from '../storage/tree-path.js';
import { BucketStates, type BucketState } from './bucket-state.js';
import { Buckets, type Bucket, type BucketSettings, type ListedBucket } from './buckets.js';
import type { MultipartStore } from './multipart-store.js';
import { toS3Error } from './to-s3-error.js';

const ALL_UPLOADS = { prefix: '', delimiter: '', keyMarker: '', uploadIdMarker: '', limit: 1000 };
const EVERYTHING = new Set(PERMISSIONS);

/** The buckets of the snapshot in force: mapped ones, and the folders of the bucket root. */
@Injectable()
export class ConfiguredBuckets extends Buckets {
  private readonly states = new WeakMap<FileDriver, BucketStates>();

  constructor(
    private readonly snapshots: SnapshotStore,
    private readonly tree: StorageTree,
    private readonly access: Access,
  ) {
    super();
  }

  async find(name: BucketName): Promise<Bucket> {
    const snapshot = this.snapshots.current;
    const mapping = snapshot.buckets.get(name);
    if (mapping) return this.toBucket(name, mapping);
    try {
      const found = await this.findInRoot(snapshot, name);
      if (found) return this.toBucket(name, found);
    } catch (error) {
      throw toS3Error(error);
    }
    throw new S3Error('NoSuchBucket', { details: { BucketName: name } });
  }

  async list(principal: Principal): Promise<readonly ListedBucket[]> {
    const snapshot = this.snapshots.current;
    const listed: ListedBucket[] = [];
    const visible = (mapping: BucketMapping): boolean => this.access.hasGrant(principal, mapping);
    for (const [name, mapping] of snapshot.buckets) {
      if (!isBucketName(name) || !visible(mapping)) continue;
      listed.push({ name, createdAt: await this.createdAt(name, mapping.path) });
    }
    for (const name of await this.namesInRoot(snapshot)) {
      if (snapshot.buckets.has(name)) continue;
      const mapping = await this.findInRoot(snapshot, name);
      if (mapping && visible(mapping)) listed.push({ name, createdAt: await this.createdAt(name, mapping.path) });
    }
    return listed.sort((one, other) => (one.name < other.name ? -1 : 1));
  }

  async create(name: BucketName, principal: Principal): Promise<void> {
    const snapshot = this.snapshots.current;
    const { files, folder } = this.creatable(snapshot, principal, name);
    if (isAnonymous(principal)) throw new S3Error('AccessDenied');
    const taken = snapshot.buckets.get(name) ?? (await this.findInRoot(snapshot, name));
    if (taken) this.refuseTaken(taken, principal, name);
    try {
      await this.statesOf(files).change(name, async () => {
        // Of several that create at once, the first one under the lock makes the folder.
        const now = await this.findInRoot(snapshot, name);
        if (now) this.refuseTaken(now, principal, name);
        await files.makeFolder(folder);
        return { owner: principal.name, createdAt: new Date().toISOString() };
      });
    } catch (error) {
      throw toS3Error(error);
    }
  }

  async delete(name: BucketName, principal: Principal): Promise<void> {
    const snapshot = this.snapshots.current;
    const bucket = await this.find(name);
    this.access.require(principal, bucket.mapping, 'admin');
    if (snapshot.buckets.has(name)) {
      throw new S3Error('AccessDenied', {
        message: 'This bucket is mapped by the configuration and can only be removed there.',
      });
    }
    const { files, folder } = this.creatable(snapshot, principal, name);
    try {
      await this.statesOf(files).remove(name, async () => {
        const { entries } = await bucket.store.list({ prefix: '', delimiter: '', startAfter: '', limit: 1 });
        if (entries.length > 0 || !(await removeEmptyFolders(files, folder))) {
          throw new S3Error('BucketNotEmpty', { details: { BucketName: name } });
        }
        await abortUploads(bucket.store.multipart);
      });
    } catch (error) {
      throw toS3Error(error);
    }
  }

  private toBucket(name: BucketName, mapping: BucketMapping): Bucket {
    const states = (): { location: TreeLocation; states: BucketStates } | undefined => {
      const location = this.tree.locate(mapping.path);
      return location?.storage.files && { location, states: this.statesOf(location.storage.files) };
    };
    return {
      name,
      mapping,
      store: this.tree.storeAt(mapping.path),
      settings: async () => {
        const state = (await states()?.states.read(name)) ?? {};
        return mapping.cors ? { ...state, cors: mapping.cors } : state;
      },
      changeSettings: async (change) => {
        const place = states();
        if (!place)
          throw new S3Error('NotImplemented', { message: 'The storage of this bucket cannot keep bucket settings.' });
        await place.states.change(name, (before) => withoutUndefined({ ...before, ...change }));
      },
    };
  }

  private async findInRoot(snapshot: Snapshot, name: BucketName): Promise<BucketMapping | undefined> {
    const root = snapshot.bucketRoot;
    const place = root && this.placeInRoot(root, name);
    if (!place || (await place.files.stat(place.folder))?.kind !== 'folder') return undefined;
    const { owner } = await this.statesOf(place.files).read(name);
    return { name, path: childPath(root.path, name), grants: rootGrants(snapshot, root, owner), anonymous: 'none' };
  }

  private async namesInRoot({ bucketRoot }: Snapshot): Promise<BucketName[]> {
    const location = bucketRoot && this.tree.locate(bucketRoot.path);
    if (!location?.storage.files) return [];
    const names = await listFolder(location.storage.files, location.path);
    return names.flatMap((name) => {
      const folder = name.endsWith('/') ? fromByteString(name.slice(0, -1)) : '';
      return isBucketName(folder) ? [folder] : [];
    });
  }

  private creatable(
    snapshot: Snapshot,
    principal: Principal,
    name: BucketName,
  ): { files: FileDriver; folder: StoragePath } {
    const root = snapshot.bucketRoot;
    if (!root)
      throw new S3Error('AccessDenied', {
        message: 'This server has no bucketRoot, so buckets come from its configuration only.',
      });
    if (isAnonymous(principal) || !root.create.has(principal.accessKeyId)) throw new S3Error('AccessDenied');
    const place = this.placeInRoot(root, name);
    if (!place) throw new S3Error('AccessDenied', { message: 'The storage of the bucketRoot has no folders.' });
    return place;
  }

  private placeInRoot(root: BucketRoot, name: BucketName): { files: FileDriver; folder: StoragePath } | undefined {
    const location = this.tree.locate(root.path);
    return location?.storage.files && { files: location.storage.files, folder: joinPath(location.path, name) };
  }

  private refuseTaken(mapping: BucketMapping, principal: Principal, name: BucketName): never {
    const own = this.access.allows(principal, mapping, 'admin');
    throw new S3Error(own ? 'BucketAlreadyOwnedByYou' : 'BucketAlreadyExists', { details: { BucketName: name } });
  }

  private async createdAt(name: string, path: string): Promise<Date> {
    const location = this.tree.locate(path);
    const files = location?.storage.files;
    if (!files) return new Date(0);
    const { createdAt } = await this.statesOf(files).read(name);
    if (createdAt !== undefined) return new Date(createdAt);
    return new Date((await files.stat(location.path))?.mtimeMs ?? 0);
  }

  private statesOf(files: FileDriver): BucketStates {
    let states = this.states.get(files);
    if (states === undefined) {
      states = new BucketStates(files);
      this.states.set(files, states);
    }
    return states;
  }
}

const grantsOfRoots = new WeakMap<Snapshot, Map<string | undefined, readonly Grant[]>>();

/** Everything for the owner's keys; a folder that nobody created through S3 belongs to all who may create. */
function rootGrants(snapshot: Snapshot, root: BucketRoot, owner: string | undefined): readonly Grant[] {
  let byOwner = grantsOfRoots.get(snapshot);
  if (!byOwner) grantsOfRoots.set(snapshot, (byOwner = new Map()));
  let grants = byOwner.get(owner);
  if (!grants) byOwner.set(owner, (grants = computeRootGrants(snapshot, root, owner)));
  return grants;
}

function computeRootGrants(snapshot: Snapshot, root: BucketRoot, owner: string | undefined): readonly Grant[] {
  const grants: Grant[] = [];
  for (const { accessKeyId, name } of snapshot.identities.values()) {
    const entitled = owner === undefined ? root.create.has(accessKeyId) : name === owner;
    if (entitled) grants.push({ accessKeyId, permissions: EVERYTHING, prefix: '' });
  }
  return grants;
}

/** Uploads that nobody can go on with: left alone, they would be those of the next bucket of this name. */
async function abortUploads(multipart: MultipartStore): Promise<void> {
  for (;;) {
    const { entries, truncated } = await multipart.listUploads(ALL_UPLOADS);
    for (const entry of entries) {
      if (entry.kind === 'upload') await multipart.abort(entry.upload.key, entry.upload.uploadId);
    }
    if (!truncated) return;
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

function withoutUndefined(settings: { [K in keyof BucketSettings]: BucketSettings[K] | undefined }): BucketState {
  return Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined)) as BucketState;
}
