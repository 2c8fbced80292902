import { describe, expect, it } from 'vitest';
import { SYSTEM_CLOCK } from './clock.js';

describe('SYSTEM_CLOCK', () => {
  it('does not fire a timer at once that is months ahead', async () => {
    let fired = false;
    const cancel = SYSTEM_CLOCK.setTimeout(() => (fired = true), 90 * 86_400_000);
    await new Promise<void>((resolve) => void SYSTEM_CLOCK.setTimeout(resolve, 5));
    cancel();
    expect(fired).toBe(false);
  });
});
