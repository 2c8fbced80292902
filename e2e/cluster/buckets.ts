// S3Buckets and their Secrets.
import { eventually } from './harness.ts';
import { apply, entriesOf, get, kubectl, patch } from './kube.ts';
import type { S3Bucket, Secret } from './kube.ts';
import { APPS } from './settings.ts';

/** Applies an S3Bucket, and waits until it is Ready. */
export async function readyBucket(name: string, spec: object = {}): Promise<S3Bucket> {
  await apply({ apiVersion: 'bucketway.dev/v1alpha1', kind: 'S3Bucket', metadata: { name, namespace: APPS }, spec });
  return await waitForReady(name);
}

export async function changeBucket(name: string, spec: object): Promise<void> {
  await patch('s3bucket', APPS, name, { spec });
}

/** Waits as a user does. */
export async function waitForReady(name: string): Promise<S3Bucket> {
  await kubectl('wait', `s3bucket/${name}`, '--namespace', APPS, '--for=condition=Ready', '--timeout=180s');
  return await get<S3Bucket>('s3bucket', APPS, name);
}

/** Waits for what `question` is about. */
export async function bucketWhere(
  name: string,
  what: string,
  question: (bucket: S3Bucket) => boolean,
): Promise<S3Bucket> {
  return await eventually(`S3Bucket ${name}: ${what}`, async () => {
    const bucket = await get<S3Bucket>('s3bucket', APPS, name);
    return question(bucket) ? bucket : undefined;
  });
}

/** What an application reads: the entries of the bucket's Secret. */
export async function secretOf(name: string): Promise<Readonly<Record<string, string>>> {
  return entriesOf(await get<Secret>('secret', APPS, `${name}-s3`));
}
