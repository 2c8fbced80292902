{{/* The operator's recording rules and alerts: of the release's namespace only. */}}
{{- define "bucketway.rules.operator" -}}
{{- $of := printf "namespace=%q" .Release.Namespace -}}
{{- $limits := .Values.metrics.prometheusRule.thresholds -}}
- record: namespace:bucketway_operator_propagation_seconds:p99
  expr: histogram_quantile(0.99, sum by (namespace, le) (rate(bucketway_operator_propagation_seconds_bucket{ {{- $of -}} }[30m])))
- alert: BucketwayOperatorLeaderless
  expr: (sum by (namespace) (bucketway_operator_leader{ {{- $of -}} }) or absent(bucketway_operator_leader{ {{- $of -}} }) - 1) == 0
  for: 2m
  labels: {severity: critical}
  annotations:
    summary: No operator of Bucketway leads
    description: For 2 minutes in {{ .Release.Namespace }}. What is served stays served; changes of S3Buckets wait. Look at the pods of {{ include "bucketway.fullname" . }}-operator and at the Lease of that name.
- alert: BucketwayOperatorTwoLeaders
  expr: sum by (namespace) (bucketway_operator_leader{ {{- $of -}} }) > 1
  for: 1m
  labels: {severity: warning}
  annotations:
    summary: Two operators of Bucketway believe that they lead
    description: {{ "'For a minute in {{ $labels.namespace }}. Their writes are fenced by resource versions; one of them should have ended by now.'" }}
- alert: BucketwayPropagationSlow
  expr: namespace:bucketway_operator_propagation_seconds:p99{ {{- $of -}} } > {{ $limits.propagationSeconds }}
  for: 15m
  labels: {severity: warning}
  annotations:
    summary: {{ "'S3Buckets take {{ $value | humanizeDuration }} to be usable'" }}
    description: {{ "'One in a hundred of the last half hour in {{ $labels.namespace }}. A minute and more means that kubelets are not nudged: may the operator patch pods?'" }}
- alert: BucketwayBucketsNotReady
  expr: sum by (namespace, reason) (max by (namespace, ready, reason) (bucketway_operator_buckets{ {{- $of -}} , ready!="True", reason=~"GatewayRejected|NoGateways|PublishFailed|SecretWriteFailed|BackendTimeout|BackendUnavailable|WaitingForGateways"})) > 0
  for: 10m
  labels: {severity: warning}
  annotations:
    summary: {{ "'{{ $value }} S3Buckets are not Ready: {{ $labels.reason }}'" }}
    description: {{ "'For 10 minutes, by no fault of those who made them. kubectl get s3buckets -A shows which; docs/troubleshooting-kubernetes.md has an entry for {{ $labels.reason }}.'" }}
- alert: BucketwayRevisionNotAcknowledged
  expr: max by (namespace, document) (bucketway_operator_published_revision{ {{- $of -}} }) > max by (namespace, document) (bucketway_operator_acknowledged_revision{ {{- $of -}} })
  for: 5m
  labels: {severity: warning}
  annotations:
    summary: {{ "'A gateway does not serve the newest {{ $labels.document }}'" }}
    description: {{ "'It was stored 5 minutes ago or more in {{ $labels.namespace }}. /status of the gateways says who refuses it and why.'" }}
- alert: BucketwayMassDeletionHeld
  expr: max by (namespace) (bucketway_operator_mass_deletion_held{ {{- $of -}} }) == 1
  labels: {severity: critical}
  annotations:
    summary: Many S3Buckets vanished at once, and their removal is held
    description: {{ "'In {{ $labels.namespace }}. Apply them again within operator.massDeletion.holdSeconds if this was a mistake; nothing has stopped being served yet.'" }}
- alert: BucketwayDriftReverted
  expr: sum by (namespace, object) (increase(bucketway_operator_drift_reverted_total{ {{- $of -}} }[15m])) > 3
  labels: {severity: warning}
  annotations:
    summary: {{ "'Somebody keeps changing objects of Bucketway: {{ $labels.object }}'" }}
    description: {{ "'{{ $value | humanize }} changes were undone in 15 minutes in {{ $labels.namespace }}. The events of the objects name the field manager.'" }}
- alert: BucketwayRestoreDetected
  # A new operator detects it before anybody reads its first sample: increase() would see nothing.
  expr: max by (namespace) (bucketway_operator_restores_detected_total{ {{- $of -}} }) > 0 unless max by (namespace) (bucketway_operator_restores_detected_total{ {{- $of -}} } offset 1h) > 0
  labels: {severity: warning}
  annotations:
    summary: The data of the API server is older than what gateways served
    description: {{ "'It came back from a backup, in {{ $labels.namespace }}. The events RestoreDetected say whether keys that were revoked since are known; where they are not, revoke them again.'" }}
- alert: BucketwayOperatorBehind
  expr: sum by (namespace, queue) (bucketway_operator_workqueue_depth{ {{- $of -}} }) > 100
  for: 15m
  labels: {severity: warning}
  annotations:
    summary: {{ "'{{ $value }} keys wait in the operator''s queue {{ $labels.queue }}'" }}
    description: {{ "'For 15 minutes in {{ $labels.namespace }}. Compare the rate of requests to the API server with operator.requestsPerSecond.'" }}
- alert: BucketwayOperatorApiErrors
  expr: sum by (namespace, resource, code) (rate(bucketway_operator_kube_requests_total{ {{- $of -}} , code=~"403|5.."}[5m])) > 0.1
  for: 10m
  labels: {severity: warning}
  annotations:
    summary: {{ "'The API server answers the operator with {{ $labels.code }} for {{ $labels.resource }}'" }}
    description: {{ "'For 10 minutes in {{ $labels.namespace }}. 403: a permission is missing; see rbac in the chart''s values.'" }}
- alert: BucketwayEventsMissed
  expr: increase(bucketway_operator_missed_events_total{ {{- $of -}} }[1h]) > 0
  labels: {severity: info}
  annotations:
    summary: {{ "'A watch of {{ $labels.resource }} missed something that a later list found'" }}
    description: {{ "'Nothing is lost: the list brought it. If it goes on, something between {{ $labels.pod }} and the API server swallows events.'" }}
{{- end -}}
