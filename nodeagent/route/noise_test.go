package route

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/elastic/go-libaudit/v2/auparse"
	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/decode"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// recorded are the events of real programs, as on the host of a container and without a known parent.
func recorded(t *testing.T) []*event.Event {
	t.Helper()
	logs, err := filepath.Glob("testdata/noise-*.log")
	if err != nil || len(logs) == 0 {
		t.Fatalf("no records: %v", err)
	}
	var groups []event.Group
	for _, log := range logs {
		text, err := os.ReadFile(log)
		if err != nil {
			t.Fatal(err)
		}
		for line := range bytes.Lines(text) {
			groups = add(t, groups, strings.TrimSpace(string(line)))
		}
	}
	var events []*event.Event
	var decoder decode.Decoder
	for _, group := range groups {
		e := decoder.Event(group)
		e.Who.Confidence = event.ConfidenceExact
		events = append(events, e)
	}
	return events
}

func add(t *testing.T, groups []event.Group, line string) []event.Group {
	t.Helper()
	if strings.HasPrefix(line, "#") || strings.HasPrefix(line, "type=EOE") {
		return groups
	}
	message, err := auparse.ParseLogLine(line)
	if err != nil {
		t.Fatalf("%s: %v", line, err)
	}
	if len(groups) == 0 || groups[len(groups)-1].Serial != message.Sequence {
		groups = append(groups, event.Group{Time: message.Timestamp, Serial: message.Sequence})
	}
	_, data, _ := strings.Cut(line, " msg=")
	last := &groups[len(groups)-1]
	last.Records = append(last.Records, event.Record{Type: uint16(message.RecordType), Data: data})
	return groups
}

// noisy says which presets an event is of, and by what it was made.
func noisy(e *event.Event) string {
	is := "kept"
	for _, preset := range []v1alpha1.Noise{v1alpha1.NoiseContainerFirewall, v1alpha1.NoiseContainerVeth} {
		if noises[preset](e) {
			is = string(preset)
		}
	}
	return fmt.Sprintf("%s %s: %s", e.Type, strings.TrimSpace(e.Exe+" "+field(e, "dev")), is)
}

func TestWhatContainerHostsDoByThemselves(t *testing.T) {
	var got []string
	for _, e := range recorded(t) {
		got = append(got, noisy(e))
	}
	want := []string{
		"NETFILTER_CFG /usr/sbin/xtables-nft-multi: kept",
		"ANOM_PROMISCUOUS /usr/bin/ip vethhost1: kept",
		"ANOM_PROMISCUOUS /usr/bin/ip vethhost1: kept",
		"ANOM_PROMISCUOUS /opt/cni/bin/bridge veth9ecd5307: ContainerVeth",
		"ANOM_PROMISCUOUS /opt/cni/bin/bridge vethfdf6c40a: ContainerVeth",
		"NETFILTER_CFG /usr/sbin/xtables-nft-multi: kept",
		"NETFILTER_CFG /usr/sbin/xtables-nft-multi: kept",
		"NETFILTER_CFG /usr/sbin/xtables-nft-multi: kept",
		"NETFILTER_CFG /usr/sbin/xtables-nft-multi: kept",
		"ANOM_PROMISCUOUS vethfdf6c40a: ContainerVeth",
		"ANOM_PROMISCUOUS veth9ecd5307: ContainerVeth",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// changed is a recorded event, with changes.
func changed(t *testing.T, kind, exe string, change func(*event.Event)) *event.Event {
	t.Helper()
	for _, e := range recorded(t) {
		if e.Type == kind && e.Exe == exe {
			change(e)
			return e
		}
	}
	t.Fatalf("no %s by %q is recorded", kind, exe)
	return nil
}

func TestOthersAreNoNoise(t *testing.T) {
	const filter, promiscuous, iptables, bridge = "NETFILTER_CFG", "ANOM_PROMISCUOUS", "/usr/sbin/xtables-nft-multi", "/opt/cni/bin/bridge"
	proxy := event.Who{Confidence: event.ConfidenceParent, Namespace: "kube-system", Pod: "kube-proxy-x", PodUID: "u", Container: "kube-proxy", ContainerID: "c"}
	for name, test := range map[string]struct {
		kind, exe string
		change    func(*event.Event)
		want      bool
	}{
		"the runtime itself": {filter, iptables, func(e *event.Event) { e.Exe = "/usr/bin/dockerd" }, true},
		"a plugin":           {promiscuous, bridge, func(*event.Event) {}, true},
		"a tool of the host that is called like a plugin":  {promiscuous, bridge, func(e *event.Event) { e.Exe = "/usr/sbin/bridge" }, false},
		"a plugin whose name somebody took":                {promiscuous, bridge, func(e *event.Event) { e.Exe = "/tmp/bridge" }, false},
		"a process that calls itself so":                   {promiscuous, bridge, func(e *event.Event) { e.Exe, e.Comm = "/usr/bin/python3", "dockerd" }, false},
		"a plugin that a person runs":                      {promiscuous, bridge, func(e *event.Event) { e.AUID = event.NewID(1000) }, false},
		"one of which nobody knows where it ran":           {promiscuous, bridge, func(e *event.Event) { e.Who.Confidence = event.ConfidenceNone }, false},
		"one in a container":                               {promiscuous, bridge, func(e *event.Event) { e.Who.ContainerID = "c" }, false},
		"one in a pod":                                     {promiscuous, bridge, func(e *event.Event) { e.Who.PodUID = "u" }, false},
		"another interface":                                {promiscuous, bridge, func(e *event.Event) { rename(e, "dev", "eth0") }, false},
		"the kernel, entering":                             {promiscuous, "", func(e *event.Event) { rename(e, "prom", "256") }, false},
		"the kernel, of another interface":                 {promiscuous, "", func(e *event.Event) { rename(e, "dev", "eth0") }, false},
		"iptables that a plugin started":                   {filter, iptables, startedBy("/opt/cni/bin/portmap"), true},
		"iptables that dockerd started":                    {filter, iptables, startedBy("/usr/bin/dockerd"), true},
		"iptables that a shell of dockerd started":         {filter, iptables, startedBy("/usr/bin/bash", "/usr/bin/dockerd"), false},
		"iptables that something called dockerd started":   {filter, iptables, startedBy("/tmp/dockerd"), false},
		"iptables of a parent whose program is not known":  {filter, iptables, startedBy(""), false},
		"somebody in the pod of kube-proxy":                {filter, iptables, func(e *event.Event) { e.Who = proxy; e.Who.Entered = true }, false},
		"a record whose process is not told":               {filter, iptables, func(e *event.Event) { e.Exe = "" }, false},
		"iptables in the pod of kube-proxy":                {filter, iptables, func(e *event.Event) { e.Who = proxy }, true},
		"another program in the pod of kube-proxy":         {filter, iptables, func(e *event.Event) { e.Who, e.Exe = proxy, "/tmp/x" }, false},
		"a pod that is called so in another namespace":     {filter, iptables, func(e *event.Event) { e.Who = proxy; e.Who.Namespace = "shop" }, false},
		"another container of a pod in that namespace":     {filter, iptables, func(e *event.Event) { e.Who = proxy; e.Who.Container = "x" }, false},
		"a container of which the API server has not told": {filter, iptables, func(e *event.Event) { e.Who = proxy; e.Who.Namespace, e.Who.Container = "", "" }, false},
		"another type of event":                            {filter, iptables, func(e *event.Event) { e.Type, e.Exe = "SYSCALL", "/usr/bin/dockerd" }, false},
	} {
		e := changed(t, test.kind, test.exe, test.change)
		if got := !strings.HasSuffix(noisy(e), ": kept"); got != test.want {
			t.Errorf("%s: noise is %v", name, got)
		}
	}
}

// startedBy makes the event one of a process that these programs started, the closest first.
func startedBy(programs ...string) func(*event.Event) {
	return func(e *event.Event) {
		for _, program := range programs {
			e.Who.Ancestors = append(e.Who.Ancestors, event.Ancestor{PID: 2, Comm: "dockerd", Exe: program})
		}
	}
}

func rename(e *event.Event, name, value string) {
	for i := range e.Fields {
		if e.Fields[i].Name == name {
			e.Fields[i].Value = value
		}
	}
}
