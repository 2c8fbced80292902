import { describe, expect, it } from 'vitest';
import { answering, askedTarget, LOOP_PROBE_PREFIX } from './loop-question.js';

describe('answering', () => {
  it('tells what is asked where that may be a loop probe, and nothing else', async () => {
    const target = `/bucket/${LOOP_PROBE_PREFIX}0123`;
    expect(await answering(target, () => Promise.resolve().then(askedTarget))).toBe(target);
    expect(await answering('/bucket/key', () => Promise.resolve().then(askedTarget))).toBeUndefined();
    expect(askedTarget()).toBeUndefined();
  });
});
