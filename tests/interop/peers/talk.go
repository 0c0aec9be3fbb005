package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"sync"
	"time"
)

// line is one JSON object of an event.
type line map[string]any

// command is one JSON object as read; absent fields are their zero value.
type command struct {
	ID        any      `json:"id"`
	Cmd       string   `json:"cmd"`
	Ski       string   `json:"ski"`
	Host      string   `json:"host"`
	Port      int      `json:"port"`
	Kind      string   `json:"kind"`
	A         any      `json:"a"`
	W         *float64 `json:"w"`
	DurationS float64  `json:"duration_s"`
	On        bool     `json:"on"`
	Value     any      `json:"value"`
	Standard  string   `json:"standard"`
	Phases    int      `json:"phases"`
	MinA      *float64 `json:"min_a"`
	MaxA      *float64 `json:"max_a"`
	PauseA    *float64 `json:"pause_a"`
	Soc       *float64 `json:"soc_percent"`
	EvID      string   `json:"ev_id"`
	Count     int      `json:"count"`
	Values    []any    `json:"values"`
	Plans     bool     `json:"plans"`
	OptimalWh float64  `json:"optimal_wh"`
	MaxWh     float64  `json:"max_wh"`
	Departure float64  `json:"departure_s"`
}

// answer tells the one result of a command.
type answer func(ok bool, errorNumber any, text string)

// action obeys one command; it answers now or later, once.
type action func(command, answer)

var speaking sync.Mutex

// say prints one event.
func say(event string, ski string, values line) {
	told := line{"t": time.Now().UTC().Format(time.RFC3339Nano), "event": event}
	if ski != "" {
		told["ski"] = ski
	}
	for name, value := range values {
		told[name] = value
	}
	text, err := json.Marshal(told)
	if err != nil {
		fmt.Fprintln(os.Stderr, "cannot say", event, err)
		return
	}
	speaking.Lock()
	defer speaking.Unlock()
	fmt.Println(string(text))
}

// obey reads commands until standard input ends or `quit` is told.
func obey(actions map[string]action) {
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		var told command
		began := time.Now()
		reply := func(ok bool, errorNumber any, text string) {
			say("result", "", line{
				"id": told.ID, "cmd": told.Cmd, "ok": ok, "error_number": errorNumber,
				"text": text, "ms": float64(time.Since(began).Microseconds()) / 1000,
			})
		}
		if err := json.Unmarshal(lines.Bytes(), &told); err != nil {
			reply(false, nil, "not a command: "+err.Error())
			continue
		}
		act, known := actions[told.Cmd]
		if !known {
			reply(false, nil, "unknown command")
			continue
		}
		act(told, reply)
		if told.Cmd == "quit" {
			return
		}
	}
}

// done answers by an error: nil is success.
func done(reply answer, err error) {
	if err != nil {
		reply(false, nil, err.Error())
		return
	}
	reply(true, 0, "")
}
