/**
 * `metav1.MicroTime`: RFC 3339 with exactly six digits of a second. The API server refuses the three that
 * `Date.toISOString` writes.
 */
export function microTime(time: Date): string {
  return time.toISOString().replace('Z', '000Z');
}
