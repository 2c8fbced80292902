/** Who this process is to the cluster. */
export class ProcessIdentity {
  constructor(
    /** Of the pod. */
    readonly name: string,
    /** Of the pod, or anything else that no other process ever has. */
    readonly uid: string,
    /** How to reach the cluster; without one, the pod's service account, else KUBECONFIG. */
    readonly kubeconfig?: string,
  ) {}
}
