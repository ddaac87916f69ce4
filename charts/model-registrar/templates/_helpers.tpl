{{/* The chart's name in labels. */}}
{{- define "model-registrar.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" }}
{{- end }}

{{/* The name of the objects: the release's name alone if it contains the chart's. */}}
{{- define "model-registrar.fullname" -}}
{{- if .Values.fullnameOverride }}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- $name := default .Chart.Name .Values.nameOverride }}
{{- if contains $name .Release.Name }}
{{- .Release.Name | trunc 63 | trimSuffix "-" }}
{{- else }}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" }}
{{- end }}
{{- end }}
{{- end }}

{{- define "model-registrar.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride }}
{{- end }}

{{- define "model-registrar.selectorLabels" -}}
app.kubernetes.io/name: {{ include "model-registrar.name" . }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end }}

{{- define "model-registrar.labels" -}}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
{{ include "model-registrar.selectorLabels" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/part-of: model-registrar
app.kubernetes.io/managed-by: {{ .Release.Service }}
{{- with .Values.commonLabels }}
{{ toYaml . }}
{{- end }}
{{- end }}

{{- define "model-registrar.crdAnnotations" -}}
{{- $annotations := deepCopy .Values.crds.annotations }}
{{- if .Values.crds.keep }}
{{- $_ := set $annotations "helm.sh/resource-policy" "keep" }}
{{- end }}
{{- with $annotations }}
{{- toYaml . }}
{{- end }}
{{- end }}

{{- define "model-registrar.serviceAccountName" -}}
{{- if .Values.serviceAccount.create }}
{{- default (include "model-registrar.fullname" .) .Values.serviceAccount.name }}
{{- else }}
{{- default "default" .Values.serviceAccount.name }}
{{- end }}
{{- end }}

{{- define "model-registrar.image" -}}
{{- if .Values.image.digest }}
{{- printf "%s@%s" .Values.image.repository .Values.image.digest }}
{{- else }}
{{- printf "%s:%s" .Values.image.repository (default .Chart.AppVersion .Values.image.tag) }}
{{- end }}
{{- end }}

{{- define "model-registrar.ownerId" -}}
{{- default (printf "%s/%s" .Release.Namespace .Release.Name) .Values.ownerId }}
{{- end }}

{{/* The folder of the file with the registry's address. The operator's log and probe show its path, so it names the
ConfigMap. */}}
{{- define "model-registrar.urlFolder" -}}
/etc/model-registrar/configmap/{{ .Values.registry.urlConfigMapRef.name }}
{{- end }}

{{/* The path of the file with the registry's token; empty without a token. */}}
{{- define "model-registrar.tokenFile" -}}
{{- if .Values.registry.serviceAccountToken.enabled -}}
/var/run/secrets/model-registrar/token/token
{{- else if .Values.registry.tokenSecretRef.name -}}
/var/run/secrets/model-registrar/token/{{ .Values.registry.tokenSecretRef.key }}
{{- end }}
{{- end }}

{{/* The key under which the registry's certificate authorities are mounted; empty without authorities. */}}
{{- define "model-registrar.caKey" -}}
{{- if .Values.registry.caBundle -}}
ca.crt
{{- else if .Values.registry.caSecretRef.name -}}
{{ .Values.registry.caSecretRef.key }}
{{- else if .Values.registry.caConfigMapRef.name -}}
{{ .Values.registry.caConfigMapRef.key }}
{{- end }}
{{- end }}

{{/* Host and port of the registry's address. Sprig's urlParse would end with an error of its own where the host is none. */}}
{{- define "model-registrar.hostAndPort" -}}
{{- regexReplaceAll "(?s)^[^/]*//([^/?#]*).*$" .Values.registry.url "${1}" }}
{{- end }}

{{/* The port of the registry's address. */}}
{{- define "model-registrar.registryPort" -}}
{{- if .Values.connections.enabled }}
{{- fail "networkPolicy.registryPorts is empty: with connections.enabled, the chart does not know the ports of the registries. Set it." }}
{{- end }}
{{- if not .Values.registry.url }}
{{- fail "networkPolicy.registryPorts is empty: with registry.urlConfigMapRef, the chart does not know the registry's port. Set it." }}
{{- end }}
{{- include "model-registrar.checkURL" . }}
{{- $port := regexReplaceAll "^:0*" (regexFind ":[0-9]+$" (include "model-registrar.hostAndPort" .)) "" }}
{{- default (ternary "443" "80" (.Values.registry.url | lower | hasPrefix "https:")) $port }}
{{- end }}
