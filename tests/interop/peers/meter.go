package main

import (
	"errors"
	"time"

	"github.com/enbility/spine-go/model"
	"github.com/enbility/spine-go/spine"
)

// newMeter plays a grid meter (MGCP) with a sub-meter (MPC) below it. Command `measure` takes
// nine numbers for the grid: power, energy fed in, energy consumed, three currents, three
// voltages; and `sub` one for the sub-meter: its power.
func newMeter(own *node) map[string]action {
	grid := own.addEntity(model.EntityTypeTypeGridConnectionPointOfPremises, []model.AddressEntityType{1}, 4*time.Second)
	gridValues := []quantity{
		{model.MeasurementTypeTypePower, model.UnitOfMeasurementTypeW, model.ScopeTypeTypeACPowerTotal, model.ElectricalConnectionPhaseNameTypeAbc},
		{model.MeasurementTypeTypeEnergy, model.UnitOfMeasurementTypeWh, model.ScopeTypeTypeGridFeedIn, ""},
		{model.MeasurementTypeTypeEnergy, model.UnitOfMeasurementTypeWh, model.ScopeTypeTypeGridConsumption, ""},
	}
	gridValues = append(gridValues, perPhase(model.MeasurementTypeTypeCurrent, model.UnitOfMeasurementTypeA, model.ScopeTypeTypeACCurrent, 3)...)
	gridValues = append(gridValues, perPhase(model.MeasurementTypeTypeVoltage, model.UnitOfMeasurementTypeV, model.ScopeTypeTypeACVoltage, 3)...)
	addMeter(grid, gridValues)
	announce(grid, model.UseCaseActorTypeGridConnectionPoint, model.UseCaseNameTypeMonitoringOfGridConnectionPoint, "1.0.0", "release", 6)

	sub := own.addEntity(model.EntityTypeTypeSubMeterElectricity, []model.AddressEntityType{2}, 4*time.Second)
	addMeter(sub, []quantity{
		{model.MeasurementTypeTypePower, model.UnitOfMeasurementTypeW, model.ScopeTypeTypeACPowerTotal, model.ElectricalConnectionPhaseNameTypeAbc},
	})
	announce(sub, model.UseCaseActorTypeMonitoredUnit, model.UseCaseNameTypeMonitoringOfPowerConsumption, "1.0.0", "release", 1)

	return map[string]action{
		"measure": func(told command, reply answer) { done(reply, measureAll(grid, told.Values, len(gridValues))) },
		"sub":     func(told command, reply answer) { done(reply, measureAll(sub, told.Values, 1)) },
	}
}

func addMeter(entity *spine.EntityLocal, values []quantity) {
	serve(entity, model.FeatureTypeTypeElectricalConnection, "",
		model.FunctionTypeElectricalConnectionDescriptionListData,
		model.FunctionTypeElectricalConnectionParameterDescriptionListData)
	serve(entity, model.FeatureTypeTypeMeasurement, "",
		model.FunctionTypeMeasurementDescriptionListData, model.FunctionTypeMeasurementConstraintsListData,
		model.FunctionTypeMeasurementListData)
	describe(entity, values, firstMeasurement)
	connect(entity, 3)
}

// measureAll notifies all values of a meter in the order they were announced; null = unchanged.
func measureAll(entity *spine.EntityLocal, values []any, count int) error {
	if len(values) != count {
		return errors.New("values must hold one number per quantity")
	}
	told := map[uint]float64{}
	for number, value := range values {
		if number64, isNumber := value.(float64); isNumber {
			told[uint(firstMeasurement+number)] = number64
		}
	}
	measure(entity, told)
	return nil
}
