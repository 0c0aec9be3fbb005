package main

import (
	"sync"
	"time"

	"github.com/enbility/eebus-go/api"
	ucapi "github.com/enbility/eebus-go/usecases/api"
	"github.com/enbility/eebus-go/usecases/cs/lpc"
	"github.com/enbility/eebus-go/usecases/cs/lpp"
	spineapi "github.com/enbility/spine-go/api"
	"github.com/enbility/spine-go/model"
)

// system plays an energy management system that a control box may limit.
type system struct {
	consumption *lpc.LPC
	production  *lpp.LPP

	mutex   sync.Mutex
	refuses int // this many writes to come are refused
}

func newSystem(own *node) map[string]action {
	return newLimited(own, model.EntityTypeTypeCEM)
}

// newAppliance plays a heat pump that an energy manager may limit.
func newAppliance(own *node) map[string]action {
	return newLimited(own, model.EntityTypeTypeHeatPumpAppliance)
}

func newLimited(own *node, kind model.EntityTypeType) map[string]action {
	entity := own.addEntity(kind, []model.AddressEntityType{1}, 60*time.Second)
	limited := &system{}
	limited.consumption = lpc.NewLPC(entity, limited.consumptionChanged)
	limited.production = lpp.NewLPP(entity, limited.productionChanged)
	for _, useCase := range []api.UseCaseInterface{limited.consumption, limited.production} {
		offer(useCase)
	}
	_ = limited.consumption.SetConsumptionNominalMax(32000)
	_ = limited.consumption.SetConsumptionLimit(ucapi.LoadLimit{Value: 32000, IsChangeable: true})
	_ = limited.consumption.SetFailsafeConsumptionActivePowerLimit(4200, true)
	_ = limited.consumption.SetFailsafeDurationMinimum(2*time.Hour, true)
	_ = limited.production.SetProductionNominalMax(10000)
	_ = limited.production.SetProductionLimit(ucapi.LoadLimit{Value: -10000, IsChangeable: true})
	_ = limited.production.SetFailsafeProductionActivePowerLimit(0, true)
	return map[string]action{
		"refuse": func(told command, reply answer) {
			limited.mutex.Lock()
			limited.refuses = told.Count
			limited.mutex.Unlock()
			done(reply, nil)
		},
	}
}

func (s *system) approves() (bool, string) {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if s.refuses > 0 {
		s.refuses--
		return false, "not now"
	}
	return true, ""
}

func (s *system) consumptionChanged(ski string, _ spineapi.DeviceRemoteInterface, _ spineapi.EntityRemoteInterface, event api.EventType) {
	approveSettings(s.consumption)
	switch event {
	case consumptionAsks:
		for counter := range s.consumption.PendingConsumptionLimits() {
			approved, reason := s.approves()
			s.consumption.ApproveOrDenyConsumptionLimit(counter, approved, reason)
		}
	case lpc.DataUpdateLimit:
		if limit, err := s.consumption.ConsumptionLimit(); err == nil {
			tellLimit(ski, "lpc", limit)
		}
	case lpc.DataUpdateHeartbeat:
		say("heartbeat", ski, line{"ok": s.consumption.IsHeartbeatWithinDuration()})
	case lpc.DataUpdateFailsafeConsumptionActivePowerLimit, lpc.DataUpdateFailsafeDurationMinimum:
		power, _, _ := s.consumption.FailsafeConsumptionActivePowerLimit()
		duration, _, _ := s.consumption.FailsafeDurationMinimum()
		say("failsafe", ski, line{"w": power, "duration_s": duration.Seconds()})
	}
}

func (s *system) productionChanged(ski string, _ spineapi.DeviceRemoteInterface, _ spineapi.EntityRemoteInterface, event api.EventType) {
	approveSettings(s.production)
	switch event {
	case productionAsks:
		for counter := range s.production.PendingProductionLimits() {
			approved, reason := s.approves()
			s.production.ApproveOrDenyProductionLimit(counter, approved, reason)
		}
	case lpp.DataUpdateLimit:
		if limit, err := s.production.ProductionLimit(); err == nil {
			tellLimit(ski, "lpp", limit)
		}
	}
}
