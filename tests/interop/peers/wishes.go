package main

import (
	"encoding/json"
	"fmt"

	"github.com/enbility/spine-go/model"
)

// A car that plans (CEVC 1 to 4). Its data are few and deep: they are written as JSON.
const (
	curveSeries  = 51
	planSeries   = 52
	demandSeries = 53
	tariff       = 6
)

// addWishes adds what a car needs that plans its charging.
func (c *car) addWishes() {
	serve(c.entity, model.FeatureTypeTypeTimeSeries, model.FunctionTypeTimeSeriesListData,
		model.FunctionTypeTimeSeriesDescriptionListData, model.FunctionTypeTimeSeriesConstraintsListData,
		model.FunctionTypeTimeSeriesListData)
	table := serve(c.entity, model.FeatureTypeTypeIncentiveTable, model.FunctionTypeIncentiveTableData,
		model.FunctionTypeIncentiveTableConstraintsData, model.FunctionTypeIncentiveTableData)
	table.AddFunctionType(model.FunctionTypeIncentiveTableDescriptionData, true, true)
	put[model.TimeSeriesConstraintsListDataType](c, model.FeatureTypeTypeTimeSeries, model.FunctionTypeTimeSeriesConstraintsListData,
		`{"timeSeriesConstraintsData":[{"timeSeriesId":%d,"slotCountMin":1,"slotCountMax":30}]}`, curveSeries)
	put[model.IncentiveTableConstraintsDataType](c, model.FeatureTypeTypeIncentiveTable, model.FunctionTypeIncentiveTableConstraintsData,
		`{"incentiveTableConstraints":[{"tariff":{"tariffId":%d},"tariffConstraints":{"maxTiersPerTariff":3,"maxBoundariesPerTier":1,"maxIncentivesPerTier":3},"incentiveSlotConstraints":{"slotCountMin":1,"slotCountMax":24}}]}`, tariff)
	c.ask(false)
}

// ask tells whether the car waits for a curve and prices.
func (c *car) ask(isDue bool) {
	put[model.TimeSeriesDescriptionListDataType](c, model.FeatureTypeTypeTimeSeries, model.FunctionTypeTimeSeriesDescriptionListData,
		`{"timeSeriesDescriptionData":[{"timeSeriesId":%d,"timeSeriesType":"constraints","timeSeriesWriteable":true,"updateRequired":%t,"unit":"W"},`+
			`{"timeSeriesId":%d,"timeSeriesType":"plan","timeSeriesWriteable":false,"unit":"W"},`+
			`{"timeSeriesId":%d,"timeSeriesType":"singleDemand","timeSeriesWriteable":false,"unit":"Wh"}]}`,
		curveSeries, isDue, planSeries, demandSeries)
	put[model.IncentiveTableDescriptionDataType](c, model.FeatureTypeTypeIncentiveTable, model.FunctionTypeIncentiveTableDescriptionData,
		`{"incentiveTableDescription":[{"tariffDescription":{"tariffId":%d,"tariffWriteable":true,"updateRequired":%t,"scopeType":"simpleIncentiveTable"}}]}`,
		tariff, isDue)
}

// wish tells a demand, and asks for a curve and prices.
func (c *car) wish(optimalWh, maxWh, departureS float64) {
	c.series(demandSeries, `{"timeSeriesSlotId":1,"duration":"PT%dS","value":{"number":%d,"scale":0},"maxValue":{"number":%d,"scale":0}}`,
		int(departureS), int(optimalWh), int(maxWh))
	c.ask(true)
}

// plan tells one slot of how the car will charge.
func (c *car) plan(powerW, durationS float64) {
	c.series(planSeries, `{"timeSeriesSlotId":1,"duration":"PT%dS","maxValue":{"number":%d,"scale":0}}`, int(durationS), int(powerW))
}

func (c *car) series(id int, slot string, values ...any) {
	var data model.TimeSeriesListDataType
	read(&data, `{"timeSeriesData":[{"timeSeriesId":%d,"timePeriod":{"startTime":"PT0S"},"timeSeriesSlot":[%s]}]}`, id, fmt.Sprintf(slot, values...))
	_ = c.feature(model.FeatureTypeTypeTimeSeries).UpdateData(
		model.FunctionTypeTimeSeriesListData, &data, model.NewFilterTypePartial(), nil)
}

// tellWritten says a curve or prices that an energy manager wrote.
func (c *car) tellWritten(ski string, function model.FunctionType) {
	kind := map[model.FunctionType]model.FeatureTypeType{
		model.FunctionTypeTimeSeriesListData: model.FeatureTypeTypeTimeSeries,
		model.FunctionTypeIncentiveTableData: model.FeatureTypeTypeIncentiveTable,
	}[function]
	if kind == "" {
		return
	}
	switch held := c.feature(kind).DataCopy(function).(type) {
	case *model.TimeSeriesListDataType:
		for _, series := range held.TimeSeriesData {
			if int(*series.TimeSeriesId) == curveSeries {
				powers := []float64{}
				for _, slot := range series.TimeSeriesSlot {
					powers = append(powers, slot.MaxValue.GetValue())
				}
				say("curve", ski, line{"power_w": powers})
			}
		}
	case *model.IncentiveTableDataType:
		prices := []float64{}
		for _, slot := range held.IncentiveTable[0].IncentiveSlot {
			prices = append(prices, slot.Tier[0].Incentive[0].Value.GetValue())
		}
		say("prices", ski, line{"prices": prices, "tariff": *held.IncentiveTable[0].Tariff.TariffId})
	}
}

// put sets the data of a function from JSON.
func put[T any](c *car, kind model.FeatureTypeType, function model.FunctionType, text string, values ...any) {
	var data T
	read(&data, text, values...)
	c.feature(kind).SetData(function, &data)
}

func read(data any, text string, values ...any) {
	if err := json.Unmarshal([]byte(fmt.Sprintf(text, values...)), data); err != nil {
		panic(err)
	}
}
