// Package allow says which destinations tenants may reach.
//
// What the administrator lists comes in; whether a name, and whether an address that a name stands for, is on the list goes out. The controller asks
// about names, to tell people early; the agent asks about both each time it connects, which is what counts. The package looks nothing up and keeps
// nothing.
package allow

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
)

// Destination is one entry of the list: names, networks, and the ports there.
type Destination struct {
	// Hosts are names, for example `logs.example.com`, or `*.example.com` for all names below example.com. `*` is any name.
	Hosts []string `json:"hosts,omitempty"`
	// CIDRs are networks, for example `10.20.0.0/16`. With Hosts the names must stand for addresses in them; without, they are for destinations that
	// are given as addresses. Only a network that is listed here makes an address of the node, or another special one, a destination.
	CIDRs []string `json:"cidrs,omitempty"`
	// Ports are the ports there, for example `[443]`. At least one.
	Ports []int32 `json:"ports"`
}

// List is what tenants may reach. The zero value is nothing.
type List struct{ entries []entry }

type entry struct {
	hosts []string
	cidrs []netip.Prefix
	ports []int32
}

// New reads the list. An entry that cannot be read is an error: half of it would allow what was not meant.
func New(destinations []Destination) (List, error) {
	var l List
	for i, d := range destinations {
		e, err := read(d)
		if err != nil {
			return List{}, fmt.Errorf("destinations[%d]: %w", i, err)
		}
		l.entries = append(l.entries, e)
	}
	return l, nil
}

func read(d Destination) (entry, error) {
	e := entry{ports: d.Ports}
	if len(d.Hosts)+len(d.CIDRs) == 0 || len(d.Ports) == 0 {
		return entry{}, errors.New("give hosts or cidrs, and ports")
	}
	for _, port := range d.Ports {
		if port < 1 || port > 65535 {
			return entry{}, fmt.Errorf("port %d: it is from 1 to 65535", port)
		}
	}
	for _, host := range d.Hosts {
		name := strings.TrimPrefix(host, "*.")
		if host != "*" && (name == "" || strings.ContainsAny(name, "*:/@ ")) {
			return entry{}, fmt.Errorf("host %q: it is a name, or *.NAME, or * for every name, and has no port", host)
		}
		if _, err := netip.ParseAddr(host); err == nil {
			return entry{}, fmt.Errorf("host %q: an address belongs into cidrs", host)
		}
		e.hosts = append(e.hosts, canonical(host))
	}
	for _, text := range d.CIDRs {
		cidr, err := netip.ParsePrefix(text)
		if err != nil || cidr != cidr.Masked() {
			return entry{}, fmt.Errorf("cidr %q: it is a network like 10.20.0.0/16, or 10.20.0.7/32 for one address", text)
		}
		e.cidrs = append(e.cidrs, cidr)
	}
	return e, nil
}

// Name says whether the destination, a name or an address, may be one at all. A name may still stand for an address that Address refuses.
func (l List) Name(host string, port uint16) error {
	if addr, err := netip.ParseAddr(host); err == nil {
		return l.Address(host, netip.AddrPortFrom(addr, port))
	}
	if len(l.entries) == 0 {
		return errors.New("no destination is allowed: whoever administers nodeaudit lists them in the chart's value tenants.destinations")
	}
	for _, e := range l.entries {
		if e.named(host) && slices.Contains(e.ports, int32(port)) {
			return nil
		}
	}
	return notListed(host, port)
}

// Address says whether the destination may be reached at the address that its name stands for. host is what was asked for, a name or the address
// itself.
func (l List) Address(host string, at netip.AddrPort, own ...netip.Addr) error {
	addr := at.Addr().Unmap().WithZone("")
	_, err := netip.ParseAddr(host)
	isName := err != nil
	reason := special(addr, own)
	for _, e := range l.entries {
		if slices.Contains(e.ports, int32(at.Port())) && e.leads(host, isName, addr, reason == "") {
			return nil
		}
	}
	if reason != "" {
		return fmt.Errorf("%s is %s, which no tenant may reach", at, reason)
	}
	return notListed(where(host, addr), at.Port())
}

// leads says whether the entry lets the destination be at the address. Each entry stands for itself.
func (e entry) leads(host string, isName bool, addr netip.Addr, ordinary bool) bool {
	switch {
	case !isName:
		return len(e.hosts) == 0 && e.contains(addr)
	case !e.named(host):
		return false
	default:
		return e.contains(addr) || len(e.cidrs) == 0 && ordinary
	}
}

func (e entry) named(host string) bool {
	host = canonical(host)
	return slices.ContainsFunc(e.hosts, func(pattern string) bool {
		if below, is := strings.CutPrefix(pattern, "*."); is {
			return strings.HasSuffix(host, "."+below) && len(host) > len(below)+1
		}
		return pattern == "*" || pattern == host
	})
}

func (e entry) contains(addr netip.Addr) bool {
	return slices.ContainsFunc(e.cidrs, func(cidr netip.Prefix) bool { return cidr.Contains(addr) })
}

// canonical is how names are compared: they have no case, and a dot at the end changes nothing.
func canonical(host string) string { return strings.ToLower(strings.TrimSuffix(host, ".")) }

func where(host string, addr netip.Addr) string {
	if host == addr.String() {
		return host
	}
	return fmt.Sprintf("%s (%s)", host, addr)
}

func notListed(host string, port uint16) error {
	return fmt.Errorf("%s, port %d, is not among the destinations that tenants may reach: ask whoever administers nodeaudit to list it in the chart's "+
		"value tenants.destinations", host, port)
}
