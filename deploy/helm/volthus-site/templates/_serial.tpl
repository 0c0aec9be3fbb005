{{/*
What the meter reader's pod needs for its way to RS485, as JSON: groups, limits, privileged, mounts, volumes.
A device that is only mounted cannot be opened: the container's device rules refuse it. So it is one of three.
*/}}
{{- define "volthus-site.serial" -}}
{{- $serial := .Values.meterReader.serial -}}
{{- if eq $serial.mode "tcp-gateway" -}}
{{- if $serial.devices -}}
{{- fail "meterReader.serial.devices needs meterReader.serial.mode privileged: in a plain pod a serial port cannot be opened" -}}
{{- end -}}
{}
{{- else if eq $serial.mode "device-plugin" -}}
{{- dict "groups" (list (int $serial.group)) "limits" (dict $serial.resource (toString $serial.count)) | toJson -}}
{{- else -}}
{{- if not $serial.devices -}}
{{- fail "meterReader.serial.devices is required with meterReader.serial.mode privileged" -}}
{{- end -}}
{{- $mounts := list -}}
{{- $volumes := list -}}
{{- range $number, $device := $serial.devices -}}
{{- $name := printf "serial-%d" $number -}}
{{- $mounts = append $mounts (dict "name" $name "mountPath" $device) -}}
{{- $volumes = append $volumes (dict "name" $name "hostPath" (dict "path" $device "type" "CharDevice")) -}}
{{- end -}}
{{- dict "groups" (list (int $serial.group)) "privileged" true "mounts" $mounts "volumes" $volumes | toJson -}}
{{- end -}}
{{- end -}}
