{{/* The gateway's recording rules and alerts: of the release's namespace only. */}}
{{- define "bucketway.rules.gateway" -}}
{{- $of := printf "namespace=%q" .Release.Namespace -}}
{{- $limits := .Values.metrics.prometheusRule.thresholds -}}
- record: namespace:bucketway_requests:rate5m
  expr: sum by (namespace) (rate(bucketway_requests_total{ {{- $of -}} }[5m]))
- record: namespace:bucketway_requests_failed:rate5m
  expr: sum by (namespace) (rate(bucketway_requests_total{ {{- $of -}} , status=~"5.."}[5m]))
- record: namespace_operation:bucketway_request_time_to_first_byte_seconds:p99
  expr: histogram_quantile(0.99, sum by (namespace, operation, le) (rate(bucketway_request_time_to_first_byte_seconds_bucket{ {{- $of -}} }[5m])))
- alert: BucketwayGatewayGone
  expr: absent(bucketway_build_info{ {{- $of -}} })
  for: 5m
  labels: {severity: critical}
  annotations:
    summary: No gateway of Bucketway answers
    description: Prometheus has read no gateway's metrics in {{ .Release.Namespace }} for 5 minutes. Look at the pods of {{ include "bucketway.fullname" . }}-gateway, and at who may read port 9001.
- alert: BucketwayRequestsFail
  expr: namespace:bucketway_requests_failed:rate5m{ {{- $of -}} } / (namespace:bucketway_requests:rate5m{ {{- $of -}} } > 0) > {{ $limits.errorRatio }}
  for: 5m
  labels: {severity: critical}
  annotations:
    summary: {{ "'{{ $value | humanizePercentage }} of the requests to Bucketway fail'" }}
    description: {{ "'Answers of 500 and above in {{ $labels.namespace }}, for 5 minutes. The gateway''s log has each with its cause and request id; a storage that is away is in /status.'" }}
- alert: BucketwayRequestsSlow
  expr: namespace_operation:bucketway_request_time_to_first_byte_seconds:p99{ {{- $of -}} , operation=~"GetObject|HeadObject|ListObjects|ListObjectsV2"} > {{ $limits.firstByteSeconds }}
  for: 15m
  labels: {severity: warning}
  annotations:
    summary: {{ "'{{ $labels.operation }} is slow: {{ $value | humanizeDuration }} to the first byte'" }}
    description: {{ "'For one request in a hundred in {{ $labels.namespace }}, for 15 minutes. Compare with the latency of the storages.'" }}
- alert: BucketwayStorageSlow
  expr: histogram_quantile(0.99, sum by (namespace, storage, call, le) (rate(bucketway_storage_call_duration_seconds_bucket{ {{- $of -}} }[5m]))) > {{ $limits.storageCallSeconds }}
  for: 15m
  labels: {severity: warning}
  annotations:
    summary: {{ "'A storage of the kind {{ $labels.storage }} is slow: {{ $labels.call }} takes {{ $value | humanizeDuration }}'" }}
    description: {{ "'For one call in a hundred in {{ $labels.namespace }}, for 15 minutes.'" }}
- alert: BucketwayConfigurationRefused
  expr: bucketway_config_last_reload_successful{ {{- $of -}} } == 0
  for: 2m
  labels: {severity: warning}
  annotations:
    summary: {{ "'{{ $labels.pod }} refuses a part of its configuration'" }}
    description: {{ "'What was in force before stays in force. The reasons are in the log and at lastReload in /status of the pod.'" }}
- alert: BucketwayGatewaysDiffer
  expr: max by (namespace, document) (bucketway_config_revision{ {{- $of -}} }) != min by (namespace, document) (bucketway_config_revision{ {{- $of -}} })
  for: 5m
  labels: {severity: warning}
  annotations:
    summary: {{ "'The gateways serve different revisions of {{ $labels.document }}'" }}
    description: {{ "'For 5 minutes in {{ $labels.namespace }}. Whether a client finds its bucket depends on the pod that it meets. See /status of each pod.'" }}
- alert: BucketwayWorkersRestart
  expr: increase(bucketway_worker_restarts_total{ {{- $of -}} }[15m]) > 2
  labels: {severity: warning}
  annotations:
    summary: {{ "'Workers of {{ $labels.pod }} die'" }}
    description: {{ "'{{ $value | humanize }} in 15 minutes. The log has the reason; memory that runs out is the usual one.'" }}
- alert: BucketwaySignaturesRefused
  expr: sum by (namespace, code) (rate(bucketway_auth_failures_total{ {{- $of -}} }[5m])) > {{ $limits.authFailuresPerSecond }}
  for: 10m
  labels: {severity: warning}
  annotations:
    summary: {{ "'{{ $value | humanize }} requests a second are refused with {{ $labels.code }}'" }}
    description: {{ "'In {{ $labels.namespace }}, for 10 minutes: a client with an old key, a clock that is off, or somebody who tries. The access log names the addresses.'" }}
- alert: BucketwayAccessLogDropped
  expr: increase(bucketway_access_log_dropped_lines_total{ {{- $of -}} }[15m]) > 0
  labels: {severity: info}
  annotations:
    summary: {{ "'{{ $labels.pod }} gave up lines of its access log'" }}
    description: {{ "'Who reads the log is too slow: {{ $value | humanize }} lines in 15 minutes.'" }}
{{- end -}}
