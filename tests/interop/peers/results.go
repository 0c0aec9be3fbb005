package main

import (
	"sync"
	"time"

	spineapi "github.com/enbility/spine-go/api"
	"github.com/enbility/spine-go/model"
	"github.com/enbility/spine-go/util"
)

const resultWithin = 12 * time.Second

var noResult = model.ResultDataType{
	ErrorNumber: util.Ptr(model.ErrorNumberTypeTimeout),
	Description: util.Ptr(model.DescriptionType("no result came")),
}

// results joins the writes of one client feature with their results. The stack's own callbacks
// are set after the write was sent: a result that comes at once is lost there.
type results struct {
	mutex sync.Mutex
	told  map[model.MsgCounterType]model.ResultDataType
	heard *sync.Cond
}

func listenToResults(client spineapi.FeatureLocalInterface) *results {
	made := &results{told: map[model.MsgCounterType]model.ResultDataType{}}
	made.heard = sync.NewCond(&made.mutex)
	client.AddResultCallback(func(message spineapi.ResponseMessage) {
		if result, isResult := message.Data.(*model.ResultDataType); isResult {
			made.mutex.Lock()
			made.told[message.MsgCounterReference] = *result
			made.mutex.Unlock()
			made.heard.Broadcast()
		}
	})
	return made
}

// of answers a command with the result of its write.
func (r *results) of(counter *model.MsgCounterType, err error, reply answer) {
	if err != nil || counter == nil {
		done(reply, err)
		return
	}
	late := time.AfterFunc(resultWithin, func() {
		r.mutex.Lock()
		r.told[*counter] = noResult
		r.mutex.Unlock()
		r.heard.Broadcast()
	})
	go func() {
		defer late.Stop()
		r.mutex.Lock()
		defer r.mutex.Unlock()
		for {
			if result, isTold := r.told[*counter]; isTold {
				delete(r.told, *counter)
				report(reply, result)
				return
			}
			r.heard.Wait()
		}
	}()
}
