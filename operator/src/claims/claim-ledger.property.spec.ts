import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ClaimRequest, Incumbent } from './claim.js';
import { ClaimLedger } from './claim-ledger.js';

const segments = fc.array(fc.constantFrom('p', 'q', 'pq'), { maxLength: 3 });

const request: fc.Arbitrary<ClaimRequest> = fc.record({
  owner: fc.record({
    namespace: fc.constantFrom('a', 'b', 'c'),
    name: fc.constantFrom('x', 'y', 'z'),
    uid: fc.constantFrom('1', '2'),
  }),
  bucketName: fc.constantFrom('one', 'two', 'three', 'four'),
  path: segments.map((parts) => `/${parts.join('/')}`),
  accessMode: fc.constantFrom('ReadWrite', 'ReadOnly'),
  overlap: fc.constantFrom('SameNamespace', 'SameNamespace', 'ReadOnly'),
  creationTimestamp: fc.constantFrom('2026-01-01T00:00:00Z', '2026-01-02T00:00:00Z'),
});

type Step =
  | { readonly claim: ClaimRequest }
  | { readonly release: ClaimRequest; readonly retain: boolean }
  | { readonly clear: string };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ claim: request }) },
  { weight: 2, arbitrary: fc.record({ release: request, retain: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ clear: request.map(({ path }) => path) }) },
);

const key = ({ owner }: Incumbent): string => `${owner.namespace}/${owner.name}`;
const overlaps = (a: string, b: string): boolean =>
  a === b || `${b}/`.startsWith(a === '/' ? a : `${a}/`) || b === '/' || a.startsWith(`${b}/`);

describe('the ledger, whatever happens,', () => {
  it('gives a name to one and a path to writers of one namespace', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const ledger = new ClaimLedger();
        for (const next of steps) {
          const before = new Map(ledger.incumbents().map((claim) => [key(claim), claim]));
          if ('clear' in next) ledger.clearTombstone(next.clear);
          else if ('release' in next) ledger.release(next.release.owner, { retain: next.retain });
          else {
            const result = ledger.claim(next.claim);
            const { owner, bucketName, path, accessMode } = next.claim;
            if (result.granted) expect(ledger.heldBy(owner)).toEqual({ owner, bucketName, path, accessMode });
            else expect([...ledger.incumbents()].map(key).sort()).toEqual([...before.keys()].sort());
          }
          check(ledger);
        }
      }),
      { numRuns: 1000 },
    );
  });

  it('comes out of a restart as it went in', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), request, (steps, probe) => {
        const ledger = new ClaimLedger();
        for (const next of steps) {
          if ('claim' in next) ledger.claim(next.claim);
          else if ('release' in next) ledger.release(next.release.owner, { retain: next.retain });
        }
        const restarted = new ClaimLedger({ incumbents: ledger.incumbents(), tombstones: ledger.tombstones() });
        expect(restarted.claim(probe).granted).toBe(ledger.claim(probe).granted);
      }),
      { numRuns: 500 },
    );
  });

  it('lets nobody wait for nothing', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const ledger = new ClaimLedger();
        const latest = new Map<string, ClaimRequest>();
        for (const next of steps) {
          if ('claim' in next) {
            ledger.claim(next.claim);
            latest.set(key(next.claim), next.claim);
          } else if ('release' in next) {
            ledger.release(next.release.owner, { retain: next.retain });
            if (latest.get(key(next.release))?.owner.uid === next.release.owner.uid) latest.delete(key(next.release));
          }
        }
        // Each that is not served would be refused if it asked again: a release overlooked nobody.
        for (const wanted of latest.values()) {
          const held = ledger.heldBy(wanted.owner);
          const served =
            held?.bucketName === wanted.bucketName &&
            held.path === wanted.path &&
            held.accessMode === wanted.accessMode;
          if (!served) expect(ledger.claim(wanted).granted).toBe(false);
        }
      }),
      { numRuns: 1000 },
    );
  });
});

function check(ledger: ClaimLedger): void {
  const claims = ledger.incumbents();
  expect(new Set(claims.map(({ bucketName }) => bucketName)).size).toBe(claims.length);
  const writers = claims.filter(({ accessMode }) => accessMode === 'ReadWrite');
  for (const [index, one] of writers.entries()) {
    for (const other of writers.slice(index + 1)) {
      if (overlaps(one.path, other.path)) expect(one.owner.namespace).toBe(other.owner.namespace);
    }
    for (const grave of ledger.tombstones()) {
      if (overlaps(one.path, grave.path)) expect(one.owner.namespace).toBe(grave.namespace);
    }
  }
}
