import { readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, resolve } from 'node:path';
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
import type { AccessLogTarget, Configuration, TlsMaterial } from './configuration.js';
import { parseListenAddress } from './listen-address.js';
import type { BucketMapping, BucketRoot, StorageMount } from './snapshot.js';
import { toBucketQuota } from './to-bucket-quota.js';
import { toCorsRules } from './to-cors-rules.js';

type Path = readonly (string | number)[];

/**
 * Turns a written configuration that the schema accepts into one to run with, and collects what is wrong with the files that it names.
 * What contradicts itself is for `findContradictions` to say.
 */
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
      storages: this.storages(written),
      identities: this.identities,
      buckets: this.buckets(written),
      bucketRoot: this.bucketRoot(written),
      documents: (written.documents ?? []).map((folder) => this.absolute(folder)),
      files: [...this.files],
    };
  }

  private absolute(path: string): string {
    return resolve(dirname(this.file), path);
  }

  private addIdentity(written: IdentitySection, index: number): void {
    const path = ['identities', index];
    const accessKeyId = this.secret(path, 'accessKeyId', written, isAccessKeyId, ACCESS_KEY_ID_RULE);
    const secretAccessKey = this.secret(path, 'secretAccessKey', written, isSecretAccessKey, SECRET_ACCESS_KEY_RULE);
    if (accessKeyId === undefined || secretAccessKey === undefined) return;
    this.accessKeyIds.set(written.name, accessKeyId);
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
    if (file === undefined || value !== undefined) return value;
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
    return written.storages.map(({ mount, local }) => {
      const { root, durability = 'none', metadata = 'auto' } = local;
      return { mount, local: { root: this.absolute(root), durability, metadata } };
    });
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

  private refuse(path: Path, message: string): undefined {
    this.mistakes.push({ path, message });
    return undefined;
  }
}
