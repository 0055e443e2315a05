{{/* The names of Jobs and Pods start with it. At most 45 characters: "-test-vcs-gateway" follows, and 63 is the limit. */}}
{{- define "spacelift-preflight.fullname" -}}
{{- $name := .Values.fullnameOverride -}}
{{- if not $name -}}
{{- $name = ternary .Release.Name (printf "%s-%s" .Release.Name .Chart.Name) (contains .Chart.Name .Release.Name) -}}
{{- end -}}
{{- $name | trunc 45 | trimSuffix "-" -}}
{{- end -}}

{{/* By the key of their values. */}}
{{- define "spacelift-preflight.services" -}}
{{- $enabled := dict -}}
{{- range $key, $service := dict "server" "server" "drain" "drain" "scheduler" "scheduler" "vcsGateway" "vcs-gateway" -}}
{{- if (index $.Values $key).enabled -}}
{{- $_ := set $enabled $key $service -}}
{{- end -}}
{{- end -}}
{{- toYaml $enabled -}}
{{- end -}}

{{/* Selects everything that a release creates. Nobody can override these. */}}
{{- define "spacelift-preflight.selector" -}}
spacelift-preflight/release: {{ .Release.Name }}
{{- end -}}

{{- define "spacelift-preflight.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{ include "spacelift-preflight.selector" . }}
{{- end -}}

{{- define "spacelift-preflight.image" -}}
{{- $image := .Values.image -}}
{{- $repository := required "image.repository is required: there is no image in a public registry yet; build it with npm run build:image, and copy it to yours" $image.repository -}}
{{- if $image.digest -}}
{{- printf "%s@%s" $repository $image.digest -}}
{{- else -}}
{{- printf "%s:%s" $repository (default .Chart.AppVersion $image.tag) -}}
{{- end -}}
{{- end -}}

{{/* The name of the ConfigMap with the decisions. */}}
{{- define "spacelift-preflight.decisions" -}}
{{- include "spacelift-preflight.fullname" . }}-decisions
{{- end -}}

{{/* The service account of a service: (dict "root" $ "key" "vcsGateway"). */}}
{{- define "spacelift-preflight.account" -}}
{{- $own := index .root.Values .key -}}
{{- required (printf "serviceAccount.name or %s.serviceAccount.name is required: the account of Spacelift's own Deployment; it is never default unless you say so" .key) (default .root.Values.serviceAccount.name $own.serviceAccount.name) -}}
{{- end -}}

{{/*
The list for all services and the service's own, in which an item replaces the one with the same key:
(dict "root" $ "service" .Values.drain "list" "env" "key" "name"). Without a key, nothing is replaced.
*/}}
{{- define "spacelift-preflight.joined" -}}
{{- $own := index .service .list | default list -}}
{{- $common := index .root.Values .list | default list -}}
{{- $key := .key -}}
{{- if $key -}}
{{- $replaced := dict -}}
{{- range $own }}{{ $_ := set $replaced (get . $key) true }}{{ end -}}
{{- $kept := list -}}
{{- range $common }}{{ if not (hasKey $replaced (get . $key)) }}{{ $kept = append $kept . }}{{ end }}{{ end -}}
{{- $common = $kept -}}
{{- end -}}
{{- with concat $common $own }}{{ toYaml . }}{{ end -}}
{{- end -}}

{{/* The labels of a service's Pod: those of the service replace those for all services, and both replace the chart's. */}}
{{- define "spacelift-preflight.podLabels" -}}
{{- $own := dict "spacelift-preflight/release" .root.Release.Name "spacelift-preflight/service" .name -}}
{{- $standard := include "spacelift-preflight.labels" .root | fromYaml -}}
{{- $service := index .root.Values .key -}}
{{- mergeOverwrite $standard (deepCopy .root.Values.podLabels) (deepCopy $service.podLabels) $own | toYaml -}}
{{- end -}}

{{- define "spacelift-preflight.podAnnotations" -}}
{{- $service := index .root.Values .key -}}
{{- with mergeOverwrite (deepCopy .root.Values.podAnnotations) (deepCopy $service.podAnnotations) }}{{ toYaml . }}{{ end -}}
{{- end -}}

{{/* The arguments of the command line. Kubernetes replaces $(NAME) in arguments; $$ is a dollar sign. */}}
{{- define "spacelift-preflight.args" -}}
{{- $options := .root.Values.options -}}
{{- $args := list "--service" .name "--format" .root.Values.format "--no-color" -}}
{{- if .root.Values.frame }}{{ $args = concat $args (list "--report" "frame=/dev/stdout") }}{{ end -}}
{{- range $option, $values := dict "--only" $options.only "--skip" $options.skip "--require" $options.require "--ca-file" $options.caFiles -}}
{{- range $values }}{{ $args = concat $args (list $option .) }}{{ end -}}
{{- end -}}
{{- range $id, $reason := $options.accept }}{{ $args = concat $args (list "--accept" $id "--reason" $reason) }}{{ end -}}
{{- if $options.strict }}{{ $args = append $args "--strict" }}{{ end -}}
{{- if $options.readOnly }}{{ $args = append $args "--read-only" }}{{ end -}}
{{- if ne $options.phase "auto" }}{{ $args = concat $args (list "--phase" $options.phase) }}{{ end -}}
{{- $args = concat $args (list "--timeout" (toString $options.timeout)) -}}
{{- with .root.Values.decisions -}}
{{- if .file }}{{ $args = concat $args (list "--config" "/etc/spacelift-preflight/preflight.yaml") }}{{ end -}}
{{- if .profile -}}
{{- if not .file }}{{ fail "decisions.profile requires decisions.file: it is a profile of that file" }}{{ end -}}
{{- $args = concat $args (list "--config-profile" .profile) -}}
{{- end -}}
{{- end -}}
{{- with $options.release }}{{ $args = concat $args (list "--release" .) }}{{ end -}}
{{- $escaped := list -}}
{{- range concat $args $options.extra }}{{ $escaped = append $escaped (replace "$" "$$" .) }}{{ end -}}
{{- toYaml $escaped -}}
{{- end -}}

{{/*
Stops before anything is created if the service account of a hook does not exist: its Job would wait for it until its deadline.
Without a cluster (helm template), and in a namespace that Helm has yet to create, not even "default" is found.
*/}}
{{- define "spacelift-preflight.mustExist" -}}
{{- $namespace := .root.Release.Namespace -}}
{{- if and .root.Values.hook.serviceAccount.mustExist (lookup "v1" "ServiceAccount" $namespace "default") -}}
{{- if not (lookup "v1" "ServiceAccount" $namespace .account) -}}
{{- fail (printf "service account %s does not exist in namespace %s: before an installation, nothing has created it yet; create it, name another one in hook.serviceAccount.name, or set hook.serviceAccount.create" .account $namespace) -}}
{{- end -}}
{{- end -}}
{{- end -}}

{{- define "spacelift-preflight.containerSecurityContext" -}}
allowPrivilegeEscalation: false
capabilities:
  drop:
    - ALL
readOnlyRootFilesystem: true
runAsNonRoot: true
{{- end -}}

{{/*
The spec of a service's Pod: (dict "root" $ "key" "vcsGateway" "name" "vcs-gateway" "account" "spacelift-backend").
PodSecurity "restricted" admits it. No user or group is set: OpenShift assigns its own, and the image runs as any.
*/}}
{{- define "spacelift-preflight.podSpec" -}}
{{- $values := .root.Values -}}
{{- $service := index $values .key -}}
{{- $list := dict "root" .root "service" $service -}}
{{- if le (float64 $values.activeDeadlineSeconds) (float64 $values.options.timeout) -}}
{{- fail (printf "activeDeadlineSeconds (%v) must be greater than options.timeout (%v): a Pod that is stopped prints no report" $values.activeDeadlineSeconds $values.options.timeout) -}}
{{- end -}}
serviceAccountName: {{ .account | quote }}
automountServiceAccountToken: {{ $values.automountServiceAccountToken }}
restartPolicy: Never
activeDeadlineSeconds: {{ int64 $values.activeDeadlineSeconds }}
terminationGracePeriodSeconds: 10
# Nobody sets this condition, so the Pod is never ready: no Service sends it traffic, whatever its labels are.
readinessGates:
  - conditionType: spacelift-preflight/never-ready
securityContext:
  runAsNonRoot: true
  seccompProfile:
    type: RuntimeDefault
{{- with $values.imagePullSecrets }}
imagePullSecrets:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.sidecars }}
initContainers:
  {{- range . }}
  {{- $context := include "spacelift-preflight.containerSecurityContext" $ | fromYaml }}
  {{- $context = mergeOverwrite $context (deepCopy (default dict .securityContext)) }}
  - {{- omit . "securityContext" | toYaml | nindent 4 }}
    restartPolicy: Always
    securityContext:
      {{- toYaml $context | nindent 6 }}
  {{- end }}
{{- end }}
containers:
  - name: spacelift-preflight
    image: {{ include "spacelift-preflight.image" .root | quote }}
    imagePullPolicy: {{ $values.image.pullPolicy }}
    args:
      {{- include "spacelift-preflight.args" . | nindent 6 }}
    {{- with include "spacelift-preflight.joined" (merge (dict "list" "env" "key" "name") $list) }}
    env:
      {{- . | nindent 6 }}
    {{- end }}
    {{- with include "spacelift-preflight.joined" (merge (dict "list" "envFrom" "key" "") $list) }}
    envFrom:
      {{- . | nindent 6 }}
    {{- end }}
    resources:
      {{- toYaml $values.resources | nindent 6 }}
    securityContext:
      {{- include "spacelift-preflight.containerSecurityContext" .root | nindent 6 }}
    terminationMessagePolicy: FallbackToLogsOnError
    {{- $mounts := include "spacelift-preflight.joined" (merge (dict "list" "volumeMounts" "key" "mountPath") $list) }}
    {{- if or $mounts $values.decisions.file }}
    volumeMounts:
      {{- with $mounts }}{{ . | nindent 6 }}{{ end }}
      {{- if $values.decisions.file }}
      - name: spacelift-preflight-decisions
        mountPath: /etc/spacelift-preflight
        readOnly: true
      {{- end }}
    {{- end }}
{{- $volumes := include "spacelift-preflight.joined" (merge (dict "list" "volumes" "key" "name") $list) }}
{{- if or $volumes $values.decisions.file }}
volumes:
  {{- with $volumes }}{{ . | nindent 2 }}{{ end }}
  {{- if $values.decisions.file }}
  - name: spacelift-preflight-decisions
    configMap:
      name: {{ include "spacelift-preflight.decisions" .root }}
  {{- end }}
{{- end }}
{{- with mergeOverwrite (deepCopy $values.nodeSelector) (deepCopy $service.nodeSelector) }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with include "spacelift-preflight.joined" (merge (dict "list" "tolerations" "key" "") $list) }}
tolerations:
  {{- . | nindent 2 }}
{{- end }}
{{- with default $values.affinity $service.affinity }}
affinity:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- end -}}
