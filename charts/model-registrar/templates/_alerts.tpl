{{/* The list of alerts. Each selects the metrics of this release by the labels namespace and service. */}}
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
    runbook_url: https://model-registrar.dev/operations.html#alerts
    description: Prometheus has not scraped any pod of {{ $service }} for 10 minutes. While the operator is down, nothing is written to the registry.
- alert: ModelRegistrarNoLeader
  expr: sum(registrar_leader_election_master_status{ {{- $these -}} }) != 1
  for: 5m
  labels:
    severity: critical
  annotations:
    summary: Model Registrar has no leader, or more than one
    runbook_url: https://model-registrar.dev/operations.html#alerts
    description: {{ print "{{ $value }} replicas report that they lead; exactly one should. Check the Lease and the logs of the pods." | quote }}
- alert: ModelRegistrarRegistryUnreadable
  expr: |-
    (time() - registrar_feed_last_success_timestamp_seconds{ {{- $these -}} }) > 300
    and on (pod) registrar_leader_election_master_status{ {{- $these -}} } == 1
  for: 5m
  labels:
    severity: critical
  annotations:
    summary: The model registry cannot be read
    runbook_url: https://model-registrar.dev/operations.html#alerts
    description: {{ print "{{ $labels.pod }} has not read the registry {{ $labels.registry }} for more than 5 minutes. Changes to resources wait until it responds." | quote }}
- alert: ModelRegistrarReconcileErrors
  expr: |-
    sum by (kind) (rate(registrar_reconcile_errors_total{ {{- $these -}} }[15m]))
    / sum by (kind) (rate(registrar_reconcile_total{ {{- $these -}} }[15m])) > 0.1
  for: 15m
  labels:
    severity: warning
  annotations:
    summary: Many reconciles are failing
    runbook_url: https://model-registrar.dev/operations.html#alerts
    description: {{ print "{{ $value | humanizePercentage }} of the reconciles of {{ $labels.kind }} have failed for 15 minutes." | quote }}
- alert: ModelRegistrarResourcesNotReady
  expr: max by (kind, reason) (registrar_managed_resources_not_ready{ {{- $these -}} ,reason!~"Paused|Unknown"}) > 0
  for: 1h
  labels:
    severity: warning
  annotations:
    summary: Resources need manual action
    runbook_url: https://model-registrar.dev/operations.html#alerts
    description: {{ print "{{ $value }} resources of kind {{ $labels.kind }} have not been Ready for an hour, with the reason {{ $labels.reason }}. Their Ready condition says what to do." | quote }}
- alert: ModelRegistrarDriftKeepsReturning
  expr: sum by (kind) (increase(registrar_drift_corrected_total{ {{- $these -}} }[1h])) > 20
  for: 1h
  labels:
    severity: warning
  annotations:
    summary: Another program keeps changing the same entries
    runbook_url: https://model-registrar.dev/operations.html#alerts
    description: {{ print "{{ $value | humanize }} entries of kind {{ $labels.kind }} were corrected within an hour." | quote }}
{{- end }}
