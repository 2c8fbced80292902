import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseWatchLine } from './watch-event.js';

const metadata = { name: 'a', resourceVersion: '7' };

describe('parseWatchLine', () => {
  it.each([
    ['an event', { type: 'ADDED', object: { metadata } }, true],
    ['a bookmark without a name', { type: 'BOOKMARK', object: { metadata: { resourceVersion: '7' } } }, true],
    ['an error', { type: 'ERROR', object: { code: 410 } }, true],
    ['no version', { type: 'ADDED', object: { metadata: { name: 'a' } } }, false],
    ['no name', { type: 'ADDED', object: { metadata: { resourceVersion: '7' } } }, false],
    ['no object', { type: 'DELETED' }, false],
    ['another type', { type: 'CHANGED', object: { metadata } }, false],
    ['null', null, false],
    ['an array', [], false],
  ])('%s', (_, line, valid) => {
    expect(parseWatchLine(JSON.stringify(line))).toEqual(valid ? line : undefined);
  });

  it('never throws', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json()), (line) => {
        parseWatchLine(line);
      }),
    );
  });
});
