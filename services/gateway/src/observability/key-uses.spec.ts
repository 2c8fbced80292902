import { OPERATOR_USER_AGENT } from '@bucketway/contract';
import { describe, expect, it } from 'vitest';
import { KeyUses } from './key-uses.js';
import type { RequestRecord } from './request-record.js';

function record(accessKeyId: string | undefined, time: string, userAgent = 'aws-cli'): RequestRecord {
  const principal = accessKeyId === undefined ? undefined : { name: accessKeyId, accessKeyId };
  return { principal, time: new Date(time), userAgent } as RequestRecord;
}

describe('KeyUses', () => {
  it('knows the minute in which a key was used last', () => {
    const uses = new KeyUses();
    uses.finished(record('A', '2026-01-01T10:00:59Z'));
    uses.finished(record('A', '2026-01-01T10:07:31Z'));
    uses.finished(record('B', '2026-01-01T10:00:00Z'));
    expect(uses.times()).toEqual(
      new Map([
        ['A', Date.parse('2026-01-01T10:07:00Z')],
        ['B', Date.parse('2026-01-01T10:00:00Z')],
      ]),
    );
  });

  it('remembers nobody whose signature was not right, and not the operator', () => {
    const uses = new KeyUses();
    uses.finished(record(undefined, '2026-01-01T10:00:00Z'));
    uses.finished(record('A', '2026-01-01T10:00:00Z', OPERATOR_USER_AGENT));
    expect(uses.times().size).toBe(0);
  });

  it('forgets keys that are gone', () => {
    const uses = new KeyUses();
    uses.finished(record('A', '2026-01-01T10:00:00Z'));
    uses.finished(record('B', '2026-01-01T10:00:00Z'));
    uses.keepOnly(new Set(['B']));
    expect([...uses.times().keys()]).toEqual(['B']);
  });
});
