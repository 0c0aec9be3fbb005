package main

import (
	spineapi "github.com/enbility/spine-go/api"
	"github.com/enbility/spine-go/model"
	"github.com/enbility/spine-go/util"
)

// spineControl is what a car needs of its LoadControl feature.
type spineControl = spineapi.FeatureLocalInterface

func (c *car) feature(kind model.FeatureTypeType) spineapi.FeatureLocalInterface {
	return c.entity.FeatureOfTypeAndRole(kind, model.RoleTypeServer)
}

// describeLimits announces the limits of each phase; limits that were there keep their value.
func (c *car) describeLimits(maxA float64) {
	type series struct {
		first    int
		category model.LoadControlCategoryType
		scope    model.ScopeTypeType
	}
	all := []series{{firstObligation, model.LoadControlCategoryTypeObligation, model.ScopeTypeTypeOverloadProtection}}
	if c.standard != "iec61851" {
		all = append(all, series{firstRecommendation, model.LoadControlCategoryTypeRecommendation, model.ScopeTypeTypeSelfConsumption})
	}
	var descriptions []model.LoadControlLimitDescriptionDataType
	var limits []model.LoadControlLimitDataType
	for _, each := range all {
		for phase := 0; phase < c.phases; phase++ {
			id := model.LoadControlLimitIdType(each.first + phase)
			descriptions = append(descriptions, model.LoadControlLimitDescriptionDataType{
				LimitId: util.Ptr(id), LimitType: util.Ptr(model.LoadControlLimitTypeTypeMaxValueLimit),
				LimitCategory: util.Ptr(each.category),
				MeasurementId: util.Ptr(model.MeasurementIdType(firstMeasurement + phase)),
				Unit:          util.Ptr(model.UnitOfMeasurementTypeA), ScopeType: util.Ptr(each.scope),
			})
			if !c.hasLimit(id) {
				limits = append(limits, model.LoadControlLimitDataType{
					LimitId: util.Ptr(id), IsLimitChangeable: util.Ptr(true),
					IsLimitActive: util.Ptr(false), Value: model.NewScaledNumberType(maxA),
				})
			}
		}
	}
	c.control.SetData(model.FunctionTypeLoadControlLimitDescriptionListData,
		&model.LoadControlLimitDescriptionListDataType{LoadControlLimitDescriptionData: descriptions})
	if len(limits) > 0 {
		_ = c.control.UpdateData(model.FunctionTypeLoadControlLimitListData,
			&model.LoadControlLimitListDataType{LoadControlLimitData: limits}, model.NewFilterTypePartial(), nil)
	}
}

func (c *car) limits() []model.LoadControlLimitDataType {
	held, _ := c.control.DataCopy(model.FunctionTypeLoadControlLimitListData).(*model.LoadControlLimitListDataType)
	if held == nil {
		return nil
	}
	return held.LoadControlLimitData
}

func (c *car) hasLimit(id model.LoadControlLimitIdType) bool {
	for _, limit := range c.limits() {
		if limit.LimitId != nil && *limit.LimitId == id {
			return true
		}
	}
	return false
}

// tellLimits says what is held now, in the words of our own charger: null = inactive.
func (c *car) tellLimits(ski string) {
	for kind, first := range map[string]int{"opev": firstObligation, "oscev": firstRecommendation} {
		values, active, found := []any{nil, nil, nil}, false, false
		for _, limit := range c.limits() {
			phase := int(*limit.LimitId) - first
			if phase < 0 || phase >= len(values) {
				continue
			}
			found = true
			if limit.IsLimitActive != nil && *limit.IsLimitActive && limit.Value != nil {
				values[phase], active = limit.Value.GetValue(), true
			}
		}
		if found {
			say("limits", ski, line{"kind": kind, "active": active, "values": values})
		}
	}
}
