import { LRUCache } from 'lru-cache';

const MONTHS = 'JanFebMarAprMayJunJulAugSepOctNovDec';
// IMF-fixdate, the obsolete RFC 850 form and asctime (RFC 9110, section 5.6.7), told apart by their layout.
const IMF_FIXDATE =
  /^[A-Z][a-z]{2}, (\d{1,2})[ -]([A-Z][a-z]{2})[ -](\d{4}) (\d{2}):(\d{2}):(\d{2}) (?:GMT|UTC|[+-]0000)$/;
const RFC_850 = /^[A-Z][a-z]{5,8}, (\d{2})-([A-Z][a-z]{2})-(\d{2}) (\d{2}):(\d{2}):(\d{2}) GMT$/;
const ASCTIME = /^[A-Z][a-z]{2} ([A-Z][a-z]{2}) ([ \d]\d) (\d{2}):(\d{2}):(\d{2}) (\d{4})$/;
const ISO_8601 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/;

const formatted = new LRUCache<number, string>({ max: 4096 });

/** A date as `Last-Modified` carries it: IMF-fixdate, whole seconds. */
export function formatHttpDate(date: Date): string {
  const seconds = Math.floor(date.getTime() / 1000);
  let text = formatted.get(seconds);
  if (text === undefined) formatted.set(seconds, (text = date.toUTCString()));
  return text;
}

/** Parses an HTTP date in any of the three forms of RFC 9110, or returns undefined: who gets one that cannot be read ignores the header. */
export function parseHttpDate(text: string): Date | undefined {
  let match = IMF_FIXDATE.exec(text);
  if (match !== null) return fromParts(match[3], match[2], match[1], match.slice(4, 7));
  match = RFC_850.exec(text);
  if (match !== null) return fromParts(fullYear(Number(match[3])), match[2], match[1], match.slice(4, 7));
  match = ASCTIME.exec(text);
  if (match !== null) return fromParts(match[6], match[1], match[2], match.slice(3, 6));
  return undefined;
}

/** Parses what the SDKs send for a timestamp: an HTTP date, or ISO 8601 with a zone. */
export function parseTimestamp(text: string): Date | undefined {
  if (!ISO_8601.test(text)) return parseHttpDate(text);
  const date = new Date(text);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function fromParts(
  year: string | number | undefined,
  month: string | undefined,
  day: string | undefined,
  time: readonly string[],
): Date | undefined {
  const at = MONTHS.indexOf(month ?? '-');
  if (at < 0 || at % 3 !== 0) return undefined;
  const [hours, minutes, seconds] = time.map(Number) as [number, number, number];
  const date = new Date(Date.UTC(Number(year), at / 3, Number(day), hours, minutes, seconds));
  // Date.UTC lets 31 February become March.
  return date.getUTCDate() === Number(day) && hours < 24 && minutes < 60 && seconds <= 60 ? date : undefined;
}

/** RFC 9110: a two-digit year that seems more than 50 years ahead is in the past. */
function fullYear(twoDigits: number): number {
  const century = Math.floor(new Date().getUTCFullYear() / 100) * 100;
  const year = century + twoDigits;
  return year > new Date().getUTCFullYear() + 50 ? year - 100 : year;
}
