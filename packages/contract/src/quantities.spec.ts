import { describe, expect, it } from 'vitest';
import { formatSize } from './format-size.js';
import { parseDuration } from './parse-duration.js';
import { parseSize } from './parse-size.js';

describe('parseSize', () => {
  it.each([
    ['1', 1],
    ['1k', 1000],
    ['1Ki', 1024],
    ['500Gi', 500 * 1024 ** 3],
    ['2T', 2e12],
    ['7Pi', 7 * 1024 ** 5],
    ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ])('reads %s', (text, bytes) => {
    expect(parseSize(text)).toBe(bytes);
  });

  it.each(['', '0', '-1', '01', '1.5Gi', '1KiB', '1K', '8Pi', '9007199254740992', '1 Gi', '1Gi\n', 5, null, undefined])(
    'refuses %j',
    (text) => {
      expect(parseSize(text)).toBeUndefined();
    },
  );
});

describe('formatSize', () => {
  it.each([
    [0, '0'],
    [1023, '1023'],
    [1024, '1Ki'],
    [1_288_490_189, '1.2Gi'],
    [500 * 1024 ** 3 - 1, '499.9Gi'],
    [500 * 1024 ** 3, '500Gi'],
    [Number.MAX_SAFE_INTEGER, '7.9Pi'],
    [5000 * 1024 ** 5, '5000Pi'],
  ])('writes %i', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });
});

describe('parseDuration', () => {
  it.each([
    ['0s', 0],
    ['90s', 90_000],
    ['720h', 720 * 3_600_000],
    ['1h30m', 5_400_000],
    ['1h1m1s', 3_661_000],
  ])('reads %s', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each(['', '1', '1d', '-1h', '1.5h', '30m1h', '1h ', '1000000h', '1h\n', 60, null, undefined])(
    'refuses %j',
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );
});
