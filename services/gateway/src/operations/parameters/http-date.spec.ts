import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatHttpDate, parseHttpDate, parseTimestamp } from './http-date.js';

describe('parseHttpDate', () => {
  it.each(['Sun, 06 Nov 1994 08:49:37 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'])(
    '%s is the date of RFC 9110',
    (text) => {
      expect(parseHttpDate(text)?.toISOString()).toBe('1994-11-06T08:49:37.000Z');
    },
  );

  it.each([
    '',
    '1',
    'yesterday',
    '2020-01-01',
    'Sun, 31 Feb 1994 08:49:37 GMT',
    'Sun, 06 Foo 1994 08:49:37 GMT',
    'Sun, 06 Nov 1994 28:49:37 GMT',
  ])('%s is none', (text) => {
    expect(parseHttpDate(text)).toBeUndefined();
  });

  it('reads what it writes', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        (date) => {
          date.setUTCMilliseconds(0);
          expect(parseHttpDate(formatHttpDate(date))).toEqual(date);
        },
      ),
    );
  });
});

describe('parseTimestamp', () => {
  it.each([
    ['2015-01-01T00:00:00Z', '2015-01-01T00:00:00.000Z'],
    ['2015-01-01T00:00:00.123Z', '2015-01-01T00:00:00.123Z'],
    ['2015-01-01T02:00:00+02:00', '2015-01-01T00:00:00.000Z'],
    ['Thu, 01 Jan 2015 00:00:00 GMT', '2015-01-01T00:00:00.000Z'],
  ])('%s', (text, iso) => {
    expect(parseTimestamp(text)?.toISOString()).toBe(iso);
  });

  it.each(['2015-01-01', '2015-13-01T00:00:00Z', '1420070400'])('%s is none', (text) => {
    expect(parseTimestamp(text)).toBeUndefined();
  });
});
