{{- /* Labels of every object: (list $ "part"). */}}
{{- define "sekisho.labels" -}}
{{- $root := index . 0 -}}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version | replace "+" "_" | trunc 63 | trimSuffix "-" }}
app.kubernetes.io/name: sekisho
app.kubernetes.io/instance: {{ $root.Release.Name | quote }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- /* REGISTRY/REPOSITORY:TAG, or @DIGEST where one is given: (list $ image). */}}
{{- define "sekisho.image" -}}
{{- $root := index . 0 -}}
{{- $image := index . 1 -}}
{{- with $root.Values.images.registry }}{{ . }}/{{ end -}}
{{ $image.repository }}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ $image.tag | default $root.Chart.AppVersion }}{{ end }}
{{- end }}

{{- define "sekisho.issuer" -}}
{{- required "issuer is empty. It is the `iss` of every token and the address of the auth service: --set issuer=https://auth.example.org" .Values.issuer }}
{{- end }}

{{- /*
Whether the TokenIssuer tells access tokens from id tokens. An operator and a guard of an earlier release refuse fields that they do not know,
and still run while an upgrade is applied: the webhook that is there lists those that they know. Writes something where it is so.
*/}}
{{- define "sekisho.requiresClientId" -}}
{{- $webhook := lookup "admissionregistration.k8s.io/v1" "ValidatingWebhookConfiguration" "" "sekisho" -}}
{{- if and .Values.tokenIssuer.requireClientId (or (not $webhook) (contains "requiredClaims" (toJson $webhook))) -}}
true
{{- end -}}
{{- end }}

{{- /* A selector that matches no namespace is refused by the API server in words that nobody would connect with this value. */}}
{{- define "sekisho.publicRoutes" -}}
{{- if not .Values.publicGateway.routesFrom }}
{{- fail "publicGateway.routesFrom is empty, so no route could attach: name namespaces, or leave the gateway out with publicGateway.create=false" }}
{{- end }}
{{- toJson .Values.publicGateway.routesFrom }}
{{- end }}

{{- /* A rule of a NetworkPolicy that lets out to a destination { to, ports }; none where there are no ports. */}}
{{- define "sekisho.egress" -}}
{{- if .ports -}}
- ports:
    {{- range .ports }}
    - { protocol: TCP, port: {{ . }} }
    {{- end }}
  {{- with .to }}
  to:
    {{- toYaml . | nindent 4 }}
  {{- end }}
{{- end }}
{{- end }}

{{- /* A rule that lets peers and namespaces in to a port; none where there are neither: (list port peers namespaces). */}}
{{- define "sekisho.ingress" -}}
{{- $peers := index . 1 }}
{{- range index . 2 }}
{{- $peers = append $peers (dict "namespaceSelector" (dict "matchLabels" (dict "kubernetes.io/metadata.name" .))) }}
{{- end }}
{{- if $peers -}}
- from:
    {{- toYaml $peers | nindent 4 }}
  ports:
    - { protocol: TCP, port: {{ index . 0 }} }
{{- end }}
{{- end }}

{{- /*
The number of pods that an autoscaler finds, while whoever applied the Deployment still owns it: left out, Kubernetes would make it one
until the autoscaler looks. As soon as that has changed it, it owns it. (list $ name autoscaling).
*/}}
{{- define "sekisho.replicasFound" -}}
{{- $root := index . 0 -}}
{{- if (index . 2).enabled -}}
{{- $deployment := lookup "apps/v1" "Deployment" $root.Release.Namespace (index . 1) -}}
{{- $isApplied := false -}}
{{- range dig "metadata" "managedFields" (list) $deployment -}}
{{- if and (not .subresource) (hasKey (dig "fieldsV1" "f:spec" (dict) .) "f:replicas") -}}
{{- $isApplied = true -}}
{{- end -}}
{{- end -}}
{{- if $isApplied -}}
replicas: {{ $deployment.spec.replicas }}
{{- end -}}
{{- end -}}
{{- end }}

{{- /* What a Secret of the namespace holds, decoded, as JSON; {} where there is none: (list $ name). */}}
{{- define "sekisho.secretData" -}}
{{- $root := index . 0 -}}
{{- $decoded := dict -}}
{{- range $key, $value := dig "data" (dict) (lookup "v1" "Secret" $root.Release.Namespace (index . 1)) }}
{{- $_ := set $decoded $key (b64dec $value) }}
{{- end }}
{{- toJson $decoded }}
{{- end }}

{{- define "sekisho.secretMetadata" -}}
{{- $root := index . 0 -}}
name: {{ index . 1 | quote }}
namespace: {{ $root.Release.Namespace | quote }}
annotations:
  helm.sh/resource-policy: keep
labels:
  {{- include "sekisho.labels" (list $root "secrets") | nindent 2 }}
{{- end }}

{{- /*
Whether a definition of the cluster has other versions than the chart's, and does not come from a later release: (list $theirs $ours).
Writes something where it is so.
*/}}
{{- define "sekisho.definitionIsOlder" -}}
{{- $theirs := index . 0 -}}
{{- $ours := index . 1 -}}
{{- $key := "auth.sekisho.dev/version" -}}
{{- $release := dig "metadata" "annotations" $key "0.0.0" $theirs -}}
{{- $differs := ne (toJson $theirs.spec.versions) (toJson $ours.spec.versions) -}}
{{- /* Not semverCompare, whose ranges hold no pre-release. */ -}}
{{- if and $differs (le ((semver $release).Compare (semver (index $ours.metadata.annotations $key))) 0) -}}
true
{{- end -}}
{{- end }}
