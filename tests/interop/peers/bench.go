package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"github.com/enbility/ship-go/ship"
	"github.com/enbility/spine-go/model"
)

// bench prints how many datagrams a second the reference decodes and encodes again, as one JSON
// object: from EEBUS-JSON to its SPINE types and back. The datagrams are the lines of standard
// input, or the data messages of recordings; the first argument may be -seconds=N.
func bench(arguments []string) {
	seconds := 3.0
	var texts [][]byte
	for _, argument := range arguments {
		if _, err := fmt.Sscanf(argument, "-seconds=%g", &seconds); err == nil {
			continue
		}
		file, err := os.Open(argument)
		if err != nil {
			log.Fatal(err)
		}
		texts = append(texts, datagrams(file)...)
		_ = file.Close()
	}
	if texts == nil {
		texts = datagrams(os.Stdin)
	}
	if len(texts) == 0 {
		log.Fatal("usage: peer bench [-seconds=N] [RECORDING...], or datagrams line by line")
	}
	count, began := 0, time.Now()
	for time.Since(began).Seconds() < seconds {
		for _, text := range texts {
			if err := roundTrip(text); err != nil {
				log.Fatalf("%v in %s", err, text)
			}
			count++
		}
	}
	elapsed := time.Since(began).Seconds()
	told, _ := json.Marshal(line{
		"stack": "reference Go stack", "datagrams": len(texts), "round_trips": count,
		"seconds": elapsed, "per_second": float64(count) / elapsed,
	})
	fmt.Println(string(told))
}

func roundTrip(text []byte) error {
	var datagram model.Datagram
	if err := json.Unmarshal(ship.JsonFromEEBUSJson(text), &datagram); err != nil {
		return err
	}
	plain, err := json.Marshal(datagram)
	if err != nil {
		return err
	}
	_, err = ship.JsonIntoEEBUSJson(plain)
	return err
}

// datagrams returns the datagrams of a recording, or lines that are datagrams themselves.
func datagrams(from io.Reader) [][]byte {
	var found [][]byte
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var one struct {
			Datagram json.RawMessage `json:"datagram"`
			Type     int             `json:"type"`
			Raw      string          `json:"raw"`
		}
		if err := json.Unmarshal(lines.Bytes(), &one); err != nil {
			log.Fatal(err)
		}
		switch {
		case one.Datagram != nil:
			found = append(found, append([]byte(nil), lines.Bytes()...))
		case one.Type == 2 && one.Raw != "":
			found = append(found, payload([]byte(one.Raw)))
		}
	}
	return found
}

// payload returns the datagram in the text of a SHIP data message.
func payload(raw []byte) []byte {
	var message struct {
		Data []struct {
			Payload json.RawMessage `json:"payload"`
		} `json:"data"`
	}
	if err := json.Unmarshal(raw, &message); err != nil || len(message.Data) < 2 {
		log.Fatalf("no data message: %v in %s", err, raw)
	}
	return message.Data[1].Payload
}
