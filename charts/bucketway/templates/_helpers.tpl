{{/* Names and labels. */}}

{{- define "bucketway.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* 40 characters leave room for what is appended: -credentials-255, -gateway with a pod's suffix. */}}
{{- define "bucketway.fullname" -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 40 | trimSuffix "-" -}}
{{- else if contains (include "bucketway.name" .) .Release.Name -}}
{{- .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name (include "bucketway.name" .) | trunc 40 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "bucketway.selectorLabels" -}}
app.kubernetes.io/name: {{ include "bucketway.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{- define "bucketway.labels" -}}
{{ include "bucketway.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: bucketway
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "bucketway.gateway.selectorLabels" -}}
{{ include "bucketway.selectorLabels" . }}
app.kubernetes.io/component: gateway
{{- end -}}

{{- define "bucketway.operator.selectorLabels" -}}
{{ include "bucketway.selectorLabels" . }}
app.kubernetes.io/component: operator
{{- end -}}

{{- define "bucketway.gateway.labels" -}}
{{ include "bucketway.labels" . }}
app.kubernetes.io/component: gateway
{{- end -}}

{{- define "bucketway.operator.labels" -}}
{{ include "bucketway.labels" . }}
app.kubernetes.io/component: operator
{{- end -}}

{{- define "bucketway.gateway.serviceAccountName" -}}
{{- if .Values.gateway.serviceAccount.create -}}
{{- default (printf "%s-gateway" (include "bucketway.fullname" .)) .Values.gateway.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.gateway.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "bucketway.operator.serviceAccountName" -}}
{{- if .Values.operator.serviceAccount.create -}}
{{- default (printf "%s-operator" (include "bucketway.fullname" .)) .Values.operator.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.operator.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{/* Of pods: nothing that changes with the chart's version, so that a new chart alone restarts nothing. */}}
{{- define "bucketway.gateway.podLabels" -}}
{{ include "bucketway.gateway.selectorLabels" . }}
app.kubernetes.io/part-of: bucketway
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "bucketway.operator.podLabels" -}}
{{ include "bucketway.operator.selectorLabels" . }}
app.kubernetes.io/part-of: bucketway
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{/* {image: .Values.X.image, root: $}: a digest says what a tag only names. */}}
{{- define "bucketway.image" -}}
{{- $tag := .image.tag | default .root.Chart.AppVersion -}}
{{- if .image.digest -}}
{{- printf "%s@%s" .image.repository .image.digest -}}
{{- else -}}
{{- printf "%s:%s" .image.repository $tag -}}
{{- end -}}
{{- end -}}

{{- define "bucketway.tlsSecretName" -}}
{{- if .Values.tls.secretName -}}
{{- .Values.tls.secretName -}}
{{- else if .Values.tls.certManager.enabled -}}
{{- printf "%s-tls" (include "bucketway.fullname" .) -}}
{{- else -}}
{{- fail "tls.enabled needs tls.secretName, or tls.certManager.enabled with an issuerRef" -}}
{{- end -}}
{{- end -}}

{{- define "bucketway.scheme" -}}
{{- ternary "https" "http" .Values.tls.enabled -}}
{{- end -}}

{{/* Where clients in the cluster reach S3. */}}
{{- define "bucketway.endpoint" -}}
{{- if .Values.endpoint -}}
{{- .Values.endpoint -}}
{{- else -}}
{{- printf "%s://%s.%s.svc:%d" (include "bucketway.scheme" .) (include "bucketway.fullname" .) .Release.Namespace (int .Values.gateway.service.port) -}}
{{- end -}}
{{- end -}}

{{/* {component: values, selector: labels}: over nodes and zones, as evenly as there is room. */}}
{{- define "bucketway.topologySpread" -}}
{{- range $key := list "kubernetes.io/hostname" "topology.kubernetes.io/zone" }}
- maxSkew: 1
  topologyKey: {{ $key }}
  whenUnsatisfiable: ScheduleAnyway
  labelSelector:
    matchLabels:
      {{- $.selector | nindent 6 }}
  matchLabelKeys: [pod-template-hash]
{{- end }}
{{- end -}}

{{/* The strategy of a Deployment. The default rollingUpdate stays beside another type, which the API server refuses. */}}
{{- define "bucketway.updateStrategy" -}}
{{- $type := .type | default "RollingUpdate" -}}
type: {{ $type }}
{{- if eq $type "RollingUpdate" }}
{{- with .rollingUpdate }}
rollingUpdate:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}
