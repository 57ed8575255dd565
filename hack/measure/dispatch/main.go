// Dispatch measures what events for two destinations that live have to wait while a third is dead: one that takes connections and never answers, and one where
// nobody listens.
//
// Events are offered to three queues in turn, as the agent does, and go through its own code to receivers on loopback. All kinds of a third are measured in each
// round, so that the load of the machine is in all of them. The third's queue on disk is small and becomes full. It touches no audit system.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/form"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/connect"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/secret"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
)

// queueSize is the agent's, in events.
const queueSize = 4096

func main() {
	rate := flag.Int("rate", 1000, "events a second")
	lasting := flag.Duration("for", 15*time.Second, "how long each measurement lasts")
	rounds := flag.Int("rounds", 5, "how often each is made")
	flag.Parse()
	if err := measure(*rate, *lasting, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "dispatch:", err)
		os.Exit(1)
	}
}

// thirds are what the third destination can be. Each returns its address, and what ends it.
var thirds = []struct {
	name string
	make func(*watch) (string, func(), error)
}{
	{"alive", func(w *watch) (string, func(), error) { return w.listen() }},
	{"never answers", func(*watch) (string, func(), error) { return mute() }},
	{"refuses connections", func(*watch) (string, func(), error) { return nobody() }},
}

func measure(rate int, lasting time.Duration, rounds int) error {
	fmt.Printf("%d events a second for %s, to two destinations that live and a third\n\n", rate, lasting)
	fmt.Println("| round | the third | offering an event to all three: worst | until the two have it: median | 99th percentile | worst | against alive | dropped for the two, for the third |")
	fmt.Println("|---|---|---|---|---|---|---|---|")
	for round := range rounds {
		var alive time.Duration
		for _, third := range thirds {
			w := newWatch(int(float64(rate) * lasting.Seconds()))
			address, end, err := third.make(w)
			if err != nil {
				return err
			}
			r, err := w.run(address, rate)
			end()
			if err != nil {
				return fmt.Errorf("%s: %w", third.name, err)
			}
			if alive == 0 {
				alive = r.worst
			}
			fmt.Printf("| %d | %s | %s | %s | %s | %s | %.2f | %d, %d |\n", round+1, third.name, r.offering.Round(time.Microsecond), r.median.Round(time.Millisecond),
				r.most.Round(time.Millisecond), r.worst.Round(time.Millisecond), float64(r.worst)/float64(alive), r.dropped, r.droppedThird)
		}
	}
	return nil
}

// mute takes connections and what comes over them, and never answers.
func mute() (string, func(), error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	var held []net.Conn
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			held = append(held, conn)
		}
	}()
	return listener.Addr().String(), func() {
		_ = listener.Close()
		<-ended
		for _, conn := range held {
			_ = conn.Close()
		}
	}, nil
}

// nobody is an address where nobody listens.
func nobody() (string, func(), error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	return listener.Addr().String(), func() {}, listener.Close()
}

// place is a destination with its queues, as the agent has it.
type place struct {
	queue *sink.Queue
	sink  *export.Sink
}

// open makes a place that runs until ctx ends.
func open(ctx context.Context, running *sync.WaitGroup, dir, name, address string) place {
	size := resource.MustParse("4Mi")
	spec := v1alpha1.AuditSinkSpec{
		Type: v1alpha1.SinkTypeWebhook, Webhook: &v1alpha1.WebhookSink{URL: "http://" + address}, Queue: &v1alpha1.SinkQueue{MaxSize: &size},
	}
	around := connect.Surroundings{Node: "node-1", HostRoot: "/", Secrets: secret.Dir{Path: "/nonexistent"}}
	s := export.New(export.Options{
		Name: name, Dir: filepath.Join(dir, name), Settings: connect.Settings(&spec), Target: connect.Target(spec, form.Form{}, around), Log: slog.New(slog.DiscardHandler),
	})
	q := sink.NewQueue(name, s, queueSize)
	running.Go(func() { _ = q.Run(ctx) })
	return place{q, s}
}

// run offers the events, and waits until the two destinations have them.
func (w *watch) run(third string, rate int) (result, error) {
	dir, err := os.MkdirTemp("", "nodeaudit-dispatch-")
	if err != nil {
		return result{}, err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // it is below the folder for temporary files
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	defer running.Wait()
	defer cancel()
	var places []place
	for i, address := range []string{"", "", third} {
		if address == "" {
			var end func()
			if address, end, err = w.listenAs(i); err != nil {
				return result{}, err
			}
			defer end()
		}
		places = append(places, open(ctx, &running, dir, fmt.Sprint("place-", i), address))
	}
	worst := w.offer(places, rate)
	for deadline := time.Now().Add(time.Minute); !w.complete(); time.Sleep(10 * time.Millisecond) {
		if places[0].queue.Report().DroppedQueue+places[1].queue.Report().DroppedQueue > 0 {
			break
		}
		if time.Now().After(deadline) {
			return result{}, errors.New("the destinations that live do not have everything after a minute")
		}
	}
	r := w.result()
	r.offering = worst
	r.dropped, r.droppedThird = places[0].queue.Report().DroppedQueue+places[1].queue.Report().DroppedQueue, places[2].queue.Report().DroppedQueue
	return r, nil
}

// offer gives each event to all places, at the rate, and returns the longest that one event took.
func (w *watch) offer(places []place, rate int) (worst time.Duration) {
	events := sinktest.Events(len(w.offered))
	began := time.Now()
	for i, e := range events {
		if wait := time.Until(began.Add(time.Duration(i) * time.Second / time.Duration(rate))); wait > 0 {
			time.Sleep(wait)
		}
		e.Serial = uint32(i)
		now := time.Now()
		w.offered[i].Store(now.UnixNano())
		for _, p := range places {
			p.queue.Offer(e)
		}
		worst = max(worst, time.Since(now))
	}
	return worst
}
