package main

import (
	"sync"
	"time"

	spineapi "github.com/enbility/spine-go/api"
	"github.com/enbility/spine-go/model"
)

// heartListener subscribes to the heartbeats of peers and says when they stop and come back.
type heartListener struct {
	client spineapi.FeatureLocalInterface // of type DeviceDiagnosis
	late   time.Duration                  // silence longer than this is a stall

	mutex sync.Mutex
	heard map[string]time.Time // by SKI
	isOk  map[string]bool
}

func listenToHearts(client spineapi.FeatureLocalInterface, late time.Duration) *heartListener {
	listener := &heartListener{
		client: client, late: late, heard: map[string]time.Time{}, isOk: map[string]bool{},
	}
	follow(client.Device(), listener)
	go listener.watch()
	return listener
}

// HandleEvent follows hearts as they appear, and notes each beat.
func (l *heartListener) HandleEvent(event spineapi.EventPayload) {
	if event.EventType == spineapi.EventTypeEntityChange &&
		event.ChangeType == spineapi.ElementChangeAdd && event.Entity != nil {
		l.follow(event.Entity)
	}
	if event.EventType == spineapi.EventTypeDataChange &&
		event.Function == model.FunctionTypeDeviceDiagnosisHeartbeatData {
		l.note(event.Ski)
	}
	if event.EventType == spineapi.EventTypeDeviceChange &&
		event.ChangeType == spineapi.ElementChangeRemove {
		l.mutex.Lock()
		delete(l.heard, event.Ski)
		delete(l.isOk, event.Ski)
		l.mutex.Unlock()
	}
}

func (l *heartListener) follow(entity spineapi.EntityRemoteInterface) {
	server := entity.FeatureOfTypeAndRole(model.FeatureTypeTypeDeviceDiagnosis, model.RoleTypeServer)
	if server == nil {
		return
	}
	if _, beats := server.Operations()[model.FunctionTypeDeviceDiagnosisHeartbeatData]; !beats {
		return
	}
	_, _ = l.client.SubscribeToRemote(server.Address())
	_, _ = l.client.RequestRemoteData(model.FunctionTypeDeviceDiagnosisHeartbeatData, nil, nil, server)
}

func (l *heartListener) note(ski string) {
	l.mutex.Lock()
	defer l.mutex.Unlock()
	l.heard[ski] = time.Now()
	if !l.isOk[ski] {
		l.isOk[ski] = true
		say("heartbeat", ski, line{"ok": true})
	}
}

func (l *heartListener) watch() {
	for range time.Tick(200 * time.Millisecond) {
		l.mutex.Lock()
		for ski, at := range l.heard {
			if l.isOk[ski] && time.Since(at) > l.late {
				l.isOk[ski] = false
				say("heartbeat", ski, line{"ok": false})
			}
		}
		l.mutex.Unlock()
	}
}
