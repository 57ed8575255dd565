package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"time"
)

// program is a receiver that is somebody else's, in a process.
type program struct {
	at      string
	command func() (*exec.Cmd, error)
	ready   func() bool
	read    func() []byte

	running *exec.Cmd
	input   io.Closer
	words   bytes.Buffer
	ended   chan struct{}
}

func (p *program) address() string { return p.at }

// got reads lines: an event is one, whatever it has beside.
func (p *program) got() []int {
	var list []int
	for line := range bytes.Lines(p.read()) {
		if found := numbers(line); len(found) > 0 {
			list = append(list, found[0])
		}
	}
	return list
}

func (p *program) start() error {
	c, err := p.command()
	if err != nil {
		return err
	}
	c.Stdout, c.Stderr = &p.words, &p.words
	if p.input, err = c.StdinPipe(); err != nil { // some end with it
		return err
	}
	if err := c.Start(); err != nil {
		return err
	}
	p.running, p.ended = c, make(chan struct{})
	go func(ended chan<- struct{}) {
		_ = c.Wait() // it is killed
		close(ended)
	}(p.ended)
	for deadline := time.Now().Add(5 * time.Minute); !p.ready(); time.Sleep(20 * time.Millisecond) {
		select {
		case <-p.ended:
			return fmt.Errorf("%s ended: %s", c.Path, p.words.String())
		default:
		}
		if time.Now().After(deadline) {
			return fmt.Errorf("%s does not listen: %s", c.Path, p.words.String())
		}
	}
	return nil
}

func (p *program) kill() {
	if p.running == nil {
		return
	}
	_ = p.running.Process.Kill()
	<-p.ended
	_ = p.input.Close()
}

// listens says whether somebody takes connections there.
func listens(address string) func() bool {
	return func() bool {
		conn, err := net.DialTimeout("tcp", address, time.Second)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	}
}

// bound says whether a program has the port for packets.
func bound(address string) func() bool {
	return func() bool {
		conn, err := net.ListenPacket("udp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err != nil
	}
}

func contents(name string) func() []byte {
	return func() []byte {
		text, _ := os.ReadFile(name)
		return text
	}
}

// peer is one of the programs of hack/peers.sh.
func peer(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("run hack/peers.sh, and have .local/bin in the PATH: %w", err)
	}
	return path, nil
}

func collector(flag string) func(dir string) (receiver, error) {
	return func(dir string) (receiver, error) {
		path, err := peer("collector")
		if err != nil {
			return nil, err
		}
		at, err := free()
		out := filepath.Join(dir, "out")
		return &program{at: at, ready: listens(at), read: contents(out), command: func() (*exec.Cmd, error) {
			return exec.Command(path, flag, at, "-out", out), nil
		}}, err
	}
}

const (
	tcpInput = `module(load="imptcp") input(type="imptcp" address="127.0.0.1" port="%s" maxFrameSize="4194304" ruleset="keep")`
	udpInput = `module(load="imudp") input(type="imudp" address="127.0.0.1" port="%s" ruleset="keep")`
	tlsInput = `module(load="imtcp" streamDriver.name="gtls" streamDriver.mode="1" streamDriver.authMode="anon")
input(type="imtcp" address="127.0.0.1" port="%s" maxFrameSize="4194304" ruleset="keep")`
	rsyslogConfig = `global(workDirectory="%[1]s" maxMessageSize="4m" processInternalMessages="off"
defaultNetstreamDriver="gtls" defaultNetstreamDriverCAFile="%[1]s/faults/ca" defaultNetstreamDriverCertFile="%[1]s/cert" defaultNetstreamDriverKeyFile="%[1]s/key")
template(name="raw" type="list") { property(name="msg" spifno1stsp="off") constant(value="\n") }
ruleset(name="keep") { action(type="omfile" file="%[1]s/out" template="raw") }
`
)

func rsyslog(input string) func(dir string) (receiver, error) {
	return func(dir string) (receiver, error) {
		at, err := free()
		if err != nil {
			return nil, err
		}
		_, port, _ := net.SplitHostPort(at)
		ready := listens(at)
		if input == udpInput {
			ready = bound(at)
		}
		config := fmt.Sprintf(rsyslogConfig, dir) + fmt.Sprintf(input, port) + "\n"
		return daemon(dir, "rsyslogd", config, at, ready, "-n", "-f", "config", "-i", filepath.Join(dir, "pid"))
	}
}

func syslogNG(dir string) (receiver, error) {
	at, err := free()
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(at)
	config := fmt.Sprintf(`@version: 3.38
options { log-msg-size(4194304); use-dns(no); stats-freq(0); };
source s { syslog(ip("127.0.0.1") port(%s) transport("tcp")); };
destination d { file("%s/out" template("$MSG\n")); };
log { source(s); destination(d); };
`, port, dir)
	return daemon(dir, "syslog-ng", config, at, listens(at), "-F", "--no-caps", "-f", "config", "-R", filepath.Join(dir, "persist"), "-c", filepath.Join(dir, "ctl"), "-p", filepath.Join(dir, "pid"))
}

func daemon(dir, name, config, at string, ready func() bool, args ...string) (receiver, error) {
	path, err := peer(name)
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(dir, "config"), []byte(config), 0o600); err != nil {
		return nil, err
	}
	return &program{at: at, ready: ready, read: contents(filepath.Join(dir, "out")), command: func() (*exec.Cmd, error) {
		_ = os.Remove(filepath.Join(dir, "pid")) // of the one that was killed
		c := exec.Command(path, args...)
		c.Dir = dir
		return c, nil
	}}, certificates(dir)
}

var journals atomic.Int32

// journal is a journal of a namespace of its own, which shares nothing with this machine's. Its folders in /run are removed with it.
func journal(string) (receiver, error) {
	namespace := fmt.Sprintf("nodeaudit-%d-%d", os.Getpid(), journals.Add(1))
	socket := "/run/systemd/journal." + namespace + "/socket"
	p := &program{at: namespace, command: func() (*exec.Cmd, error) { return exec.Command("/lib/systemd/systemd-journald", namespace), nil }}
	p.ready = func() bool { _, err := os.Stat(socket); return err == nil }
	p.read = func() []byte {
		text, _ := exec.Command("journalctl", "--namespace="+namespace, "-t", "nodeaudit", "-o", "cat", "--all", "--quiet").Output()
		return text
	}
	return &journalReceiver{p}, nil
}

type journalReceiver struct{ *program }

func (j *journalReceiver) start() error {
	_ = os.Remove("/run/systemd/journal." + j.at + "/socket") // of the one that was killed
	return j.program.start()
}

// tidy removes what a namespace leaves.
func (j *journalReceiver) tidy() {
	left, _ := filepath.Glob("/run/*/journal*/*." + j.at)
	for _, path := range append(left, "/run/systemd/journal."+j.at) {
		_ = os.RemoveAll(path)
	}
}

// certificates makes an authority, which is its own server's certificate too, and the secrets of a cell.
func certificates(dir string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "faults"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		KeyUsage: x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return err
	}
	private, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	cert := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	for name, text := range map[string][]byte{
		filepath.Join(secretName, "ca"): cert, "cert": cert, "key": pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: private}),
	} {
		if err := put(dir, name, text); err != nil {
			return err
		}
	}
	return nil
}

func put(dir, name string, text []byte) error {
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	return os.WriteFile(path, text, 0o600)
}
