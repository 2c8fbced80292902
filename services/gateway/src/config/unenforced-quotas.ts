/** Buckets that a warning names; a shard of documents may have thousands. */
const MOST_NAMES = 5;

/**
 * The warning that goes with buckets that have a quota: this version checks a quota and does not enforce it, and whoever counts on
 * one must hear so. undefined where no bucket has one.
 */
export function unenforcedQuotas(
  buckets: Iterable<{ readonly name: string; readonly quota?: object | undefined }>,
): string | undefined {
  const names: string[] = [];
  for (const { name, quota } of buckets) if (quota !== undefined) names.push(name);
  if (names.length === 0) return undefined;
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '';
  return `quotas are not enforced in this version (buckets: ${names.slice(0, MOST_NAMES).join(', ')}${more})`;
}
