/** The entry of the ConfigMap that holds the tombstones. */
export const RETAINED_ENTRY = 'retained.json';

/** What whoever leaves data behind is told where no more tombstones fit. @param configMap `namespace/name` */
export function fullListText(configMap: string): string {
  return (
    `The ConfigMap ${configMap}, which says where deleted S3Buckets left data, is full: an administrator takes entries out of ` +
    "it whose data is nobody's. Nobody else gets this path meanwhile."
  );
}

/**
 * What they are told where it cannot be read. Without the mistake, which may quote the path of another tenant.
 *
 * @param configMap `namespace/name`
 */
export function brokenListText(configMap: string): string {
  return (
    `The entry ${RETAINED_ENTRY} of the ConfigMap ${configMap}, which says where deleted S3Buckets left data, cannot be read: an ` +
    'administrator mends it, or deletes the ConfigMap to free all paths.'
  );
}
