import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, it } from 'vitest';
import { EndSignals } from './end-signals.js';

describe('EndSignals', () => {
  let source: EventEmitter;
  let now: number;
  let signals: EndSignals;
  let asked: number;

  beforeEach(() => {
    source = new EventEmitter();
    now = 0;
    asked = 0;
    signals = new EndSignals(source, () => now);
  });

  it.each(['SIGTERM', 'SIGINT'])('tells of a %s, which npm may send a second time', async (signal) => {
    source.emit(signal);
    expect(await signals.first).toBe(signal);
    signals.onAnother(() => asked++);
    now = 100;
    source.emit(signal);
    expect(asked).toBe(0);
  });

  it('tells of who asks again, even where a key is held down', async () => {
    source.emit('SIGINT');
    await signals.first;
    signals.onAnother(() => asked++);
    for (; now < 1000 && asked === 0; now += 30) source.emit('SIGINT');
    expect(asked).toBe(1);
  });
});
