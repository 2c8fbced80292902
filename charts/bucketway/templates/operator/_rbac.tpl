{{/* What the operator does in a namespace that has S3Buckets. Applying is the verb patch, and create where there is nothing yet. */}}
{{- define "bucketway.operator.bucketRules" -}}
- apiGroups: [bucketway.dev]
  resources: [s3buckets]
  verbs: [list, watch, patch]
- apiGroups: [bucketway.dev]
  resources: [s3buckets/status]
  verbs: [patch]
# The Secrets for applications and those that users bring; the ConfigMaps beside them, of the format OBC.
- apiGroups: ['']
  resources: [secrets, configmaps]
  verbs: [get, list, watch, create, patch, delete]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [create, patch]
{{- end -}}
