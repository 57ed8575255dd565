package receive_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
	"github.com/nodeaudit/nodeaudit/nodeagent/receive"
)

// Numbers of record types, include/uapi/linux/audit.h.
const (
	syscallType = 1300
	pathType    = 1302
	cwdType     = 1307
	eoe         = 1320
	proctitle   = 1327
)

func TestKernelRecordsArrive(t *testing.T) {
	client := kerneltest.Lock(t)
	socket, err := receive.Open()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = socket.Close() })
	key := fmt.Sprintf("receive-%d-%d", os.Getpid(), time.Now().UnixNano())
	path := filepath.Join(t.TempDir(), "watched")
	if err := client.Set(kernel.Settings{Enabled: new(uint32(kernel.On)), RateLimit: new(uint32(0))}); err != nil {
		t.Fatal(err)
	}
	if err := client.Add(kerneltest.Watch(path, key)); err != nil {
		t.Fatal(err)
	}
	// A new process, because one from before audit was first switched on since boot is never recorded.
	if out, err := exec.CommandContext(t.Context(), "touch", path).CombinedOutput(); err != nil {
		t.Fatalf("touch: %v: %s", err, out)
	}
	records := eventOf(t, socket, key)
	var kinds []uint16
	for _, record := range records {
		kinds = append(kinds, record.Type)
	}
	if diff := cmp.Diff([]uint16{syscallType, cwdType, pathType, pathType, proctitle, eoe}, kinds); diff != "" {
		t.Errorf("types of the records of the event (-want +got):\n%s", diff)
	}
	if !strings.Contains(records[0].Data, ` comm="touch" `) {
		t.Errorf("the first record does not name the program: %q", records[0].Data)
	}
}

// The socket is there before the first rule, and reads nothing yet: what is recorded meanwhile waits in it.
func TestKernelRecordsFromBeforeTheFirstReadAreThere(t *testing.T) {
	client := kerneltest.Lock(t)
	receiver, err := receive.New(receive.Options{})
	if err != nil || receiver.State().Err != nil {
		t.Fatal(err, receiver.State().Err)
	}
	key := fmt.Sprintf("receive-%d-%d", os.Getpid(), time.Now().UnixNano())
	path := filepath.Join(t.TempDir(), "watched")
	if err := client.Set(kernel.Settings{Enabled: new(uint32(kernel.On)), RateLimit: new(uint32(0))}); err != nil {
		t.Fatal(err)
	}
	if err := client.Add(kerneltest.Watch(path, key)); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.CommandContext(t.Context(), "touch", path).CombinedOutput(); err != nil {
		t.Fatalf("touch: %v: %s", err, out)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	go receiver.Run(ctx)
	found := false
	for batch := range receiver.Batches() {
		for _, record := range batch.Records {
			if record.Type == syscallType && strings.Contains(record.Data, `key="`+key+`"`) {
				found = true
				cancel()
			}
		}
		receiver.Done(batch)
	}
	if !found {
		t.Error("the call did not come")
	}
}

// eventOf returns the records of the first system call with this key, up to the one that marks the end.
func eventOf(t *testing.T, socket *receive.Socket, key string) []event.Record {
	t.Helper()
	deadline := time.Now().Add(20 * time.Second)
	var header string
	var records []event.Record
	for {
		record, err := socket.Receive(deadline)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatalf("of the event with the key %s only these came in time: %+v", key, records)
		}
		if err != nil {
			t.Fatal(err)
		}
		if record.Type == syscallType && strings.Contains(record.Data, `key="`+key+`"`) {
			header, _, _ = strings.Cut(record.Data, " ")
		}
		if header == "" || !strings.HasPrefix(record.Data, header) {
			continue
		}
		records = append(records, record)
		if record.Type == eoe {
			return records
		}
	}
}
