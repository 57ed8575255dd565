package control_test

import (
	"bufio"
	"context"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/nodeaudit/nodeaudit/nodeagent/control"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestPeopleAskOverASocket(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 60))
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		ended <- control.Serve(ctx, dir, func(_ context.Context, r control.Request) control.SinkTest {
			return control.SinkTest{Sink: r.TestSink, Delivered: true, Answer: r.By}
		})
	}()
	var result control.SinkTest
	err := os.ErrNotExist
	for err != nil {
		result, err = control.Ask(t.Context(), dir, control.Request{TestSink: "siem", By: "ann"})
		if t.Context().Err() != nil {
			t.Fatal(err)
		}
	}
	if result.Sink != "siem" || result.Answer != "ann" || !result.Delivered {
		t.Errorf("%+v", result)
	}
	info, err := os.Stat(filepath.Join(dir, control.File))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the socket: %v %v", info, err)
	}
	for _, words := range []string{"nonsense\n", "{}\n", strings.Repeat("x", 1<<17)} {
		refused(t, dir, words)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if _, err := control.Ask(t.Context(), dir, control.Request{TestSink: "siem"}); err == nil || !strings.Contains(err.Error(), "no agent answers on") {
		t.Errorf("after the end: %v", err)
	}
}

func refused(t *testing.T, dir, words string) {
	t.Helper()
	t.Chdir(dir)
	conn, err := net.Dial("unix", control.File)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // it is over
	_, _ = io.WriteString(conn, words)
	line, _ := bufio.NewReader(conn).ReadString('\n')
	if strings.Contains(line, `"delivered":true`) {
		t.Errorf("%.20q was answered with %s", words, line)
	}
}
