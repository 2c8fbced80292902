import { describe, expect, it } from 'vitest';
import { findLeftOut, judgeAcknowledgement } from './acknowledgement.js';
import type { ReportingPod } from './acknowledgement.js';
import { findOutage } from './find-outage.js';
import type { ReportedDocument, ReportedStorage } from './gateway-report.js';

function pod(
  name: string,
  revision: number | undefined,
  more: { ready?: boolean; refused?: string; hash?: string; leftOut?: string } = {},
): ReportingPod {
  const document: ReportedDocument = {
    kind: 'mappings',
    shard: 1,
    ...(revision !== undefined && { revision }),
    ...(more.refused !== undefined && { refused: more.refused }),
    ...(more.hash !== undefined && { hash: more.hash }),
    ...(more.leftOut !== undefined && { leftOut: new Map([[more.leftOut, 'is fixed']]) }),
  };
  return {
    pod: { name, uid: name, address: '127.0.0.1', ready: more.ready ?? true },
    report: { documents: new Map([['mappings-1', document]]), storages: [] },
  };
}

const WANTED = [{ kind: 'mappings', shard: 1, revision: 5 }] as const;

describe('judgeAcknowledgement', () => {
  it('counts ready pods with the version or a later one', () => {
    const judged = judgeAcknowledgement([pod('a', 5), pod('b', 9), pod('c', 4), pod('d', undefined)], WANTED);
    expect(judged).toEqual({ ready: 4, acknowledged: 2, waiting: ['c', 'd'] });
  });

  it('leaves pods out that clients are not sent to', () => {
    expect(judgeAcknowledgement([pod('a', 5), pod('b', 1, { ready: false })], WANTED)).toEqual({
      ready: 1,
      acknowledged: 1,
      waiting: [],
    });
  });

  it('waits for a pod that has said nothing yet', () => {
    const silent = { ...pod('a', 5), report: undefined };
    expect(judgeAcknowledgement([silent], WANTED).waiting).toEqual(['a']);
  });

  it('takes the same revision of other content for no acknowledgement', () => {
    const pods = [pod('a', 5, { hash: 'new' }), pod('b', 5, { hash: 'old' }), pod('c', 6, { hash: 'later' })];
    expect(judgeAcknowledgement(pods, [{ ...WANTED[0], hash: 'new' }]).waiting).toEqual(['b']);
  });

  it('says who refuses and why, but not of what is in force', () => {
    const refused = 'names the key BW1';
    expect(judgeAcknowledgement([pod('a', 5), pod('b', 4, { refused })], WANTED).rejected).toEqual({
      pod: 'b',
      reason: refused,
    });
    expect(judgeAcknowledgement([pod('a', 5, { refused })], WANTED).rejected).toBeUndefined();
  });
});

describe('findOutage', () => {
  const storage = (mount: string, available: boolean): ReportedStorage => ({ mount, kind: 'local', available });

  it.each([
    ['/team/photos', [storage('/', true), storage('/dav', false)], undefined],
    ['/dav', [storage('/', true), storage('/dav', false)], '/dav'],
    ['/dav/a', [storage('/', true), storage('/dav', false)], '/dav'],
    ['/dav/a', [storage('/', false), storage('/dav', true)], undefined],
    ['/davros', [storage('/', true), storage('/dav', false)], undefined],
    ['/', [storage('/', true), storage('/dav', false)], '/dav'],
    ['/a', [storage('/', true), storage('/a/b', false)], '/a/b'],
  ])('of %s', (path, storages, mount) => {
    const reporting = { ...pod('a', 1), report: { documents: new Map(), storages } };
    expect(findOutage([reporting], path)?.storage.mount).toBe(mount);
  });
});

describe('findLeftOut', () => {
  const found = (...pods: ReportingPod[]): unknown => findLeftOut(pods, WANTED[0], 'photos');

  it('says who has a version but for a bucket', () => {
    expect(found(pod('a', 5), pod('b', 6, { leftOut: 'photos' }))).toEqual({ pod: 'b', reason: 'is fixed' });
  });

  it('does not mind other buckets, older versions, and pods that clients are not sent to', () => {
    const others = [pod('b', 4, { leftOut: 'photos' }), pod('c', 5, { leftOut: 'photos', ready: false })];
    expect(found(pod('a', 5, { leftOut: 'videos' }), ...others)).toBeUndefined();
  });
});
