{{/* Name of the Secret whose key "url" says where the database is; empty: none, SQLite on claims. */}}
{{- define "volthus-cloud.databaseSecret" -}}
{{- if .Values.postgres.enabled -}}
{{- required "postgres.passwordSecret is required with postgres.enabled" .Values.postgres.passwordSecret -}}
{{- else -}}
{{- .Values.database.secret -}}
{{- end -}}
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
