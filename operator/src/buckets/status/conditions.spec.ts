import type { Condition } from '@bucketway/contract';
import { describe, expect, it } from 'vitest';
import { judgeConditions, mergeConditions } from './conditions.js';
import type { Findings } from './conditions.js';
import { fails, holds, unknown } from '../verdict.js';

const GOOD: Findings = {
  accepted: holds('Accepted', 'yes'),
  programmed: holds('Programmed', 'yes'),
  backendReachable: holds('PathReachable', 'yes'),
  credentialsReady: holds('CredentialsIssued', 'yes'),
};

describe('judgeConditions', () => {
  it('is ready where all four hold', () => {
    const verdicts = judgeConditions(GOOD, {});
    expect(verdicts.get('Ready')).toMatchObject({ status: 'True', reason: 'Ready' });
    expect(verdicts.get('Reconciling')?.status).toBe('False');
    expect(verdicts.get('Stalled')?.status).toBe('False');
  });

  it.each([
    [{ accepted: fails('NameTaken', 'taken') }, 'NameTaken', 'True'],
    [{ programmed: fails('WaitingForGateways', 'wait') }, 'WaitingForGateways', 'False'],
    [{ backendReachable: fails('BackendTimeout', 'slow') }, 'BackendTimeout', 'False'],
    [{ credentialsReady: fails('SecretConflict', 'conflict') }, 'SecretConflict', 'False'],
    [{ backendReachable: unknown('NotProbed', 'not yet') }, 'NotProbed', 'False'],
  ] as const)('says what fails first: %j', (finding, reason, stalled) => {
    const verdicts = judgeConditions({ ...GOOD, ...finding }, {});
    expect(verdicts.get('Ready')).toMatchObject({ status: 'False', reason });
    expect(verdicts.get('Stalled')?.status).toBe(stalled);
    expect(verdicts.get('Reconciling')?.status).toBe(stalled === 'True' ? 'False' : 'True');
  });
});

describe('mergeConditions', () => {
  const then = new Date('2026-01-01T00:00:00Z');
  const now = new Date('2026-01-02T00:00:00.700Z');
  const before: Condition[] = [
    { type: 'Ready', status: 'True', reason: 'Ready', message: 'yes', lastTransitionTime: then.toISOString() },
    { type: 'RotationInProgress', status: 'True', reason: 'OverlapRunning', message: '', lastTransitionTime: 'then' },
  ];

  it('keeps the time of a status that stays, and sets it where it changes', () => {
    const stays = mergeConditions(before, new Map([['Ready', holds('Ready', 'still')]]), 3, now);
    expect(stays[0]).toMatchObject({ message: 'still', observedGeneration: 3, lastTransitionTime: then.toISOString() });
    const changes = mergeConditions(before, new Map([['Ready', fails('NoGateways', 'none')]]), 3, now);
    expect(changes[0]?.lastTransitionTime).toBe('2026-01-02T00:00:00Z');
  });

  it('leaves what nobody judged as it is', () => {
    expect(mergeConditions(before, new Map(), 3, now)).toEqual(before);
  });
});
