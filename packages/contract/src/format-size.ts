const SUFFIXES = ['', 'Ki', 'Mi', 'Gi', 'Ti', 'Pi'] as const;

/** The step from one suffix to the next. */
const STEP = 1024;

/**
 * Bytes for people, as a Kubernetes quantity: `512`, `1.2Gi`, `500Gi`. One digit behind the point at most, rounded down, so that
 * what is nearly full does not look full.
 */
export function formatSize(bytes: number): string {
  let value = bytes;
  let suffix = 0;
  while (value >= STEP && suffix < SUFFIXES.length - 1) {
    value /= STEP;
    suffix++;
  }
  return `${Math.floor(value * 10) / 10}${SUFFIXES[suffix]}`;
}
