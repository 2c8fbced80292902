import { availableParallelism } from 'node:os';
import { createSecureContext } from 'node:tls';
import {
  ACCESS_KEY_ID_RULE,
  isAccessKeyId,
  isSecretAccessKey,
  permissionsOf,
  SECRET_ACCESS_KEY_RULE,
} from '@bucketway/contract';
import type { Mistake } from '@bucketway/contract';
import type { Identity } from '../auth/identity.js';
import type { BucketSection, ConfigurationFile, IdentitySection } from './configuration-file.js';
import { ConfigurationFiles, type MistakePath } from './configuration-files.js';
import type { AccessLogTarget, Configuration, TlsMaterial } from './configuration.js';
import { DEFAULT_ADMIN, DEFAULT_LISTEN, parseListenAddress } from './listen-address.js';
import { findOverlaps } from './find-overlaps.js';
import type { BucketMapping, BucketRoot, StorageMount } from './snapshot.js';
import { StorageResolver } from './storage-resolver.js';
import { toBucketQuota } from './to-bucket-quota.js';
import { toCorsRules } from './to-cors-rules.js';

/**
 * Turns a written configuration that the schema accepts into one to run with, and collects what is wrong with the files that it names.
 * What contradicts itself is for `findContradictions` to say.
 */
export class ConfigurationResolver {
  private readonly files: ConfigurationFiles;
  private readonly identities = new Map<string, Identity>();
  private readonly accessKeyIds = new Map<string, string>();

  constructor(file: string) {
    this.files = new ConfigurationFiles(file);
  }

  get mistakes(): readonly Mistake[] {
    return this.files.mistakes;
  }

  /** Meaningless where {@link mistakes} is not empty afterwards. */
  resolve(written: ConfigurationFile): Configuration {
    for (const [index, identity] of (written.identities ?? []).entries()) this.addIdentity(identity, index);
    return {
      listen: parseListenAddress(written.listen ?? DEFAULT_LISTEN),
      admin: written.admin === 'off' ? undefined : parseListenAddress(written.admin ?? DEFAULT_ADMIN),
      workers: typeof written.workers === 'number' ? written.workers : availableParallelism(),
      tls: this.tls(written),
      accessLog: this.accessLog(written),
      shutdownGraceSeconds: written.shutdownGraceSeconds ?? 25,
      usageIntervalSeconds: written.usageIntervalSeconds ?? 300,
      region: written.region ?? 'us-east-1',
      // The longest first: one may lie within another.
      domains: (written.domains ?? []).map((domain) => domain.toLowerCase()).sort((a, b) => b.length - a.length),
      signatureVersions: new Set(written.signatureVersions ?? ['v4']),
      storages: this.storages(written),
      identities: this.identities,
      buckets: this.buckets(written),
      bucketRoot: this.bucketRoot(written),
      documents: (written.documents ?? []).map((folder) => this.files.absolute(folder)),
      files: this.files.all,
    };
  }

  private addIdentity(written: IdentitySection, index: number): void {
    const path = ['identities', index];
    const accessKeyId = this.secret(path, 'accessKeyId', written, isAccessKeyId, ACCESS_KEY_ID_RULE);
    const secretAccessKey = this.secret(path, 'secretAccessKey', written, isSecretAccessKey, SECRET_ACCESS_KEY_RULE);
    if (accessKeyId === undefined || secretAccessKey === undefined) return;
    this.accessKeyIds.set(written.name, accessKeyId);
    if (this.identities.has(accessKeyId)) {
      this.files.refuse([...path, 'accessKeyId'], 'is the access key id of another identity; each needs its own');
    }
    this.identities.set(accessKeyId, { name: written.name, accessKeyId, secretAccessKey });
  }

  private secret(
    path: MistakePath,
    name: 'accessKeyId' | 'secretAccessKey',
    written: IdentitySection,
    holds: (value: unknown) => boolean,
    rule: string,
  ): string | undefined {
    return this.files.secret(path, { name, value: written[name], file: written[`${name}File`], holds, rule });
  }

  private tls(written: ConfigurationFile): TlsMaterial | undefined {
    if (written.tls === undefined) return undefined;
    const cert = this.files.read(['tls', 'certFile'], written.tls.certFile);
    const key = this.files.read(['tls', 'keyFile'], written.tls.keyFile);
    if (cert === undefined || key === undefined) return undefined;
    try {
      createSecureContext({ cert, key });
    } catch (error) {
      return this.files.refuse(
        ['tls'],
        `the certificate and the key do not work together: ${(error as Error).message}`,
      );
    }
    return { cert, key };
  }

  private accessLog(written: ConfigurationFile): AccessLogTarget {
    const target = written.accessLog ?? 'stdout';
    return typeof target === 'string' ? { to: target } : { to: 'file', path: this.files.absolute(target.file) };
  }

  private storages(written: ConfigurationFile): StorageMount[] {
    const resolver = new StorageResolver(this.files);
    const mounts = written.storages.map((storage, index) => resolver.resolve(storage, index));
    for (const { path, message } of findOverlaps(mounts)) this.files.refuse(path, message);
    return mounts.filter((mount) => mount !== undefined);
  }

  private buckets(written: ConfigurationFile): Map<string, BucketMapping> {
    return new Map((written.buckets ?? []).map((bucket) => [bucket.name, this.bucket(bucket)]));
  }

  private bucket({ name, path, grants = [], anonymous = 'none', quota, cors }: BucketSection): BucketMapping {
    return {
      name,
      path,
      grants: grants.map(({ identity, mode, prefix = '' }) => ({
        accessKeyId: this.accessKeyId(identity),
        permissions: new Set(permissionsOf(mode)),
        prefix,
      })),
      anonymous,
      ...(quota && { quota: toBucketQuota(quota) }),
      ...(cors && { cors: toCorsRules(cors) }),
    };
  }

  private bucketRoot({ bucketRoot }: ConfigurationFile): BucketRoot | undefined {
    if (bucketRoot === undefined) return undefined;
    const { path, create = [] } = bucketRoot;
    return { path, create: new Set(create.map((name) => this.accessKeyId(name))) };
  }

  /** Empty where the identity is unknown or has no key: the configuration is refused then. */
  private accessKeyId(identity: string): string {
    return this.accessKeyIds.get(identity) ?? '';
  }
}
