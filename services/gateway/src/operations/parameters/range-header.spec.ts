import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { selectCopySourceRange, selectRange, unsatisfiableRange } from './range-header.js';

describe('selectRange', () => {
  it.each([
    ['bytes=0-0', 10, { start: 0, end: 1 }],
    ['bytes=4-7', 11, { start: 4, end: 8 }],
    ['bytes=4-', 11, { start: 4, end: 11 }],
    ['bytes=-7', 11, { start: 4, end: 11 }],
    ['bytes=-70', 11, { start: 0, end: 11 }],
    ['bytes=0-99999999999999999999999999', 11, { start: 0, end: 11 }],
    ['Bytes=1-2', 11, { start: 1, end: 3 }],
    ['bytes= 1-2 ', 11, { start: 1, end: 3 }],
    ['bytes=-0', 11, 'unsatisfiable'],
    ['bytes=11-', 11, 'unsatisfiable'],
    ['bytes=40-50', 11, 'unsatisfiable'],
    ['bytes=0-', 0, 'unsatisfiable'],
    ['bytes=-5', 0, 'unsatisfiable'],
    ['bytes=5-1', 11, 'whole'],
    ['bytes=0-1,3-4', 11, 'whole'],
    ['bytes=a-b', 11, 'whole'],
    ['bytes=1', 11, 'whole'],
    ['bytes=-', 11, 'whole'],
    ['bytes=--1', 11, 'whole'],
    ['bytes=+1-2', 11, 'whole'],
    ['bytes=', 11, 'whole'],
    ['items=0-1', 11, 'whole'],
    ['', 11, 'whole'],
  ])('%s of %i bytes', (header, size, selection) => {
    expect(selectRange(header, size)).toEqual(selection);
  });

  it('selects what slicing the bytes selects', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.nat(60), fc.nat(60), (size, first, length) => {
        const bytes = Array.from({ length: size }, (_, i) => i);
        const selection = selectRange(`bytes=${first}-${first + length}`, size);
        const expected = bytes.slice(first, first + length + 1);
        if (expected.length === 0) expect(selection).toBe('unsatisfiable');
        else expect(selection).toEqual({ start: first, end: first + expected.length });
      }),
    );
  });

  it('never leaves the object, whatever the header', () => {
    const header = fc.oneof(fc.string(), fc.stringMatching(/^bytes=[0-9,\- ]{0,12}$/));
    fc.assert(
      fc.property(header, fc.nat(1000), (text, size) => {
        const selection = selectRange(text, size);
        if (typeof selection === 'string') return;
        expect(selection.start).toBeGreaterThanOrEqual(0);
        expect(selection.start).toBeLessThan(selection.end);
        expect(selection.end).toBeLessThanOrEqual(size);
      }),
    );
  });
});

describe('unsatisfiableRange', () => {
  it('tells the size of the object', () => {
    const error = unsatisfiableRange('bytes=40-50', 11);
    expect(error).toMatchObject({
      status: 416,
      headers: { 'Content-Range': 'bytes */11' },
      details: { RangeRequested: 'bytes=40-50', ActualObjectSize: '11' },
    });
  });
});

describe('selectCopySourceRange', () => {
  it('takes a range within the source', () => {
    expect(selectCopySourceRange('bytes=0-4', 5)).toEqual({ start: 0, end: 5 });
  });

  it.each([
    '0-2',
    'bytes=0',
    'bytes=hello-world',
    'bytes=0-bar',
    'bytes=hello-',
    'bytes=0-2,3-5',
    'bytes=-2',
    'bytes=3-2',
  ])('refuses %s', (header) => {
    expect(() => selectCopySourceRange(header, 5)).toThrow(expect.objectContaining({ code: 'InvalidArgument' }));
  });

  it('does not shorten a range that goes beyond the source', () => {
    expect(() => selectCopySourceRange('bytes=0-21', 5)).toThrow(expect.objectContaining({ code: 'InvalidRange' }));
  });
});
