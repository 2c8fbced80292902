import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ListingParser } from './listing-parser.js';

function parse(text: string, pieceBytes: number): { entries: unknown[]; around: unknown } {
  const entries: unknown[] = [];
  const parser = new ListingParser((object) => entries.push(object));
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) parser.write(bytes.subarray(at, at + pieceBytes));
  return { entries, around: JSON.parse(parser.end()) as unknown };
}

const entry = fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue({ maxDepth: 3 }));

describe('ListingParser', () => {
  it('gives each entry, and what is around them, wherever the bytes are cut', () => {
    const property = fc.property(
      fc.array(entry, { maxLength: 8 }),
      fc.string({ unit: 'binary' }),
      fc.jsonValue({ maxDepth: 2 }),
      fc.integer({ min: 1, max: 40 }),
      fc.constantFrom(undefined, 1),
      (content, message, other, pieceBytes, space) => {
        const envelope = {
          code: 200,
          message,
          data: { before: [other], content, readme: message, after: { content: [other] } },
        };
        const expected = { ...envelope, data: { ...envelope.data, content: [] } };
        const text = JSON.stringify(envelope, undefined, space);
        const plain = JSON.parse(JSON.stringify({ content, expected })) as { content: unknown; expected: unknown };
        expect(parse(text, pieceBytes)).toEqual({ entries: plain.content, around: plain.expected });
      },
    );
    fc.assert(property);
  });

  it.each([
    '{"code":500,"message":"no [ { \\" \\\\","data":null}',
    '{"code":200,"message":"","data":{"content":null,"total":0}}',
    '{"data":{"content":[]},"code":200}',
  ])('takes what has no entries: %s', (text) => {
    for (const pieceBytes of [1, 7, 1_000]) {
      expect(parse(text, pieceBytes)).toEqual({ entries: [], around: JSON.parse(text) as unknown });
    }
  });

  it('fails for what breaks off, is no JSON, or is too long', () => {
    expect(() => parse('{"code":200,"data":{"content":[{"name":"a"},{"name":', 10)).toThrow(SyntaxError);
    expect(() => parse('{"code":200,"data":{"content":[{name}]}}', 10)).toThrow(/broken JSON/);
    expect(() => parse(`{"code":200,"data":{"content":[{"name":"${'a'.repeat(2_000_000)}`, 65_536)).toThrow(
      /more than/,
    );
  });
});
