import { describe, expect, it } from 'vitest';
import { RequestSlots } from './request-slots.js';

describe('RequestSlots', () => {
  it('lets so many in at once, and the rest in the order they came', async () => {
    const slots = new RequestSlots(2, 10_000);
    const order: number[] = [];
    const held = await Promise.all([slots.acquire(), slots.acquire()]);
    const waiting = [1, 2, 3].map(async (n) => {
      const release = await slots.acquire();
      order.push(n);
      release();
    });
    await new Promise(setImmediate);
    expect(order).toEqual([]);
    held[0]?.();
    // A second time it is nobody's.
    held[0]?.();
    await Promise.all(waiting);
    expect(order).toEqual([1, 2, 3]);
    await slots.acquire();
    const late = slots.acquire();
    let admitted = false;
    void late.then(() => (admitted = true));
    await new Promise(setImmediate);
    expect(admitted).toBe(false);
    held[1]?.();
    await late;
  });

  it('keeps nobody waiting for ever', async () => {
    const slots = new RequestSlots(1, 1);
    const release = await slots.acquire();
    await expect(slots.acquire()).rejects.toMatchObject({ code: 'too-many-open' });
    release();
    await slots.acquire();
  });

  it('keeps nobody in line who has given up', async () => {
    const slots = new RequestSlots(1, 10_000);
    const release = await slots.acquire();
    const controller = new AbortController();
    const gone = slots.acquire(controller.signal);
    const next = slots.acquire();
    controller.abort(new Error('gone'));
    await expect(gone).rejects.toThrow('gone');
    await expect(slots.acquire(controller.signal)).rejects.toThrow('gone');
    release();
    (await next)();
    expect(slots.isFull).toBe(false);
  });
});
