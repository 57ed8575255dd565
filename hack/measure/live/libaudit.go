package main

import (
	"bufio"
	"encoding/json"
	"os"
	"os/signal"
	"time"

	libaudit "github.com/elastic/go-libaudit/v2"
	"github.com/elastic/go-libaudit/v2/aucoalesce"
	"github.com/elastic/go-libaudit/v2/auparse"
	"golang.org/x/sys/unix"
)

// writer makes JSON lines of events.
type writer struct{ out *bufio.Writer }

// ReassemblyComplete is called with the messages of one event.
func (w writer) ReassemblyComplete(messages []*auparse.AuditMessage) {
	e, err := aucoalesce.CoalesceMessages(messages)
	if err != nil {
		return
	}
	line, err := json.Marshal(e)
	if err == nil {
		_, _ = w.out.Write(append(line, '\n'))
	}
}

// EventsLost is called for missing serials.
func (writer) EventsLost(int) {}

// readWithLibaudit is the reader that a person writes who follows go-libaudit's own example: reassembler, coalescer, JSON.
// It is the kernel's audit daemon, because the library cannot make the buffer of its socket larger.
func readWithLibaudit(path string) error {
	file, err := os.Create(path)
	if err != nil {
		return err
	}
	w := writer{out: bufio.NewWriterSize(file, 1<<16)}
	client, err := libaudit.NewAuditClient(nil)
	if err != nil {
		return err
	}
	defer client.Close()
	if err := client.SetPID(libaudit.WaitForReply); err != nil {
		return err
	}
	r, err := libaudit.NewReassembler(50, 2*time.Second, w)
	if err != nil {
		return err
	}
	end := make(chan os.Signal, 1)
	signal.Notify(end, unix.SIGTERM)
	records := make(chan *auparse.AuditMessage, 8192)
	go receive(client, records)
	flush := time.NewTicker(100 * time.Millisecond)
	for {
		select {
		case <-end:
			return w.out.Flush()
		case <-flush.C:
			_ = r.Maintain()
			_ = w.out.Flush()
		case m := <-records:
			r.PushMessage(m)
		}
	}
}

func receive(client *libaudit.AuditClient, records chan<- *auparse.AuditMessage) {
	for {
		raw, err := client.Receive(false)
		if err != nil {
			continue
		}
		if raw.Type >= auparse.AUDIT_USER_AUTH && raw.Type <= auparse.AUDIT_LAST_USER_MSG2 {
			if m, err := auparse.Parse(raw.Type, string(raw.Data)); err == nil {
				records <- m
			}
		}
	}
}
