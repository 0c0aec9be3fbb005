//go:build !prerelease

package main

// What the last tagged release of the reference calls otherwise than its newest pre-release.

import (
	"crypto/tls"

	"github.com/enbility/eebus-go/api"
	ucapi "github.com/enbility/eebus-go/usecases/api"
	cslpc "github.com/enbility/eebus-go/usecases/cs/lpc"
	cslpp "github.com/enbility/eebus-go/usecases/cs/lpp"
	"github.com/enbility/eebus-go/usecases/eg/lpc"
	"github.com/enbility/eebus-go/usecases/eg/lpp"
	shipapi "github.com/enbility/ship-go/api"
	"github.com/enbility/ship-go/hub"
	"github.com/enbility/ship-go/mdns"
	spineapi "github.com/enbility/spine-go/api"
	"github.com/enbility/spine-go/model"
	"github.com/enbility/spine-go/spine"
)

const (
	consumptionAsks = cslpc.WriteApprovalRequired
	productionAsks  = cslpp.WriteApprovalRequired
)

func newHub(own *node, addresses shipapi.MdnsInterface, port int, certificate tls.Certificate, ski string, said about) (*hub.Hub, error) {
	details := shipapi.NewServiceDetails(ski)
	details.SetShipID(said.shipID)
	details.SetDeviceType(said.deviceType)
	return hub.NewHub(own, addresses, port, certificate, details), nil
}

// realMdns returns the stack's own mDNS on one network interface.
func realMdns(ski string, said about, port int, face string) shipapi.MdnsInterface {
	return mdns.NewMDNS(ski, said.brand, said.model, said.deviceType, said.shipID, said.shipID,
		port, []string{face}, mdns.MdnsProviderSelectionGoZeroConfOnly)
}

func (b *addressBook) Start(reader shipapi.MdnsReportInterface) error {
	b.open(reader)
	return nil
}

func (n *node) start() error {
	n.hub.Start()
	return nil
}

func (n *node) register(ski string)                     { n.hub.RegisterRemoteSKI(ski) }
func (n *node) unregister(ski string)                   { n.hub.UnregisterRemoteSKI(ski) }
func (n *node) cancel(ski string)                       { n.hub.CancelPairingWithSKI(ski) }
func (n *node) hangUp(ski, reason string)               { n.hub.DisconnectSKI(ski, reason) }
func (n *node) DisconnectSKI(ski string, reason string) { n.hub.DisconnectSKI(ski, reason) }

// What the hub tells

func (n *node) RemoteSKIConnected(ski string)    { say("ship_connected", ski, nil) }
func (n *node) RemoteSKIDisconnected(ski string) { n.disconnected(ski) }
func (n *node) AllowWaitingForTrust(string) bool { return n.isUserThere() }

func (n *node) SetupRemoteDevice(ski string, writer shipapi.ShipConnectionDataWriterInterface) shipapi.ShipConnectionDataReaderInterface {
	return n.setUp(ski, writer)
}

func (n *node) VisibleRemoteServicesUpdated(entries []shipapi.RemoteService) {
	for _, each := range entries {
		say("peer", each.Ski, line{
			"ship_id": each.Identifier, "brand": each.Brand, "model": each.Model, "type": each.Type,
		})
	}
}

func (n *node) ServiceShipIDUpdate(ski string, shipID string) {
	say("ship_id", ski, line{"ship_id": shipID})
}

func (n *node) ServicePairingDetailUpdate(ski string, detail *shipapi.ConnectionStateDetail) {
	sayPairing(ski, detail)
}

// SPINE and use cases

func follow(_ spineapi.DeviceLocalInterface, handler spineapi.EventHandlerInterface) {
	_ = spine.Events.Subscribe(handler)
}

func isAnnounced(entity spineapi.EntityLocalInterface, actor model.UseCaseActorType, name model.UseCaseNameType) bool {
	return entity.HasUseCaseSupport(actor, name)
}

func offer(useCase api.UseCaseInterface) {
	useCase.AddFeatures()
	useCase.AddUseCase()
}

func consumptionWrite(guard *lpc.LPC) writeLimit {
	return func(entity spineapi.EntityRemoteInterface, limit ucapi.LoadLimit) (*model.MsgCounterType, error) {
		return guard.WriteConsumptionLimit(entity, limit, nil)
	}
}

func productionWrite(guard *lpp.LPP) writeLimit {
	return func(entity spineapi.EntityRemoteInterface, limit ucapi.LoadLimit) (*model.MsgCounterType, error) {
		return guard.WriteProductionLimit(entity, limit, nil)
	}
}

// approveSettings has nothing to do: this release takes settings without asking.
func approveSettings(any) {}
