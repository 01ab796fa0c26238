{{- define "codehealer.fullname" -}}
{{- if contains .Chart.Name .Release.Name -}}
{{- .Release.Name | trunc 52 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name .Chart.Name | trunc 52 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "codehealer.selector" -}}
app.kubernetes.io/name: {{ .Chart.Name }}
app.kubernetes.io/instance: {{ .Release.Name }}
{{- end -}}

{{- define "codehealer.labels" -}}
{{ include "codehealer.selector" . }}
app.kubernetes.io/version: {{ .Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .Chart.Name .Chart.Version | replace "+" "_" }}
{{- end -}}

{{- define "codehealer.serviceAccount" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "codehealer.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- required "serviceAccount.name is needed when serviceAccount.create is false" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "codehealer.claim" -}}
{{- default (include "codehealer.fullname" .) .Values.persistence.existingClaim -}}
{{- end -}}

{{- /* A ConfigMap key cannot hold a slash: folder/file.yaml is stored as folder..file.yaml and mounted under its own path. */ -}}
{{- define "codehealer.configKey" -}}
{{- . | replace "/" ".." -}}
{{- end -}}

{{- /* The one list of what the bot reads. No Secrets, no ConfigMaps, nothing but get and list. */ -}}
{{- define "codehealer.readRules" -}}
- apiGroups: [""]
  resources: [pods, pods/log, events, namespaces, nodes, resourcequotas, limitranges]
  verbs: [get, list]
- apiGroups: [events.k8s.io]
  resources: [events]
  verbs: [get, list]
- apiGroups: [apps]
  resources: [deployments, replicasets, statefulsets, daemonsets]
  verbs: [get, list]
- apiGroups: [batch]
  resources: [jobs, cronjobs]
  verbs: [get, list]
{{- end -}}
