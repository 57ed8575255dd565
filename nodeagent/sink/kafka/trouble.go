package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
)

// trouble remembers what the client met with brokers, because its own word is often only that the time was over.
type trouble struct {
	mu     sync.Mutex
	latest error
}

// OnBrokerConnect is kgo.HookBrokerConnect.
func (t *trouble) OnBrokerConnect(meta kgo.BrokerMetadata, _ time.Duration, _ net.Conn, err error) {
	if errors.Is(err, context.Canceled) {
		return // this side gave up, and that is not why
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.latest = nil
	if err != nil {
		t.latest = fmt.Errorf("connecting to %s: %w", net.JoinHostPort(meta.Host, fmt.Sprint(meta.Port)), err)
	}
}

func (t *trouble) last() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.latest
}

// judge says whose fault the error is, and why it came to it.
func (p *producer) judge(err error) error {
	if errors.Is(err, kerr.MessageTooLarge) || errors.Is(err, kerr.RecordListTooLarge) || errors.Is(err, kerr.InvalidRecord) {
		return export.Refuse(fmt.Errorf("topic %s: %w", p.options.Topic, err))
	}
	cause := err
	if met := p.trouble.last(); met != nil {
		cause = met
	}
	if advice := advise(cause); advice != "" {
		cause = fmt.Errorf("%w: %s", cause, advice)
	}
	return fmt.Errorf("writing to topic %s at %s: %w", p.options.Topic, strings.Join(p.options.Brokers, ","), cause)
}

func advise(err error) string {
	var early *kgo.ErrFirstReadEOF
	switch {
	case errors.Is(err, kerr.SaslAuthenticationFailed), errors.Is(err, kerr.UnsupportedSaslMechanism):
		return "see kafka.sasl: the broker takes another user name, password or mechanism"
	case errors.Is(err, kerr.TopicAuthorizationFailed), errors.Is(err, kerr.ClusterAuthorizationFailed):
		return "give the user of kafka.sasl the rights to describe and write the topic, and before Kafka 3 to write idempotently"
	case errors.Is(err, kerr.UnknownTopicOrPartition):
		return "make the topic, or correct kafka.topic"
	case errors.Is(err, kerr.NotEnoughReplicas), errors.Is(err, kerr.NotEnoughReplicasAfterAppend):
		return "too few replicas are in sync: see the other brokers, and min.insync.replicas of the topic"
	case errors.Is(err, kerr.InvalidTimestamp):
		return "the topic refuses events of that age: see message.timestamp.before.max.ms"
	case errors.As(err, &early), errors.Is(err, io.EOF), errors.Is(err, syscall.ECONNRESET):
		return "the broker ends the connection, as it does for a wrong password or without TLS: see kafka.sasl and kafka.tls"
	default:
		return ""
	}
}
