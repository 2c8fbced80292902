/** A time in SigV4's basic ISO 8601 form, checked. */
export interface AmzDate {
  /** `20130524T000000Z`, as it is signed. */
  readonly text: string;
  /** `20130524`, as credential scopes carry it. */
  readonly day: string;
  /** Milliseconds since the epoch. */
  readonly time: number;
}

const FORM = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/;

// Requests of the same second carry the same text.
let latest: AmzDate | undefined;

/** Parses `yyyyMMdd'T'HHmmss'Z'`; undefined for anything else, and for days that no calendar has. */
export function parseAmzDate(text: string): AmzDate | undefined {
  if (latest?.text === text) return latest;
  const date = parse(text);
  if (date) latest = date;
  return date;
}

function parse(text: string): AmzDate | undefined {
  const match = FORM.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second] = match;
  const time = Date.UTC(+year!, +month! - 1, +day!, +hour!, +minute!, +second!);
  // Date.UTC rolls 31 February over into March: what is signed as one day must not count as another.
  return formatAmzDate(time) === text ? { text, day: text.slice(0, 8), time } : undefined;
}

/** The date of a `Date` header, for clients that send no `x-amz-date`. */
export function parseHttpDate(text: string): AmzDate | undefined {
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : parseAmzDate(formatAmzDate(time));
}

function formatAmzDate(time: number): string {
  return `${new Date(time).toISOString().replace(/[-:]/g, '').slice(0, 15)}Z`;
}
