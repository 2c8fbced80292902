import { randomUUID } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  DeleteObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3';
import { RESERVED_FOLDER } from '../storage-path.js';
import type { UpstreamClient } from './upstream-client.js';

/**
 * Where trials have their objects, below the storage's prefix. The second is for an upstream that is a gateway of this kind, which
 * refuses the first to its clients.
 */
export const TRIAL_PLACES = [`${RESERVED_FOLDER}/trial-`, 'bucketway-trial-'] as const;
/** What they hold. */
export const TRIAL_CONTENT = Buffer.from('bucketway looks at what this server can do');
/** Nobody's trial takes as long, in milliseconds, whatever the clocks say. */
const LEFT_AFTER_MS = 24 * 3_600_000;
const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

const nothing = (): void => undefined;

/** A key below a storage's prefix that no other trial has. */
export function trialName(place: (typeof TRIAL_PLACES)[number]): string {
  return place + randomUUID();
}

/** Whether a key below a storage's prefix is a trial's. */
export function isTrialName(name: string): boolean {
  return TRIAL_PLACES.some((place) => name.startsWith(place) && UUID.test(name.slice(place.length)));
}

/** Removes what trials that were killed have left. Never fails: the next trial looks again. */
export async function sweepTrials(client: UpstreamClient): Promise<void> {
  for (const place of TRIAL_PLACES) {
    await sweepObjects(client, place).catch(nothing);
    await sweepUploads(client, place).catch(nothing);
  }
}

async function sweepObjects(client: UpstreamClient, place: string): Promise<void> {
  const { bucket: Bucket, prefix } = client.options;
  const query = new ListObjectsV2Command({ Bucket, Prefix: prefix + place });
  const { Contents = [] } = await client.run(false, () => client.calls.send(query));
  for (const { Key, Size, LastModified } of Contents) {
    if (Key === undefined || Size !== TRIAL_CONTENT.length || !isLeft(Key.slice(prefix.length), LastModified)) continue;
    await client.run(false, () => client.calls.send(new DeleteObjectCommand({ Bucket, Key }))).catch(nothing);
  }
}

async function sweepUploads(client: UpstreamClient, place: string): Promise<void> {
  const { bucket: Bucket, prefix } = client.options;
  const query = new ListMultipartUploadsCommand({ Bucket, Prefix: prefix + place });
  const { Uploads = [] } = await client.run(false, () => client.calls.send(query));
  for (const { Key, UploadId, Initiated } of Uploads) {
    if (Key === undefined || UploadId === undefined || !isLeft(Key.slice(prefix.length), Initiated)) continue;
    const abort = new AbortMultipartUploadCommand({ Bucket, Key, UploadId });
    await client.run(false, () => client.calls.send(abort)).catch(nothing);
  }
}

function isLeft(name: string, since: Date | undefined): boolean {
  return since !== undefined && Date.now() - since.getTime() > LEFT_AFTER_MS && isTrialName(name);
}
