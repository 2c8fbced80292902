import type { MappedBucket, S3Bucket } from '@bucketway/contract';
import { beforeEach, describe, expect, it } from 'vitest';
import { PublisherFixture } from '../../../test/support/publisher-fixture.js';
import type { OperatorConfiguration } from '../../config/operator-configuration.js';
import type { GatewayFleet } from '../../gateways/gateway-fleet.js';
import { BucketMemory } from '../bucket-memory.js';
import type { Claims } from '../claims.js';
import { Withdrawal } from './withdrawal.js';

const OWNER = { namespace: 'team', name: 'photos', uid: 'u-1' };
const MAPPING = { name: 'photos', path: '/team/photos', owner: OWNER, grants: [], anonymous: 'read' } as MappedBucket;
// The clock of the API server is an hour behind, or ahead.
const BUCKET = { metadata: { ...OWNER, deletionTimestamp: '2025-12-31T23:00:00Z' }, spec: {} } as unknown as S3Bucket;

describe('Withdrawal', () => {
  let fixture: PublisherFixture;
  let withdrawal: Withdrawal;
  beforeEach(() => {
    fixture = new PublisherFixture();
    fixture.start();
    fixture.publisher.settle();
    const fleet = {
      announce: () => undefined,
      judge: () => ({ ready: 2, acknowledged: 1, waiting: ['gateway-1'] }),
    } as unknown as GatewayFleet;
    const held = { owner: OWNER, bucketName: 'photos', path: '/team/photos', accessMode: 'ReadWrite' };
    const claims = { ledger: { heldBy: () => held } } as unknown as Claims;
    const configuration = { deletionGraceSeconds: 30 } as OperatorConfiguration;
    withdrawal = new Withdrawal(fixture.publisher, fleet, claims, new BucketMemory(fixture.clock), configuration);
  });

  it('ends what is only being stored, so that it does not outlive its S3Bucket', async () => {
    const stored = fixture.publisher.setMapping(MAPPING).catch(() => undefined);
    await withdrawal.end(OWNER);
    await stored;
    await fixture.publisher.idle();
    expect(fixture.mapped()).toEqual({});
  });

  it('leaves what another S3Bucket of the same name has', async () => {
    await fixture.publisher.setMapping({ ...MAPPING, owner: { ...OWNER, uid: 'u-2' } });
    await withdrawal.end(OWNER);
    expect(Object.keys(fixture.mapped())).toEqual(['photos']);
  });

  it.each(['2025-12-31T23:00:00Z', '2026-01-01T01:00:00Z'])(
    'waits for gateways for the grace, whatever the API server thinks of the time (%s)',
    async (deletionTimestamp) => {
      const bucket = { ...BUCKET, metadata: { ...BUCKET.metadata, deletionTimestamp } };
      await fixture.publisher.setMapping(MAPPING);
      await withdrawal.end(OWNER);
      expect(withdrawal.waiting(bucket)).toMatchObject({ sinceMs: 0, forMs: 30_000 });
      await fixture.clock.advance(20_000);
      await withdrawal.end(OWNER);
      expect(withdrawal.waiting(bucket)).toMatchObject({
        forMs: 10_000,
        verdict: { reason: 'WaitingForGateways', message: expect.stringContaining('gateway-1') as string },
      });
      await fixture.clock.advance(10_000);
      expect(withdrawal.waiting(bucket)).toBeUndefined();
    },
  );
});
