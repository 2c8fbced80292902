/** What `bucketway-operator --help` prints. */
export const HELP = `bucketway-operator: turns S3Buckets into mappings and keys that gateways serve

Usage:
  bucketway-operator --config FILE [--kubeconfig FILE]
  bucketway-operator --config FILE --check

Flags:
  --config FILE      the configuration, operator.yaml
  --kubeconfig FILE  how to reach the cluster; without it, the pod's service account, else KUBECONFIG
  --check            read the configuration, print every mistake, and end
  -h, --help         this text

Environment:
  POD_NAMESPACE        the namespace, where the configuration names none
  POD_NAME, POD_UID    who this process is in the election of a leader
  BUCKETWAY_LOG_LEVEL  fatal, error, warn, info, debug or trace; info without it

The health port (listen, 8080) has /healthz, /readyz and /metrics.
`;
