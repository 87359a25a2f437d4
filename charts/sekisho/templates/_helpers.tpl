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
Whether a definition of the cluster has other versions than the chart's, and does not come from a later release: (list $theirs $ours).
Writes something where it is so.
*/}}
{{- define "sekisho.definitionIsOlder" -}}
{{- $theirs := index . 0 -}}
{{- $ours := index . 1 -}}
{{- $key := "auth.sekisho.dev/version" -}}
{{- $release := dig "metadata" "annotations" $key "0.0.0" $theirs -}}
{{- if and (ne (toJson $theirs.spec.versions) (toJson $ours.spec.versions)) (semverCompare (printf "<=%s" (index $ours.metadata.annotations $key)) $release) -}}
true
{{- end -}}
{{- end }}
