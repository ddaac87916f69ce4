{{/* Refuses each value in another form than files/forms.yaml demands, with a sentence. */}}
{{- define "model-registrar.checkForms" -}}
{{- $known := .Files.Get "files/forms.yaml" | fromYaml }}
{{- range $known.needed }}
{{- if eq (include "model-registrar.valueAt" (list $.Values .)) "null" }}
{{- fail (printf "%s is null: give it a value, or leave it out to keep the chart's default." .) }}
{{- end }}
{{- end }}
{{- range $path, $form := $known.texts }}
{{- with include "model-registrar.valueAt" (list $.Values $path) | fromJsonArray | first }}
{{- include "model-registrar.requireForm" (list (get $known.forms $form) $path .) }}
{{- end }}
{{- end }}
{{- range $path, $form := $known.lists }}
{{- range $position, $value := include "model-registrar.valueAt" (list $.Values $path) | fromJsonArray | first }}
{{- include "model-registrar.requireForm" (list (get $known.forms $form) (printf "%s[%d]" $path $position) $value) }}
{{- end }}
{{- end }}
{{- range $number, $item := .Values.rbac.pipelines }}
{{- $path := printf "rbac.pipelines[%d]" $number }}
{{- include "model-registrar.requireForm" (list $known.forms.namespace (printf "%s.namespace" $path) .namespace) }}
{{- range $position, $name := .serviceAccounts }}
{{- include "model-registrar.requireForm" (list $known.forms.objectName (printf "%s.serviceAccounts[%d]" $path $position) $name) }}
{{- end }}
{{- end }}
{{- range $number, $tenant := .Values.registry.tenants }}
{{- $path := printf "registry.tenants[%d]" $number }}
{{- range $position, $name := .namespaces }}
{{- include "model-registrar.requireForm" (list $known.forms.tenantNamespace (printf "%s.namespaces[%d]" $path $position) $name) }}
{{- end }}
{{- range $position, $name := .modelNames }}
{{- include "model-registrar.requireForm" (list $known.forms.tenantModelName (printf "%s.modelNames[%d]" $path $position) $name) }}
{{- end }}
{{- with .owner }}
{{- include "model-registrar.requireForm" (list $known.forms.tenantOwner (printf "%s.owner" $path) .) }}
{{- end }}
{{- end }}
{{- end }}

{{/* The value at a path with dots, as a JSON list of one, because a template returns text only; `null` without one.
Arguments: the values, the path. */}}
{{- define "model-registrar.valueAt" -}}
{{- $value := index . 0 }}
{{- $isThere := true }}
{{- range splitList "." (index . 1) }}
{{- if and $isThere (kindIs "map" $value) (hasKey $value .) }}
{{- $value = get $value . }}
{{- else }}
{{- $isThere = false }}
{{- end }}
{{- end }}
{{- ternary (list $value | toJson) "null" (and $isThere (not (kindIs "invalid" $value))) }}
{{- end }}

{{/* Refuses a text in another form. Arguments: the form, the path, the text. */}}
{{- define "model-registrar.requireForm" -}}
{{- $form := index . 0 }}
{{- $text := index . 2 | toString }}
{{- if not (regexMatch $form.pattern $text) }}
{{- fail (printf "%s is %q: write %s." (index . 1) $text $form.write) }}
{{- end }}
{{- end }}

{{/* Refuses an address that the operator would refuse when it starts. It may hold a password, so no message repeats it. */}}
{{- define "model-registrar.checkURL" -}}
{{- with .Values.registry.url }}
{{- if not (regexMatch "^(?i:https?)://[^/?#]" .) }}
{{- fail "registry.url does not begin with http:// or https:// and a host: write the root address of the registry, such as http://model-registry-service.kubeflow:8080." }}
{{- end }}
{{- $host := include "model-registrar.hostAndPort" $ }}
{{- if contains "@" $host }}
{{- fail "registry.url contains a user name or password: leave it out, put a token into a Secret, and name that in registry.tokenSecretRef." }}
{{- end }}
{{- if regexMatch "\\s" . }}
{{- fail "registry.url contains white space: write the address without it." }}
{{- end }}
{{- if regexMatch "[?#]" . }}
{{- fail "registry.url contains a query or a fragment: leave out everything from the '?' or '#' on." }}
{{- end }}
{{- if regexMatch "[^\\x00-\\x7f]" $host }}
{{- fail "registry.url has a host with other letters than ASCII: write it as DNS has it (xn--…)." }}
{{- end }}
{{- if not (regexMatch "^(\\[[0-9A-Fa-f:.]+\\]|[^][:]+)(:[0-9]*)?$" $host) }}
{{- fail "registry.url has no valid host and port: write both as in http://model-registry-service.kubeflow:8080, and an IPv6 address in brackets." }}
{{- end }}
{{- $port := regexFind ":[0-9]+$" $host | trimPrefix ":" }}
{{- if and $port (not (regexMatch "^0*([1-9][0-9]{0,3}|[1-5][0-9]{4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5])$" $port)) }}
{{- fail (printf "registry.url has the port %s: write a number from 1 to 65535." $port) }}
{{- end }}
{{- if regexMatch "(?i)(/|%2f)(\\.|%2e){1,2}(/|%2f|$)" (regexReplaceAll "^[^/]*//[^/]*" . "") }}
{{- fail "registry.url has a path with '.' or '..': write the path without them." }}
{{- end }}
{{- end }}
{{- end }}
