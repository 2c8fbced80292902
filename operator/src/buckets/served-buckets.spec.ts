import type { MappedBucket, S3Bucket } from '@bucketway/contract';
import { describe, expect, it } from 'vitest';
import type { ClusterCache } from '../cluster/cluster-cache.js';
import type { DocumentPublisher } from '../documents/document-publisher.js';
import { OperatorMetrics } from '../observability/operator-metrics.js';
import { parsePolicy } from '../policy/parse-policy.js';
import { Admission } from './admission.js';
import type { Claims } from './claims.js';
import type { Withdrawal } from './deletion/withdrawal.js';
import { ServedBuckets } from './served-buckets.js';

const RULE = { namespaces: { names: ['*'] }, paths: [{ prefix: '/' }], defaultPath: '/{namespace}/{name}' };
const TENANCY = { policy: parsePolicy({ rules: [RULE] }) };
const BUCKET = {
  metadata: { namespace: 'team', name: 'photos', uid: 'uid' },
  spec: { path: '/elsewhere', quota: { maxSize: '1Gi' } },
} as unknown as S3Bucket;
const MAPPING: MappedBucket = {
  name: 'photos',
  path: '/team/photos',
  owner: { namespace: 'team', name: 'photos', uid: 'uid' },
  grants: [{ accessKeyId: 'KEY', mode: 'read-write' }],
};

describe('what is served for an S3Bucket whose spec does not come into force', () => {
  const judge = (reservedBuckets: readonly string[]): ReturnType<ServedBuckets['judge']> => {
    const ledger = { standingOf: () => ({ incumbent: true, othersInNamespace: 0 }), heldBy: () => undefined };
    const claims = { ledger } as unknown as Claims;
    const cache = { namespaces: new Map() } as unknown as ClusterCache;
    const publisher = { mapping: () => ({ bucket: MAPPING }), keys: () => undefined } as unknown as DocumentPublisher;
    const admission = new Admission(cache, TENANCY, claims, new OperatorMetrics(), { reservedBuckets });
    const withdrawal = { servedName: () => 'photos' } as unknown as Withdrawal;
    return new ServedBuckets(admission, withdrawal, claims, publisher).judge(BUCKET);
  };

  it('is what the mapping says, and not the spec', () => {
    expect(judge([])).toMatchObject({ accepted: true, bucketName: 'photos', path: '/team/photos', quota: {} });
  });

  it('ends where the gateways have the name of their own by now', () => {
    expect(judge(['photos'])).toMatchObject({ accepted: false, reason: 'NameReserved' });
  });
});
