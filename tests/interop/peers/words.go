package main

import (
	"time"

	spineapi "github.com/enbility/spine-go/api"
	"github.com/enbility/spine-go/model"
	"github.com/enbility/spine-go/util"
)

// quantity is one value a meter or a car measures.
type quantity struct {
	kind   model.MeasurementTypeType
	unit   model.UnitOfMeasurementType
	scope  model.ScopeTypeType
	phases model.ElectricalConnectionPhaseNameType // "" = not electrical: no parameter
}

var phaseNames = []model.ElectricalConnectionPhaseNameType{
	model.ElectricalConnectionPhaseNameTypeA,
	model.ElectricalConnectionPhaseNameTypeB,
	model.ElectricalConnectionPhaseNameTypeC,
}

// perPhase returns one quantity for each of the first phases.
func perPhase(kind model.MeasurementTypeType, unit model.UnitOfMeasurementType, scope model.ScopeTypeType, count int) []quantity {
	var all []quantity
	for _, phase := range phaseNames[:count] {
		all = append(all, quantity{kind, unit, scope, phase})
	}
	return all
}

// serve adds a server feature with its functions; write tells those that may be written.
func serve(entity spineapi.EntityLocalInterface, kind model.FeatureTypeType, write model.FunctionType, functions ...model.FunctionType) spineapi.FeatureLocalInterface {
	feature := entity.GetOrAddFeature(kind, model.RoleTypeServer)
	for _, function := range functions {
		feature.AddFunctionType(function, true, function == write)
	}
	return feature
}

// describe announces quantities with ids from `first` on, and their phases as parameters.
func describe(entity spineapi.EntityLocalInterface, quantities []quantity, first uint) {
	var descriptions []model.MeasurementDescriptionDataType
	var parameters []model.ElectricalConnectionParameterDescriptionDataType
	for number, each := range quantities {
		id := model.MeasurementIdType(first + uint(number))
		descriptions = append(descriptions, model.MeasurementDescriptionDataType{
			MeasurementId: util.Ptr(id), MeasurementType: util.Ptr(each.kind),
			CommodityType: util.Ptr(model.CommodityTypeTypeElectricity),
			Unit:          util.Ptr(each.unit), ScopeType: util.Ptr(each.scope),
		})
		if each.phases == "" {
			continue
		}
		parameters = append(parameters, model.ElectricalConnectionParameterDescriptionDataType{
			ElectricalConnectionId:  util.Ptr(model.ElectricalConnectionIdType(0)),
			ParameterId:             util.Ptr(model.ElectricalConnectionParameterIdType(number)),
			MeasurementId:           util.Ptr(id),
			VoltageType:             util.Ptr(model.ElectricalConnectionVoltageTypeTypeAc),
			AcMeasuredPhases:        util.Ptr(each.phases),
			AcMeasuredInReferenceTo: util.Ptr(model.ElectricalConnectionPhaseNameTypeNeutral),
			AcMeasurementType:       util.Ptr(model.ElectricalConnectionAcMeasurementTypeTypeReal),
			AcMeasurementVariant:    util.Ptr(model.ElectricalConnectionMeasurandVariantTypeRms),
		})
	}
	measurement := entity.FeatureOfTypeAndRole(model.FeatureTypeTypeMeasurement, model.RoleTypeServer)
	measurement.SetData(model.FunctionTypeMeasurementDescriptionListData,
		&model.MeasurementDescriptionListDataType{MeasurementDescriptionData: descriptions})
	connection := entity.FeatureOfTypeAndRole(model.FeatureTypeTypeElectricalConnection, model.RoleTypeServer)
	connection.SetData(model.FunctionTypeElectricalConnectionParameterDescriptionListData,
		&model.ElectricalConnectionParameterDescriptionListDataType{
			ElectricalConnectionParameterDescriptionData: parameters,
		})
}

// connect describes the electrical connection of an entity.
func connect(entity spineapi.EntityLocalInterface, phases uint) {
	connection := entity.FeatureOfTypeAndRole(model.FeatureTypeTypeElectricalConnection, model.RoleTypeServer)
	connection.SetData(model.FunctionTypeElectricalConnectionDescriptionListData,
		&model.ElectricalConnectionDescriptionListDataType{
			ElectricalConnectionDescriptionData: []model.ElectricalConnectionDescriptionDataType{{
				ElectricalConnectionId:  util.Ptr(model.ElectricalConnectionIdType(0)),
				PowerSupplyType:         util.Ptr(model.ElectricalConnectionVoltageTypeTypeAc),
				AcConnectedPhases:       util.Ptr(phases),
				PositiveEnergyDirection: util.Ptr(model.EnergyDirectionTypeConsume),
			}},
		})
}

// measure notifies values: measurement id -> value; the others keep theirs.
func measure(entity spineapi.EntityLocalInterface, values map[uint]float64) {
	var data []model.MeasurementDataType
	for id, value := range values {
		data = append(data, model.MeasurementDataType{
			MeasurementId: util.Ptr(model.MeasurementIdType(id)),
			ValueType:     util.Ptr(model.MeasurementValueTypeTypeValue),
			Timestamp:     model.NewAbsoluteOrRelativeTimeTypeFromTime(time.Now().UTC()),
			Value:         model.NewScaledNumberType(value),
			ValueSource:   util.Ptr(model.MeasurementValueSourceTypeMeasuredValue),
			ValueState:    util.Ptr(model.MeasurementValueStateTypeNormal),
		})
	}
	feature := entity.FeatureOfTypeAndRole(model.FeatureTypeTypeMeasurement, model.RoleTypeServer)
	_ = feature.UpdateData(model.FunctionTypeMeasurementListData,
		&model.MeasurementListDataType{MeasurementData: data}, model.NewFilterTypePartial(), nil)
}

// announce adds a use case to an entity.
func announce(entity spineapi.EntityLocalInterface, actor model.UseCaseActorType, name model.UseCaseNameType, version model.SpecificationVersionType, revision string, count int) {
	var scenarios []model.UseCaseScenarioSupportType
	for number := 1; number <= count; number++ {
		scenarios = append(scenarios, model.UseCaseScenarioSupportType(number))
	}
	entity.AddUseCaseSupport(actor, name, version, revision, true, scenarios)
}

// orDefault returns a number that was told, or another one.
func orDefault(told *float64, otherwise float64) float64 {
	if told == nil {
		return otherwise
	}
	return *told
}
