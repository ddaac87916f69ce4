{{/* The alerts, as a list. Each selects the metrics of this release by the Service's labels: namespace and service. */}}
{{- define "model-registrar.alerts" -}}
{{- $service := printf "%s-metrics" (include "model-registrar.fullname" .) }}
{{- $these := printf "namespace=%q,service=%q" (include "model-registrar.namespace" .) $service }}
- alert: ModelRegistrarDown
  expr: absent(up{ {{- $these -}} } == 1)
  for: 10m
  labels:
    severity: critical
  annotations:
    summary: Model Registrar is down
    description: No pod of {{ $service }} was scraped for 10 minutes. Nothing is written to the registry meanwhile.
- alert: ModelRegistrarNoLeader
  expr: sum(registrar_leader_election_master_status{ {{- $these -}} }) != 1
  for: 5m
  labels:
    severity: critical
  annotations:
    summary: Model Registrar has no leader, or more than one
    description: {{ print "{{ $value }} replicas say that they lead; it has to be one. Look at the Lease and at the log of the pods." | quote }}
- alert: ModelRegistrarRegistryUnreadable
  expr: |-
    (time() - registrar_feed_last_success_timestamp_seconds{ {{- $these -}} }) > 300
    and on (pod) registrar_leader_election_master_status{ {{- $these -}} } == 1
  for: 5m
  labels:
    severity: critical
  annotations:
    summary: The model registry cannot be read
    description: {{ print "{{ $labels.pod }} has not read the registry for more than 5 minutes. Changes of resources wait until it answers." | quote }}
- alert: ModelRegistrarReconcileErrors
  expr: |-
    sum by (kind) (rate(registrar_reconcile_errors_total{ {{- $these -}} }[15m]))
    / sum by (kind) (rate(registrar_reconcile_total{ {{- $these -}} }[15m])) > 0.1
  for: 15m
  labels:
    severity: warning
  annotations:
    summary: Many reconciles fail
    description: {{ print "{{ $value | humanizePercentage }} of the reconciles of {{ $labels.kind }} have failed for 15 minutes." | quote }}
- alert: ModelRegistrarResourcesNotReady
  expr: max by (kind) (registrar_managed_resources{ {{- $these -}} ,ready="False"}) > 0
  for: 1h
  labels:
    severity: warning
  annotations:
    summary: Resources wait for a person
    description: {{ print "{{ $value }} of kind {{ $labels.kind }} have not been Ready for an hour; their condition says what to do." | quote }}
- alert: ModelRegistrarDriftKeepsReturning
  expr: sum by (kind) (increase(registrar_drift_corrected_total{ {{- $these -}} }[1h])) > 20
  for: 1h
  labels:
    severity: warning
  annotations:
    summary: Another program writes the same entries
    description: {{ print "{{ $value | humanize }} entries of kind {{ $labels.kind }} were set back within an hour." | quote }}
{{- end }}
