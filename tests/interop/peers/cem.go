package main

import (
	"time"

	"github.com/enbility/eebus-go/api"
	ucapi "github.com/enbility/eebus-go/usecases/api"
	"github.com/enbility/eebus-go/usecases/cem/evcc"
	"github.com/enbility/eebus-go/usecases/cem/evcem"
	"github.com/enbility/eebus-go/usecases/cem/evsecc"
	"github.com/enbility/eebus-go/usecases/cem/evsoc"
	"github.com/enbility/eebus-go/usecases/cem/opev"
	"github.com/enbility/eebus-go/usecases/cem/oscev"
	"github.com/enbility/eebus-go/usecases/ma/mgcp"
	"github.com/enbility/eebus-go/usecases/ma/mpc"
	spineapi "github.com/enbility/spine-go/api"
	"github.com/enbility/spine-go/model"
)

// cem plays an energy manager with all e-mobility use cases of the reference.
type cem struct {
	own  *node
	evcc *evcc.EVCC
	em   *evcem.EVCEM
	soc  *evsoc.EVSOC
	opev *opev.OPEV
	osc  *oscev.OSCEV
	secc *evsecc.EVSECC
	grid *mgcp.MGCP
	unit *mpc.MPC

	results *results
}

func newCem(own *node) map[string]action {
	entity := own.addEntity(model.EntityTypeTypeCEM, []model.AddressEntityType{1}, 4*time.Second)
	c := &cem{own: own}
	c.secc = evsecc.NewEVSECC(entity, c.stationChanged)
	c.evcc = evcc.NewEVCC(own, entity, c.carChanged)
	c.em = evcem.NewEVCEM(own, entity, c.carChanged)
	c.soc = evsoc.NewEVSOC(entity, c.carChanged)
	c.opev = opev.NewOPEV(entity, c.carChanged)
	c.osc = oscev.NewOSCEV(entity, c.carChanged)
	c.grid = mgcp.NewMGCP(entity, c.meterChanged)
	c.unit = mpc.NewMPC(entity, c.meterChanged)
	for _, useCase := range []api.UseCaseInterface{c.secc, c.evcc, c.em, c.soc, c.opev, c.osc, c.grid, c.unit} {
		offer(useCase)
	}
	c.results = listenToResults(entity.FeatureOfTypeAndRole(model.FeatureTypeTypeLoadControl, model.RoleTypeClient))
	actions := map[string]action{"limit": c.limit, "pause": c.pause, "look": c.look}
	addBroker(own, entity, actions)
	return actions
}

func (c *cem) limit(told command, reply answer) {
	var limits []ucapi.LoadLimitsPhase
	values, isList := told.A.([]any)
	if !isList {
		values = []any{told.A, told.A, told.A}
	}
	for number, value := range values {
		current, isNumber := value.(float64)
		if !isNumber && told.A != "off" {
			continue
		}
		limits = append(limits, ucapi.LoadLimitsPhase{
			Phase: phaseNames[number], IsActive: isNumber, Value: current,
		})
	}
	c.write(told, limits, reply)
}

func (c *cem) pause(told command, reply answer) {
	var limits []ucapi.LoadLimitsPhase
	for _, phase := range phaseNames {
		limits = append(limits, ucapi.LoadLimitsPhase{Phase: phase, IsActive: true, Value: 0})
	}
	c.write(told, limits, reply)
}

// look says anew how the car stands: the stack does not report all that changes.
func (c *cem) look(told command, reply answer) {
	car := c.own.remoteEntity(told.Ski, model.EntityTypeTypeEV)
	if car == nil {
		done(reply, errNoCar)
		return
	}
	c.tellCar(told.Ski, car)
	done(reply, nil)
}

func (c *cem) write(told command, limits []ucapi.LoadLimitsPhase, reply answer) {
	car := c.own.remoteEntity(told.Ski, model.EntityTypeTypeEV)
	if car == nil {
		done(reply, errNoCar)
		return
	}
	var counter *model.MsgCounterType
	var err error
	if told.Kind == "oscev" {
		counter, err = c.osc.WriteLoadControlLimits(car, limits, nil)
	} else {
		counter, err = c.opev.WriteLoadControlLimits(car, limits, nil)
	}
	c.results.of(counter, err, reply)
}

func (c *cem) stationChanged(ski string, _ spineapi.DeviceRemoteInterface, entity spineapi.EntityRemoteInterface, event api.EventType) {
	switch event {
	case evsecc.DataUpdateManufacturerData:
		if made, err := c.secc.ManufacturerData(entity); err == nil {
			say("device", ski, line{"brand": made.BrandName, "model": made.DeviceName, "serial": made.SerialNumber})
		}
	case evsecc.DataUpdateOperatingState:
		if state, code, err := c.secc.OperatingState(entity); err == nil {
			say("state", ski, line{"value": state, "error_code": code})
		}
	case evsecc.EvseConnected, evsecc.EvseDisconnected:
		say("entity", ski, line{"type": "EVSE", "change": string(event)})
	}
}

func (c *cem) carChanged(ski string, _ spineapi.DeviceRemoteInterface, entity spineapi.EntityRemoteInterface, event api.EventType) {
	switch event {
	case evcc.EvDisconnected:
		say("ev", ski, line{"plugged": false})
	case evcem.DataUpdateCurrentPerPhase, evcem.DataUpdatePowerPerPhase, evcem.DataUpdateEnergyCharged, evsoc.DataUpdateStateOfCharge:
		c.tellMeasured(ski, entity)
	case opev.DataUpdateLimit:
		limits, err := c.opev.LoadControlLimits(entity)
		tellPhaseLimits(ski, "opev", limits, err)
		c.tellCar(ski, entity)
	case oscev.DataUpdateLimit:
		limits, err := c.osc.LoadControlLimits(entity)
		tellPhaseLimits(ski, "oscev", limits, err)
	default:
		c.tellCar(ski, entity)
	}
}

func (c *cem) tellCar(ski string, entity spineapi.EntityRemoteInterface) {
	told := line{"plugged": c.evcc.EVConnected(entity), "min_a": nil, "max_a": nil, "pause_a": nil, "asymmetric": nil, "phases": nil}
	if standard, err := c.evcc.CommunicationStandard(entity); err == nil {
		told["communication"] = standard
	}
	if asymmetric, err := c.evcc.AsymmetricChargingSupport(entity); err == nil {
		told["asymmetric"] = asymmetric
	}
	if phases, err := c.em.PhasesConnected(entity); err == nil {
		told["phases"] = phases
	}
	if low, high, pause, err := c.opev.CurrentLimits(entity); err == nil && len(low) > 0 {
		told["min_a"], told["max_a"], told["pause_a"] = low[0], high[0], pause[0]
	}
	if state, err := c.evcc.ChargeState(entity); err == nil {
		told["state"] = state
	}
	ids := []string{}
	if found, err := c.evcc.Identifications(entity); err == nil {
		for _, each := range found {
			ids = append(ids, each.Value)
		}
	}
	told["ids"] = ids
	told["opev"] = c.opev.AvailableScenariosForEntity(entity)
	told["oscev"] = c.osc.AvailableScenariosForEntity(entity)
	say("ev", ski, told)
}

func (c *cem) tellMeasured(ski string, entity spineapi.EntityRemoteInterface) {
	told := line{"current_a": nil, "power_w": nil, "energy_wh": nil, "soc_percent": nil}
	if current, err := c.em.CurrentPerPhase(entity); err == nil {
		told["current_a"] = current
	}
	if power, err := c.em.PowerPerPhase(entity); err == nil {
		told["power_w"] = power
	}
	if energy, err := c.em.EnergyCharged(entity); err == nil {
		told["energy_wh"] = energy
	}
	if soc, err := c.soc.StateOfCharge(entity); err == nil {
		told["soc_percent"] = soc
	}
	say("measurement", ski, told)
}

func tellPhaseLimits(ski, kind string, limits []ucapi.LoadLimitsPhase, err error) {
	if err != nil {
		return
	}
	values, active := []any{nil, nil, nil}, false
	for _, limit := range limits {
		for number, phase := range phaseNames {
			if limit.Phase == phase && limit.IsActive {
				values[number], active = limit.Value, true
			}
		}
	}
	say("limits", ski, line{"kind": kind, "active": active, "values": values})
}

func (c *cem) meterChanged(ski string, _ spineapi.DeviceRemoteInterface, entity spineapi.EntityRemoteInterface, _ api.EventType) {
	if c.grid.IsCompatibleEntityType(entity) {
		if power, err := c.grid.Power(entity); err == nil {
			say("meter", ski, line{"use_case": "mgcp", "power_w": power})
		}
	}
	if c.unit.IsCompatibleEntityType(entity) {
		if power, err := c.unit.Power(entity); err == nil {
			say("meter", ski, line{"use_case": "mpc", "power_w": power})
		}
	}
}
