//go:build prerelease

package main

// What the newest pre-release of the reference calls otherwise than its last tagged release.

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
)

const (
	consumptionAsks = cslpc.LimitWriteApprovalRequired
	productionAsks  = cslpp.LimitWriteApprovalRequired
)

func newHub(own *node, addresses shipapi.MdnsInterface, port int, certificate tls.Certificate, ski string, said about) (*hub.Hub, error) {
	details, err := shipapi.NewServiceDetails(ski, "", said.shipID)
	if err != nil {
		return nil, err
	}
	return hub.NewHub(own, addresses, port, certificate, details, nil, nil)
}

// realMdns returns the stack's own mDNS on one network interface.
func realMdns(ski string, said about, port int, face string) shipapi.MdnsInterface {
	return mdns.NewMDNS(ski, said.brand, said.model, said.deviceType, said.serial,
		[]shipapi.DeviceCategoryType{shipapi.DeviceCategoryTypeEMobility},
		said.shipID, said.shipID, port, []string{face}, mdns.MdnsProviderSelectionGoZeroConfOnly)
}

func (b *addressBook) Start(_ shipapi.PairingMode, reader shipapi.MdnsReportInterface) error {
	b.open(reader)
	return nil
}

func (b *addressBook) DeviceBrand() string                            { return "" }
func (b *addressBook) DeviceModel() string                            { return "" }
func (b *addressBook) DeviceSerial() string                           { return "" }
func (b *addressBook) DeviceType() string                             { return "" }
func (b *addressBook) DeviceCategories() []shipapi.DeviceCategoryType { return nil }

func (n *node) start() error { return n.hub.Start() }

func who(ski string) shipapi.ServiceIdentity { return shipapi.SKIToServiceIdentity(ski) }

func (n *node) register(ski string)       { n.hub.RegisterRemoteService(who(ski)) }
func (n *node) unregister(ski string)     { n.hub.UnregisterRemoteService(who(ski)) }
func (n *node) cancel(ski string)         { n.hub.CancelPairing(who(ski)) }
func (n *node) hangUp(ski, reason string) { n.hub.DisconnectService(who(ski), reason) }
func (n *node) DisconnectService(identity shipapi.ServiceIdentity, reason string) {
	n.hub.DisconnectService(identity, reason)
}

// What the hub tells

func (n *node) RemoteServiceConnected(identity shipapi.ServiceIdentity) {
	say("ship_connected", identity.SKI, nil)
}

func (n *node) RemoteServiceDisconnected(identity shipapi.ServiceIdentity) {
	n.disconnected(identity.SKI)
}

func (n *node) AllowWaitingForTrust(shipapi.ServiceIdentity) bool { return n.isUserThere() }

func (n *node) SetupRemoteService(identity shipapi.ServiceIdentity, writer shipapi.ShipConnectionDataWriterInterface) shipapi.ShipConnectionDataReaderInterface {
	return n.setUp(identity.SKI, writer)
}

func (n *node) VisibleRemoteMdnsServicesUpdated(entries []shipapi.RemoteMdnsService) {
	for _, each := range entries {
		say("peer", each.Ski, line{
			"ship_id": each.ShipID, "brand": each.Brand, "model": each.Model, "type": each.Type,
		})
	}
}

func (n *node) ServiceUpdated(identity shipapi.ServiceIdentity) {
	say("ship_id", identity.SKI, line{"ship_id": identity.ShipID})
}

func (n *node) ServicePairingDetailUpdate(identity shipapi.ServiceIdentity, detail *shipapi.ConnectionStateDetail) {
	sayPairing(identity.SKI, detail)
}

func (n *node) ServiceAutoTrusted(shipapi.ServiceIdentity)              {}
func (n *node) ServiceAutoTrustFailed(shipapi.ServiceIdentity, error)   {}
func (n *node) ServiceAutoTrustRemoved(shipapi.ServiceIdentity, string) {}

// SPINE and use cases

func follow(device spineapi.DeviceLocalInterface, handler spineapi.EventHandlerInterface) {
	_ = device.Events().Subscribe(handler)
}

func isAnnounced(entity spineapi.EntityLocalInterface, actor model.UseCaseActorType, name model.UseCaseNameType) bool {
	return entity.HasUseCaseSupport(model.UseCaseFilterType{Actor: actor, UseCaseName: name})
}

func offer(useCase api.UseCaseInterface) {
	if err := useCase.AddFeatures(); err != nil {
		panic(err)
	}
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

type settingsKeeper interface {
	PendingDeviceConfigurations() map[model.MsgCounterType][]ucapi.PendingDeviceConfiguration
	ApproveOrDenyDeviceConfiguration(model.MsgCounterType, bool, string)
}

// approveSettings takes all settings that wait for a decision.
func approveSettings(keeper settingsKeeper) {
	for counter := range keeper.PendingDeviceConfigurations() {
		keeper.ApproveOrDenyDeviceConfiguration(counter, true, "")
	}
}
