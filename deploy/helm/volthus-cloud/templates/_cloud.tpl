{{/* Name of the Secret whose key "url" says where the database is; empty: none, SQLite on claims. */}}
{{- define "volthus-cloud.databaseSecret" -}}
{{- if .Values.postgres.enabled -}}
{{- required "postgres.passwordSecret is required with postgres.enabled" .Values.postgres.passwordSecret -}}
{{- else -}}
{{- .Values.database.secret -}}
{{- end -}}
{{- end -}}

{{/*
What lets a program see through the ingress: without it all the world has the address of the ingress, so that
whoever guesses there locks everybody out. Yields JSON of a list of environment variables, under "env".
*/}}
{{- define "volthus-cloud.behind" -}}
{{- $env := list -}}
{{- if .enabled -}}
{{- $env = list (dict "name" "VOLTHUS_TRUST_PROXY" "value" "1") (dict "name" "FORWARDED_ALLOW_IPS" "value" .proxies) -}}
{{- end -}}
{{- dict "env" $env | toJson -}}
{{- end -}}

{{/* An Ingress in front of one component. root, component, ingress */}}
{{- define "volthus-cloud.ingress" -}}
{{- $name := printf "%s-%s" (include "volthus.fullname" .root) .component -}}
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: {{ $name | quote }}
  labels:
    {{- include "volthus.labels" . | nindent 4 }}
spec:
  {{- with .ingress.className }}
  ingressClassName: {{ . | quote }}
  {{- end }}
  {{- with .ingress.tlsSecret }}
  tls:
    - hosts: [{{ $.ingress.host | quote }}]
      secretName: {{ . | quote }}
  {{- end }}
  rules:
    - host: {{ required (printf "%s.ingress.host is required with %s.ingress.enabled" .component .component) .ingress.host | quote }}
      http:
        paths:
          - path: "/"
            pathType: "Prefix"
            backend:
              service:
                name: {{ $name | quote }}
                port: {name: "http"}
{{- end -}}
