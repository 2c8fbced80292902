/**
 * A kubeconfig that nothing can be asked with. The message says what to change, in words of this program alone: it may
 * be logged, which nothing that a credential plugin or a file said may be.
 */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError';
}
