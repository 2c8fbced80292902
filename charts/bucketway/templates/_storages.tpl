{{/* The storages: what they are called, mounted and configured as. */}}

{{/* "true" where a storage is a volume of the pod. */}}
{{- define "bucketway.storage.isVolume" -}}
{{- if not (or .openlist .webdav .s3) -}}true{{- end -}}
{{- end -}}

{{- define "bucketway.claimName" -}}
{{- printf "%s-%s" (include "bucketway.fullname" .root) .storage.name -}}
{{- end -}}

{{/* "true" where all gateway pods must be on one node. */}}
{{- define "bucketway.singleNode" -}}
{{- if eq (toString .Values.gateway.singleNode) "auto" -}}
{{- $single := false -}}
{{- range .Values.storages -}}
{{- if .claim -}}
{{- $modes := .claim.accessModes | default (list "ReadWriteOnce") -}}
{{- if not (or (has "ReadWriteMany" $modes) (has "ReadOnlyMany" $modes)) -}}{{- $single = true -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- if $single -}}true{{- end -}}
{{- else if .Values.gateway.singleNode -}}true
{{- end -}}
{{- end -}}

{{/* An entry of storages in bucketway.yaml. A member xSecretRef of the values is xFile there: secrets are mounted, never written. */}}
{{- define "bucketway.storage.section" -}}
{{- $storage := . -}}
{{- $section := dict "mount" .mount -}}
{{- if include "bucketway.storage.isVolume" . -}}
{{- $local := dict "root" (printf "/srv/storages/%s" .name) -}}
{{- range $member := list "durability" "metadata" -}}
{{- with get $storage $member -}}{{- $_ := set $local $member . -}}{{- end -}}
{{- end -}}
{{- $_ := set $section "local" $local -}}
{{- else -}}
{{- range $kind := list "openlist" "webdav" "s3" -}}
{{- with get $storage $kind -}}
{{- $remote := dict -}}
{{- range $member, $value := . -}}
{{- if hasSuffix "SecretRef" $member -}}
{{- $secret := trimSuffix "SecretRef" $member -}}
{{- $_ := set $remote (printf "%sFile" $secret) (printf "/etc/bucketway/secrets/storages/%s/%s" $storage.name $secret) -}}
{{- else -}}
{{- $_ := set $remote $member $value -}}
{{- end -}}
{{- end -}}
{{- $_ := set $section $kind $remote -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- toYaml $section -}}
{{- end -}}

{{/* The pod's volumes for storages. */}}
{{- define "bucketway.storages.volumes" -}}
{{- range .Values.storages }}
{{- if include "bucketway.storage.isVolume" . }}
- name: storage-{{ .name }}
  {{- if .claim }}
  persistentVolumeClaim:
    claimName: {{ include "bucketway.claimName" (dict "root" $ "storage" .) | quote }}
  {{- else if .existingClaim }}
  persistentVolumeClaim:
    claimName: {{ .existingClaim | quote }}
  {{- else if .nfs }}
  nfs:
    {{- toYaml .nfs | nindent 4 }}
  {{- else if .hostPath }}
  hostPath:
    {{- toYaml .hostPath | nindent 4 }}
  {{- else if hasKey . "emptyDir" }}
  emptyDir:
    {{- toYaml .emptyDir | nindent 4 }}
  {{- else }}
  {{- toYaml .volume | nindent 2 }}
  {{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{- define "bucketway.storages.volumeMounts" -}}
{{- range .Values.storages }}
{{- if include "bucketway.storage.isVolume" . }}
- name: storage-{{ .name }}
  mountPath: /srv/storages/{{ .name }}
  {{- with .subPath }}
  subPath: {{ . | quote }}
  {{- end }}
  {{- if .readOnly }}
  readOnly: true
  {{- end }}
{{- end }}
{{- end }}
{{- end -}}

{{/* The sources of the projected volume /etc/bucketway/secrets. */}}
{{- define "bucketway.secrets.sources" -}}
{{- range $storage := .Values.storages }}
{{- range $kind := list "openlist" "webdav" "s3" }}
{{- range $member, $value := (get $storage $kind | default dict) }}
{{- if hasSuffix "SecretRef" $member }}
- secret:
    name: {{ $value.name | quote }}
    items:
      - key: {{ $value.key | quote }}
        path: storages/{{ $storage.name }}/{{ trimSuffix "SecretRef" $member }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}
{{- range .Values.identities }}
- secret:
    name: {{ .secretRef.name | quote }}
    items:
      - key: {{ .secretRef.accessKeyIdKey | default "AWS_ACCESS_KEY_ID" | quote }}
        path: identities/{{ .name }}/accessKeyId
      - key: {{ .secretRef.secretAccessKeyKey | default "AWS_SECRET_ACCESS_KEY" | quote }}
        path: identities/{{ .name }}/secretAccessKey
{{- end }}
{{- end -}}
