package export

import (
	"context"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial"
)

// Try sends one event past the queue, over a connection of its own, and returns what the receiver showed. It is tried once.
func Try(ctx context.Context, target Target, e *event.Event) (dial.Sight, error) {
	logs, err := encode([]*event.Event{e}, target.Encoder, target.Labels, time.Now())
	if err != nil {
		return dial.Sight{}, err
	}
	ctx, watcher := dial.Watch(ctx)
	destination, err := target.Opener.Open(ctx)
	if err == nil {
		err = destination.Push(ctx, logs)
		_ = destination.Close() // what it was given it has taken
	}
	sight := watcher.Sight()
	for i, answer := range sight.Answers {
		sight.Answers[i] = target.Opener.Redact(answer)
	}
	return sight, err
}

// Words are what people read of an error: no secret, one line, of bounded length.
func (t Target) Words(err error) string {
	text := t.Opener.Redact(dial.Words(err))
	const most = 600
	if len(text) > most {
		text = text[:most] + "…"
	}
	return text
}
