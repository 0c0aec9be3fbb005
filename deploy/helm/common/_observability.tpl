{{/*
Rules and dashboards of deploy/observability, the same files for both charts. root, files (names of rules).
They are put in as they are: what stands in double braces in them is Prometheus' and Grafana's.
*/}}
{{- define "volthus.observability" -}}
{{- $root := .root -}}
{{- $full := include "volthus.fullname" $root -}}
{{- $labels := dict "root" $root "component" "observability" -}}
{{- if and $root.Values.prometheusRule.enabled ($root.Capabilities.APIVersions.Has "monitoring.coreos.com/v1") }}
{{- range .files }}
---
apiVersion: monitoring.coreos.com/v1
kind: PrometheusRule
metadata:
  name: {{ printf "%s-%s" $full . | quote }}
  labels:
    {{- include "volthus.labels" $labels | nindent 4 }}
    {{- range $key, $value := $root.Values.prometheusRule.labels }}
    {{ $key }}: {{ $value | quote }}
    {{- end }}
spec:
  {{- $root.Files.Get (printf "rules/%s.yaml" .) | nindent 2 }}
{{- end }}
{{- end }}
{{- if $root.Values.rules.configMap }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ printf "%s-rules" $full | quote }}
  labels:
    {{- include "volthus.labels" $labels | nindent 4 }}
data:
  {{- range .files }}
  {{ printf "volthus-%s.yaml" . }}: |
    {{- $root.Files.Get (printf "rules/%s.yaml" .) | nindent 4 }}
  {{- end }}
{{- end }}
{{- with $root.Values.grafana.dashboards }}
{{- if .enabled }}
{{- $dashboards := . }}
{{- range $path, $_ := $root.Files.Glob "dashboards/*.json" }}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ printf "%s-%s" $full (base $path | trimSuffix ".json") | quote }}
  labels:
    {{- include "volthus.labels" $labels | nindent 4 }}
    {{ $dashboards.label }}: {{ $dashboards.labelValue | quote }}
  annotations:
    grafana_folder: {{ $dashboards.folder | quote }}
data:
  {{ base $path }}: |
    {{- $root.Files.Get $path | nindent 4 }}
{{- end }}
{{- end }}
{{- end }}
{{- end -}}
