/** What a size must be, for messages. */
export const SIZE_RULE = 'a number of bytes of at most 9007199254740991 such as "1048576", "500Gi" or "2T"';

const SIZE = /^([1-9]\d{0,17})(k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$/;

const FACTORS = new Map<string, bigint>([
  ['', 1n],
  ['k', 10n ** 3n],
  ['M', 10n ** 6n],
  ['G', 10n ** 9n],
  ['T', 10n ** 12n],
  ['P', 10n ** 15n],
  ['Ki', 2n ** 10n],
  ['Mi', 2n ** 20n],
  ['Gi', 2n ** 30n],
  ['Ti', 2n ** 40n],
  ['Pi', 2n ** 50n],
]);

/** The bytes that `500Gi` means (Kubernetes quantities, whole numbers only); undefined where text is no such size. */
export function parseSize(text: unknown): number | undefined {
  const match = typeof text === 'string' ? SIZE.exec(text) : null;
  const factor = FACTORS.get(match?.[2] ?? '');
  if (match?.[1] === undefined || factor === undefined) return undefined;
  const bytes = BigInt(match[1]) * factor;
  return bytes <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(bytes) : undefined;
}
