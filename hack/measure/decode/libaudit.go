package main

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"time"

	libaudit "github.com/elastic/go-libaudit/v2"
	"github.com/elastic/go-libaudit/v2/aucoalesce"
	"github.com/elastic/go-libaudit/v2/auparse"
)

// libauditCommand is the argument with which this program is a reader made of go-libaudit, as its users write it.
const libauditCommand = "read-with-go-libaudit"

// stream writes each event as JSON.
type stream struct{ out *json.Encoder }

func (s stream) ReassemblyComplete(messages []*auparse.AuditMessage) {
	event, err := aucoalesce.CoalesceMessages(messages)
	if err != nil {
		return
	}
	aucoalesce.ResolveIDs(event)
	_ = s.out.Encode(event)
}

func (s stream) EventsLost(int) {}

func runLibaudit(log string, out io.Writer) error {
	in, err := os.Open(log)
	if err != nil {
		return err
	}
	defer in.Close()
	buffered := bufio.NewWriterSize(out, 1<<18)
	reassembler, err := libaudit.NewReassembler(50, 2*time.Second, stream{json.NewEncoder(buffered)})
	if err != nil {
		return err
	}
	lines := bufio.NewScanner(in)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if message, err := auparse.ParseLogLine(lines.Text()); err == nil {
			reassembler.PushMessage(message)
		}
	}
	if err := reassembler.Close(); err != nil {
		return err
	}
	return buffered.Flush()
}
