{{/* Rejects manifests of the chart's own kinds in extraObjects. Helm looks up every kind before it creates any object, also
those of hooks, so an entry cannot be installed together with its CustomResourceDefinition. */}}
{{- define "model-registrar.refuseEntries" -}}
{{- range regexSplit "(?m)^---" . -1 }}
{{- $manifest := fromYaml . }}
{{- $items := ternary $manifest.items list (kindIs "slice" $manifest.items) }}
{{- range prepend $items $manifest }}
{{- if and (kindIs "map" .) (hasPrefix "model-registrar.dev/" (toString (dig "apiVersion" "" .))) }}
{{- fail (printf "extraObjects contains the %s %q: such a resource cannot be part of this release. Helm could not install it before its CustomResourceDefinition, and an uninstall would remove the operator before the resource's finalizer. Apply it after this release is installed, with kubectl, GitOps or a chart of its own." (dig "kind" "" .) (dig "metadata" "name" "" .)) }}
{{- end }}
{{- end }}
{{- end }}
{{- end }}

{{/* Refuses a value that needs MutatingAdmissionPolicies where the API server does not serve them. Arguments: value, instead
(what happens without it), root. */}}
{{- define "model-registrar.requireMutatingPolicies" -}}
{{- if not (.root.Capabilities.APIVersions.Has "admissionregistration.k8s.io/v1/MutatingAdmissionPolicy") }}
{{- fail (printf "%s requires Kubernetes 1.36 or newer: the cluster does not serve admissionregistration.k8s.io/v1/MutatingAdmissionPolicy. Set it to false. %s `helm template` does not ask a cluster and needs --api-versions=admissionregistration.k8s.io/v1/MutatingAdmissionPolicy." .value .instead) }}
{{- end }}
{{- end }}

{{/* Rejects values that the operator would refuse, and those that conflict: a schema could not explain that in a sentence. */}}
{{- define "model-registrar.checks" -}}
{{- include "model-registrar.checkForms" . }}
{{- include "model-registrar.checkURL" . }}
{{- with .Values.registry }}
{{- if not (or .url .urlConfigMapRef.name $.Values.connections.enabled) }}
{{- fail "registry.url is missing: set it to the root address of the registry, such as http://model-registry-service.kubeflow:8080. Or name a ConfigMap with the address in registry.urlConfigMapRef, or connect registries by ClusterRegistries, with connections.enabled." }}
{{- end }}
{{- if and .caBundle (trim .caBundle) (not (contains "-----BEGIN CERTIFICATE-----" .caBundle)) }}
{{- fail "registry.caBundle contains no certificate: write certificate authorities in PEM format, with the lines -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----." }}
{{- end }}
{{- if and .url .urlConfigMapRef.name }}
{{- fail "registry.url and registry.urlConfigMapRef.name are both set: set only one." }}
{{- end }}
{{- if and $.Values.connections.enabled (or .url .urlConfigMapRef.name) (not (kindIs "slice" .tenants)) }}
{{- fail "connections.enabled is true and registry.tenants is not set: the registry of these values must be no way round the tenants of a ClusterRegistry. Set registry.tenants, or connect the registry by a ClusterRegistry and leave registry.url empty." }}
{{- end }}
{{- if has (include "model-registrar.serviceAccountName" $) $.Values.connections.serviceAccounts }}
{{- fail (printf "connections.serviceAccounts contains %q, the operator's own ServiceAccount: a registry could act as the operator with its token. Name another one, without rights in the cluster." (include "model-registrar.serviceAccountName" $)) }}
{{- end }}
{{- if and .tokenSecretRef.name .serviceAccountToken.enabled }}
{{- fail "registry.tokenSecretRef.name and registry.serviceAccountToken.enabled are both set: set only one." }}
{{- end }}
{{- if and .serviceAccountToken.enabled (not .serviceAccountToken.audience) }}
{{- fail "registry.serviceAccountToken.audience is empty: the token would be valid at the API server, and the registry could use the cluster with the operator's rights. Set the audience that the proxy in front of the registry expects." }}
{{- end }}
{{- if gt (len (compact (list .caBundle .caSecretRef.name .caConfigMapRef.name))) 1 }}
{{- fail "registry.caBundle, registry.caSecretRef.name and registry.caConfigMapRef.name are mutually exclusive: set only one." }}
{{- end }}
{{- end }}
{{- $ownerId := include "model-registrar.ownerId" . }}
{{- if gt (len $ownerId) 100 }}
{{- fail (printf "ownerId is empty, and the release's namespace and name together, %q, are longer than the 100 characters of an owner ID: set a shorter ownerId." $ownerId) }}
{{- end }}
{{- if and (eq .Values.orphanedEntries "Archive") (not .Values.ownerId) }}
{{- fail "orphanedEntries is Archive and ownerId is empty: give this installation an ownerId that no other one uses." }}
{{- end }}
{{- $seen := list }}
{{- range .Values.rbac.pipelines }}
{{- if has .namespace $seen }}
{{- fail (printf "rbac.pipelines has two items for the namespace %q: list all serviceAccounts in one of them." .namespace) }}
{{- end }}
{{- $seen = append $seen .namespace }}
{{- end }}
{{- with .Values.leaderElection }}
{{- if and (not .enabled) (gt (int $.Values.replicaCount) 1) }}
{{- fail (printf "replicaCount is %d and leaderElection.enabled is false: all replicas would write. Enable it, or set replicaCount to 1." (int $.Values.replicaCount)) }}
{{- end }}
{{- if and (not .enabled) $.Values.strategy }}
{{- fail "strategy is set and leaderElection.enabled is false: without a Lease, only Recreate prevents two pods from writing. Enable it, or leave strategy empty." }}
{{- end }}
{{- if not (and (lt (float64 .retryPeriod) (float64 .renewDeadline)) (lt (float64 .renewDeadline) (float64 .leaseDuration))) }}
{{- fail "leaderElection: leaseDuration must be longer than renewDeadline, and renewDeadline longer than retryPeriod." }}
{{- end }}
{{- end }}
{{- if and .Values.serviceMonitor.enabled (not .Values.metrics.service.enabled) }}
{{- fail "serviceMonitor.enabled requires metrics.service.enabled: the ServiceMonitor selects that Service." }}
{{- end }}
{{- if .Values.serving.labelInferenceServices }}
{{- include "model-registrar.requireMutatingPolicies" (dict "value" "serving.labelInferenceServices" "instead" "Keep the labels of an InferenceService in its manifest." "root" .) }}
{{- if and (eq .Values.serving.labelGroup "modelregistry.opendatahub.io") (not .Values.serving.registryName) }}
{{- fail "serving.registryName is empty: Open Data Hub's dashboard shows a server without the label modelregistry.opendatahub.io/name under every registry. Set it to the registry's name in the dashboard." }}
{{- end }}
{{- end }}
{{- if .Values.finalizerPolicy.enabled }}
{{- include "model-registrar.requireMutatingPolicies" (dict "value" "finalizerPolicy.enabled" "instead" "The operator adds its finalizer itself." "root" .) }}
{{- $given := .Values.extraArgs }}
{{- range .Values.extraEnv }}
{{- $given = append $given .name }}
{{- end }}
{{- range $given }}
{{- if regexMatch "^(--namespace|--deletion-policy|REGISTRAR_NAMESPACES|REGISTRAR_DELETION_POLICY)(=|$)" (toString .) }}
{{- fail (printf "finalizerPolicy.enabled: its policy cannot follow %s of extraArgs or extraEnv, and would hold deletions that the operator does not finish. Set watchNamespaces and policies.deletion instead." (regexFind "^[^=]+" .)) }}
{{- end }}
{{- end }}
{{- end }}
{{- with .Values.podDisruptionBudget }}
{{- if and .enabled (eq (empty (toString .minAvailable)) (empty (toString .maxUnavailable))) }}
{{- fail "podDisruptionBudget: set one of minAvailable and maxUnavailable, and the other to \"\"." }}
{{- end }}
{{- end }}
{{- end }}
