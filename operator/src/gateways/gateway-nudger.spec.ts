import { describe, expect, it } from 'vitest';
import { ManualClock } from '../../test/support/manual-clock.js';
import type { GatewayPod } from './gateway-pod.js';
import { GatewayNudger, NUDGE_ANNOTATION } from './gateway-nudger.js';

function gateway(name: string): GatewayPod {
  return { name, uid: name, address: '127.0.0.1', ready: true };
}

interface Nudge {
  readonly at: number;
  readonly pod: string;
  readonly value: string;
}

/** A nudger of pods that lag for as long as the test says. */
function setUp(...names: string[]) {
  const clock = new ManualClock();
  const nudges: Nudge[] = [];
  const errors: string[] = [];
  const state = { lagging: names.map(gateway), fails: false };
  const patch = (_resource: unknown, { name }: { name: string }, change: unknown): Promise<never> => {
    if (state.fails) return Promise.reject(new Error('the API server is away'));
    const { metadata } = change as { metadata: { annotations: Record<string, string> } };
    nudges.push({ at: clock.now(), pod: name, value: metadata.annotations[NUDGE_ANNOTATION] ?? '' });
    return Promise.resolve(undefined as never);
  };
  const nudger = new GatewayNudger({ patch }, 'bucketway', { lagging: () => state.lagging }, clock, (pod) =>
    errors.push(pod),
  );
  return { clock, nudges, errors, state, nudger };
}

describe('GatewayNudger', () => {
  it('nudges those that lag at once, each time with another value, until none does', async () => {
    const { clock, nudges, state, nudger } = setUp('a', 'b');
    nudger.nudge();
    await clock.advance(0);
    expect(nudges.map(({ at, pod }) => [at, pod])).toEqual([
      [0, 'a'],
      [0, 'b'],
    ]);
    state.lagging = [gateway('b')];
    await clock.advance(1000);
    expect(nudges.slice(2).map(({ pod }) => pod)).toEqual(['b']);
    expect(nudges[2]?.value).not.toBe(nudges[1]?.value);
    state.lagging = [];
    await clock.advance(600_000);
    expect(nudges).toHaveLength(3);
    expect(clock.pending).toBe(0);
  });

  it('gathers what is asked for while it nudges, and nudges once more then', async () => {
    const { clock, nudges, state, nudger } = setUp('a');
    for (let version = 0; version < 20; version++) nudger.nudge();
    await clock.advance(0);
    await clock.advance(500);
    expect(nudges).toHaveLength(2);
    state.lagging = [];
    nudger.stop();
  });

  it('nudges within seconds of a kubelet whose watches came back after a minute', async () => {
    const { clock, nudges, nudger } = setUp('a');
    nudger.nudge();
    for (let back = 20_000; back <= 90_000; back += 5000) {
      await clock.advance(back - clock.now());
      const before = nudges.length;
      await clock.advance(5000);
      expect(nudges.length, `after ${back} ms`).toBeGreaterThan(before);
    }
    nudger.stop();
  });

  it('nudges seldom those that stay behind for longer, and often again at the next version', async () => {
    const { clock, nudges, nudger } = setUp('a');
    nudger.nudge();
    await clock.advance(200_000);
    let before = nudges.length;
    await clock.advance(300_000);
    expect(nudges.length - before).toBeLessThanOrEqual(10);

    before = nudges.length;
    nudger.nudge();
    await clock.advance(60_000);
    expect(nudges.length - before).toBeGreaterThan(12);
    nudger.stop();
  });

  it('goes on where the API server takes no nudge', async () => {
    const { clock, nudges, errors, state, nudger } = setUp('a');
    state.fails = true;
    nudger.nudge();
    await clock.advance(30_000);
    expect(nudges).toEqual([]);
    expect(errors.length).toBeGreaterThan(5);
    state.fails = false;
    await clock.advance(5000);
    expect(nudges.length).toBeGreaterThan(0);
    nudger.stop();
  });
});
