{{/* Shared by both charts through a link: names, labels, security contexts, one service's Deployment. */}}

{{- define "volthus.fullname" -}}
{{- printf "%s" .Release.Name | trunc 40 | trimSuffix "-" -}}
{{- end -}}

{{/* Every value quoted: a release called "n" or "on" must not turn into a boolean. */}}
{{- define "volthus.selector" -}}
app.kubernetes.io/name: {{ .component | quote }}
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
{{- end -}}

{{- define "volthus.labels" -}}
{{ include "volthus.selector" . }}
app.kubernetes.io/part-of: "volthus"
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service | quote }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | quote }}
{{- end -}}

{{- define "volthus.podSecurity" -}}
runAsNonRoot: true
runAsUser: 10001
runAsGroup: 10001
fsGroup: 10001
fsGroupChangePolicy: "OnRootMismatch"
seccompProfile:
  type: "RuntimeDefault"
{{- end -}}

{{- define "volthus.containerSecurity" -}}
allowPrivilegeEscalation: false
readOnlyRootFilesystem: true
capabilities:
  drop: ["ALL"]
{{- end -}}

{{- define "volthus.image" -}}
{{ include "volthus.imageName" (dict "image" .Values.image "tag" (default .Chart.AppVersion .Values.image.tag)) }}
{{- end -}}

{{/* An image by its digest where one is given: a tag can be moved to another image tomorrow. image, tag */}}
{{- define "volthus.imageName" -}}
{{- if .image.digest -}}
{{ printf "%s@%s" .image.repository .image.digest | quote }}
{{- else -}}
{{ printf "%s:%s" .image.repository .tag | quote }}
{{- end -}}
{{- end -}}

{{/* Where pods may run and who lets their images be pulled: the same for every pod of a release. root, component, replicas */}}
{{- define "volthus.placing" -}}
{{- $values := .root.Values -}}
{{- with $values.image.pullSecrets }}
imagePullSecrets:
  {{- range . }}
  - name: {{ . | quote }}
  {{- end }}
{{- end }}
{{- with $values.nodeSelector }}
nodeSelector:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- with $values.tolerations }}
tolerations:
  {{- toYaml . | nindent 2 }}
{{- end }}
{{- if gt (int .replicas) 1 }}
# Replicas that stand on one node fall with it; where there is one node only, they still run.
topologySpreadConstraints:
  - maxSkew: 1
    topologyKey: "kubernetes.io/hostname"
    whenUnsatisfiable: "ScheduleAnyway"
    labelSelector:
      matchLabels:
        {{- include "volthus.selector" . | nindent 8 }}
{{- end }}
{{- end -}}

{{/*
A list of environment variables. env, secretEnv, extraEnv: what is set by hand goes first, and each name stands once,
since a server that merges lists by name refuses one that stands twice.
*/}}
{{- define "volthus.env" -}}
{{- $byHand := list -}}
{{- range .extraEnv }}{{ $byHand = append $byHand .name }}{{ end -}}
- name: "POD_IP"
  valueFrom:
    fieldRef:
      fieldPath: "status.podIP"
{{- range .env }}
{{- if not (has .name $byHand) }}
- name: {{ .name | quote }}
  value: {{ .value | quote }}
{{- end }}
{{- end }}
{{- range .secretEnv }}
{{- if not (has .name $byHand) }}
- name: {{ .name | quote }}
  valueFrom:
    secretKeyRef:
      name: {{ .secret | quote }}
      key: {{ .key | quote }}
{{- end }}
{{- end }}
{{- range .extraEnv }}
- name: {{ .name | quote }}
  value: {{ .value | quote }}
{{- end }}
{{- end -}}

{{/* Where a pod keeps its state: a claim, or with persistence switched off the pod's own life long. root, claim */}}
{{- define "volthus.stateVolume" -}}
{{- if .root.Values.persistence.enabled -}}
persistentVolumeClaim:
  claimName: {{ .claim | quote }}
{{- else -}}
emptyDir: {}
{{- end -}}
{{- end -}}

{{- define "volthus.natsUrl" -}}
{{- if .Values.nats.external.url -}}
{{ .Values.nats.external.url }}
{{- else -}}
{{ printf "nats://%s-nats:4222" (include "volthus.fullname" .) }}
{{- end -}}
{{- end -}}

{{/*
One service: Deployment, with state on a claim when it keeps any.
root, component, values (resources, extraEnv), env (list), secretEnv (list of name, secret, key), stateful, replicas,
healthPort, httpPort, hostNetwork, hostPort (a port more on the node), mounts, volumes, limits (more than the values have),
groups (of the files it may open), privileged, serviceAccount
*/}}
{{- define "volthus.deployment" -}}
{{- $full := include "volthus.fullname" .root -}}
{{- $always := list
  (dict "name" "VOLTHUS_NATS_URL" "value" (include "volthus.natsUrl" .root))
  (dict "name" "VOLTHUS_HEALTH_HOST" "value" "$(POD_IP)")
  (dict "name" "VOLTHUS_HEALTH_PORT" "value" (toString .healthPort))
  (dict "name" "VOLTHUS_LOG_LEVEL" "value" .root.Values.logLevel)
  (dict "name" "VOLTHUS_STATE_DIR" "value" (ternary "/var/lib/volthus" "/tmp" .stateful)) -}}
{{- with .root.Values.traces.url -}}
{{- $always = concat $always (list
  (dict "name" "VOLTHUS_TRACES_URL" "value" .)
  (dict "name" "VOLTHUS_TRACES_SHARE" "value" (toString $.root.Values.traces.share))) -}}
{{- end -}}
{{- $resources := deepCopy .values.resources -}}
{{- with .limits -}}
{{- $_ := set $resources "limits" (merge (deepCopy .) (default dict $resources.limits)) -}}
{{- end -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ printf "%s-%s" $full .component | quote }}
  labels:
    {{- include "volthus.labels" . | nindent 4 }}
spec:
  {{- if .replicas }}
  replicas: {{ .replicas }}
  strategy:
    type: "RollingUpdate"
    rollingUpdate: {maxSurge: 1, maxUnavailable: 0}
  {{- else }}
  # One controller per fuse, one owner per database: never two at once.
  replicas: 1
  strategy:
    type: "Recreate"
  {{- end }}
  selector:
    matchLabels:
      {{- include "volthus.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "volthus.labels" . | nindent 8 }}
      annotations:
        prometheus.io/scrape: "true"
        prometheus.io/port: {{ .healthPort | quote }}
        prometheus.io/path: "/metrics"
    spec:
      automountServiceAccountToken: false
      enableServiceLinks: false
      terminationGracePeriodSeconds: 15
      {{- with .serviceAccount }}
      serviceAccountName: {{ . | quote }}
      {{- end }}
      {{- if .hostNetwork }}
      hostNetwork: true
      dnsPolicy: "ClusterFirstWithHostNet"
      {{- end }}
      securityContext:
        {{- include "volthus.podSecurity" . | nindent 8 }}
        {{- with .groups }}
        supplementalGroups:
          {{- toYaml . | nindent 10 }}
        {{- end }}
      {{- include "volthus.placing" . | nindent 6 }}
      containers:
        - name: {{ .component | quote }}
          image: {{ include "volthus.image" .root }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy | quote }}
          command: [{{ .component | quote }}]
          env:
            {{- include "volthus.env" (dict "env" (concat $always .env) "secretEnv" .secretEnv "extraEnv" .values.extraEnv) | nindent 12 }}
          ports:
            - name: "health"
              containerPort: {{ .healthPort }}
            {{- with .httpPort }}
            - name: "http"
              containerPort: {{ . }}
            {{- end }}
            {{- with .hostPort }}
            # Named, so that the scheduler does not put two of them on one node.
            - name: "ship"
              containerPort: {{ . }}
            {{- end }}
          startupProbe: # two minutes: a small machine that starts everything at once is slow
            httpGet: {path: "/healthz", port: "health"}
            periodSeconds: 1
            timeoutSeconds: 3
            failureThreshold: 120
          # Liveness says only "the event loop turns": a silent meter or bus is no reason to restart.
          livenessProbe:
            httpGet: {path: "/healthz", port: "health"}
            periodSeconds: 5
            timeoutSeconds: 3
            failureThreshold: 4
          readinessProbe:
            httpGet: {path: "/readyz", port: "health"}
            periodSeconds: 5
            timeoutSeconds: 3
          resources:
            {{- toYaml $resources | nindent 12 }}
          securityContext:
            {{- if .privileged }}
            privileged: true
            readOnlyRootFilesystem: true
            {{- else }}
            {{- include "volthus.containerSecurity" . | nindent 12 }}
            {{- end }}
          volumeMounts:
            - name: "tmp"
              mountPath: "/tmp"
            {{- if .stateful }}
            - name: "state"
              mountPath: "/var/lib/volthus"
            {{- end }}
            {{- with .mounts }}
            {{- toYaml . | nindent 12 }}
            {{- end }}
      volumes:
        - name: "tmp"
          emptyDir: {}
        {{- if .stateful }}
        - name: "state"
          {{- include "volthus.stateVolume" (dict "root" .root "claim" (printf "%s-%s" $full .component)) | nindent 10 }}
        {{- end }}
        {{- with .volumes }}
        {{- toYaml . | nindent 8 }}
        {{- end }}
{{- if and .stateful .root.Values.persistence.enabled }}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata:
  name: {{ printf "%s-%s" $full .component | quote }}
  labels:
    {{- include "volthus.labels" . | nindent 4 }}
  annotations:
    # A gateway's identity or a CEM's settings must outlive an uninstall by mistake.
    helm.sh/resource-policy: "keep"
spec:
  accessModes: ["ReadWriteOnce"]
  {{- if .root.Values.persistence.storageClass }}
  storageClassName: {{ .root.Values.persistence.storageClass | quote }}
  {{- end }}
  resources:
    requests:
      storage: {{ .root.Values.persistence.size | quote }}
{{- end }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ printf "%s-%s" $full .component | quote }}
  labels:
    {{- include "volthus.labels" . | nindent 4 }}
spec:
  maxUnavailable: 1 # not minAvailable 1: that would block every node drain
  selector:
    matchLabels:
      {{- include "volthus.selector" . | nindent 6 }}
{{- end -}}

{{/*
What lets a program see through the ingress: without it all the world has the address of the ingress, so that
whoever guesses there locks everybody out. Yields JSON of a list of environment variables, under "env".
*/}}
{{- define "volthus.behind" -}}
{{- $env := list -}}
{{- if .enabled -}}
{{- $env = list (dict "name" "VOLTHUS_TRUST_PROXY" "value" "1") (dict "name" "FORWARDED_ALLOW_IPS" "value" .proxies) -}}
{{- end -}}
{{- dict "env" $env | toJson -}}
{{- end -}}

{{/* A service in front of one component. root, component, port, targetPort */}}
{{- define "volthus.service" -}}
apiVersion: v1
kind: Service
metadata:
  name: {{ printf "%s-%s" (include "volthus.fullname" .root) .component | quote }}
  labels:
    {{- include "volthus.labels" . | nindent 4 }}
spec:
  selector:
    {{- include "volthus.selector" . | nindent 4 }}
  ports:
    - name: "http"
      port: {{ .port }}
      targetPort: "http"
{{- end -}}

{{/* The container that joins the fleet and renews the claims, on the NATS pod's volume. root, enrol */}}
{{- define "volthus.link" -}}
image: {{ include "volthus.image" .root }}
imagePullPolicy: {{ .root.Values.image.pullPolicy | quote }}
command:
  - "volthus-enroll"
  - "--folder"
  - "/data/link"
  {{- if .enrol.caSecret }}
  - "--ca"
  - "/etc/join-ca/ca.crt"
  {{- end }}
  - "keep"
  - "--cloud"
  - {{ .enrol.cloud | quote }}
  - "--code"
  - "$(VOLTHUS_CODE)"
env:
  - name: "VOLTHUS_CODE"
    valueFrom:
      secretKeyRef: {name: {{ default "none" .enrol.codeSecret | quote }}, key: "code", optional: true}
resources:
  requests: {cpu: "5m", memory: "64Mi"}
  limits: {memory: "128Mi"}
securityContext:
  {{- include "volthus.containerSecurity" . | nindent 2 }}
volumeMounts:
  - {name: "data", mountPath: "/data"}
  - {name: "tmp", mountPath: "/tmp"}
  {{- if .enrol.caSecret }}
  - {name: "join-ca", mountPath: "/etc/join-ca", readOnly: true}
  {{- end }}
{{- end -}}

{{/*
NATS: StatefulSet, configuration, Services, disruption budget.
root, replicas, config, secrets, leafListener, enrol (cloud, codeSecret, caSecret: joins the fleet and stays in it)
*/}}
{{- define "volthus.nats" -}}
{{- $full := printf "%s-nats" (include "volthus.fullname" .root) -}}
{{- $nats := .root.Values.nats -}}
{{- $labels := dict "root" .root "component" "nats" -}}
apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ $full | quote }}
  labels:
    {{- include "volthus.labels" $labels | nindent 4 }}
data:
  nats.conf: |
    {{- .config | nindent 4 }}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ printf "%s-headless" $full | quote }}
  labels:
    {{- include "volthus.labels" $labels | nindent 4 }}
spec:
  clusterIP: "None"
  publishNotReadyAddresses: true
  selector:
    {{- include "volthus.selector" $labels | nindent 4 }}
  ports:
    - {name: "client", port: 4222, targetPort: "client"}
    - {name: "cluster", port: 6222, targetPort: "cluster"}
---
apiVersion: v1
kind: Service
metadata:
  name: {{ $full | quote }}
  labels:
    {{- include "volthus.labels" $labels | nindent 4 }}
spec:
  selector:
    {{- include "volthus.selector" $labels | nindent 4 }}
  ports:
    - {name: "client", port: 4222, targetPort: "client"}
    {{- if .leafListener }}
    - {name: "leaf", port: 7422, targetPort: "leaf"}
    {{- end }}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ $full | quote }}
  labels:
    {{- include "volthus.labels" $labels | nindent 4 }}
spec:
  maxUnavailable: 1
  selector:
    matchLabels:
      {{- include "volthus.selector" $labels | nindent 6 }}
---
apiVersion: apps/v1
kind: StatefulSet
metadata:
  name: {{ $full | quote }}
  labels:
    {{- include "volthus.labels" $labels | nindent 4 }}
spec:
  serviceName: {{ printf "%s-headless" $full | quote }}
  replicas: {{ .replicas }}
  podManagementPolicy: "Parallel"
  selector:
    matchLabels:
      {{- include "volthus.selector" $labels | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "volthus.labels" $labels | nindent 8 }}
      annotations:
        volthus/config: {{ .config | sha256sum | quote }}
    spec:
      automountServiceAccountToken: false
      enableServiceLinks: false
      securityContext:
        {{- include "volthus.podSecurity" . | nindent 8 }}
      {{- include "volthus.placing" (dict "root" .root "component" "nats" "replicas" .replicas) | nindent 6 }}
      containers:
        {{- with .enrol }}
        - name: "link"
          {{- include "volthus.link" (dict "root" $.root "enrol" .) | nindent 10 }}
          # A site that cannot join must not lose its bus: nothing here waits for the cloud.
          startupProbe:
            exec: {command: ["true"]}
          livenessProbe:
            exec: {command: ["true"]}
            periodSeconds: 60
          readinessProbe:
            exec: {command: ["true"]}
            periodSeconds: 60
        {{- end }}
        - name: "nats"
          image: {{ include "volthus.imageName" (dict "image" $nats.image "tag" $nats.image.tag) }}
          imagePullPolicy: {{ .root.Values.image.pullPolicy | quote }}
          command: ["nats-server"] # said here, so that any image that has the program will do
          args: ["--config", "/etc/nats/nats.conf"]
          env:
            - name: "POD_NAME"
              valueFrom:
                fieldRef:
                  fieldPath: "metadata.name"
          ports:
            - {name: "client", containerPort: 4222}
            - {name: "monitor", containerPort: 8222}
            - {name: "cluster", containerPort: 6222}
            {{- if .leafListener }}
            - {name: "leaf", containerPort: 7422}
            {{- end }}
          startupProbe:
            httpGet: {path: "/healthz", port: "monitor"}
            periodSeconds: 2
            timeoutSeconds: 3
            failureThreshold: 90
          readinessProbe:
            httpGet: {path: "/healthz?js-server-only=true", port: "monitor"}
            periodSeconds: 5
            timeoutSeconds: 3
          livenessProbe:
            httpGet: {path: "/healthz?js-enabled-only=true", port: "monitor"}
            periodSeconds: 10
            timeoutSeconds: 3
            failureThreshold: 3
          resources:
            {{- toYaml $nats.resources | nindent 12 }}
          securityContext:
            {{- include "volthus.containerSecurity" . | nindent 12 }}
          volumeMounts:
            - {name: "config", mountPath: "/etc/nats", readOnly: true}
            - {name: "data", mountPath: "/data"}
            {{- range .secrets }}
            - {name: {{ .name | quote }}, mountPath: {{ .path | quote }}, readOnly: true}
            {{- end }}
      volumes:
        - name: "config"
          configMap:
            name: {{ $full | quote }}
        {{- if .enrol }}
        - {name: "tmp", emptyDir: {}}
        {{- if .enrol.caSecret }}
        - name: "join-ca"
          secret: {secretName: {{ .enrol.caSecret | quote }}, defaultMode: 0440}
        {{- end }}
        {{- end }}
        {{- range .secrets }}
        - name: {{ .name | quote }}
          secret:
            secretName: {{ .secret | quote }}
            defaultMode: 0440
        {{- end }}
        {{- if not .root.Values.persistence.enabled }}
        - {name: "data", emptyDir: {}}
        {{- end }}
  {{- if .root.Values.persistence.enabled }}
  volumeClaimTemplates: # never changes with an upgrade: a server refuses that
    {{- include "volthus.claimTemplate" (dict "root" .root "size" $nats.storage) | nindent 4 }}
  {{- end }}
{{- end -}}

{{/* The claim "data" of each pod of a StatefulSet. root, size */}}
{{- define "volthus.claimTemplate" -}}
- metadata:
    name: "data"
  spec:
    accessModes: ["ReadWriteOnce"]
    {{- if .root.Values.persistence.storageClass }}
    storageClassName: {{ .root.Values.persistence.storageClass | quote }}
    {{- end }}
    resources:
      requests:
        storage: {{ .size | quote }}
{{- end -}}

{{/* The port of an address such as tls://host:7422, as a number. url, port (where the address names none) */}}
{{- define "volthus.portOf" -}}
{{- $found := regexFind ":[0-9]+/?$" .url -}}
{{- if $found }}{{ $found | trimPrefix ":" | trimSuffix "/" }}{{ else }}{{ .port }}{{ end -}}
{{- end -}}

{{/* Egress that every pod has: names, the bus (also one of your own) and, where wanted, the collector of traces. root */}}
{{- define "volthus.egress" -}}
- ports: # DNS
    - {protocol: "UDP", port: 53}
    - {protocol: "TCP", port: 53}
{{- if .root.Values.nats.external.url }}
- ports: # the bus
    - {protocol: "TCP", port: {{ include "volthus.portOf" (dict "url" .root.Values.nats.external.url "port" 4222) }}}
{{- else }}
- to: # the bus
    - podSelector:
        matchLabels:
          {{- include "volthus.selector" (dict "root" .root "component" "nats") | nindent 10 }}
  ports:
    - {protocol: "TCP", port: 4222}
{{- end }}
{{- with .root.Values.traces.url }}
- ports: # the collector of traces
    - {protocol: "TCP", port: {{ include "volthus.portOf" (dict "url" . "port" (ternary 443 80 (hasPrefix "https:" .))) }}}
{{- end }}
{{- end -}}

{{- define "volthus.policyMeta" -}}
name: {{ printf "%s-%s" (include "volthus.fullname" .root) .name | quote }}
labels:
  {{- include "volthus.labels" (dict "root" .root "component" "network") | nindent 2 }}
{{- end -}}
