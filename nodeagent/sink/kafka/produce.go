package kafka

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
)

type producer struct {
	options Options
	client  *kgo.Client
	trouble trouble
	// pending are the records of the latest push that the queue will bring again, in its order.
	pending []*parcel
}

// A parcel is a record that was given to the client. An idempotent client keeps what it has sent until a broker has answered for it, longer than a push
// may last: the next push of the record waits for the same answer, and does not send it twice.
type parcel struct {
	node, id string
	settled  chan struct{}
	err      error // once it is settled
}

// Push is export.Destination.Push.
func (p *producer) Push(ctx context.Context, logs plog.Logs) error {
	records := export.Records(logs)
	parcels := p.send(ctx, records)
	p.pending = parcels
	// What one push brings travels as one batch for each partition: were it several, those after one that is refused would overtake its halves.
	go func() { _ = p.client.Flush(ctx) }() // it ends with ctx, and with the client; the parcels know more than its error
	for i, each := range parcels {
		select {
		case <-each.settled:
			if each.err != nil {
				return p.stop(i, each.err)
			}
		case <-ctx.Done():
			select {
			case <-each.settled: // both were, and the answer is the better word
				if each.err == nil {
					continue
				}
			default:
			}
			return p.stop(i, ctx.Err())
		}
	}
	p.pending = nil
	return nil
}

// stop keeps what the next push will bring, and says how far this one came.
func (p *producer) stop(taken int, err error) error {
	err = p.judge(err)
	p.pending = p.pending[taken:]
	if errors.Is(err, export.ErrRefused) && len(p.pending) == 1 {
		p.pending = nil // it is given up
	}
	return export.Taken(taken, err)
}

// send gives the client what it does not have of the records.
func (p *producer) send(ctx context.Context, records []export.Record) []*parcel {
	parcels := make([]*parcel, 0, len(records))
	known := p.pending
	for i := range records {
		record := &records[i]
		if len(known) > 0 && known[0].is(record) {
			if !known[0].failed() {
				parcels, known = append(parcels, known[0]), known[1:]
				continue
			}
			known = known[1:]
		} else {
			known = nil
		}
		each := &parcel{node: record.Node, id: record.ID(), settled: make(chan struct{})}
		p.client.Produce(ctx, p.message(record), func(_ *kgo.Record, err error) {
			each.err = err
			close(each.settled)
		})
		parcels = append(parcels, each)
	}
	return parcels
}

func (p *parcel) is(record *export.Record) bool { return p.node == record.Node && p.id == record.ID() }

func (p *parcel) failed() bool {
	select {
	case <-p.settled:
		return p.err != nil
	default:
		return false
	}
}

func (p *producer) message(record *export.Record) *kgo.Record {
	m := &kgo.Record{Topic: p.options.Topic, Key: p.key(record), Value: []byte(record.Body), Timestamp: record.Time}
	if now := time.Now(); m.Timestamp.After(now) {
		m.Timestamp = now // brokers refuse messages from the future, which a clock that was set back leaves
	}
	fields := record.Fields()
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		m.Headers = append(m.Headers, kgo.RecordHeader{Key: name, Value: []byte(fields[name])})
	}
	return m
}

func (p *producer) key(record *export.Record) []byte {
	switch {
	case p.options.Key == NoKey:
		return nil
	case p.options.Key == Namespace && record.Namespace != "":
		return []byte(record.Namespace)
	default:
		return []byte(record.Node)
	}
}

// Close is export.Destination.Close. What the client has not sent stays in the queue.
func (p *producer) Close() error {
	p.client.Close()
	return nil
}
