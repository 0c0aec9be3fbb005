package main

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"

	"github.com/enbility/eebus-go/api"
	shipapi "github.com/enbility/ship-go/api"
	"github.com/enbility/ship-go/hub"
	"github.com/enbility/ship-go/logging"
	spineapi "github.com/enbility/spine-go/api"
	"github.com/enbility/spine-go/model"
	"github.com/enbility/spine-go/spine"
)

// about is what a peer says of itself.
type about struct {
	brand, model, deviceType, serial, shipID string
}

// node is a hub and a SPINE device of the reference, joined as its own service joins them; only
// where the addresses of peers come from is ours to choose.
type node struct {
	api.ServiceInterface // what use cases take; they ask it for DisconnectSKI alone

	hub    *hub.Hub
	device *spine.DeviceLocal
	book   *addressBook

	mutex   sync.Mutex
	hasUser bool
}

var _ shipapi.HubReaderInterface = (*node)(nil)

var deviceTypes = map[string]model.DeviceTypeType{
	"cem":        model.DeviceTypeTypeEnergyManagementSystem,
	"charger":    model.DeviceTypeTypeChargingStation,
	"controlbox": model.DeviceTypeTypeElectricitySupplySystem,
	"system":     model.DeviceTypeTypeEnergyManagementSystem,
	"appliance":  model.DeviceTypeTypeHeatgenerationSystem,
	"meter":      model.DeviceTypeTypeSubmeter,
}

func newNode(role, ski string, certificate tls.Certificate, port int, face string, book *addressBook, hasUser bool) (*node, error) {
	serial := ski[:12]
	said := about{"Interop", "Go" + role, string(deviceTypes[role]), serial, "Interop-Go" + role + "-" + serial}
	own := &node{book: book, hasUser: hasUser}
	own.device = spine.NewDeviceLocal(said.brand, said.model, said.serial, said.shipID,
		fmt.Sprintf("d:_n:%s_%s-%s", said.brand, said.model, serial),
		deviceTypes[role], model.NetworkManagementFeatureSetTypeSmart)
	var addresses shipapi.MdnsInterface = book
	if face != "" {
		addresses = realMdns(ski, said, port, face)
	}
	var err error
	own.hub, err = newHub(own, addresses, port, certificate, ski, said)
	return own, err
}

// addEntity adds an entity of our own; heartbeat is the time it announces, if it has a heart.
func (n *node) addEntity(kind model.EntityTypeType, address []model.AddressEntityType, heartbeat time.Duration) *spine.EntityLocal {
	entity := spine.NewEntityLocal(n.device, kind, address, heartbeat)
	n.device.AddEntity(entity)
	return entity
}

// remoteEntity returns a peer's first entity of a type, nil when it has none.
func (n *node) remoteEntity(ski string, kind model.EntityTypeType) spineapi.EntityRemoteInterface {
	device := n.device.RemoteDeviceForSki(ski)
	if device == nil {
		return nil
	}
	for _, entity := range device.Entities() {
		if entity.EntityType() == kind {
			return entity
		}
	}
	return nil
}

func (n *node) addActions(actions map[string]action) {
	actions["trust"] = func(told command, reply answer) {
		if told.Host != "" {
			if err := n.book.note(fmt.Sprintf("%s@%s:%d", told.Ski, told.Host, told.Port)); err != nil {
				done(reply, err)
				return
			}
		}
		n.register(told.Ski)
		done(reply, nil)
	}
	actions["untrust"] = func(told command, reply answer) {
		n.unregister(told.Ski)
		done(reply, nil)
	}
	actions["deny"] = func(told command, reply answer) {
		n.cancel(told.Ski)
		done(reply, nil)
	}
	actions["disconnect"] = func(told command, reply answer) {
		n.hangUp(told.Ski, "User close")
		done(reply, nil)
	}
	actions["user"] = func(told command, reply answer) {
		n.mutex.Lock()
		n.hasUser = told.On
		n.mutex.Unlock()
		done(reply, nil)
	}
	actions["accept"] = func(told command, reply answer) {
		n.hub.SetAutoAccept(told.On)
		done(reply, nil)
	}
	actions["heartbeat"] = func(told command, reply answer) {
		done(reply, n.setHeartbeats(told.On))
	}
	actions["quit"] = func(_ command, reply answer) { done(reply, nil) }
}

func (n *node) setHeartbeats(on bool) error {
	for _, entity := range n.device.Entities() {
		heart := entity.HeartbeatManager()
		if heart == nil || entity.FeatureOfTypeAndRole(model.FeatureTypeTypeDeviceDiagnosis, model.RoleTypeServer) == nil {
			continue
		}
		if on && !heart.IsHeartbeatRunning() {
			if err := heart.StartHeartbeat(); err != nil {
				return err
			}
		}
		if !on {
			heart.StopHeartbeat()
		}
	}
	return nil
}

// What the hub tells

var stateNames = map[shipapi.ConnectionState]string{
	shipapi.ConnectionStateNone:                   "not_connected",
	shipapi.ConnectionStateQueued:                 "connecting",
	shipapi.ConnectionStateInitiated:              "connecting",
	shipapi.ConnectionStateInProgress:             "connecting",
	shipapi.ConnectionStateTrusted:                "connecting",
	shipapi.ConnectionStatePin:                    "connecting",
	shipapi.ConnectionStateReceivedPairingRequest: "request_received",
	shipapi.ConnectionStateCompleted:              "connected",
	shipapi.ConnectionStateRemoteDeniedTrust:      "denied",
	shipapi.ConnectionStateError:                  "error",
}

func (n *node) setUp(ski string, writer shipapi.ShipConnectionDataWriterInterface) shipapi.ShipConnectionDataReaderInterface {
	return n.device.SetupRemoteDevice(ski, writer)
}

func (n *node) disconnected(ski string) {
	n.device.RemoveRemoteDeviceConnection(ski)
	say("ship_disconnected", ski, nil)
}

func sayPairing(ski string, detail *shipapi.ConnectionStateDetail) {
	text := ""
	if detail.Error() != nil {
		text = detail.Error().Error()
	}
	say("connection", ski, line{"state": stateNames[detail.State()], "detail": text})
}

func (n *node) isUserThere() bool {
	n.mutex.Lock()
	defer n.mutex.Unlock()
	return n.hasUser
}

// stderrLog prints what the stack logs.
type stderrLog struct{ logging.NoLogging }

func (*stderrLog) Debug(args ...any)            { fmt.Fprintln(os.Stderr, args...) }
func (*stderrLog) Debugf(f string, args ...any) { fmt.Fprintf(os.Stderr, f+"\n", args...) }
func (*stderrLog) Info(args ...any)             { fmt.Fprintln(os.Stderr, args...) }
func (*stderrLog) Infof(f string, args ...any)  { fmt.Fprintf(os.Stderr, f+"\n", args...) }
func (*stderrLog) Error(args ...any)            { fmt.Fprintln(os.Stderr, args...) }
func (*stderrLog) Errorf(f string, args ...any) { fmt.Fprintf(os.Stderr, f+"\n", args...) }

func logToStderr() { logging.SetLogging(&stderrLog{}) }
