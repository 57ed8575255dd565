package allow

import (
	"net/netip"
	"slices"
)

// metadata are addresses at which clouds answer machines about themselves, credentials included, and that are not link-local.
var metadata = []netip.Addr{
	netip.MustParseAddr("168.63.129.16"),   // Azure
	netip.MustParseAddr("100.100.100.200"), // Alibaba
	netip.MustParseAddr("192.0.0.192"),     // Oracle
	netip.MustParseAddr("fd00:ec2::254"),   // AWS
	netip.MustParseAddr("fd20:ce::254"),    // Google
}

// Networks in which an IPv4 address is written as an IPv6 one: the address that counts is the one inside.
var (
	nat64     = netip.MustParsePrefix("64:ff9b::/96")
	nat64Own  = netip.MustParsePrefix("64:ff9b:1::/48")
	sixToFour = netip.MustParsePrefix("2002::/16")
	teredo    = netip.MustParsePrefix("2001::/32")
	v4Compat  = netip.MustParsePrefix("::/96")
	thisHost  = netip.MustParsePrefix("0.0.0.0/8")
	reserved  = netip.MustParsePrefix("240.0.0.0/4")
)

// special says why an address is none that a tenant may name unless its network is listed, and is empty where it is like any other. own are the
// addresses of the node.
func special(addr netip.Addr, own []netip.Addr) string {
	addr = addr.Unmap()
	switch {
	case !addr.IsValid() || addr.IsUnspecified() || thisHost.Contains(addr):
		return "the node itself"
	case addr.IsLoopback():
		return "the node itself"
	case addr.IsLinkLocalUnicast():
		return "link-local, where clouds answer machines about themselves"
	case addr.IsMulticast() || addr.IsInterfaceLocalMulticast() || reserved.Contains(addr):
		return "no address of one receiver"
	case slices.Contains(metadata, addr):
		return "where a cloud answers machines about themselves"
	case slices.ContainsFunc(own, func(o netip.Addr) bool { return o.Unmap().WithZone("") == addr }):
		return "an address of the node"
	case addr.Is6():
		return translated(addr, own)
	default:
		return ""
	}
}

// translated looks at the IPv4 address in an IPv6 one.
func translated(addr netip.Addr, own []netip.Addr) string {
	b := addr.As16()
	var inner netip.Addr
	switch {
	case nat64.Contains(addr), v4Compat.Contains(addr):
		inner = netip.AddrFrom4([4]byte(b[12:]))
	case sixToFour.Contains(addr):
		inner = netip.AddrFrom4([4]byte(b[2:6]))
	case nat64Own.Contains(addr), teredo.Contains(addr):
		return "an address that hides another one"
	default:
		return ""
	}
	return special(inner, own)
}
