import { ALLOW_MASS_DELETION_ANNOTATION, S3_BUCKET_FINALIZER } from '@bucketway/contract';
import type { MappedBucket, S3Bucket, S3BucketSpec } from '@bucketway/contract';
import { beforeEach, describe, expect, it } from 'vitest';
import { PublisherFixture } from '../../../test/support/publisher-fixture.js';
import type { Incumbent } from '../../claims/claim.js';
import { ClaimLedger } from '../../claims/claim-ledger.js';
import type { OperatorConfiguration } from '../../config/operator-configuration.js';
import type { GatewayFleet } from '../../gateways/gateway-fleet.js';
import type { Admission } from '../admission.js';
import { BucketMemory } from '../bucket-memory.js';
import type { Claims } from '../claims.js';
import { ServedBuckets } from '../served-buckets.js';
import type { StatusReporter } from '../status/status-reporter.js';
import type { Verdict } from '../verdict.js';
import { BucketDeletion } from './bucket-deletion.js';
import { BucketEmptier } from './bucket-emptier.js';
import type { BucketFinalizer } from './bucket-finalizer.js';
import { DeletionKeys } from './deletion-keys.js';
import type { Release } from './release.js';
import { Withdrawal } from './withdrawal.js';

const OWNER = { namespace: 'team', name: 'photos', uid: 'u-1' };
const HELD: Incumbent = { owner: OWNER, bucketName: 'photos', path: '/team/photos', accessMode: 'ReadWrite' };
const MAPPING: MappedBucket = { name: 'photos', path: '/team/photos', owner: OWNER, grants: [], anonymous: 'read' };

function deleted(spec: S3BucketSpec, uid = OWNER.uid): S3Bucket {
  const metadata = {
    ...OWNER,
    uid,
    finalizers: [S3_BUCKET_FINALIZER],
    annotations: { [ALLOW_MASS_DELETION_ANNOTATION]: 'true' },
  };
  return { metadata, spec, status: { path: HELD.path, bucketName: HELD.bucketName } } as unknown as S3Bucket;
}

describe('BucketDeletion', () => {
  let fixture: PublisherFixture;
  let ledger: ClaimLedger;
  let deletion: BucketDeletion;
  /** Objects of the bucket, as gateways have them. */
  let objects: number;
  let blocked: Verdict | undefined;
  let isGone: boolean;

  beforeEach(() => {
    fixture = new PublisherFixture();
    fixture.start();
    fixture.publisher.settle();
    objects = 3;
    isGone = false;
    begin([HELD]);
  });

  /** As an operator that starts: nothing is remembered but what is stored. */
  function begin(incumbents: readonly Incumbent[]): void {
    const { publisher, clock } = fixture;
    ledger = new ClaimLedger({ incumbents });
    const claims = { ledger } as unknown as Claims;
    const memory = new BucketMemory(clock);
    const fleet = {
      announce: () => undefined,
      judge: () => ({ ready: 1, acknowledged: 1, waiting: [] }),
      readyPods: () => [{ name: 'gateway-1' }],
      client: {
        empty: () => {
          const { mode } = publisher.mapping('photos')?.bucket.grants[0] ?? {};
          if (mode !== 'read-write') return Promise.reject(new Error(`AccessDenied: ${String(mode)}`));
          objects = 0;
          return Promise.resolve(false);
        },
      },
    } as unknown as GatewayFleet;
    const configuration = { deletionGraceSeconds: 30 } as OperatorConfiguration;
    const withdrawal = new Withdrawal(publisher, fleet, claims, memory, configuration);
    const admission = { decide: () => ({ accepted: true }) } as unknown as Admission;
    const served = new ServedBuckets(admission, withdrawal, claims, publisher);
    const keys = new DeletionKeys(publisher, fleet, claims, memory);
    const release = {
      keys: () => Promise.resolve(),
      claim: (owner: Incumbent['owner'], retain: boolean) => Promise.resolve(ledger.release(owner, { retain })),
    } as unknown as Release;
    const reporter = {
      memory,
      released: (bucket: S3Bucket) => memory.forget(`${bucket.metadata.namespace}/${bucket.metadata.name}`),
      write: (_: S3Bucket, verdicts: ReadonlyMap<string, Verdict>) => {
        blocked = verdicts.get('DeletionBlocked');
        return Promise.resolve('written');
      },
    } as unknown as StatusReporter;
    const finalizer = { remove: () => Promise.resolve((isGone = true)) } as unknown as BucketFinalizer;
    const emptier = new BucketEmptier(fleet, keys, served, claims, memory);
    deletion = new BucketDeletion(withdrawal, release, emptier, finalizer, reporter);
  }

  /** Makes passes until it is gone. */
  async function end(bucket: S3Bucket): Promise<void> {
    for (let pass = 0; pass < 5 && !isGone; pass++) {
      await deletion.reconcile(bucket);
      await fixture.publisher.idle();
    }
    expect(isGone, blocked?.message).toBe(true);
  }

  const tombstones = (): readonly string[] => ledger.tombstones().map(({ path }) => path);

  it('with Delete removes the data', async () => {
    await fixture.publisher.setMapping(MAPPING);
    await end(deleted({ reclaimPolicy: 'Delete' }));
    expect([objects, tombstones(), fixture.mapped()]).toEqual([0, [], {}]);
  });

  it('with Delete removes the data of one whose mapping is lost', async () => {
    await end(deleted({ reclaimPolicy: 'Delete' }));
    expect([objects, tombstones(), fixture.mapped()]).toEqual([0, [], {}]);
    expect(fixture.publisher.keyRings()).toEqual([]);
  });

  it('with Delete waits for lost documents to be written again, and says so', async () => {
    fixture = new PublisherFixture();
    fixture.start();
    begin([HELD]);
    await deletion.reconcile(deleted({ reclaimPolicy: 'Delete' }));
    expect(blocked?.reason).toBe('WaitingForGateways');
    fixture.publisher.settle();
    await fixture.publisher.idle();
    await end(deleted({ reclaimPolicy: 'Delete' }));
    expect([objects, tombstones()]).toEqual([0, []]);
  });

  it('with Retain remembers where data of one is whose mapping is lost', async () => {
    await end(deleted({}));
    expect([objects, tombstones()]).toEqual([3, ['/team/photos']]);
  });

  it('with Delete leaves what a bucket only read, and is not held up by it', async () => {
    begin([{ ...HELD, accessMode: 'ReadOnly' }]);
    await fixture.publisher.setMapping(MAPPING);
    await end(deleted({ accessMode: 'ReadOnly', reclaimPolicy: 'Delete' }));
    expect([objects, tombstones()]).toEqual([3, []]);
  });

  it('with Delete takes nothing of a bucket of before that had its name', async () => {
    await fixture.publisher.setMapping(MAPPING);
    await end(deleted({ reclaimPolicy: 'Delete' }, 'u-2'));
    expect(objects).toBe(3);
    expect(ledger.heldBy(OWNER)).toEqual(HELD);
  });
});
