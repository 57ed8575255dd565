package allow_test

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/nodeaudit/nodeaudit/api/allow"
)

func list(t *testing.T, destinations ...allow.Destination) allow.List {
	t.Helper()
	l, err := allow.New(destinations)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

var (
	named   = allow.Destination{Hosts: []string{"logs.example.com", "*.siem.example.com"}, Ports: []int32{443, 6514}}
	network = allow.Destination{CIDRs: []string{"10.20.0.0/16", "fd12::/32"}, Ports: []int32{514}}
	bound   = allow.Destination{Hosts: []string{"*.svc.cluster.local"}, CIDRs: []string{"10.96.0.0/12"}, Ports: []int32{24224}}
	local   = allow.Destination{CIDRs: []string{"127.0.0.1/32"}, Ports: []int32{9000}}
	anybody = allow.Destination{Hosts: []string{"*"}, Ports: []int32{8080}}
)

func TestNames(t *testing.T) {
	all := list(t, named, network, bound, local, anybody)
	for name, test := range map[string]struct {
		host string
		port uint16
		want bool
	}{
		"a name that is listed":                        {"logs.example.com", 443, true},
		"names have no case, and may end in a dot":     {"Logs.Example.COM.", 6514, true},
		"another port":                                 {"logs.example.com", 22, false},
		"a name below one that is listed":              {"x.logs.example.com", 443, false},
		"a name below a star":                          {"eu.siem.example.com", 443, true},
		"two names below a star":                       {"a.eu.siem.example.com", 443, true},
		"the name after the star is not below it":      {"siem.example.com", 443, false},
		"nor is one that only ends in it":              {"evilsiem.example.com", 443, false},
		"nor is an empty one":                          {".siem.example.com", 443, false},
		"a name that begins like one that is listed":   {"logs.example.com.evil.org", 443, false},
		"an address in a network that is listed":       {"10.20.3.4", 514, true},
		"an address elsewhere":                         {"10.21.0.1", 514, false},
		"an IPv6 address":                              {"fd12::7", 514, true},
		"an address is no name, whatever stars say":    {"192.0.2.1", 8080, false},
		"a network that is for names has no addresses": {"10.96.0.1", 24224, false},
		"every name":                                   {"anything.test", 8080, true},
		"a special address that is listed":             {"127.0.0.1", 9000, true},
		"a special address that is not":                {"169.254.169.254", 514, false},
		"an address in another way of writing":         {"::ffff:127.0.0.1", 9000, true},
	} {
		if err := all.Name(test.host, test.port); (err == nil) != test.want {
			t.Errorf("%s: %s:%d gives %v", name, test.host, test.port, err)
		}
	}
	if err := (allow.List{}).Name("logs.example.com", 443); err == nil || !strings.Contains(err.Error(), "tenants.destinations") {
		t.Errorf("an empty list gives %v", err)
	}
}

func TestAddresses(t *testing.T) {
	all := list(t, named, network, bound, local, anybody)
	own := []netip.Addr{netip.MustParseAddr("10.20.0.5"), netip.MustParseAddr("203.0.113.9"), netip.MustParseAddr("fe80::1%eth0")}
	for name, test := range map[string]struct {
		host, at string
		want     string // empty is yes
	}{
		"an ordinary address":                                  {"logs.example.com", "203.0.113.1:443", ""},
		"a private one, which receivers have":                  {"logs.example.com", "10.1.2.3:443", ""},
		"a name that is not listed":                            {"evil.example.com", "203.0.113.1:443", "not among the destinations"},
		"a port that is not listed":                            {"logs.example.com", "203.0.113.1:80", "not among the destinations"},
		"a name that leads to the node":                        {"logs.example.com", "127.0.0.1:443", "the node itself"},
		"all of 127 is the node":                               {"logs.example.com", "127.8.8.8:443", "the node itself"},
		"nowhere in particular is the node":                    {"logs.example.com", "0.0.0.0:443", "the node itself"},
		"and in IPv6":                                          {"logs.example.com", "[::]:443", "the node itself"},
		"the loopback of IPv6":                                 {"logs.example.com", "[::1]:443", "the node itself"},
		"the node's own address":                               {"logs.example.com", "203.0.113.9:443", "an address of the node"},
		"the node's own address as IPv6":                       {"logs.example.com", "[::ffff:203.0.113.9]:443", "an address of the node"},
		"link-local with a zone":                               {"logs.example.com", "[fe80::1%eth0]:443", "link-local"},
		"a cloud's metadata":                                   {"logs.example.com", "169.254.169.254:443", "link-local"},
		"metadata in IPv6 clothes":                             {"logs.example.com", "[::ffff:169.254.169.254]:443", "link-local"},
		"metadata through NAT64":                               {"logs.example.com", "[64:ff9b::a9fe:a9fe]:443", "link-local"},
		"the node through NAT64":                               {"logs.example.com", "[64:ff9b::7f00:1]:443", "the node itself"},
		"the node's own address through NAT64":                 {"logs.example.com", "[64:ff9b::cb00:7109]:443", "an address of the node"},
		"the node through 6to4":                                {"logs.example.com", "[2002:7f00:1::]:443", "the node itself"},
		"the node in an outdated form":                         {"logs.example.com", "[::127.0.0.1]:443", "the node itself"},
		"an own NAT64":                                         {"logs.example.com", "[64:ff9b:1::1]:443", "hides another one"},
		"Teredo":                                               {"logs.example.com", "[2001:0:1::1]:443", "hides another one"},
		"an ordinary address through NAT64":                    {"logs.example.com", "[64:ff9b::cb00:7101]:443", ""},
		"Azure's metadata":                                     {"logs.example.com", "168.63.129.16:443", "where a cloud answers"},
		"Alibaba's metadata":                                   {"logs.example.com", "100.100.100.200:443", "where a cloud answers"},
		"AWS's metadata over IPv6":                             {"logs.example.com", "[fd00:ec2::254]:443", "where a cloud answers"},
		"multicast":                                            {"logs.example.com", "239.1.1.1:443", "no address of one receiver"},
		"multicast of IPv6":                                    {"logs.example.com", "[ff02::1]:443", "no address of one receiver"},
		"broadcast":                                            {"logs.example.com", "255.255.255.255:443", "no address of one receiver"},
		"every name leads to no special address":               {"anything.test", "169.254.169.254:8080", "link-local"},
		"a literal address in a listed network":                {"10.20.9.9", "10.20.9.9:514", ""},
		"a literal address of the node that is listed":         {"10.20.0.5", "10.20.0.5:514", ""},
		"a name in a network that is for addresses":            {"x.test", "10.20.9.9:514", "not among the destinations"},
		"a name bound to a network":                            {"f.logging.svc.cluster.local", "10.96.1.2:24224", ""},
		"a name bound to a network that leads elsewhere":       {"f.logging.svc.cluster.local", "10.1.2.3:24224", "not among the destinations"},
		"a name bound to a network that leads to the node":     {"f.logging.svc.cluster.local", "127.0.0.1:24224", "the node itself"},
		"an address that is listed makes no name lead there":   {"anything.test", "127.0.0.1:9000", "the node itself"},
		"a special address that is listed, asked for as it is": {"127.0.0.1", "127.0.0.1:9000", ""},
		"its neighbour":                                        {"127.0.0.2", "127.0.0.2:9000", "the node itself"},
	} {
		err := all.Address(test.host, netip.MustParseAddrPort(test.at), own...)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %s at %s gives %v, want %q", name, test.host, test.at, err, test.want)
		}
	}
}

func TestAListThatCannotBeReadIsRefused(t *testing.T) {
	for name, d := range map[string]allow.Destination{
		"nothing":                      {},
		"no ports":                     {Hosts: []string{"a.test"}},
		"nobody":                       {Ports: []int32{443}},
		"a port of nothing":            {Hosts: []string{"a.test"}, Ports: []int32{0}},
		"a large port":                 {Hosts: []string{"a.test"}, Ports: []int32{65536}},
		"a port in the name":           {Hosts: []string{"a.test:443"}, Ports: []int32{443}},
		"a star in the middle":         {Hosts: []string{"a.*.test"}, Ports: []int32{443}},
		"a star without a dot":         {Hosts: []string{"*test"}, Ports: []int32{443}},
		"a star before nothing":        {Hosts: []string{"*."}, Ports: []int32{443}},
		"an address as a name":         {Hosts: []string{"127.0.0.1"}, Ports: []int32{443}},
		"an address without a network": {CIDRs: []string{"10.0.0.1"}, Ports: []int32{443}},
		"a network with a host in it":  {CIDRs: []string{"10.0.0.1/8"}, Ports: []int32{443}},
	} {
		if _, err := allow.New([]allow.Destination{named, d}); err == nil || !strings.HasPrefix(err.Error(), "destinations[1]: ") {
			t.Errorf("%s gives %v", name, err)
		}
	}
}

// FuzzSpecial holds what no list may ever let through by a name alone.
func FuzzSpecial(f *testing.F) {
	for _, text := range []string{"127.0.0.1", "::ffff:7f00:1", "64:ff9b::7f00:1", "169.254.169.254", "fe80::1%lo", "203.0.113.1", "2002:a9fe:a9fe::"} {
		f.Add(text)
	}
	all, err := allow.New([]allow.Destination{{Hosts: []string{"*"}, Ports: []int32{1}}})
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return
		}
		plain := addr.Unmap()
		special := plain.IsLoopback() || plain.IsLinkLocalUnicast() || plain.IsUnspecified() || plain.IsMulticast()
		if err := all.Address("x.test", netip.AddrPortFrom(addr, 1)); special && err == nil {
			t.Errorf("%s is let through", addr)
		}
	})
}
