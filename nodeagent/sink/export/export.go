package export

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"go.opentelemetry.io/collector/exporter"
	"go.opentelemetry.io/collector/extension"
	sdkmetric "go.opentelemetry.io/otel/sdk/metric"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink"
)

// grace is how long Close lets a push go on that has begun: a receiver that answers is not told twice, one that hangs holds nobody up.
const grace = time.Second

// Settings are how the queue works. To change them is to make a new Sink; the next one of the same name and folder takes up the queue that the
// last one left on disk.
type Settings struct {
	// Memory keeps the queue in memory: what waits is lost when the agent ends.
	Memory bool
	// MaxSize is how many bytes of records may wait. Then Write waits, until its context ends.
	MaxSize int64
	// DropOldest gives up what has waited longest while more than three quarters of MaxSize wait and the destination does not take it.
	DropOldest bool
	// Fsync makes the disk promise to have a record before Write returns: for power cuts. Without it a record survives the end of the agent.
	Fsync bool
	// FirstPause and LongestPause are the ends of the waits between two tries.
	FirstPause, LongestPause time.Duration
	// Timeout is how long one push may take.
	Timeout time.Duration
	// BatchSize and BatchAge say when a batch is pushed: when it has this many bytes, or when its first record has waited this long. Zero is what suits
	// destinations that take requests.
	BatchSize int64
	BatchAge  time.Duration
}

// Target is where records go and in which form. It can change while the queue stays.
type Target struct {
	// Opener opens the destination.
	Opener Opener
	// Encoder makes bodies of events.
	Encoder Encoder
	// Labels are the labels of pods that records keep.
	Labels []string
}

// Options are what a Sink works with.
type Options struct {
	// Name is the sink's.
	Name string
	// Dir is the folder of this sink's queue on disk. It is made with mode 0700.
	Dir string
	// Settings are how its queue works.
	Settings Settings
	// Target is where records go at first.
	Target Target
	// Log is told when the destination cannot be reached, and when it is there again.
	Log *slog.Logger
}

// Sink is a sink.Writer: Write puts events into its queue, from which they go to the destination of its Target.
type Sink struct {
	options Options
	started time.Time
	closing context.Context // ends when pushes must
	abort   context.CancelFunc
	tally   tally

	starting sync.Mutex // is held while the queue is opened, which a disk may make long

	mu     sync.Mutex // guards what follows, and is held for a moment only: metrics ask for it
	target Target
	closed bool
	running

	size gauge // of the queue

	pushing     sync.Mutex // guards what follows: there is one push at a time, and Close
	yielding    bool       // the oldest are given up, until there is room
	destination Destination
	opened      Target
	version     string
}

// running is what start makes.
type running struct {
	exporter exporter.Logs
	storage  extension.Extension
	reader   *sdkmetric.ManualReader
}

// New returns a sink that delivers what is in its queue already. Where the queue cannot be opened, each Write tries again.
func New(options Options) *Sink {
	s := &Sink{options: options, target: options.Target, started: time.Now()}
	s.closing, s.abort = context.WithCancel(context.Background())
	if _, err := s.ready(); err != nil {
		s.tally.failed(err.Error())
	}
	return s
}

// Update sends what is delivered from now on to another target, what waits already among it.
func (s *Sink) Update(target Target) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.target = target
}

// Write is sink.Writer.Write: without an error the queue has the events.
func (s *Sink) Write(ctx context.Context, events []*event.Event) error {
	queue, err := s.ready()
	if err != nil || len(events) == 0 {
		return err
	}
	target := s.current()
	logs, err := encode(events, target.Encoder, target.Labels, time.Now())
	if err != nil {
		return sink.Permanent(err)
	}
	if size := sizer.LogsSize(logs); int64(size) > s.options.Settings.MaxSize {
		return sink.Permanent(fmt.Errorf("%d bytes of events are more than queue.maxSize: make it larger", size))
	}
	s.tally.accept(len(events))
	if err := queue.ConsumeLogs(ctx, logs); err != nil {
		s.tally.accept(-len(events))
		return fmt.Errorf("queueing: %w", err)
	}
	return nil
}

// Target is where it delivers now.
func (s *Sink) Target() Target { return s.current() }

func (s *Sink) current() Target {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.target
}

// ready returns the queue, which it opens where it is not open.
func (s *Sink) ready() (exporter.Logs, error) {
	s.starting.Lock()
	defer s.starting.Unlock()
	s.mu.Lock()
	closed, queue := s.closed, s.exporter
	s.mu.Unlock()
	switch {
	case closed:
		return nil, sink.Permanent(errors.New("the sink is closed"))
	case queue != nil:
		return queue, nil
	}
	started, err := s.start(s.closing)
	if err != nil {
		return nil, fmt.Errorf("opening the queue of the sink: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.running = started
	return started.exporter, nil
}

// Close ends deliveries. What a queue on disk holds stays there for the next Sink; what one in memory holds is tried once more and given up.
func (s *Sink) Close() error {
	s.starting.Lock()
	s.mu.Lock()
	s.closed = true
	r := s.running
	s.mu.Unlock()
	s.starting.Unlock()
	timer := time.AfterFunc(grace, s.abort)
	defer timer.Stop()
	defer s.abort()
	var errs []error
	if r.exporter != nil {
		errs = append(errs, r.exporter.Shutdown(s.closing))
	}
	if r.storage != nil {
		errs = append(errs, r.storage.Shutdown(s.closing))
	}
	s.pushing.Lock()
	defer s.pushing.Unlock()
	if s.destination != nil {
		errs = append(errs, s.destination.Close())
		s.destination = nil
	}
	if s.options.Settings.Memory {
		s.tally.giveUp()
	}
	return errors.Join(errs...)
}
