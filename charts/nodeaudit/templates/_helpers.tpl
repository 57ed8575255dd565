{{/* The labels of every object; takes [root, component]. The ones after them select pods and never change. */}}
{{- define "nodeaudit.labels" -}}
{{- $root := index . 0 -}}
{{ include "nodeaudit.selector" . }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/part-of: nodeaudit
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" }}
{{- end }}

{{- define "nodeaudit.selector" -}}
app.kubernetes.io/name: nodeaudit
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{/* The labels of pods; takes [root, component, podLabels]. No version and no chart: an upgrade restarts only what changes. */}}
{{- define "nodeaudit.podLabels" -}}
{{ include "nodeaudit.selector" . }}
app.kubernetes.io/instance: {{ (index . 0).Release.Name }}
app.kubernetes.io/part-of: nodeaudit
{{- with index . 2 }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{/* An image; takes [root, the component's image]. */}}
{{- define "nodeaudit.image" -}}
{{- $root := index . 0 -}}
{{- $image := index . 1 -}}
{{- $name := printf "%s/%s" $root.Values.image.registry $image.repository -}}
{{- if $image.digest -}}
{{ printf "%s@%s" $name $image.digest }}
{{- else -}}
{{ printf "%s:%s" $name ($root.Values.image.tag | default $root.Chart.AppVersion) }}
{{- end -}}
{{- end }}

{{/* The user name of a service account, as the API server sees it; takes [root, account]. */}}
{{- define "nodeaudit.username" -}}
system:serviceaccount:{{ (index . 0).Release.Namespace }}:{{ index . 1 }}
{{- end }}

{{/* The account nodeaudit-COMPONENT with its roles; takes [root, component, annotations], and fourth those of the account where they are others. */}}
{{- define "nodeaudit.rights" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $annotations := index . 2 -}}
{{- $name := printf "nodeaudit-%s" $component -}}
apiVersion: v1
kind: ServiceAccount
metadata:
  name: {{ $name }}
  namespace: {{ $root.Release.Namespace }}
  labels:
    {{- include "nodeaudit.labels" . | nindent 4 }}
  {{- with last . }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
# Pods that use it ask for its token themselves.
automountServiceAccountToken: false
{{ include "nodeaudit.roles" (list $root $component $name $annotations) }}
{{- end }}

{{/* The roles from files/rbac/NAME.yaml and their bindings to an account; takes [root, name, account, annotations]. */}}
{{- define "nodeaudit.roles" -}}
{{- $root := index . 0 -}}
{{- $component := index . 1 -}}
{{- $account := index . 2 -}}
{{- $annotations := index . 3 -}}
{{- range $text := splitList "\n---\n" ($root.Files.Get (printf "files/rbac/%s.yaml" $component)) }}
{{- $role := fromYaml $text }}
{{- $metadata := dict "name" $role.metadata.name }}
{{- with $role.metadata.namespace }}
{{- $metadata = dict "name" $role.metadata.name "namespace" (ternary $root.Release.Namespace . (eq . "nodeaudit-system")) }}
{{- end }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $role.kind }}
metadata:
  {{- toYaml $metadata | nindent 2 }}
  labels:
    {{- include "nodeaudit.labels" (list $root $component) | nindent 4 }}
  {{- with $annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
rules:
{{ toYaml $role.rules }}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: {{ $role.kind }}Binding
metadata:
  {{- toYaml $metadata | nindent 2 }}
  labels:
    {{- include "nodeaudit.labels" (list $root $component) | nindent 4 }}
  {{- with $annotations }}
  annotations:
    {{- toYaml . | nindent 4 }}
  {{- end }}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: {{ $role.kind }}
  name: {{ $role.metadata.name }}
subjects:
- kind: ServiceAccount
  name: {{ $account }}
  namespace: {{ $root.Release.Namespace }}
{{- end }}
{{- end }}
