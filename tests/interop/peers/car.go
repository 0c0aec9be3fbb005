package main

import (
	"time"

	"github.com/enbility/spine-go/model"
	"github.com/enbility/spine-go/spine"
	"github.com/enbility/spine-go/util"
)

// Ids that start nowhere near zero: whoever assumes instead of looking up finds nothing.
const (
	firstMeasurement    = 40
	socMeasurement      = 60
	firstObligation     = 11
	firstRecommendation = 21
	powerParameter      = 30
	voltageV            = 230.0
)

// car plays a car that is plugged in: the entity EV with its features.
type car struct {
	box      *charger
	entity   *spine.EntityLocal
	control  spineControl
	phases   int
	standard string
	soc      *float64
	plans    bool // its charging with the energy manager (CEVC)
}

func newCar(box *charger, told command) *car {
	entity := spine.NewEntityLocal(box.own.device, model.EntityTypeTypeEV,
		[]model.AddressEntityType{1, 1}, 4*time.Second)
	made := &car{box: box, entity: entity, phases: 3}
	made.addFeatures()
	if made.plans = told.Plans; made.plans {
		made.addWishes()
	}
	made.become(told)
	return made
}

func (c *car) addFeatures() {
	control := serve(c.entity, model.FeatureTypeTypeLoadControl, model.FunctionTypeLoadControlLimitListData,
		model.FunctionTypeLoadControlLimitDescriptionListData, model.FunctionTypeLoadControlLimitListData)
	_ = control.AddWriteApprovalCallback(c.box.judge)
	c.control = control
	serve(c.entity, model.FeatureTypeTypeElectricalConnection, "",
		model.FunctionTypeElectricalConnectionDescriptionListData,
		model.FunctionTypeElectricalConnectionParameterDescriptionListData,
		model.FunctionTypeElectricalConnectionPermittedValueSetListData)
	serve(c.entity, model.FeatureTypeTypeMeasurement, "",
		model.FunctionTypeMeasurementDescriptionListData, model.FunctionTypeMeasurementConstraintsListData,
		model.FunctionTypeMeasurementListData)
	serve(c.entity, model.FeatureTypeTypeDeviceConfiguration, "",
		model.FunctionTypeDeviceConfigurationKeyValueDescriptionListData,
		model.FunctionTypeDeviceConfigurationKeyValueListData)
	serve(c.entity, model.FeatureTypeTypeIdentification, "", model.FunctionTypeIdentificationListData)
	serve(c.entity, model.FeatureTypeTypeDeviceClassification, "",
		model.FunctionTypeDeviceClassificationManufacturerData)
	serve(c.entity, model.FeatureTypeTypeDeviceDiagnosis, "", model.FunctionTypeDeviceDiagnosisStateData)
	c.box.setState(c.entity, model.DeviceDiagnosisOperatingStateTypeNormalOperation)
}

// become takes over what is told of the car: at first, and when it changes.
func (c *car) become(told command) {
	if told.Phases > 0 {
		c.phases = told.Phases
	}
	if told.Standard != "" || c.standard == "" {
		c.standard = "iec61851"
		if told.Standard != "" {
			c.standard = told.Standard
		}
	}
	if told.Soc != nil {
		c.soc = told.Soc
	}
	c.describeValues()
	c.permit(orDefault(told.MinA, 6), orDefault(told.MaxA, 16), orDefault(told.PauseA, 0.1))
	c.configure()
	c.describeLimits(orDefault(told.MaxA, 16))
	if told.EvID != "" {
		c.identify(told.EvID)
	}
	if c.soc != nil {
		c.setSoc(*c.soc)
	}
}

// announce tells the use cases that go with the car as it is now.
func (c *car) announce() {
	type useCase struct {
		name     model.UseCaseNameType
		version  model.SpecificationVersionType
		revision string
		count    int
	}
	all := []useCase{
		{model.UseCaseNameTypeEVCommissioningAndConfiguration, "1.0.1", "release", 8},
		{model.UseCaseNameTypeMeasurementOfElectricityDuringEVCharging, "1.0.1", "release", 3},
		{model.UseCaseNameTypeOverloadProtectionByEVChargingCurrentCurtailment, "1.0.1", "release", 3},
	}
	if c.standard != "iec61851" {
		all = append(all, useCase{model.UseCaseNameTypeOptimizationOfSelfConsumptionDuringEVCharging, "1.0.1", "release", 3})
	}
	if c.soc != nil {
		all = append(all, useCase{model.UseCaseNameTypeEVStateOfCharge, "1.0.0", "RC1", 1})
	}
	if c.plans {
		all = append(all, useCase{model.UseCaseNameTypeCoordinatedEVCharging, "1.0.1", "release", 8})
	}
	for _, each := range all {
		if !isAnnounced(c.entity, model.UseCaseActorTypeEV, each.name) {
			announce(c.entity, model.UseCaseActorTypeEV, each.name, each.version, each.revision, each.count)
		}
	}
}

func (c *car) describeValues() {
	values := perPhase(model.MeasurementTypeTypeCurrent, model.UnitOfMeasurementTypeA, model.ScopeTypeTypeACCurrent, c.phases)
	values = append(values, perPhase(model.MeasurementTypeTypePower, model.UnitOfMeasurementTypeW, model.ScopeTypeTypeACPower, c.phases)...)
	values = append(values, quantity{model.MeasurementTypeTypeEnergy, model.UnitOfMeasurementTypeWh, model.ScopeTypeTypeCharge, ""})
	describe(c.entity, values, firstMeasurement)
	connect(c.entity, uint(c.phases))
	parameters := c.feature(model.FeatureTypeTypeElectricalConnection)
	_ = parameters.UpdateData(model.FunctionTypeElectricalConnectionParameterDescriptionListData,
		&model.ElectricalConnectionParameterDescriptionListDataType{
			ElectricalConnectionParameterDescriptionData: []model.ElectricalConnectionParameterDescriptionDataType{{
				ElectricalConnectionId: util.Ptr(model.ElectricalConnectionIdType(0)),
				ParameterId:            util.Ptr(model.ElectricalConnectionParameterIdType(powerParameter)),
				VoltageType:            util.Ptr(model.ElectricalConnectionVoltageTypeTypeAc),
				AcMeasuredPhases:       util.Ptr(c.allPhases()),
				ScopeType:              util.Ptr(model.ScopeTypeTypeACPowerTotal),
			}},
		}, model.NewFilterTypePartial(), nil)
	if c.soc != nil {
		_ = c.feature(model.FeatureTypeTypeMeasurement).UpdateData(model.FunctionTypeMeasurementDescriptionListData,
			&model.MeasurementDescriptionListDataType{
				MeasurementDescriptionData: []model.MeasurementDescriptionDataType{{
					MeasurementId:   util.Ptr(model.MeasurementIdType(socMeasurement)),
					MeasurementType: util.Ptr(model.MeasurementTypeTypePercentage),
					CommodityType:   util.Ptr(model.CommodityTypeTypeElectricity),
					Unit:            util.Ptr(model.UnitOfMeasurementTypepct),
					ScopeType:       util.Ptr(model.ScopeTypeTypeStateOfCharge),
				}},
			}, model.NewFilterTypePartial(), nil)
	}
}

func (c *car) allPhases() model.ElectricalConnectionPhaseNameType {
	if c.phases == 1 {
		return model.ElectricalConnectionPhaseNameTypeA
	}
	return model.ElectricalConnectionPhaseNameTypeAbc
}

// permit tells the range of currents and of the power, and the values that pause.
func (c *car) permit(minA, maxA, pauseA float64) {
	set := func(parameter int, pause, low, high float64) model.ElectricalConnectionPermittedValueSetDataType {
		return model.ElectricalConnectionPermittedValueSetDataType{
			ElectricalConnectionId: util.Ptr(model.ElectricalConnectionIdType(0)),
			ParameterId:            util.Ptr(model.ElectricalConnectionParameterIdType(parameter)),
			PermittedValueSet: []model.ScaledNumberSetType{{
				Value: []model.ScaledNumberType{*model.NewScaledNumberType(pause)},
				Range: []model.ScaledNumberRangeType{{
					Min: model.NewScaledNumberType(low), Max: model.NewScaledNumberType(high),
				}},
			}},
		}
	}
	var sets []model.ElectricalConnectionPermittedValueSetDataType
	for phase := 0; phase < c.phases; phase++ {
		sets = append(sets, set(phase, pauseA, minA, maxA))
	}
	watts := voltageV * float64(c.phases)
	sets = append(sets, set(powerParameter, pauseA*watts, minA*watts, maxA*watts))
	c.feature(model.FeatureTypeTypeElectricalConnection).SetData(
		model.FunctionTypeElectricalConnectionPermittedValueSetListData,
		&model.ElectricalConnectionPermittedValueSetListDataType{ElectricalConnectionPermittedValueSetData: sets})
}

func (c *car) configure() {
	keys := c.feature(model.FeatureTypeTypeDeviceConfiguration)
	standard, asymmetric := model.DeviceConfigurationKeyIdType(7), model.DeviceConfigurationKeyIdType(8)
	keys.SetData(model.FunctionTypeDeviceConfigurationKeyValueDescriptionListData,
		&model.DeviceConfigurationKeyValueDescriptionListDataType{
			DeviceConfigurationKeyValueDescriptionData: []model.DeviceConfigurationKeyValueDescriptionDataType{
				{KeyId: &standard, KeyName: util.Ptr(model.DeviceConfigurationKeyNameTypeCommunicationsStandard), ValueType: util.Ptr(model.DeviceConfigurationKeyValueTypeTypeString)},
				{KeyId: &asymmetric, KeyName: util.Ptr(model.DeviceConfigurationKeyNameTypeAsymmetricChargingSupported), ValueType: util.Ptr(model.DeviceConfigurationKeyValueTypeTypeBoolean)},
			},
		})
	keys.SetData(model.FunctionTypeDeviceConfigurationKeyValueListData,
		&model.DeviceConfigurationKeyValueListDataType{
			DeviceConfigurationKeyValueData: []model.DeviceConfigurationKeyValueDataType{
				{KeyId: &standard, Value: &model.DeviceConfigurationKeyValueValueType{String: util.Ptr(model.DeviceConfigurationKeyValueStringType(c.standard))}},
				{KeyId: &asymmetric, Value: &model.DeviceConfigurationKeyValueValueType{Boolean: util.Ptr(false)}},
			},
		})
}

func (c *car) identify(id string) {
	c.feature(model.FeatureTypeTypeIdentification).SetData(model.FunctionTypeIdentificationListData,
		&model.IdentificationListDataType{IdentificationData: []model.IdentificationDataType{{
			IdentificationId:    util.Ptr(model.IdentificationIdType(0)),
			IdentificationType:  util.Ptr(model.IdentificationTypeTypeEui48),
			IdentificationValue: util.Ptr(model.IdentificationValueType(id)),
		}}})
}

func (c *car) draw(currentA float64) {
	values := map[uint]float64{}
	for phase := 0; phase < c.phases; phase++ {
		values[uint(firstMeasurement+phase)] = currentA
		values[uint(firstMeasurement+c.phases+phase)] = currentA * voltageV
	}
	values[uint(firstMeasurement+2*c.phases)] = 1234
	measure(c.entity, values)
}

func (c *car) setSoc(percent float64) {
	c.soc = &percent
	measure(c.entity, map[uint]float64{socMeasurement: percent})
}
