package who

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/nodeagent/decode"
	"github.com/nodeaudit/nodeaudit/nodeagent/enrich"
	"github.com/nodeaudit/nodeaudit/nodeagent/enrich/enrichtest"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
	"github.com/nodeaudit/nodeaudit/nodeagent/reassemble"
	"github.com/nodeaudit/nodeaudit/nodeagent/receive"
)

// Play is one run.
type Play struct {
	// Containers is how many there are, and Count how many processes of each kind, spread evenly over them.
	Containers int
	Count      map[enrichtest.Way]int
	// Tracer is handed to the Enricher. May be nil.
	Tracer enrich.Tracer
	// Lives is told of each event; for a Tracer that knows it, how long a process lived. May be nil.
	Lives func(e *event.Event)

	containers *enrichtest.Containers
	key        string
	program    string
	mu         sync.Mutex
	results    map[enrichtest.Way]*Result
	seen       int
}

// Result is what was counted of one kind of processes.
type Result struct {
	// Events is how many were recorded; Exact and Parent how many of them got the right pod and container with that confidence; Wrong those
	// that got another place, and Unknown those that got none.
	Events, Exact, Parent, Wrong, Unknown int
	// WrongExact are those of Wrong that claimed to be exact.
	WrongExact int
}

// Run plays. The audit system is left with the rule loaded: whoever holds it takes it out.
func (p *Play) Run(ctx context.Context, client *kernel.Client, dir string) (map[enrichtest.Way]*Result, error) {
	var err error
	if p.program, err = enrichtest.Program(dir); err != nil {
		return nil, err
	}
	p.key = fmt.Sprintf("who-%d-%d", os.Getpid(), time.Now().UnixNano())
	p.results = map[enrichtest.Way]*Result{enrichtest.Child: {}, enrichtest.Grandchild: {}, enrichtest.Visitor: {}}
	settings := kernel.Settings{Enabled: new(uint32(kernel.On)), RateLimit: new(uint32(0)), BacklogLimit: new(uint32(16384))}
	if err := client.Set(settings); err != nil {
		return nil, err
	}
	if p.containers, err = enrichtest.NewContainers(p.Containers); err != nil {
		return nil, err
	}
	stop, err := p.read(ctx)
	if err != nil {
		return nil, err
	}
	defer stop()
	if err := client.Add(kerneltest.Exe(unix.SYS_EXECVE, p.program, p.key)); err != nil {
		return nil, err
	}
	if err := p.act(ctx); err != nil {
		return nil, err
	}
	stop()
	return p.results, p.containers.Close()
}

// read starts the event road, as package pipeline has it, until stop is called.
func (p *Play) read(ctx context.Context) (stop func(), err error) {
	receiver, err := receive.New(receive.Options{})
	if err != nil {
		return nil, err
	}
	if err := receiver.State().Err; err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var running sync.WaitGroup
	running.Go(func() { receiver.Run(ctx) })
	running.Go(func() { p.carry(receiver) })
	return func() {
		cancel()
		running.Wait()
	}, nil
}

func (p *Play) carry(receiver *receive.Receiver) {
	var decoder decode.Decoder
	enricher := enrich.New(enrich.Options{HostRoot: "/", Tracer: p.Tracer})
	reassembler := reassemble.New(func(group event.Group) {
		e := decoder.Event(group)
		enricher.Who(e)
		p.judge(e)
	})
	ticker := time.NewTicker(reassemble.Timeout)
	defer ticker.Stop()
	for {
		select {
		case batch, open := <-receiver.Batches():
			if !open {
				reassembler.Close()
				return
			}
			for _, record := range batch.Records {
				reassembler.Push(record)
			}
			receiver.Done(batch)
		case <-ticker.C:
			reassembler.Expire()
		}
	}
}

// act starts the processes, and waits until their events were judged.
func (p *Play) act(ctx context.Context) error {
	var all sync.WaitGroup
	// No more at a time than there are processors: who waits for one lives longer.
	turn := make(chan struct{}, runtime.GOMAXPROCS(0))
	errs := make(chan error, len(p.containers.All))
	for i, c := range p.containers.All {
		all.Go(func() { errs <- p.inhabit(ctx, i, c, turn) })
	}
	all.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			return err
		}
	}
	total := 0
	for _, count := range p.Count {
		total += count
	}
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(10 * time.Millisecond) {
		if p.judged() >= total {
			return nil
		}
	}
	return fmt.Errorf("of %d processes the events of %d came", total, p.judged())
}

func (p *Play) judged() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.seen
}

// inhabit starts the processes of one container.
func (p *Play) inhabit(ctx context.Context, index int, c enrichtest.Container, turn chan struct{}) error {
	inhabitant, err := c.Inhabit()
	if err != nil {
		return err
	}
	defer func() { _ = inhabitant.Close() }()
	for way, count := range p.Count {
		share := count / p.Containers
		if index < count%p.Containers {
			share++
		}
		for range share {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			start := inhabitant.Start
			if way == enrichtest.Visitor {
				start = func(_ enrichtest.Way, program string, args ...string) error { return c.Visit(program, args...) }
			}
			turn <- struct{}{}
			err := start(way, p.program, enrichtest.Name(index), string(way))
			<-turn
			if err != nil {
				return err
			}
		}
	}
	return nil
}
