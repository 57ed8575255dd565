//go:build vm

package vm

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// Two sinks with a queue on disk. Only the first asks the disk to have each batch.
const outsideSinks = `apiVersion: nodeaudit.dev/v1alpha1
kind: AuditSink
metadata: {name: forward}
spec:
  type: fluentd
  fluentd: {address: "` + outsideAddress + `:` + forwardPort + `"}
  queue: {fsync: true}
  retry: {longestPause: 2s}
---
apiVersion: nodeaudit.dev/v1alpha1
kind: AuditSink
metadata: {name: otlp}
spec:
  type: otlp
  otlp: {endpoint: "http://` + outsideAddress + `:` + otlpPort + `"}
  retry: {longestPause: 2s}
`

const agentUnit = `[Unit]
After=local-fs.target systemd-networkd.service
[Service]
ExecStart=/usr/local/bin/nodeagent --policy /etc/nodeaudit/policy.yaml --sinks /etc/nodeaudit/sinks.yaml
[Install]
WantedBy=multi-user.target
`

const (
	withFsync = "fluentd, fsync: true"
	powerCut  = "power cut while the receivers are away"
)

// Files are made one after the other, each with a number of its own: a million times the boot's and so on. It begins when the rule is there, and ends before
// the agent does.
const (
	ticksUnit = `[Unit]
After=nodeagent.service
[Service]
ExecStart=/bin/sh /etc/nodeaudit/ticks.sh
[Install]
WantedBy=multi-user.target
`
	ticksScript = `cd /var/tmp/ticks
until auditctl -l | grep -q ticks; do sleep 0.2; done
boot=$(($(cat ../boots) + 1))
echo $boot >../boots
sync ../boots
n=$((boot * 1000000))
while :; do
	n=$((n + 1))
	: >/var/tmp/ticks/$n
	echo $n >../last-$boot
	sleep 0.1
done
`
)

// A flowing node makes numbered events from the moment its agent runs, in each of its boots.
type flowing struct {
	node
	outside
	receivers map[string]*arrived
	spans     []span
}

// span is what was recorded in a boot, and what became of that.
type span struct {
	fault       string
	first, last int
}

func startFlowing(t *testing.T) *flowing {
	t.Helper()
	o := newOutside(t)
	receivers := map[string]*arrived{withFsync: o.forward(), "otlp": o.otlp()}
	started := time.Now()
	m, err := StartWired(within(t), image.Disk(), 512, o.Wire)
	f := &flowing{node: begin(t, m, err, started), outside: o, receivers: receivers}
	n := f.node
	n.sh("mkdir -p /etc/nodeaudit /etc/systemd/network /var/tmp/ticks && echo 0 >/var/tmp/boots && echo virtio_net >/etc/modules-load.d/wire.conf && modprobe virtio_net")
	n.write("/etc/systemd/network/wire.network", "[Match]\nDriver=virtio_net\n[Network]\nAddress="+guestAddress+"/30\nLinkLocalAddressing=no\nConfigureWithoutCarrier=yes\n")
	n.write("/etc/nodeaudit/policy.yaml", policy("-w /var/tmp/ticks -p wa -k ticks\n", "")+"  routes:\n  - {name: out, match: {keys: [ticks]}, sinks: [forward, otlp]}\n")
	n.write("/etc/nodeaudit/sinks.yaml", outsideSinks)
	n.write("/etc/systemd/system/nodeagent.service", agentUnit)
	n.write("/etc/nodeaudit/ticks.sh", ticksScript)
	n.write("/etc/systemd/system/ticks.service", ticksUnit)
	n.sh("systemctl unmask systemd-networkd.service systemd-networkd.socket systemd-network-generator.service && systemctl daemon-reload && " +
		"systemctl enable --now --quiet systemd-networkd nodeagent ticks")
	return f
}

// last is the number at which that boot of the node is, or was when it ended in order.
func (f *flowing) last(boot int) int {
	f.node.t.Helper()
	n, err := strconv.Atoi(strings.TrimSpace(f.sh(fmt.Sprintf("cat /var/tmp/last-%d", boot))))
	if err != nil {
		f.node.t.Fatal(err)
	}
	return n
}

// flow waits until that boot has made this many events more.
func (f *flowing) flow(boot, events int) {
	f.node.t.Helper()
	f.sh(fmt.Sprintf(`until [ -s /var/tmp/last-%[1]d ]; do sleep 0.2; done
end=$(($(cat /var/tmp/last-%[1]d) + %[2]d))
until [ "$(cat /var/tmp/last-%[1]d)" -ge $end ]; do sleep 0.2; done`, boot, events))
}

// ended notes what the boot has made up to this number.
func (f *flowing) ended(fault string, last int) {
	f.spans = append(f.spans, span{fault, last/1_000_000*1_000_000 + 1, last})
}

// begun waits until each receiver has something, so that a node from which nothing comes ends the test early.
func (f *flowing) begun() {
	f.node.t.Helper()
	for name, a := range f.receivers {
		for waited := 0; a.sum() == 0; waited++ {
			if waited == 120 {
				f.node.t.Fatalf("nothing comes to %s:\n%s", name, f.sh("ip addr; networkctl --no-pager; auditctl -l; auditctl -s; tail -n 2 /var/log/nodeaudit/audit.log; ls -la /var/lib/nodeaudit/queues/*; journalctl --no-pager -n 40 -u nodeagent -u ticks"))
			}
			time.Sleep(time.Second)
		}
	}
}

// settle waits until nothing arrives any more.
func (f *flowing) settle() {
	all := func() (sum int) {
		for _, a := range f.receivers {
			sum += a.sum()
		}
		return sum
	}
	for before, same := all(), 0; same < 20; same++ {
		time.Sleep(time.Second)
		if now := all(); now != before {
			before, same = now, 0
		}
	}
}

// judge prints what became of the events, and tells of those that were lost.
func (f *flowing) judge() {
	f.node.t.Helper()
	for _, s := range f.spans {
		for _, name := range slices.Sorted(maps.Keys(f.receivers)) {
			received, again := f.receivers[name].count(s.first, s.last)
			sent := s.last - s.first + 1
			f.node.t.Logf("| %s | %s | sent %d | received %d | lost %d | twice %d |", s.fault, name, sent, received, sent-received, again)
			if received < sent && (s.fault != powerCut || name == withFsync) {
				f.node.t.Errorf("%s: %s has %d of %d events", s.fault, name, received, sent)
			}
		}
	}
}

// A node reboots, and loses its power, while events flow to receivers elsewhere that may be away: what was on its disk arrives.
func TestWhatANodeHasTakenArrivesAfterAReboot(t *testing.T) {
	f := startFlowing(t)
	f.flow(1, 100)
	f.begun()
	f.reboot()
	f.ended("reboot", f.last(1))

	f.flow(2, 50)
	f.unplug()
	f.flow(2, 100)
	f.reboot()
	f.ended("reboot while the receivers are away", f.last(2))

	f.plug()
	f.flow(3, 50)
	f.unplug()
	f.flow(3, 100)
	last := f.last(3)
	f.flow(3, 30) // what was recorded until then has come through the agent
	if err := f.Cut(within(t)); err != nil {
		t.Fatal(err)
	}
	f.ended(powerCut, last)

	f.plug()
	f.flow(4, 100)
	f.sh("systemctl stop ticks")
	f.settle()
	f.ended("after it", f.last(4))
	f.judge()
}

// The clock of a node jumps while events flow and the receivers are away: a day on, two days back, and to where it was. What is recorded arrives, and the
// agent says of itself that it has missed nothing.
func TestAClockThatJumpsLosesNothing(t *testing.T) {
	f := startFlowing(t)
	f.flow(1, 50)
	f.begun()
	f.jump("+1 day")
	f.flow(1, 50)
	f.unplug()
	f.jump("-2 days")
	f.flow(1, 50)
	f.jump("+1 day")
	f.flow(1, 50)
	f.plug()
	f.flow(1, 50)
	f.sh("systemctl stop ticks")
	f.settle()
	f.ended("clock jumps", f.last(1))
	f.judge()
	if missed := f.sh("grep -h NODEAUDIT_LOST /var/log/nodeaudit/audit.log* || true"); missed != "" {
		t.Errorf("the agent has missed records:\n%s", missed)
	}
}

// jump sets the clock of the node, in words of date(1).
func (f *flowing) jump(by string) {
	f.node.t.Helper()
	before := f.sh("date +%F")
	f.sh("date --set '" + by + "'")
	if after := f.sh("date +%F"); after == before {
		f.node.t.Fatalf("the clock has not jumped: %s", after)
	}
}
