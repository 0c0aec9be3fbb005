package main

import (
	"errors"
	"sync"
	"time"

	spineapi "github.com/enbility/spine-go/api"
	"github.com/enbility/spine-go/model"
	"github.com/enbility/spine-go/spine"
	"github.com/enbility/spine-go/util"
)

var errNoCar = errors.New("no car is plugged in")

// charger plays a charging station. The reference has no application of this kind: its parts are
// put together here from SPINE features.
type charger struct {
	own  *node
	evse *spine.EntityLocal

	mutex   sync.Mutex
	car     *car
	refuses int // this many writes to come are refused
}

func newCharger(own *node) map[string]action {
	evse := own.addEntity(model.EntityTypeTypeEVSE, []model.AddressEntityType{1}, 4*time.Second)
	box := &charger{own: own, evse: evse}
	client := evse.GetOrAddFeature(model.FeatureTypeTypeDeviceDiagnosis, model.RoleTypeClient)
	classification := serve(evse, model.FeatureTypeTypeDeviceClassification, "",
		model.FunctionTypeDeviceClassificationManufacturerData)
	classification.SetData(model.FunctionTypeDeviceClassificationManufacturerData,
		&model.DeviceClassificationManufacturerDataType{
			DeviceName: util.Ptr(model.DeviceClassificationStringType("Interop box")),
			BrandName:  util.Ptr(model.DeviceClassificationStringType("Interop")),
			VendorName: util.Ptr(model.DeviceClassificationStringType("Volthus tests")),
		})
	serve(evse, model.FeatureTypeTypeDeviceDiagnosis, "", model.FunctionTypeDeviceDiagnosisStateData)
	box.setState(evse, model.DeviceDiagnosisOperatingStateTypeNormalOperation)
	announce(evse, model.UseCaseActorTypeEVSE, model.UseCaseNameTypeEVSECommissioningAndConfiguration, "1.0.1", "release", 2)
	listenToHearts(client, 8*time.Second)
	follow(own.device, box)
	return map[string]action{
		"plug":   box.withCar(false, box.plug),
		"update": box.withCar(true, box.update),
		"unplug": box.withCar(true, box.unplug),
		"draw":   box.withCar(true, box.draw),
		"state":  box.state,
		"demand": box.withCar(true, func(told command) error {
			box.car.wish(told.OptimalWh, told.MaxWh, told.Departure)
			return nil
		}),
		"plan": box.withCar(true, func(told command) error {
			box.car.plan(orDefault(told.W, 0), told.DurationS)
			return nil
		}),
		"refuse": func(told command, reply answer) {
			box.mutex.Lock()
			box.refuses = told.Count
			box.mutex.Unlock()
			done(reply, nil)
		},
	}
}

// withCar runs an action only while a car is, or is not, plugged in.
func (c *charger) withCar(needed bool, do func(command) error) action {
	return func(told command, reply answer) {
		if (c.car != nil) != needed {
			done(reply, errNoCar)
			return
		}
		done(reply, do(told))
	}
}

func (c *charger) plug(told command) error {
	made := newCar(c, told)
	c.mutex.Lock()
	c.car = made
	c.mutex.Unlock()
	c.own.device.AddEntity(made.entity)
	made.announce()
	return nil
}

func (c *charger) update(told command) error {
	c.car.become(told)
	c.car.announce()
	return nil
}

func (c *charger) unplug(command) error {
	gone := c.car
	c.mutex.Lock()
	c.car = nil
	c.mutex.Unlock()
	c.own.device.RemoveEntity(gone.entity)
	return nil
}

func (c *charger) draw(told command) error {
	current, isNumber := told.A.(float64)
	if !isNumber {
		return errors.New("a must be a number")
	}
	c.car.draw(current)
	if told.Soc != nil {
		c.car.setSoc(*told.Soc)
	}
	return nil
}

// state sets the operating state of the car if one is plugged in, else of the station.
func (c *charger) state(told command, reply answer) {
	name, _ := told.Value.(string)
	var entity spineapi.EntityLocalInterface = c.evse
	if c.car != nil {
		entity = c.car.entity
	}
	c.setState(entity, model.DeviceDiagnosisOperatingStateType(name))
	done(reply, nil)
}

func (c *charger) setState(entity spineapi.EntityLocalInterface, state model.DeviceDiagnosisOperatingStateType) {
	feature := entity.FeatureOfTypeAndRole(model.FeatureTypeTypeDeviceDiagnosis, model.RoleTypeServer)
	feature.SetData(model.FunctionTypeDeviceDiagnosisStateData,
		&model.DeviceDiagnosisStateDataType{OperatingState: util.Ptr(state)})
}

// judge approves or refuses a write of limits.
func (c *charger) judge(write *spineapi.Message) {
	c.mutex.Lock()
	isRefused := c.refuses > 0
	if isRefused {
		c.refuses--
	}
	plugged := c.car
	c.mutex.Unlock()
	if plugged == nil {
		return
	}
	verdict := model.ErrorType{ErrorNumber: model.ErrorNumberTypeNoError}
	if isRefused {
		verdict = *model.NewErrorType(model.ErrorNumberTypeGeneralError, "Write failed")
	}
	plugged.control.ApproveOrDenyWrite(write, verdict)
}

// HandleEvent tells the limits a peer wrote.
func (c *charger) HandleEvent(event spineapi.EventPayload) {
	isWrite := event.CmdClassifier != nil && *event.CmdClassifier == model.CmdClassifierTypeWrite
	c.mutex.Lock()
	plugged := c.car
	c.mutex.Unlock()
	if !isWrite || plugged == nil {
		return
	}
	if event.Function == model.FunctionTypeLoadControlLimitListData {
		plugged.tellLimits(event.Ski)
	}
	plugged.tellWritten(event.Ski, event.Function)
}
