package main

import (
	"errors"
	"time"

	"github.com/enbility/eebus-go/api"
	"github.com/enbility/eebus-go/features/client"
	ucapi "github.com/enbility/eebus-go/usecases/api"
	"github.com/enbility/eebus-go/usecases/cem/cevc"
	spineapi "github.com/enbility/spine-go/api"
	"github.com/enbility/spine-go/model"
	"github.com/enbility/spine-go/spine"
)

// broker plans charging with cars that can (CEVC), as the energy broker of the reference.
type broker struct {
	own    *node
	entity *spine.EntityLocal
	cevc   *cevc.CEVC
}

func addBroker(own *node, entity *spine.EntityLocal, actions map[string]action) {
	made := &broker{own: own, entity: entity}
	made.cevc = cevc.NewCEVC(entity, made.changed)
	offer(made.cevc)
	actions["curve"] = made.write(made.cevc.WritePowerLimits)
	actions["prices"] = made.write(made.cevc.WriteIncentives)
	actions["tariff"] = func(told command, reply answer) {
		car := own.remoteEntity(told.Ski, model.EntityTypeTypeEV)
		if car == nil {
			done(reply, errNoCar)
			return
		}
		done(reply, made.cevc.WriteIncentiveTableDescriptions(car, oneTariff()))
	}
}

// oneTariff describes prices that differ over time, and not with the power.
func oneTariff() []ucapi.IncentiveTariffDescription {
	return []ucapi.IncentiveTariffDescription{{
		Tiers: []ucapi.IncentiveTableDescriptionTier{{
			Id: 0, Type: model.TierTypeTypeDynamicCost,
			Boundaries: []ucapi.TierBoundaryDescription{{
				Id: 0, Type: model.TierBoundaryTypeTypePowerBoundary, Unit: model.UnitOfMeasurementTypeW,
			}},
			Incentives: []ucapi.IncentiveDescription{{
				Id: 0, Type: model.IncentiveTypeTypeAbsoluteCost, Currency: model.CurrencyTypeEur,
			}},
		}},
	}}
}

// write takes slots [seconds, value] from `values`.
func (b *broker) write(do func(spineapi.EntityRemoteInterface, []ucapi.DurationSlotValue) error) action {
	return func(told command, reply answer) {
		var slots []ucapi.DurationSlotValue
		for _, each := range told.Values {
			pair, isPair := each.([]any)
			if !isPair || len(pair) != 2 {
				done(reply, errors.New("values must be pairs of seconds and value"))
				return
			}
			seconds, _ := pair[0].(float64)
			value, _ := pair[1].(float64)
			slots = append(slots, ucapi.DurationSlotValue{
				Duration: time.Duration(seconds * float64(time.Second)), Value: value,
			})
		}
		car := b.own.remoteEntity(told.Ski, model.EntityTypeTypeEV)
		if car == nil {
			done(reply, errNoCar)
			return
		}
		done(reply, do(car, slots))
	}
}

func (b *broker) changed(ski string, _ spineapi.DeviceRemoteInterface, entity spineapi.EntityRemoteInterface, event api.EventType) {
	switch event {
	case cevc.UseCaseSupportUpdate:
		// The stack needs the bounds of prices and does not read them itself.
		if table, err := client.NewIncentiveTable(b.entity, entity); err == nil {
			_, _ = table.RequestConstraints()
		}
	case cevc.DataUpdateEnergyDemand:
		if demand, err := b.cevc.EnergyDemand(entity); err == nil {
			say("demand", ski, line{
				"strategy": b.cevc.ChargeStrategy(entity), "optimal_wh": demand.OptDemand,
				"min_wh": demand.MinDemand, "max_wh": demand.MaxDemand, "departure_s": demand.DurationUntilEnd,
			})
		}
	case cevc.DataRequestedPowerLimitsAndIncentives:
		say("asks", ski, line{"for": "curve and prices"})
	case cevc.DataRequestedIncentiveTableDescription:
		say("asks", ski, line{"for": "tariff"})
	case cevc.DataUpdateChargePlan:
		if plan, err := b.cevc.ChargePlan(entity); err == nil {
			powers := []float64{}
			for _, slot := range plan.Slots {
				powers = append(powers, slot.MaxValue)
			}
			say("plan", ski, line{"power_w": powers})
		}
	}
}
