package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/form"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/connect"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/file"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/secret"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
)

// order is what a sender does.
type order struct {
	Spec    v1alpha1.AuditSinkSpec
	Dir     string // of the queue, or of the file
	Secrets string
	First   int // number of the first event
	Rate    int // events a second
	Settle  time.Duration
}

// tick is how often a sender writes.
const tick = 500 * time.Millisecond

// send writes numbered events and prints each number that the sink has taken, until a line comes in; then it waits until its queue is empty, and prints what it gave up.
func send(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	var o order
	if err := json.Unmarshal(text, &o); err != nil {
		return err
	}
	writer, waits, err := o.open()
	if err != nil {
		return err
	}
	stop := make(chan struct{})
	go func() {
		_, _ = bufio.NewReader(os.Stdin).ReadString('\n')
		close(stop)
	}()
	if err := o.write(writer, stop); err != nil {
		return err
	}
	deadline := time.Now().Add(o.Settle)
	left, dropped := waits()
	for left > 0 && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
		left, dropped = waits()
	}
	if err := writer.Close(); err != nil {
		fmt.Fprintln(os.Stderr, "closing:", err)
	}
	_, err = fmt.Printf("end %d %d\n", left, dropped)
	return err
}

func (o *order) write(writer sink.Writer, stop <-chan struct{}) error {
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	// A write may wait for a disk, never for a receiver.
	for next := o.First; ; {
		batch := events(next, max(1, o.Rate*int(tick/time.Millisecond)/1000))
		if err := writer.Write(context.Background(), batch); err != nil {
			return err
		}
		for range batch {
			next++
		}
		if _, err := fmt.Printf("taken %d\n", next-1); err != nil {
			return err
		}
		select {
		case <-stop:
			return nil
		case <-ticker.C:
		}
	}
}

// events are numbered by their serial.
func events(first, n int) []*event.Event {
	list := sinktest.Events(n)
	now := time.Now().UTC().Truncate(time.Millisecond)
	for i, e := range list {
		e.Serial, e.Time = uint32(first+i), now
	}
	return list
}

func (o *order) open() (writer sink.Writer, waits func() (bytes, dropped int64), err error) {
	log := slog.New(slog.DiscardHandler)
	if o.Spec.Type == v1alpha1.SinkTypeFile {
		w, err := file.New(file.Options{Dir: o.Dir, Path: "audit.log", MaxSize: 10 << 20, MaxFiles: 5, Log: log, Form: form.Form{}.AppendLine})
		return w, func() (int64, int64) { return 0, 0 }, err
	}
	surroundings := connect.Surroundings{Node: "node-1", HostRoot: "/", Secrets: secret.Dir{Path: cmp.Or(o.Secrets, "/nonexistent")}}
	s := export.New(export.Options{
		Name: "faults", Dir: filepath.Join(o.Dir, "queue"), Settings: connect.Settings(&o.Spec), Target: connect.Target(o.Spec, form.Form{}, surroundings), Log: log,
	})
	return s, func() (int64, int64) {
		d := s.Delivery()
		return d.QueuedBytes + max(d.Queued, 0), d.Dropped
	}, nil
}
