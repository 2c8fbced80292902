import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
import { createSecureContext } from 'node:tls';
import {
  ACCESS_KEY_ID_RULE,
  isAccessKeyId,
  isSecretAccessKey,
  nearestName,
  permissionsOf,
  SECRET_ACCESS_KEY_RULE,
} from '@bucketway/contract';
import type { Mistake } from '@bucketway/contract';
import type { Identity } from '../auth/identity.js';
import type { BucketSection, ConfigurationFile, IdentitySection } from './configuration-file.js';
import type { AccessLogTarget, Configuration, TlsMaterial } from './configuration.js';
import { parseListenAddress } from './listen-address.js';
import type { BucketMapping, BucketRoot, StorageMount } from './snapshot.js';
import { toBucketQuota } from './to-bucket-quota.js';
import { toCorsRules } from './to-cors-rules.js';

type Path = readonly (string | number)[];

/** Turns a written configuration that the schema accepts into one to run with, and collects what contradicts itself. */
export class ConfigurationResolver {
  readonly mistakes: Mistake[] = [];
  private readonly files = new Set<string>();
  private readonly identities = new Map<string, Identity>();
  private readonly accessKeyIds = new Map<string, string>();

  constructor(private readonly file: string) {
    this.files.add(resolve(file));
  }

  /** Meaningless where {@link mistakes} is not empty afterwards. */
  resolve(written: ConfigurationFile): Configuration {
    for (const [index, identity] of (written.identities ?? []).entries()) this.addIdentity(identity, index);
    const storages = this.storages(written);
    return {
      listen: parseListenAddress(written.listen ?? '0.0.0.0:9000'),
      admin: written.admin === 'off' ? undefined : parseListenAddress(written.admin ?? '0.0.0.0:9001'),
      workers: typeof written.workers === 'number' ? written.workers : availableParallelism(),
      tls: this.tls(written),
      accessLog: this.accessLog(written),
      shutdownGraceSeconds: written.shutdownGraceSeconds ?? 25,
      region: written.region ?? 'us-east-1',
      domains: (written.domains ?? []).map((domain) => domain.toLowerCase()),
      signatureVersions: new Set(written.signatureVersions ?? ['v4']),
      storages,
      identities: this.identities,
      buckets: this.buckets(written, storages),
      bucketRoot: this.bucketRoot(written, storages),
      documents: (written.documents ?? []).map((folder) => this.absolute(folder)),
      files: [...this.files],
    };
  }

  private absolute(path: string): string {
    return resolve(dirname(this.file), path);
  }

  private addIdentity(written: IdentitySection, index: number): void {
    const path = ['identities', index];
    if ([...this.identities.values()].some(({ name }) => name === written.name)) {
      this.refuse([...path, 'name'], `"${written.name}" stands here twice`);
    }
    const accessKeyId = this.secret(path, 'accessKeyId', written, isAccessKeyId, ACCESS_KEY_ID_RULE);
    const secretAccessKey = this.secret(path, 'secretAccessKey', written, isSecretAccessKey, SECRET_ACCESS_KEY_RULE);
    // Known even where its key is not, so that nothing below calls its name unknown.
    this.accessKeyIds.set(written.name, accessKeyId ?? '');
    if (accessKeyId === undefined || secretAccessKey === undefined) return;
    if (this.identities.has(accessKeyId)) {
      this.refuse([...path, 'accessKeyId'], 'is the access key id of another identity; each needs its own');
    }
    this.identities.set(accessKeyId, { name: written.name, accessKeyId, secretAccessKey });
  }

  private secret(
    path: Path,
    member: 'accessKeyId' | 'secretAccessKey',
    written: IdentitySection,
    holds: (value: unknown) => boolean,
    rule: string,
  ): string | undefined {
    const value = written[member];
    const file = written[`${member}File`];
    if ((value === undefined) === (file === undefined)) {
      return this.refuse([...path, member], `write either ${member} or ${member}File`);
    }
    if (file === undefined) return value;
    const text = this.read([...path, `${member}File`], file)?.trimEnd();
    if (text === undefined || holds(text)) return text;
    return this.refuse([...path, `${member}File`], `the text in ${file} must be ${rule}`);
  }

  private read(path: Path, file: string): string | undefined {
    const absolute = this.absolute(file);
    this.files.add(absolute);
    try {
      return readFileSync(absolute, 'utf8');
    } catch (error) {
      return this.refuse(path, `cannot be read: ${(error as Error).message}`);
    }
  }

  private tls(written: ConfigurationFile): TlsMaterial | undefined {
    if (written.tls === undefined) return undefined;
    const cert = this.read(['tls', 'certFile'], written.tls.certFile);
    const key = this.read(['tls', 'keyFile'], written.tls.keyFile);
    if (cert === undefined || key === undefined) return undefined;
    try {
      createSecureContext({ cert, key });
    } catch (error) {
      return this.refuse(['tls'], `the certificate and the key do not work together: ${(error as Error).message}`);
    }
    return { cert, key };
  }

  private accessLog(written: ConfigurationFile): AccessLogTarget {
    const target = written.accessLog ?? 'stdout';
    return typeof target === 'string' ? { to: target } : { to: 'file', path: this.absolute(target.file) };
  }

  private storages(written: ConfigurationFile): StorageMount[] {
    const mounts = new Set<string>();
    return written.storages.map(({ mount, local }, index) => {
      if (mounts.has(mount))
        this.refuse(['storages', index, 'mount'], `another storage is mounted at "${mount}" already`);
      mounts.add(mount);
      const { root, durability = 'none', metadata = 'auto' } = local;
      return { mount, local: { root: this.absolute(root), durability, metadata } };
    });
  }

  private buckets(written: ConfigurationFile, storages: readonly StorageMount[]): Map<string, BucketMapping> {
    const buckets = new Map<string, BucketMapping>();
    for (const [index, bucket] of (written.buckets ?? []).entries()) {
      const path = ['buckets', index];
      if (buckets.has(bucket.name)) this.refuse([...path, 'name'], `"${bucket.name}" stands here twice`);
      this.requireStorage([...path, 'path'], bucket.path, storages);
      buckets.set(bucket.name, this.bucket(bucket, path));
    }
    return buckets;
  }

  private bucket(written: BucketSection, path: Path): BucketMapping {
    const { name, grants = [], anonymous = 'none', quota, cors } = written;
    return {
      name,
      path: written.path,
      grants: grants.map(({ identity, mode, prefix = '' }, index) => ({
        accessKeyId: this.accessKeyId(identity, [...path, 'grants', index, 'identity']),
        permissions: new Set(permissionsOf(mode)),
        prefix,
      })),
      anonymous,
      ...(quota && { quota: toBucketQuota(quota) }),
      ...(cors && { cors: toCorsRules(cors) }),
    };
  }

  private bucketRoot(written: ConfigurationFile, storages: readonly StorageMount[]): BucketRoot | undefined {
    if (written.bucketRoot === undefined) return undefined;
    const { path, create = [] } = written.bucketRoot;
    this.requireStorage(['bucketRoot', 'path'], path, storages);
    const ids = create.map((name, index) => this.accessKeyId(name, ['bucketRoot', 'create', index]));
    return { path, create: new Set(ids) };
  }

  private accessKeyId(identity: string, path: Path): string {
    const accessKeyId = this.accessKeyIds.get(identity);
    if (accessKeyId !== undefined) return accessKeyId;
    const nearest = nearestName(identity, this.accessKeyIds.keys());
    const hint = nearest === undefined ? 'add it to identities' : `did you mean "${nearest}"?`;
    this.refuse(path, `no identity is named "${identity}"; ${hint}`);
    return '';
  }

  private requireStorage(path: Path, treePath: string, storages: readonly StorageMount[]): void {
    const covered = storages.some(({ mount }) => isWithin(treePath, mount) || isWithin(mount, treePath));
    if (!covered) this.refuse(path, `no storage is mounted at or above "${treePath}"`);
  }

  private refuse(path: Path, message: string): undefined {
    this.mistakes.push({ path, message });
    return undefined;
  }
}

function isWithin(path: string, folder: string): boolean {
  return folder === '/' || path === folder || path.startsWith(`${folder}/`);
}
