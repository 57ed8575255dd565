package pipeline

import (
	"context"
	"sync"
	"time"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/reassemble"
	"github.com/nodeaudit/nodeaudit/nodeagent/receive"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink"
)

// CollectFrom says from where records come from now on.
func (p *Pipeline) CollectFrom(from v1alpha1.Collect) {
	switch from {
	case v1alpha1.CollectOff:
		p.receiver.Collect(receive.Off)
	case v1alpha1.CollectUnicast:
		p.receiver.Collect(receive.Unicast)
	case v1alpha1.CollectAuto, v1alpha1.CollectMulticast:
		p.receiver.Collect(receive.Multicast)
	default: // a configuration that says nothing, or a word of a later version
		p.receiver.Collect(receive.Multicast)
	}
}

// Run carries events until ctx ends, and then until the sinks have what was read, or have given up.
func (p *Pipeline) Run(ctx context.Context) error {
	reassembler := reassemble.New(p.carry)
	defer p.tenants.stop()
	defer p.sinks.stopAll()
	var others sync.WaitGroup
	others.Go(func() { p.receiver.Run(ctx) })
	others.Go(func() { p.account(ctx) })
	p.follow(reassembler)
	others.Wait()
	reassembler.Close()
	p.lose(reassembler.TakeHole())
	p.gaps.Store(reassembler.Gaps())
	p.sinks.say(&p.losses, p.options.NodeName)
	return nil
}

// follow pushes what is read into the reassembler until there is no more. The reader ends with Run's context, and its last batch ends this.
func (p *Pipeline) follow(reassembler *reassemble.Reassembler) {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		if deadline := reassembler.Deadline(); !deadline.IsZero() {
			timer.Reset(time.Until(deadline))
		} else {
			timer.Stop()
		}
		select {
		case batch, more := <-p.receiver.Batches():
			if !more {
				return
			}
			p.push(reassembler, batch)
		case <-timer.C:
			reassembler.Expire()
		}
		if gaps := reassembler.Gaps(); gaps != p.gaps.Swap(gaps) {
			p.lose(reassembler.TakeHole())
		}
	}
}

// lookUp reads the names of the host's users and groups again, where they have changed since a while.
func (p *Pipeline) lookUp(now time.Time) {
	if now.Sub(p.lookedUp) >= resolveEvery {
		p.names.Refresh()
		p.lookedUp = now
	}
}

// push takes in what was read together.
func (p *Pipeline) push(reassembler *reassemble.Reassembler, batch *receive.Batch) {
	p.sinks.each((*sink.Queue).Cork)
	defer p.sinks.each((*sink.Queue).Uncork)
	p.lookUp(time.Now())
	for _, record := range batch.Records {
		reassembler.Push(record)
	}
	for _, lost := range batch.Lost {
		p.lose(event.Hole{Where: lost.Where, Count: lost.Count, Since: time.Now(), Before: lost.Before, After: lost.After})
	}
	p.receiver.Done(batch)
	p.flows()
	if deadline := reassembler.Deadline(); !deadline.IsZero() && time.Now().After(deadline) {
		reassembler.Expire()
	}
}
