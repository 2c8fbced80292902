/** EINVAL, ENOSYS, EPERM, EOPNOTSUPP: what a kernel says to a call that it, a sandbox, or a filesystem does not do. */
const REFUSALS: ReadonlySet<number> = new Set([-22, -38, -1, -95]);

/** Whether a result, the negated number of an error, says that the same call will fail again. */
export function isRefusal(result: number): boolean {
  return REFUSALS.has(result);
}
