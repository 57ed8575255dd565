package syslog_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial/dialtest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export/exporttest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/syslog"
)

// daemon is a syslog daemon of the distribution, in a folder of the test.
type daemon struct {
	dir, tcp, tls string
	out           string // what it has received, one message a line
	start         func(t *testing.T) *exec.Cmd
}

func port(t *testing.T) string {
	t.Helper()
	_, p, err := net.SplitHostPort(exporttest.Address(t))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func program(t *testing.T, name string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("needs the programs of hack/peers.sh: %s (Debian: rsyslog rsyslog-gnutls syslog-ng-core)", name)
	}
	return path
}

func write(t *testing.T, dir, name string, text []byte) string {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const rsyslogConfig = `
global(workDirectory="%[1]s" maxMessageSize="4m" processInternalMessages="off"
       defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="%[1]s/ca" defaultNetstreamDriverCertFile="%[1]s/cert" defaultNetstreamDriverKeyFile="%[1]s/key")
module(load="imtcp" keepAlive="on" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="x509/certvalid")
module(load="imptcp")
template(name="raw" type="list") { property(name="msg" spifno1stsp="off") constant(value="\n") }
ruleset(name="keep") { action(type="omfile" file="%[1]s/out" template="raw") }
input(type="imptcp" address="127.0.0.1" port="%[2]s" maxFrameSize="4194304" ruleset="keep")
input(type="imtcp" address="127.0.0.1" port="%[3]s" maxFrameSize="4194304" ruleset="keep")
`

func rsyslog(t *testing.T, dir string) *daemon {
	t.Helper()
	path := program(t, "rsyslogd")
	d := &daemon{dir: dir, tcp: port(t), tls: port(t), out: filepath.Join(dir, "out")}
	config := write(t, dir, "rsyslog.conf", fmt.Appendf(nil, rsyslogConfig, dir, d.tcp, d.tls))
	d.start = func(t *testing.T) *exec.Cmd {
		t.Helper()
		return exec.CommandContext(t.Context(), path, "-n", "-f", config, "-i", filepath.Join(dir, "pid"))
	}
	return d
}

const syslogNGConfig = `@version: 3.38
options { log-msg-size(4194304); use-dns(no); keep-hostname(yes); stats-freq(0); };
source s { network(ip("127.0.0.1") port(%[2]s) transport("tcp") flags(syslog-protocol));
           syslog(ip("127.0.0.1") port(%[4]s) transport("tcp"));
           syslog(ip("127.0.0.1") port(%[3]s) transport("tls") tls(ca-file("%[1]s/ca") cert-file("%[1]s/cert") key-file("%[1]s/key") peer-verify(required-trusted))); };
destination d { file("%[1]s/out" template("$MSG\n")); };
log { source(s); destination(d); };
`

func syslogNG(t *testing.T, dir string) *daemon {
	t.Helper()
	path := program(t, "syslog-ng")
	d := &daemon{dir: dir, tcp: port(t), tls: port(t), out: filepath.Join(dir, "out")}
	config := write(t, dir, "syslog-ng.conf", fmt.Appendf(nil, syslogNGConfig, dir, port(t), d.tls, d.tcp))
	d.start = func(t *testing.T) *exec.Cmd {
		t.Helper()
		return exec.CommandContext(t.Context(), path, "-F", "--no-caps", "-f", config, "-R", filepath.Join(dir, "persist"), "-c", filepath.Join(dir, "ctl"), "-p", filepath.Join(dir, "pid"))
	}
	return d
}

// run runs the daemon until the end of the test, or until stop.
func (d *daemon) run(t *testing.T) (stop func()) {
	t.Helper()
	return exporttest.Run(t, d.start(t), exporttest.Listens("127.0.0.1:"+d.tcp, "127.0.0.1:"+d.tls))
}

func (d *daemon) lines(t *testing.T) []string {
	t.Helper()
	text, err := os.ReadFile(d.out)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

func daemons() map[string]func(*testing.T, string) *daemon {
	return map[string]func(*testing.T, string) *daemon{"rsyslog": rsyslog, "syslog-ng": syslogNG}
}

func TestRealDaemonsGetEverythingInItsOrder(t *testing.T) {
	authority := dialtest.NewAuthority(t)
	cert, key := authority.Sign(t, "node-1", time.Hour)
	for name, make := range daemons() {
		for protocol, number := range map[string]syslog.Protocol{"TCP": syslog.TCP, "TLS": syslog.TLS} {
			t.Run(name+" over "+protocol, func(t *testing.T) {
				dir := t.TempDir()
				serverCert, serverKey := authority.Sign(t, "127.0.0.1", time.Hour)
				write(t, dir, "ca", authority.PEM)
				write(t, dir, "cert", serverCert)
				write(t, dir, "key", serverKey)
				d := make(t, dir)
				d.run(t)
				options := syslog.Options{Address: "127.0.0.1:" + d.tcp, Protocol: number}
				if number == syslog.TLS {
					options.Address, options.TLS = "127.0.0.1:"+d.tls, dial.TLS{CA: authority.PEM, Cert: cert, Key: key}
				}
				s := exporttest.New(t, open(options))
				events := sinktest.Events(2000)
				events[1000].Args = []string{strings.Repeat("0123456789abcdef", 1<<16)}
				for batch := range slices.Chunk(events, 100) {
					exporttest.Write(t, s, batch)
				}
				exporttest.Delivered(t, s)
				exporttest.Eventually(t, func() string { return fmt.Sprintf("%d lines", len(d.lines(t))) }, func() bool { return len(d.lines(t)) >= len(events) })
				if err := s.Close(); err != nil {
					t.Error(err)
				}
				got := strings.Join(d.lines(t), "\n") + "\n"
				sinktest.Compare(t, []byte(strings.ReplaceAll("\n"+got, "\n ", "\n")[1:]), sinktest.Lines(t, events))
			})
		}
	}
}

// Syslog acknowledges nothing: what the connection held when the daemon was killed is lost. What comes while it is away waits.
func TestADaemonThatWasAwayGetsWhatCameMeanwhile(t *testing.T) {
	dir := t.TempDir()
	authority := dialtest.NewAuthority(t)
	cert, key := authority.Sign(t, "127.0.0.1", time.Hour)
	write(t, dir, "ca", authority.PEM)
	write(t, dir, "cert", cert)
	write(t, dir, "key", key)
	d := rsyslog(t, dir)
	stop := d.run(t)
	s := exporttest.New(t, open(syslog.Options{Address: "127.0.0.1:" + d.tcp}))
	exporttest.Write(t, s, sinktest.Events(100))
	exporttest.Delivered(t, s)
	exporttest.Eventually(t, func() string { return fmt.Sprintf("%d lines", len(d.lines(t))) }, func() bool { return len(d.lines(t)) >= 100 })
	stop()
	exporttest.Write(t, s, sinktest.Events(50))
	exporttest.Eventually(t, func() string { return "no error" }, func() bool { return strings.Contains(s.Delivery().LastError, "nobody listens") })
	d.run(t)
	exporttest.Delivered(t, s)
	exporttest.Eventually(t, func() string { return fmt.Sprintf("%d lines", len(d.lines(t))) }, func() bool { return len(d.lines(t)) >= 150 })
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}
