package decode

import (
	"strconv"
	"strings"
)

// capabilityNames are CAP_* of include/uapi/linux/capability.h, by the number of their bit.
var capabilityNames = [...]string{
	"chown", "dac_override", "dac_read_search", "fowner", "fsetid", "kill", "setgid", "setuid", "setpcap", "linux_immutable",
	"net_bind_service", "net_broadcast", "net_admin", "net_raw", "ipc_lock", "ipc_owner", "sys_module", "sys_rawio", "sys_chroot", "sys_ptrace",
	"sys_pacct", "sys_admin", "sys_boot", "sys_nice", "sys_resource", "sys_time", "sys_tty_config", "mknod", "lease", "audit_write",
	"audit_control", "setfcap", "mac_override", "mac_admin", "syslog", "wake_alarm", "block_suspend", "audit_read", "perfmon", "bpf",
	"checkpoint_restore",
}

// maskText is a set of capabilities that was made words of before.
type maskText struct {
	raw, text string
}

// capabilities names the capabilities in a set, which is in hexadecimal. It returns nothing for an empty one, and for what is no set.
func (d *Decoder) capabilities(raw string) string {
	if raw == "0" || raw == "0000000000000000" {
		return ""
	}
	if raw == "" || len(raw) > 16 {
		return ""
	}
	last := &d.masks[(raw[0]^raw[len(raw)/2]^raw[len(raw)-1])%byte(len(d.masks))]
	if last.raw != raw {
		set, err := strconv.ParseUint(raw, 16, 64)
		if err != nil {
			return ""
		}
		*last = maskText{strings.Clone(raw), capabilityWords(set)}
	}
	return last.text
}

// capabilityWords names what is in a set, or where that is most, what is not.
func capabilityWords(set uint64) string {
	if set == 0 {
		return ""
	}
	var in, out []string
	for bit := range 64 {
		switch has := set>>bit&1 == 1; {
		case bit < len(capabilityNames) && has:
			in = append(in, capabilityNames[bit])
		case bit < len(capabilityNames):
			out = append(out, "-"+capabilityNames[bit])
		case has:
			in, out = append(in, strconv.Itoa(bit)), append(out, strconv.Itoa(bit))
		}
	}
	if len(in) > len(out) {
		return strings.Join(append([]string{"all"}, out...), ",")
	}
	return strings.Join(in, ",")
}
