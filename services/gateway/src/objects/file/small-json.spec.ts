import { describe, expect, it } from 'vitest';
import type { FileDriver } from '../../storage/file-driver.js';
import type { StoragePath } from '../../storage/storage-path.js';
import { readSmallJson } from './small-json.js';

/** A driver that gives one answer after the other, and the last one for ever. */
function driverOf(answers: readonly (string | undefined)[]): { driver: FileDriver; reads: () => number } {
  let reads = 0;
  const readSmall = (): Promise<Buffer | undefined> => {
    const answer = answers[Math.min(reads++, answers.length - 1)];
    return Promise.resolve(answer === undefined ? undefined : Buffer.from(answer));
  };
  const capabilities = { atomicReplace: true };
  return { driver: { readSmall, capabilities } as unknown as FileDriver, reads: () => reads };
}

describe('readSmallJson', () => {
  const read = (answers: readonly (string | undefined)[]): Promise<unknown> =>
    readSmallJson(driverOf(answers).driver, 'file' as StoragePath);

  it.each([
    ['a document', ['{"a":1}'], { a: 1 }],
    ['no file', [undefined], undefined],
    ['one that was replaced between the look at its length and its bytes', ['{"a":1', '{"a":12}'], { a: 12 }],
    ['one that was replaced so twice', ['{"a":1', '{"a":1,"b":', '{"a":1,"b":2}'], { a: 1, b: 2 }],
    ['one that has gone since', ['{"a":1', undefined], undefined],
  ])('gives %s', async (_, answers, expected) => {
    expect(await read(answers)).toEqual(expected);
  });

  it('fails where it is damaged, after a second look', async () => {
    const { driver, reads } = driverOf(['{"a":1']);
    await expect(readSmallJson(driver, 'file' as StoragePath)).rejects.toThrow(SyntaxError);
    expect(reads()).toBe(2);
  });

  it('does not take one for damaged that never stays', async () => {
    const answers = Array.from({ length: 100 }, (_, i) => `{"a":${i}`);
    await expect(read(answers)).rejects.toMatchObject({ code: 'busy' });
  });
});
