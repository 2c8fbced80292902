{{/* What the schema cannot see and the programs refuse at their start: names that stand twice or nobody has, and values that
     contradict each other. Each fails with the value's name. */}}

{{/* Labels that the chart selects by stand once: those of a user must not take their place. */}}
{{- define "bucketway.checkLabels" -}}
{{- $own := list "app.kubernetes.io/name" "app.kubernetes.io/instance" "app.kubernetes.io/component" "app.kubernetes.io/part-of" "app.kubernetes.io/version" "app.kubernetes.io/managed-by" "helm.sh/chart" -}}
{{- $labels := dict "commonLabels" .Values.commonLabels "gateway.podLabels" .Values.gateway.podLabels "operator.podLabels" .Values.operator.podLabels "gateway.service.labels" .Values.gateway.service.labels -}}
{{- range $at, $given := $labels -}}
{{- range $label, $_ := $given -}}
{{- if has $label $own -}}{{- fail (printf "%s: %s is a label that the chart sets itself" $at $label) -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* {path: a path, folder: another}: "true" where the path is the folder or lies below it. */}}
{{- define "bucketway.isWithin" -}}
{{- if or (eq .folder "/") (eq .path .folder) (hasPrefix (printf "%s/" .folder) .path) -}}true{{- end -}}
{{- end -}}

{{/* One kind an entry, which the schema sees to; every name and mount once; no server's files twice. */}}
{{- define "bucketway.checkStorages" -}}
{{- $names := dict -}}
{{- $mounts := dict -}}
{{- $folders := list -}}
{{- range .Values.storages -}}
{{- if hasKey $names .name -}}{{- fail (printf "storages: there are two of the name %s" .name) -}}{{- end -}}
{{- if hasKey $mounts .mount -}}{{- fail (printf "storages: there are two at %s" .mount) -}}{{- end -}}
{{- $_ := set $names .name true -}}
{{- $_ := set $mounts .mount true -}}
{{- if and (hasKey . "emptyDir") (or $.Values.gateway.autoscaling.enabled (gt (int $.Values.gateway.replicas) 1)) -}}
{{- fail (printf "storages: %s is an emptyDir, which each pod has its own of: set gateway.replicas to 1 and leave autoscaling off, or name a volume that pods share" .name) -}}
{{- end -}}
{{- $folder := "" -}}
{{- with .openlist -}}{{- $folder = printf "openlist %s%s" (trimSuffix "/" .url) (.path | default "/") -}}{{- end -}}
{{- with .webdav -}}{{- $folder = printf "webdav %s" .url -}}{{- end -}}
{{- if $folder -}}
{{- $folder = printf "%s/" (regexReplaceAll "/+$" $folder "") -}}
{{- $name := .name -}}
{{- range $folders -}}
{{- if or (hasPrefix .folder $folder) (hasPrefix $folder .folder) -}}
{{- fail (printf "storages: %s and %s serve the same files; mount them once, and map buckets to paths below" .name $name) -}}
{{- end -}}
{{- end -}}
{{- $folders = append $folders (dict "name" .name "folder" $folder) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Every name once, and a key of its own. */}}
{{- define "bucketway.checkIdentities" -}}
{{- $names := dict -}}
{{- $keys := dict -}}
{{- range .Values.identities -}}
{{- if hasKey $names .name -}}{{- fail (printf "identities: there are two of the name %s" .name) -}}{{- end -}}
{{- $_ := set $names .name true -}}
{{- $key := printf "%s/%s" .secretRef.name (.secretRef.accessKeyIdKey | default "AWS_ACCESS_KEY_ID") -}}
{{- if hasKey $keys $key -}}
{{- fail (printf "identities: %s and %s have one access key id, that of the Secret %s; each needs its own" (get $keys $key) .name .secretRef.name) -}}
{{- end -}}
{{- $_ := set $keys $key .name -}}
{{- end -}}
{{- end -}}

{{/* {values: .Values, path: a path, at: where it is written}: a path that clients are served has a storage, and is not the gateway's own. */}}
{{- define "bucketway.checkServedPath" -}}
{{- if regexMatch "(?i)/\\.bucketway" .path -}}
{{- fail (printf "%s: no segment of %s may begin with .bucketway, which is the gateway's own" .at .path) -}}
{{- end -}}
{{- $covered := false -}}
{{- range .values.storages -}}
{{- if or (include "bucketway.isWithin" (dict "path" $.path "folder" .mount)) (include "bucketway.isWithin" (dict "path" .mount "folder" $.path)) -}}
{{- $covered = true -}}
{{- end -}}
{{- end -}}
{{- if not $covered -}}{{- fail (printf "%s: no storage is mounted at or above %s" .at .path) -}}{{- end -}}
{{- end -}}

{{/* {values: .Values, name: of an identity, at: where it is written}. */}}
{{- define "bucketway.checkIdentity" -}}
{{- $known := false -}}
{{- range .values.identities -}}{{- if eq .name $.name -}}{{- $known = true -}}{{- end -}}{{- end -}}
{{- if not $known -}}{{- fail (printf "%s: no identity is named %s; add it to identities" .at .name) -}}{{- end -}}
{{- end -}}

{{/* Fixed buckets and the root of buckets. */}}
{{- define "bucketway.checkBuckets" -}}
{{- $names := dict -}}
{{- range .Values.buckets -}}
{{- if hasKey $names .name -}}{{- fail (printf "buckets: there are two of the name %s" .name) -}}{{- end -}}
{{- $_ := set $names .name true -}}
{{- $at := printf "buckets: %s" .name -}}
{{- include "bucketway.checkServedPath" (dict "values" $.Values "path" .path "at" $at) -}}
{{- range .grants -}}
{{- include "bucketway.checkIdentity" (dict "values" $.Values "name" .identity "at" $at) -}}
{{- end -}}
{{- end -}}
{{- with .Values.bucketRoot -}}
{{- $root := .path -}}
{{- include "bucketway.checkServedPath" (dict "values" $.Values "path" $root "at" "bucketRoot.path") -}}
{{- range .create -}}
{{- include "bucketway.checkIdentity" (dict "values" $.Values "name" . "at" "bucketRoot.create") -}}
{{- end -}}
{{- $above := dict "mount" "" -}}
{{- range $.Values.storages -}}
{{- if and (include "bucketway.isWithin" (dict "path" $root "folder" .mount)) (gt (len .mount) (len $above.mount)) -}}
{{- $above = . -}}
{{- end -}}
{{- end -}}
{{- if hasKey $above "s3" -}}
{{- fail (printf "bucketRoot.path: %s lies on the s3 storage %s, which has no folders to be buckets; list its buckets in buckets" $root $above.name) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* The bytes of a size such as 500Gi. */}}
{{- define "bucketway.bytes" -}}
{{- $unit := regexFind "[A-Za-z]+$" . -}}
{{- $factors := dict "" 1 "k" 1000 "M" 1000000 "G" 1000000000 "T" 1000000000000 "P" 1000000000000000 "Ki" 1024 "Mi" 1048576 "Gi" 1073741824 "Ti" 1099511627776 "Pi" 1125899906842624 -}}
{{- mul (trimSuffix $unit . | int64) (get $factors $unit) -}}
{{- end -}}

{{/* The seconds of a duration such as 1h30m. */}}
{{- define "bucketway.seconds" -}}
{{- $seconds := 0 -}}
{{- range $unit, $factor := dict "h" 3600 "m" 60 "s" 1 -}}
{{- with regexFind (printf "[0-9]+%s" $unit) $ -}}
{{- $seconds = add $seconds (mul (trimSuffix $unit . | int64) $factor) -}}
{{- end -}}
{{- end -}}
{{- $seconds -}}
{{- end -}}

{{/* {prefix: a template, path: another}: "true" where some S3Bucket could have its path of the one below the other. */}}
{{- define "bucketway.couldHold" -}}
{{- $inner := splitList "/" (trimPrefix "/" .path) -}}
{{- $holds := true -}}
{{- range $index, $segment := splitList "/" (trimPrefix "/" .prefix) -}}
{{- if ne $segment "" -}}
{{- if ge $index (len $inner) -}}
{{- $holds = false -}}
{{- else -}}
{{- $other := index $inner $index -}}
{{- if or (eq $other "") (not (or (hasPrefix "{" $segment) (hasPrefix "{" $other) (eq $segment $other))) -}}{{- $holds = false -}}{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- if $holds -}}true{{- end -}}
{{- end -}}

{{/* {at: where it is written, size: perhaps none}: the bytes of a size that the programs can count. */}}
{{- define "bucketway.checkSize" -}}
{{- if .size -}}
{{- $bytes := include "bucketway.bytes" .size | int64 -}}
{{- if gt $bytes 9007199254740991 -}}{{- fail (printf "%s: %s is more than 9007199254740991 bytes" .at .size) -}}{{- end -}}
{{- $bytes -}}
{{- end -}}
{{- end -}}

{{/* Rules that contradict themselves. */}}
{{- define "bucketway.checkPolicy" -}}
{{- range $index, $rule := .Values.policy.rules -}}
{{- $at := printf "policy.rules[%d]" $index -}}
{{- if not (or $rule.namespaces.names (hasKey $rule.namespaces "selector")) -}}
{{- fail (printf "%s.namespaces: must have names or a selector; names: ['*'] and selector: {} are all namespaces" $at) -}}
{{- end -}}
{{- range dig "selector" "matchExpressions" list $rule.namespaces -}}
{{- $takes := has .operator (list "In" "NotIn") -}}
{{- if and $takes (not .values) -}}{{- fail (printf "%s.namespaces.selector: %s of %s needs values" $at .operator .key) -}}{{- end -}}
{{- if and (not $takes) .values -}}{{- fail (printf "%s.namespaces.selector: %s of %s takes no values" $at .operator .key) -}}{{- end -}}
{{- end -}}
{{- with $rule.defaultPath -}}
{{- $path := . -}}
{{- $held := false -}}
{{- range $rule.paths -}}
{{- if include "bucketway.couldHold" (dict "prefix" .prefix "path" $path) -}}{{- $held = true -}}{{- end -}}
{{- end -}}
{{- if not $held -}}{{- fail (printf "%s.defaultPath: %s must lie below one of this rule's prefixes" $at $path) -}}{{- end -}}
{{- end -}}
{{- $most := include "bucketway.checkSize" (dict "at" (printf "%s.limits.maxSize" $at) "size" (dig "limits" "maxSize" "" $rule)) -}}
{{- $usual := include "bucketway.checkSize" (dict "at" (printf "%s.defaults.quota.maxSize" $at) "size" (dig "defaults" "quota" "maxSize" "" $rule)) -}}
{{- if and $most $usual (gt (int64 $usual) (int64 $most)) -}}
{{- fail (printf "%s.defaults.quota.maxSize: must be at most limits.maxSize, %s" $at $rule.limits.maxSize) -}}
{{- end -}}
{{- $interval := dig "defaults" "rotation" "interval" "" $rule -}}
{{- $overlap := dig "defaults" "rotation" "overlap" "" $rule -}}
{{- if $interval -}}
{{- $seconds := include "bucketway.seconds" $interval | int64 -}}
{{- if lt $seconds 60 -}}{{- fail (printf "%s.defaults.rotation.interval: must be at least 1m" $at) -}}{{- end -}}
{{- if $overlap -}}
{{- if ge (include "bucketway.seconds" $overlap | int64) $seconds -}}
{{- fail (printf "%s.defaults.rotation.overlap: must be shorter than the interval" $at) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{/* Two operators that serve the same namespaces would undo each other's work without an end. Whom they serve is in their
     roles; helm template and tools that render without the cluster see none. */}}
{{- define "bucketway.checkOperators" -}}
{{- if .Values.rbac.create -}}
{{- $watched := .Values.operator.watchNamespaces -}}
{{- $own := printf "%s-%s-operator" .Release.Namespace (include "bucketway.fullname" .) -}}
{{- range (lookup "rbac.authorization.k8s.io/v1" "ClusterRole" "" "").items -}}
{{- $labels := .metadata.labels | default dict -}}
{{- $isOperator := and (eq (get $labels "app.kubernetes.io/part-of") "bucketway") (eq (get $labels "app.kubernetes.io/component") "operator") (hasSuffix "-operator" .metadata.name) -}}
{{- $servesAll := false -}}
{{- range .rules -}}{{- if has "s3buckets" (.resources | default list) -}}{{- $servesAll = true -}}{{- end -}}{{- end -}}
{{- if and $isOperator (ne .metadata.name $own) (or $servesAll (not $watched)) -}}
{{- fail (printf "operator.watchNamespaces: the operator of the ClusterRole %s serves %s; give each release namespaces of its own, or delete what the other left" .metadata.name (ternary "the S3Buckets of all namespaces" "namespaces that this one would serve too" $servesAll)) -}}
{{- end -}}
{{- end -}}
{{- range $namespace := $watched -}}
{{- range (lookup "rbac.authorization.k8s.io/v1" "Role" $namespace "").items -}}
{{- $labels := .metadata.labels | default dict -}}
{{- $annotations := .metadata.annotations | default dict -}}
{{- $isOperator := and (eq (get $labels "app.kubernetes.io/part-of") "bucketway") (hasSuffix "-operator-buckets" .metadata.name) -}}
{{- $isOwn := and (eq (get $annotations "meta.helm.sh/release-name") $.Release.Name) (eq (get $annotations "meta.helm.sh/release-namespace") $.Release.Namespace) -}}
{{- if and $isOperator (not $isOwn) -}}
{{- fail (printf "operator.watchNamespaces: the operator of the Role %s serves %s already; give each release namespaces of its own, or delete what the other left" .metadata.name $namespace) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
