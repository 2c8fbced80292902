{{/* The rules of the tenancy policy: the chart's own first, since the first that names a namespace decides; then the preset's. */}}
{{- define "bucketway.policy.rules" -}}
{{- $rules := .Values.policy.rules -}}
{{- if eq .Values.policy.preset "per-namespace" -}}
{{- $rules = append $rules (dict
  "namespaces" (dict "names" (list "*"))
  "paths" (list (dict "prefix" "/namespaces/{namespace}" "accessModes" (list "ReadWrite" "ReadOnly")))
  "defaultPath" "/namespaces/{namespace}/{name}"
  "allow" (dict "reclaimDelete" false "existingSecret" true)
) -}}
{{- else if eq .Values.policy.preset "permissive" -}}
{{- $rules = append $rules (dict
  "namespaces" (dict "names" (list "*"))
  "paths" (list (dict "prefix" "/" "accessModes" (list "ReadWrite" "ReadOnly")))
  "defaultPath" "/{namespace}/{name}"
  "allow" (dict "reclaimDelete" true "anonymous" (list "Read" "List" "ReadList") "existingSecret" true)
) -}}
{{- end -}}
{{- toYaml $rules -}}
{{- end -}}

{{/* operator.yaml. */}}
{{- define "bucketway.operator.configuration" -}}
{{- include "bucketway.checkPolicy" . -}}
{{- $operator := .Values.operator -}}
{{- $fullname := include "bucketway.fullname" . -}}
namespace: {{ .Release.Namespace | quote }}
listen: {{ printf "%s:8080" .Values.listenHost | quote }}
endpoint: {{ include "bucketway.endpoint" . | quote }}
region: {{ .Values.region | quote }}
addressingStyle: {{ .Values.addressingStyle | quote }}
{{- if or .Values.endpointCA.secretName .Values.endpointCA.configMapName }}
endpointCaFile: /etc/bucketway-operator/ca/ca.crt
{{- end }}
documents:
  name: {{ $fullname | quote }}
  shards: {{ $operator.shards }}
gateways:
  selector: {{ printf "app.kubernetes.io/name=%s,app.kubernetes.io/instance=%s,app.kubernetes.io/component=gateway" (include "bucketway.name" .) .Release.Name | quote }}
  s3Port: 9000
  adminPort: 9001
  tls: {{ .Values.tls.enabled }}
watchNamespaces: {{ toJson $operator.watchNamespaces }}
{{- with .Values.buckets }}
reservedBuckets:
  {{- range . }}
  - {{ .name | quote }}
  {{- end }}
{{- end }}
leaderElection:
  enabled: {{ $operator.leaderElection.enabled }}
  leaseName: {{ $fullname }}-operator
deletionGraceSeconds: {{ $operator.deletionGraceSeconds }}
massDeletion:
  {{- toYaml $operator.massDeletion | nindent 2 }}
requestsPerSecond: {{ $operator.requestsPerSecond }}
usageIntervalSeconds: {{ $operator.usageIntervalSeconds }}
policy:
  caseInsensitivePaths: {{ .Values.policy.caseInsensitivePaths }}
  rules:
    {{- include "bucketway.policy.rules" . | nindent 4 }}
{{- end -}}
