{{/* Cores of a CPU quantity, rounded up. */}}
{{- define "bucketway.cores" -}}
{{- $quantity := toString . -}}
{{- if hasSuffix "m" $quantity -}}
{{- divf (trimSuffix "m" $quantity | float64) 1000 | ceil | int -}}
{{- else -}}
{{- $quantity | float64 | ceil | int -}}
{{- end -}}
{{- end -}}

{{/* The gateway counts the cores of the container's limit by itself; without one it would count the node's. */}}
{{- define "bucketway.workers" -}}
{{- $resources := .Values.gateway.resources | default dict -}}
{{- if .Values.gateway.workers -}}
{{- .Values.gateway.workers -}}
{{- else if dig "limits" "cpu" "" $resources -}}
auto
{{- else -}}
{{- max 2 (include "bucketway.cores" (dig "requests" "cpu" "1" $resources) | int) -}}
{{- end -}}
{{- end -}}

{{/* bucketway.yaml. */}}
{{- define "bucketway.gateway.configuration" -}}
{{- include "bucketway.checkLabels" . -}}
{{- include "bucketway.checkStorages" . -}}
{{- include "bucketway.checkIdentities" . -}}
{{- include "bucketway.checkBuckets" . -}}
listen: {{ printf "%s:9000" .Values.listenHost | quote }}
admin: {{ printf "%s:9001" .Values.listenHost | quote }}
region: {{ .Values.region | quote }}
signatureVersions:
  {{- toYaml .Values.signatureVersions | nindent 2 }}
{{- with .Values.domains }}
domains:
  {{- toYaml . | nindent 2 }}
{{- end }}
workers: {{ include "bucketway.workers" . }}
accessLog: {{ .Values.gateway.accessLog | quote }}
shutdownGraceSeconds: {{ .Values.gateway.shutdownGraceSeconds }}
usageIntervalSeconds: {{ .Values.gateway.usageIntervalSeconds }}
{{- if .Values.tls.enabled }}
tls:
  certFile: /etc/bucketway/tls/tls.crt
  keyFile: /etc/bucketway/tls/tls.key
{{- end }}
storages:
  {{- range .Values.storages }}
  - {{ include "bucketway.storage.section" . | nindent 4 | trim }}
  {{- end }}
{{- with .Values.identities }}
identities:
  {{- range . }}
  - name: {{ .name | quote }}
    accessKeyIdFile: /etc/bucketway/secrets/identities/{{ .name }}/accessKeyId
    secretAccessKeyFile: /etc/bucketway/secrets/identities/{{ .name }}/secretAccessKey
  {{- end }}
{{- end }}
{{- with .Values.buckets }}
buckets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with .Values.bucketRoot }}
bucketRoot:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if .Values.operator.enabled }}
documents:
  - /etc/bucketway/documents
{{- end }}
{{- end -}}

{{/* What bucketway.yaml holds that takes a restart; the rest of it is followed. */}}
{{- define "bucketway.gateway.restartChecksum" -}}
{{- list .Values.listenHost (include "bucketway.workers" .) .Values.gateway.accessLog .Values.tls.enabled | toJson | sha256sum | trunc 16 -}}
{{- end -}}
