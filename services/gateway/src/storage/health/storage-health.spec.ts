import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { StorageError } from '../storage-error.js';
import type { StorageState } from '../storage-state.js';
import { nextProbeDelay, PROBE_INTERVAL_MS } from './probe-schedule.js';
import { StorageHealth } from './storage-health.js';

/** A storage whose looks a test decides. */
class Subject {
  up = true;
  hangs = false;
  looks = 0;
  refused = 0;
  readonly changes: string[] = [];
  readonly health: StorageHealth;

  constructor(failFast = true) {
    this.health = new StorageHealth({
      mount: '/dav',
      kind: 'webdav',
      failFast,
      probe: () => this.look(),
      changed: (state: StorageState) => this.changes.push(state.state),
      refused: () => this.refused++,
    });
  }

  get admitted(): boolean {
    try {
      this.health.admit();
      return true;
    } catch {
      return false;
    }
  }

  private async look(): Promise<void> {
    this.looks++;
    if (this.hangs) await new Promise(() => {});
    if (!this.up) throw new StorageError('unavailable', 'It does not answer.');
  }
}

describe('StorageHealth', () => {
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance', 'Date'] });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  async function started(up: boolean, failFast?: boolean): Promise<Subject> {
    const subject = new Subject(failFast);
    subject.up = up;
    subject.health.start();
    await vi.advanceTimersByTimeAsync(0);
    return subject;
  }

  it('is unknown until it was looked at', async () => {
    const subject = new Subject();
    expect(subject.health.state).toMatchObject({ mount: '/dav', kind: 'webdav', state: 'unknown' });
    subject.health.start();
    await vi.advanceTimersByTimeAsync(0);
    expect(subject.health.state.state).toBe('ready');
    expect(subject.health.state).not.toHaveProperty('detail');
  });

  it('says why it is unavailable and since when, and that it came back', async () => {
    const subject = await started(false);
    const { since } = subject.health.state;
    expect(subject.health.state).toMatchObject({ state: 'unavailable', detail: 'It does not answer.' });
    await vi.advanceTimersByTimeAsync(5_000);
    expect(subject.health.state.since).toBe(since);
    subject.up = true;
    await vi.advanceTimersByTimeAsync(PROBE_INTERVAL_MS);
    expect(subject.health.state).toMatchObject({ state: 'ready' });
    expect(subject.changes).toEqual(['unavailable', 'ready']);
  });

  it('refuses at once only when a look and a request have failed', async () => {
    const down = await started(false);
    expect(down.admitted).toBe(true);
    down.health.requestUnavailable();
    expect(down.admitted).toBe(false);
    const up = await started(true);
    up.health.requestUnavailable();
    expect(up.admitted).toBe(true);
  });

  it('says when to try again', async () => {
    const subject = await started(false);
    subject.health.requestUnavailable();
    let refusal: unknown;
    try {
      subject.health.admit();
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toMatchObject({ code: 'unavailable', message: 'It does not answer.', retryAfterSeconds: 1 });
  });

  it('admits again within a second once the storage answers, while somebody asks', async () => {
    const subject = await started(false);
    subject.health.requestUnavailable();
    // Far into the outage, when looks have become rare.
    await vi.advanceTimersByTimeAsync(5 * PROBE_INTERVAL_MS);
    subject.health.admit();
    subject.health.requestUnavailable();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(subject.admitted).toBe(false);
    subject.up = true;
    await vi.advanceTimersByTimeAsync(1_000);
    expect(subject.admitted).toBe(true);
    expect(subject.health.state.state).toBe('ready');
  });

  it('looks soon after a request failed, and not once a request', async () => {
    const subject = await started(true);
    subject.up = false;
    for (let request = 0; request < 100; request++) subject.health.requestUnavailable();
    await vi.advanceTimersByTimeAsync(1_000);
    expect(subject.looks).toBe(2);
    expect(subject.health.state.state).toBe('unavailable');
  });

  it('lets one request in an interval through, so that looks that fail for another reason refuse nobody for long', async () => {
    const subject = await started(false);
    subject.health.requestUnavailable();
    expect(subject.admitted).toBe(false);
    await vi.advanceTimersByTimeAsync(PROBE_INTERVAL_MS);
    expect([subject.admitted, subject.admitted]).toEqual([true, false]);
    subject.health.requestAnswered();
    expect(subject.admitted).toBe(true);
  });

  it('never refuses what fails at once by itself', async () => {
    const subject = await started(false, false);
    subject.health.requestUnavailable();
    expect(subject.admitted).toBe(true);
  });

  it('takes a look that hangs for an outage, and starts no other beside it', async () => {
    const subject = new Subject();
    subject.hangs = true;
    subject.health.start();
    await vi.advanceTimersByTimeAsync(PROBE_INTERVAL_MS * 3);
    expect(subject.health.state).toMatchObject({ state: 'unavailable', detail: expect.stringContaining('10 seconds') });
    expect(subject.looks).toBe(1);
  });

  it('looks no more and refuses nobody once it is closed', async () => {
    const subject = await started(false);
    subject.health.requestUnavailable();
    subject.health.close();
    expect(subject.admitted).toBe(true);
    await vi.advanceTimersByTimeAsync(PROBE_INTERVAL_MS * 3);
    expect(subject.looks).toBe(1);
  });

  it('looks again for who asks, unless that was done just before', async () => {
    const subject = await started(true);
    await subject.health.refresh(5_000);
    expect(subject.looks).toBe(1);
    await subject.health.refresh(0);
    expect(subject.looks).toBe(2);
  });
});

describe('nextProbeDelay', () => {
  it.each([
    [0, 27_000, 30_000],
    [1, 500, 1_000],
    [2, 1_000, 2_000],
    [4, 4_000, 8_000],
    [7, 15_000, 30_000],
    [10_000, 15_000, 30_000],
  ])('after %i failures is from %i to %i ms', (failures, least, most) => {
    expect([nextProbeDelay(failures, 0), nextProbeDelay(failures, 1)]).toEqual([least, most]);
  });
});
