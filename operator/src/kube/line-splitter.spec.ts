import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LineSplitter } from './line-splitter.js';

function split(bytes: Buffer, cuts: readonly number[]): string[] {
  const splitter = new LineSplitter();
  const ends = [...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
  let start = 0;
  return ends.flatMap((end) => {
    const chunk = bytes.subarray(start, end);
    start = end;
    return [...splitter.push(chunk)];
  });
}

describe('LineSplitter', () => {
  it('finds the same lines wherever the chunks end, also within a character', () => {
    const line = fc
      .string({ unit: fc.constantFrom('a', '"', '\n', '\u2028', 'é', '日', '😀') })
      .map((text) => JSON.stringify({ text }));
    fc.assert(
      fc.property(fc.array(line, { maxLength: 5 }), fc.array(fc.nat(500), { maxLength: 20 }), (lines, cuts) => {
        const bytes = Buffer.from(lines.map((text) => `${text}\n`).join(''));
        expect(split(bytes, cuts)).toEqual(lines.map((text) => Buffer.from(text).toString()));
      }),
    );
  });

  it('keeps a line that has no end yet to itself, and leaves out empty ones', () => {
    expect(split(Buffer.from('a\n\n\nb\nc'), [])).toEqual(['a', 'b']);
  });

  it('refuses a line that never ends', () => {
    const splitter = new LineSplitter();
    const chunk = Buffer.alloc(1024 * 1024, 'x');
    expect(() => {
      for (let i = 0; i < 17; i++) for (const _ of splitter.push(chunk));
    }).toThrow(RangeError);
  });
});
