{{/* Rejects values that conflict with each other: a schema could not explain that in a sentence. */}}
{{- define "model-registrar.checks" -}}
{{- with .Values.registry }}
{{- if and .tokenSecretRef.name .serviceAccountToken.enabled }}
{{- fail "registry.tokenSecretRef.name and registry.serviceAccountToken.enabled are both set: set only one." }}
{{- end }}
{{- if gt (len (compact (list .caBundle .caSecretRef.name .caConfigMapRef.name))) 1 }}
{{- fail "registry.caBundle, registry.caSecretRef.name and registry.caConfigMapRef.name are mutually exclusive: set only one." }}
{{- end }}
{{- end }}
{{- if and (eq .Values.orphanedEntries "Archive") (not .Values.ownerId) }}
{{- fail "orphanedEntries is Archive and ownerId is empty: give this installation an ownerId that no other one uses." }}
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
{{- with .Values.podDisruptionBudget }}
{{- if and .enabled (eq (empty (toString .minAvailable)) (empty (toString .maxUnavailable))) }}
{{- fail "podDisruptionBudget: set one of minAvailable and maxUnavailable, and the other to \"\"." }}
{{- end }}
{{- end }}
{{- end }}
