{{/* The operator's arguments. */}}
{{- define "model-registrar.arguments" -}}
{{- if .Values.registry.url }}
- {{ printf "--registry-url=%s" .Values.registry.url | quote }}
{{- else if .Values.registry.urlConfigMapRef.name }}
- --registry-url-file={{ include "model-registrar.urlFolder" . }}/{{ .Values.registry.urlConfigMapRef.key }}
{{- end }}
{{- with .Values.registry.apiVersion }}
- --registry-api-version={{ . }}
{{- end }}
{{- with include "model-registrar.tokenFile" . }}
- --registry-token-file={{ . }}
{{- end }}
{{- with include "model-registrar.caKey" . }}
- --registry-ca-file=/etc/model-registrar/ca/{{ . }}
{{- end }}
{{- if kindIs "slice" .Values.registry.tenants }}
- --registry-tenants=/etc/model-registrar/tenants/tenants.yaml
{{- end }}
{{- if .Values.connections.enabled }}
- --connections
- --connections-namespace={{ include "model-registrar.namespace" . }}
{{- if .Values.connections.namespaceSelectors }}
- --connections-namespace-selectors
{{- end }}
{{- end }}
- --owner-id={{ include "model-registrar.ownerId" . }}
{{- range .Values.watchNamespaces }}
- --namespace={{ . }}
{{- end }}
{{- with .Values.policies.deletion }}
- --deletion-policy={{ . }}
{{- end }}
{{- with .Values.policies.adoption }}
- --adoption-policy={{ . }}
{{- end }}
{{- with .Values.policies.drift }}
- --drift-policy={{ . }}
{{- end }}
- --workers={{ .Values.workers }}
- --feed-interval={{ .Values.feedInterval }}
- --resync-interval={{ .Values.resyncInterval }}
- --handover-grace={{ .Values.handoverGrace }}
- --orphaned-entries={{ .Values.orphanedEntries }}
{{- if .Values.acceptNewRegistry }}
- --accept-new-registry
{{- end }}
{{- if .Values.leaderElection.enabled }}
- --leader-election
- --lease-name={{ include "model-registrar.fullname" . }}
- --lease-namespace={{ include "model-registrar.namespace" . }}
- --lease-duration={{ .Values.leaderElection.leaseDuration }}
- --renew-deadline={{ .Values.leaderElection.renewDeadline }}
- --retry-period={{ .Values.leaderElection.retryPeriod }}
{{- end }}
- {{ printf "--probe-address=%s" .Values.metrics.address | quote }}
- --probe-port={{ .Values.metrics.port }}
- --log-level={{ .Values.log.level }}
- --log-format={{ .Values.log.format }}
{{- end }}

{{/* A probe that requests a path, unless it sets its own handler. */}}
{{- define "model-registrar.probe" -}}
{{- $probe := deepCopy .probe }}
{{- if not (or $probe.httpGet $probe.exec $probe.tcpSocket $probe.grpc) }}
{{- $_ := set $probe "httpGet" (dict "path" .path "port" "metrics") }}
{{- end }}
{{- toYaml $probe }}
{{- end }}

{{- define "model-registrar.volumeMounts" -}}
{{- if and .Values.registry.urlConfigMapRef.name (not .Values.registry.url) }}
- name: registry-url
  mountPath: {{ include "model-registrar.urlFolder" . }}
  readOnly: true
{{- end }}
{{- if include "model-registrar.tokenFile" . }}
- name: registry-token
  mountPath: /var/run/secrets/model-registrar/token
  readOnly: true
{{- end }}
{{- if include "model-registrar.caKey" . }}
- name: registry-ca
  mountPath: /etc/model-registrar/ca
  readOnly: true
{{- end }}
{{- if kindIs "slice" .Values.registry.tenants }}
- name: registry-tenants
  mountPath: /etc/model-registrar/tenants
  readOnly: true
{{- end }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "model-registrar.volumes" -}}
{{- with .Values.registry }}
{{- if and .urlConfigMapRef.name (not .url) }}
- name: registry-url
  configMap:
    name: {{ .urlConfigMapRef.name }}
    # So that the pod starts without it, and says what to edit.
    optional: true
    items:
    - key: {{ .urlConfigMapRef.key }}
      path: {{ .urlConfigMapRef.key }}
{{- end }}
{{- if .serviceAccountToken.enabled }}
- name: registry-token
  projected:
    sources:
    - serviceAccountToken:
        path: token
        expirationSeconds: {{ int64 .serviceAccountToken.expirationSeconds }}
        audience: {{ .serviceAccountToken.audience | quote }}
{{- else if .tokenSecretRef.name }}
- name: registry-token
  secret:
    secretName: {{ .tokenSecretRef.name }}
    items:
    - key: {{ .tokenSecretRef.key }}
      path: {{ .tokenSecretRef.key }}
{{- end }}
{{- if .caBundle }}
- name: registry-ca
  configMap:
    name: {{ include "model-registrar.fullname" $ }}-registry-ca
{{- else if .caSecretRef.name }}
- name: registry-ca
  secret:
    secretName: {{ .caSecretRef.name }}
    items:
    - key: {{ .caSecretRef.key }}
      path: {{ .caSecretRef.key }}
{{- else if .caConfigMapRef.name }}
- name: registry-ca
  configMap:
    name: {{ .caConfigMapRef.name }}
    items:
    - key: {{ .caConfigMapRef.key }}
      path: {{ .caConfigMapRef.key }}
{{- end }}
{{- if kindIs "slice" .tenants }}
- name: registry-tenants
  configMap:
    name: {{ include "model-registrar.fullname" $ }}-registry-tenants
{{- end }}
{{- end }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "model-registrar.topologySpreadConstraints" -}}
{{- $selector := dict "matchLabels" (include "model-registrar.selectorLabels" . | fromYaml) }}
{{- $constraints := list }}
{{- range .Values.topologySpreadConstraints }}
{{- $constraints = append $constraints (merge (deepCopy .) (ternary (dict) (dict "labelSelector" $selector) (hasKey . "labelSelector"))) }}
{{- end }}
{{- with $constraints }}
{{- toYaml . }}
{{- end }}
{{- end }}
