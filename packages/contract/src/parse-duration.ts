/** What a duration must be, for messages. */
export const DURATION_RULE = 'hours, minutes and seconds in this order, such as "720h", "1h30m" or "90s"';

const DURATION = /^(?=.)(?:(\d{1,6})h)?(?:(\d{1,6})m)?(?:(\d{1,6})s)?$/;

/** The milliseconds that `1h30m` means (a subset of Go's durations); undefined where text is no such duration. */
export function parseDuration(text: unknown): number | undefined {
  const match = typeof text === 'string' ? DURATION.exec(text) : null;
  if (match === null) return undefined;
  const [, hours = '0', minutes = '0', seconds = '0'] = match;
  return (Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)) * 1000;
}
