import { describe, expect, it } from 'vitest';
import { parseGatewayReport, sameReport } from './gateway-report.js';

const WORKER = { state: 'listening', generation: 4 };

function status(overrides: object = {}): object {
  return {
    configuration: {
      generation: 4,
      documents: [
        { kind: 'mappings', shard: '3', revision: 7, hash: 'sha256:x' },
        { kind: 'credentials', shard: '0', revision: 2, refused: 'is not JSON' },
      ],
    },
    workers: [WORKER],
    storages: [{ mount: '/', kind: 'local', state: 'ready' }],
    ...overrides,
  };
}

describe('parseGatewayReport', () => {
  it('tells revisions, refusals and storages', () => {
    const { documents, storages } = parseGatewayReport(status(), undefined);
    expect(documents.get('mappings-3')).toEqual({ kind: 'mappings', shard: 3, revision: 7, hash: 'sha256:x' });
    expect(documents.get('credentials-0')).toMatchObject({ revision: 2, refused: 'is not JSON' });
    expect(storages).toEqual([{ mount: '/', kind: 'local', available: true }]);
  });

  it('tells which buckets of a document are left out, which is news', () => {
    const left = { kind: 'mappings', shard: '3', revision: 7, leftOut: [{ bucket: 'photos', reason: 'is fixed' }] };
    const report = parseGatewayReport(status({ configuration: { generation: 4, documents: [left] } }), undefined);
    expect(report.documents.get('mappings-3')?.leftOut).toEqual(new Map([['photos', 'is fixed']]));
    const other = { ...left, leftOut: [{ bucket: 'videos', reason: 'is fixed' }] };
    const next = parseGatewayReport(status({ configuration: { generation: 4, documents: [other] } }), report);
    expect(sameReport(report, next)).toBe(false);
    expect(sameReport(report, structuredClone(report))).toBe(true);
  });

  it.each([
    ['a process that serves is behind', [WORKER, { state: 'listening', generation: 3 }], undefined],
    ['a process that starts is behind', [WORKER, { state: 'starting', generation: 0 }], 7],
    ['one that is replaced is behind', [WORKER, { state: 'restarting', generation: 2 }], 7],
  ])('counts a revision only once every process has it: %s', (_, workers, revision) => {
    expect(parseGatewayReport(status({ workers }), undefined).documents.get('mappings-3')?.revision).toBe(revision);
  });

  it('keeps the revision that all had while a process is behind', () => {
    const before = parseGatewayReport(status(), undefined);
    const workers = [WORKER, { state: 'listening', generation: 3 }];
    const configuration = { generation: 4, documents: [{ kind: 'mappings', shard: '3', revision: 8 }] };
    const report = parseGatewayReport(status({ workers, configuration }), before);
    expect(report.documents.get('mappings-3')?.revision).toBe(7);
  });

  it('says where the storage is away', () => {
    const storages = [{ mount: '/dav', kind: 'webdav', state: 'unavailable', detail: 'connection refused' }];
    expect(parseGatewayReport(status({ storages }), undefined).storages).toEqual([
      { mount: '/dav', kind: 'webdav', available: false, detail: 'connection refused' },
    ]);
  });

  it.each([[undefined], ['text'], [{}], [{ workers: [], configuration: {} }]])('refuses %j', (body) => {
    expect(() => parseGatewayReport(body, undefined)).toThrow('is this port a gateway');
  });
});

describe('sameReport', () => {
  it('sees a revision, a refusal and a storage change', () => {
    const report = parseGatewayReport(status(), undefined);
    expect(sameReport(report, parseGatewayReport(status(), undefined))).toBe(true);
    const away = [{ mount: '/', kind: 'local', state: 'unavailable' }];
    expect(sameReport(report, parseGatewayReport(status({ storages: away }), undefined))).toBe(false);
    const newer = { generation: 4, documents: [{ kind: 'mappings', shard: '3', revision: 8 }] };
    expect(sameReport(report, parseGatewayReport(status({ configuration: newer }), undefined))).toBe(false);
    expect(sameReport(report, undefined)).toBe(false);
  });
});
