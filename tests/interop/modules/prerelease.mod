module volthus/interop

go 1.24.1

require (
	github.com/enbility/eebus-go v0.7.1-0.20260720111250-363db3c5c262
	github.com/enbility/ship-go v0.6.1-0.20260720110450-0aa90f64ac76
	github.com/enbility/spine-go v0.7.1-0.20260629113257-b3bcc643f323
)

require (
	github.com/enbility/go-avahi v0.0.0-20240909195612-d5de6b280d7a // indirect
	github.com/enbility/zeroconf/v2 v2.0.0-20240920094356-be1cae74fda6 // indirect
	github.com/godbus/dbus/v5 v5.2.2 // indirect
	github.com/golanguzb70/lrucache v1.2.0 // indirect
	github.com/gorilla/websocket v1.5.3 // indirect
	github.com/govalues/decimal v0.1.36 // indirect
	github.com/miekg/dns v1.1.72 // indirect
	github.com/rickb777/period v1.0.22 // indirect
	github.com/rickb777/plural v1.4.7 // indirect
	gitlab.com/c0b/go-ordered-json v0.0.0-20201030195603-febf46534d5a // indirect
	golang.org/x/net v0.50.0 // indirect
	golang.org/x/sys v0.41.0 // indirect
)
