package main

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"

	shipapi "github.com/enbility/ship-go/api"
)

// addressBook takes the place of mDNS where a test wants to know who dials whom: it tells the
// hub the addresses it was given and announces nothing.
type addressBook struct {
	mutex   sync.Mutex
	entries map[string]*shipapi.MdnsEntry
	reader  shipapi.MdnsReportInterface
}

var _ shipapi.MdnsInterface = (*addressBook)(nil)

// note takes in SKI@HOST:PORT.
func (b *addressBook) note(text string) error {
	ski, place, found := strings.Cut(text, "@")
	host, port, err := net.SplitHostPort(place)
	number, notNumber := strconv.Atoi(port)
	address := net.ParseIP(host)
	if !found || err != nil || notNumber != nil || address == nil {
		return fmt.Errorf("expected SKI@IP:PORT, not %q", text)
	}
	b.mutex.Lock()
	defer b.mutex.Unlock()
	if b.entries == nil {
		b.entries = map[string]*shipapi.MdnsEntry{}
	}
	b.entries[ski] = &shipapi.MdnsEntry{
		Name: "noted", Ski: ski, Identifier: "noted-" + ski, Path: "/ship/",
		Port: number, Addresses: []net.IP{address},
	}
	return nil
}

func (b *addressBook) tell(isNew bool) {
	b.mutex.Lock()
	defer b.mutex.Unlock()
	copied := map[string]*shipapi.MdnsEntry{}
	for ski, entry := range b.entries {
		one := *entry
		copied[ski] = &one
	}
	if b.reader != nil && len(copied) > 0 {
		go b.reader.ReportMdnsEntries(copied, isNew)
	}
}

func (b *addressBook) open(reader shipapi.MdnsReportInterface) {
	b.reader = reader
	b.tell(true)
}

func (b *addressBook) RequestMdnsEntries()      { b.tell(false) }
func (b *addressBook) Shutdown()                {}
func (b *addressBook) AnnounceMdnsEntry() error { return nil }
func (b *addressBook) UnannounceMdnsEntry()     {}
func (b *addressBook) SetAutoAccept(bool)       {}
func (b *addressBook) QRCodeText() string       { return "" }
