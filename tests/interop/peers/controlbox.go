package main

import (
	"errors"
	"time"

	"github.com/enbility/eebus-go/api"
	"github.com/enbility/eebus-go/features/client"
	ucapi "github.com/enbility/eebus-go/usecases/api"
	"github.com/enbility/eebus-go/usecases/eg/lpc"
	"github.com/enbility/eebus-go/usecases/eg/lpp"
	spineapi "github.com/enbility/spine-go/api"
	"github.com/enbility/spine-go/model"
)

var errNoSystem = errors.New("no controllable system is there")

// controlBox plays a grid operator's control box: the energy guard of LPC and LPP.
type controlBox struct {
	entity      spineapi.EntityLocalInterface
	consumption *lpc.LPC
	production  *lpp.LPP
	results     *results
}

func newControlBox(own *node) map[string]action {
	entity := own.addEntity(model.EntityTypeTypeGridGuard, []model.AddressEntityType{1}, 60*time.Second)
	box := &controlBox{entity: entity}
	box.consumption = lpc.NewLPC(entity, box.consumptionChanged)
	box.production = lpp.NewLPP(entity, box.productionChanged)
	for _, useCase := range []api.UseCaseInterface{box.consumption, box.production} {
		offer(useCase)
	}
	follow(own.device, box)
	box.results = listenToResults(entity.FeatureOfTypeAndRole(model.FeatureTypeTypeLoadControl, model.RoleTypeClient))
	return map[string]action{
		"lpc":      box.limit(box.consumption, consumptionWrite(box.consumption)),
		"lpp":      box.limit(box.production, productionWrite(box.production)),
		"failsafe": box.failsafe,
	}
}

type writeLimit func(spineapi.EntityRemoteInterface, ucapi.LoadLimit) (*model.MsgCounterType, error)

// limit writes a limit; no w means none.
func (b *controlBox) limit(useCase api.UseCaseInterface, write writeLimit) action {
	return func(told command, reply answer) {
		system := systemOf(useCase, told.Ski)
		if system == nil {
			done(reply, errNoSystem)
			return
		}
		limit := ucapi.LoadLimit{
			IsActive: told.W != nil, Value: orDefault(told.W, 0),
			Duration: time.Duration(told.DurationS * float64(time.Second)),
		}
		counter, err := write(system, limit)
		b.results.of(counter, err, reply)
	}
}

func (b *controlBox) failsafe(told command, reply answer) {
	system := systemOf(b.consumption, told.Ski)
	if system == nil {
		done(reply, errNoSystem)
		return
	}
	if told.W != nil {
		if _, err := b.consumption.WriteFailsafeConsumptionActivePowerLimit(system, *told.W); err != nil {
			done(reply, err)
			return
		}
	}
	if told.DurationS > 0 {
		_, err := b.consumption.WriteFailsafeDurationMinimum(system, time.Duration(told.DurationS*float64(time.Second)))
		done(reply, err)
		return
	}
	done(reply, nil)
}

// systemOf returns the entity of a peer that can be limited.
func systemOf(useCase api.UseCaseInterface, ski string) spineapi.EntityRemoteInterface {
	for _, each := range useCase.RemoteEntitiesScenarios() {
		if each.Entity.Device().Ski() == ski {
			return each.Entity
		}
	}
	return nil
}

func report(reply answer, result model.ResultDataType) {
	number, text := uint(0), ""
	if result.ErrorNumber != nil {
		number = uint(*result.ErrorNumber)
	}
	if result.Description != nil {
		text = string(*result.Description)
	}
	reply(number == 0, number, text)
}

func (b *controlBox) consumptionChanged(ski string, _ spineapi.DeviceRemoteInterface, entity spineapi.EntityRemoteInterface, event api.EventType) {
	switch event {
	case lpc.UseCaseSupportUpdate:
		say("use_case_update", ski, line{"use_case": "lpc", "scenarios": b.consumption.AvailableScenariosForEntity(entity)})
		b.readNominal(entity)
	case lpc.DataUpdateLimit:
		if limit, err := b.consumption.ConsumptionLimit(entity); err == nil {
			tellLimit(ski, "lpc", limit)
		}
	default:
		b.tellFailsafe(ski, entity)
	}
}

// HandleEvent tells the nominal maximum when it comes.
func (b *controlBox) HandleEvent(event spineapi.EventPayload) {
	if event.EventType == spineapi.EventTypeDataChange &&
		event.Function == model.FunctionTypeElectricalConnectionCharacteristicListData {
		b.tellFailsafe(event.Ski, event.Entity)
	}
}

func (b *controlBox) tellFailsafe(ski string, entity spineapi.EntityRemoteInterface) {
	power, powerErr := b.consumption.FailsafeConsumptionActivePowerLimit(entity)
	duration, durationErr := b.consumption.FailsafeDurationMinimum(entity)
	nominal, _ := b.consumption.ConsumptionNominalMax(entity)
	if powerErr == nil && durationErr == nil {
		say("failsafe", ski, line{"w": power, "duration_s": duration.Seconds(), "nominal_w": nominal})
	}
}

// readNominal asks for the nominal maximum, which the use cases of the stack do not.
func (b *controlBox) readNominal(entity spineapi.EntityRemoteInterface) {
	if connection, err := client.NewElectricalConnection(b.entity, entity); err == nil {
		_, _ = connection.RequestCharacteristics(nil, nil)
	}
}

func (b *controlBox) productionChanged(ski string, _ spineapi.DeviceRemoteInterface, entity spineapi.EntityRemoteInterface, event api.EventType) {
	switch event {
	case lpp.UseCaseSupportUpdate:
		say("use_case_update", ski, line{"use_case": "lpp", "scenarios": b.production.AvailableScenariosForEntity(entity)})
	case lpp.DataUpdateLimit:
		if limit, err := b.production.ProductionLimit(entity); err == nil {
			tellLimit(ski, "lpp", limit)
		}
	}
}

func tellLimit(ski, kind string, limit ucapi.LoadLimit) {
	say("limits", ski, line{
		"kind": kind, "active": limit.IsActive, "values": []float64{limit.Value},
		"duration_s": limit.Duration.Seconds(),
	})
}
