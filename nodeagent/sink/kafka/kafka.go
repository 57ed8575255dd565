// Package kafka writes events to a topic.
//
// Records come in, and go out as messages with a key that keeps the events of a node in their order. The client is franz-go's, idempotent: what it sends
// twice is stored once. All replicas that are in sync must have a message before it counts.
package kafka

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/sasl"
	"github.com/twmb/franz-go/pkg/sasl/plain"
	"github.com/twmb/franz-go/pkg/sasl/scram"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
)

// Login is a way to log in.
type Login int

const (
	// None does not log in.
	None Login = iota
	// Plain sends the password.
	Plain
	// SCRAM256 proves it with SHA-256.
	SCRAM256
	// SCRAM512 proves it with SHA-512.
	SCRAM512
)

// Key is what messages with the same partition have in common.
type Key int

const (
	// Node keeps the events of a node in their order.
	Node Key = iota
	// Namespace keeps those of a namespace on a node in their order, and brings those of a namespace together.
	Namespace
	// NoKey spreads events evenly, in no order.
	NoKey
)

// Options are how to write.
type Options struct {
	// Brokers are the first ones to ask.
	Brokers []string
	// Topic is where to write.
	Topic string
	// Key is what decides on the partition.
	Key Key
	// Compression is none, gzip, snappy, lz4 or zstd.
	Compression string
	// Login is how to log in, with Username and Password.
	Login              Login
	Username, Password string
	// TLS is how to speak TLS. Nil: not at all.
	TLS *dial.TLS
	// Dial makes connections, to these brokers and to those that they name. Nil: any may be made.
	Dial dial.Func
}

const (
	// mostMessage is more than brokers take (message.max.bytes, by default a megabyte after compression): whether a message is too large is
	// theirs to say.
	mostMessage = 64 << 20
	// tries is how often the client itself repeats. The queue in front of it repeats without end, and tells people why.
	tries = 3
	// again is how soon the client asks anew who leads the topic, which it does before it repeats. By default it is longer than half a push.
	again = 250 * time.Millisecond
	// patience is how long a connection may take. It is the client's own default.
	patience = 10 * time.Second
	// mostAnswer is how much of an answer is read into memory: answers to what this sink asks are short, and a broker may be a stranger's.
	mostAnswer = 16 << 20
)

// New checks the options. It connects when it has something to send.
func New(options Options) (export.Destination, error) {
	codec, err := codec(options.Compression)
	if err != nil {
		return nil, err
	}
	p := &producer{options: options}
	settings := []kgo.Opt{
		kgo.SeedBrokers(options.Brokers...), kgo.ClientID("nodeaudit"), kgo.DisableClientMetrics(), kgo.WithHooks(&p.trouble),
		kgo.RequiredAcks(kgo.AllISRAcks()), kgo.ProducerBatchCompression(codec...), kgo.ProducerBatchMaxBytes(mostMessage), kgo.ManualFlushing(),
		kgo.FetchMaxBytes(mostAnswer), kgo.BrokerMaxReadBytes(mostAnswer), kgo.MaxBufferedRecords(1 << 30), kgo.RecordRetries(tries), kgo.RequestRetries(tries), kgo.UnknownTopicRetries(1), kgo.MetadataMinAge(again),
	}
	dialer, err := options.dialer()
	if err != nil {
		return nil, err
	}
	settings = append(settings, kgo.Dialer(dialer))
	if options.Login != None {
		settings = append(settings, kgo.SASL(options.mechanism()))
	}
	if p.client, err = kgo.NewClient(settings...); err != nil {
		return nil, fmt.Errorf("kafka: %w", err)
	}
	return p, nil
}

// dialer is the one way to all brokers.
func (o *Options) dialer() (dial.Func, error) {
	var config *tls.Config
	if o.TLS != nil {
		made, err := o.TLS.Config()
		if err != nil {
			return nil, err
		}
		config = made
	}
	return func(ctx context.Context, network, address string) (net.Conn, error) {
		ctx, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		return o.Dial.Connect(ctx, network, address, config)
	}, nil
}

func (o *Options) mechanism() sasl.Mechanism {
	switch o.Login {
	case Plain:
		return plain.Auth{User: o.Username, Pass: o.Password}.AsMechanism()
	case SCRAM256:
		return scram.Auth{User: o.Username, Pass: o.Password}.AsSha256Mechanism()
	default:
		return scram.Auth{User: o.Username, Pass: o.Password}.AsSha512Mechanism()
	}
}

// codec returns the way to pack, and what brokers that are too old for it get.
func codec(name string) ([]kgo.CompressionCodec, error) {
	switch name {
	case "none":
		return []kgo.CompressionCodec{kgo.NoCompression()}, nil
	case "gzip":
		return []kgo.CompressionCodec{kgo.GzipCompression()}, nil
	case "snappy":
		return []kgo.CompressionCodec{kgo.SnappyCompression()}, nil
	case "lz4":
		return []kgo.CompressionCodec{kgo.Lz4Compression()}, nil
	case "zstd", "":
		return []kgo.CompressionCodec{kgo.ZstdCompression(), kgo.SnappyCompression()}, nil
	default:
		return nil, errors.New("kafka.compression is none of none, gzip, snappy, lz4 and zstd")
	}
}
