// Command peer plays one side of EEBUS with the reference stack, for interoperability tests.
//
// It speaks as our own command line does: one JSON object per event on standard output, one
// JSON command per line on standard input.
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

var roles = map[string]func(*node) map[string]action{
	"cem":        newCem,
	"charger":    newCharger,
	"controlbox": newControlBox,
	"system":     newSystem,
	"appliance":  newAppliance,
	"meter":      newMeter,
}

func main() {
	log.SetFlags(0)
	if len(os.Args) < 2 {
		log.Fatal("usage: peer cem|charger|controlbox|system|appliance|meter|ski|bench ...")
	}
	role := os.Args[1]
	if role == "bench" {
		bench(os.Args[2:])
		return
	}
	flags := flag.NewFlagSet(role, flag.ExitOnError)
	state := flags.String("state", "", "folder of key and certificate")
	port := flags.Int("port", 0, "port to listen on")
	trust := flags.String("trust", "", "SKI to trust from the start")
	reach := flags.String("reach", "", "SKI@HOST:PORT: dial there instead of asking mDNS")
	lan := flags.String("mdns", "", "network interface to announce and look on; empty = no mDNS")
	user := flags.Bool("user", true, "whether somebody is there who could confirm a pairing")
	verbose := flags.Bool("verbose", false, "print what the stack logs to standard error")
	_ = flags.Parse(os.Args[2:])

	if *verbose {
		logToStderr()
	}
	certificate, ski, err := identity(*state, "interop-"+role)
	if err != nil {
		log.Fatal(err)
	}
	if role == "ski" {
		fmt.Println(ski)
		return
	}
	build, known := roles[role]
	if !known {
		log.Fatalf("unknown role %q", role)
	}
	book := &addressBook{}
	if *reach != "" {
		if err := book.note(*reach); err != nil {
			log.Fatal(err)
		}
	}
	own, err := newNode(role, ski, certificate, *port, *lan, book, *user)
	if err != nil {
		log.Fatal(err)
	}
	actions := build(own)
	own.addActions(actions)
	if *trust != "" {
		own.register(strings.ToLower(*trust))
	}
	if err := own.start(); err != nil {
		log.Fatal(err)
	}
	say("listening", ski, line{"port": *port})

	ended := make(chan os.Signal, 1)
	signal.Notify(ended, os.Interrupt, syscall.SIGTERM)
	go func() {
		obey(actions)
		ended <- syscall.SIGTERM
	}()
	<-ended
	own.hub.Shutdown()
}
