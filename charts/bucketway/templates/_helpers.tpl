{{/* Names and labels. */}}

{{- define "bucketway.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{/* 40 characters leave room for what is appended: -credentials-255, -gateway with a pod's suffix. What somebody wrote is
     not cut, so that two releases do not become one. It names a Service, which has to begin with a letter. */}}
{{- define "bucketway.fullname" -}}
{{- $fullname := .Values.fullnameOverride -}}
{{- if not $fullname -}}
{{- $name := include "bucketway.name" . -}}
{{- $fullname = ternary .Release.Name (printf "%s-%s" .Release.Name $name) (contains $name .Release.Name) -}}
{{- $fullname = regexReplaceAll "-+$" ($fullname | trunc 40) "" -}}
{{- end -}}
{{- if not (and (regexMatch "^[a-z]([-a-z0-9]*[a-z0-9])?$" $fullname) (le (len $fullname) 40)) -}}
{{- fail (printf "fullnameOverride: %s cannot name a Service and what belongs to it: set fullnameOverride to at most 40 lower-case letters, digits and -, of which the first is a letter and the last none of -" $fullname) -}}
{{- end -}}
{{- $fullname -}}
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
{{- if and (has (toString .maxUnavailable) (list "0" "0%")) (has (toString .maxSurge) (list "0" "0%")) }}
{{- fail "updateStrategy.rollingUpdate: maxUnavailable and maxSurge cannot both be 0, which would let no pod be replaced" }}
{{- end }}
rollingUpdate:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end }}
{{- end -}}
