{{/* Where KServe's servers have the address of their model: an InferenceService in storageUri, an LLMInferenceService in
uri. The argument is the name of an object in CEL. */}}
{{- define "model-registrar.servedAddress" -}}
{{ . }}.spec.?predictor.?model.?storageUri.orValue({{ . }}.spec.?model.?uri.orValue(''))
{{- end }}

{{/* The annotation that names the served version. The argument is the name of an object in CEL. */}}
{{- define "model-registrar.servedVersion" -}}
{{ . }}.metadata.?annotations[?'model-registrar.dev/version'].orValue('')
{{- end }}

{{/* Binds a policy of the same name in the watched namespaces. Arguments: name, root, and paramRef if it has parameters. */}}
{{- define "model-registrar.mutatingPolicyBinding" -}}
apiVersion: admissionregistration.k8s.io/v1
kind: MutatingAdmissionPolicyBinding
metadata:
  name: {{ .name }}
  labels:
    {{- include "model-registrar.labels" .root | nindent 4 }}
spec:
  policyName: {{ .name }}
  {{- with .paramRef }}
  paramRef:
    {{- toYaml . | nindent 4 }}
  {{- end }}
  {{- with .root.Values.watchNamespaces }}
  matchResources:
    namespaceSelector:
      matchExpressions:
      - key: kubernetes.io/metadata.name
        operator: In
        values:
        {{- toYaml . | nindent 8 }}
  {{- end }}
{{- end }}
