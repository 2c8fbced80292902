import { canonicalJson, seal, verify } from '@bucketway/contract';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseLedger } from '../credentials/ledger.js';
import { keyRing } from '../../test/support/publisher-fixture.js';
import { claimedRevision } from './load-documents.js';
import { canonicalObject, canonicalTextOf, sealText } from './sealed-text.js';

describe('sealText', () => {
  it.each(['buckets', 'keys'] as const)('makes of %s what the contract makes', (member) => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.nat(), (content, revision) => {
        const { text, hash } = sealText(member, canonicalJson(content), revision);
        const document = JSON.parse(text) as { hash: string };
        expect(document).toEqual(JSON.parse(JSON.stringify(seal({ [member]: content }, revision))));
        expect(verify(document)).toBe(true);
        expect(document.hash).toBe(hash);
      }),
    );
  });

  it('sorts members as canonical JSON does', () => {
    const object = { b: 1, a: [1], B: 'é', 'a b': null };
    const members = Object.entries(object).map(([name, value]) => [name, canonicalJson(value)] as const);
    expect(canonicalObject(members)).toBe(canonicalJson(object));
    expect(canonicalTextOf(object)).toBe(canonicalTextOf(object));
  });
});

describe('a ledger', () => {
  const sealed = (keys: unknown): string => JSON.stringify(seal({ keys }, 4));

  it('is read as it was sealed', () => {
    const ledger = parseLedger(sealed({ 'team-a/photos-s3': keyRing('BW1', 'BW2') }));
    expect(ledger).toEqual({ revision: 4, rings: new Map([['team-a/photos-s3', keyRing('BW1', 'BW2')]]) });
  });

  it.each([
    ['', 'nothing'],
    ['null', 'null'],
    ['[]', 'a list'],
    [sealed({}).replace('"revision":4', '"revision":5'), 'a hand edit'],
    [sealed([]), 'no rings'],
    [sealed({ a: { uid: 'x', serial: 1, keys: [{}] } }), 'no key'],
    [sealed({ a: { ...keyRing('BW1'), serial: '1' } }), 'no serial'],
    [sealed({ a: { ...keyRing('BW1'), keys: [{ ...keyRing('BW1').keys[0], state: 'Retiring' }] } }), 'no end'],
    [sealed({ a: { ...keyRing('BW1'), keys: [{ ...keyRing('BW1').keys[0], createdAt: 'then' }] } }), 'no time'],
  ])('is not %s', (text) => expect(parseLedger(text)).toBeUndefined());
});

describe('the revision that a document claims', () => {
  it.each([
    ['{"revision":7,"hash":"wrong"}', 7],
    ['{"revision":-7}', 0],
    ['{"revision":1e300}', 0],
    ['{"revision":9007199254740991}', 0],
    ['{"revision":"7"}', 0],
    ['null', 0],
    ['not JSON', 0],
    [undefined, 0],
  ])('%s', (text, revision) => expect(claimedRevision(text)).toBe(revision));
});
