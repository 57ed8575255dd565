package export_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.uber.org/goleak"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/form"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv("NODEAUDIT_TEST_QUEUE"); dir != "" { // this is a child of TestAKilledAgentLosesNothing
		if err := child(dir, os.Getenv("NODEAUDIT_TEST_FIRST")); err != nil {
			panic(err)
		}
	}
	goleak.VerifyTestMain(m)
}

// world is a receiver in memory, and the opener of destinations that lead to it.
type world struct {
	mu      sync.Mutex
	down    error           // what every push meets
	hangs   bool            // pushes wait for their context
	refused map[uint32]bool // serials that it never takes
	most    int             // records that it takes of one push, where it is not 0; then it stops
	version string          // of the secrets

	bodies  []string
	serials []uint32
	pushes  int
	opened  int
	open    int
}

func (w *world) Open(context.Context) (export.Destination, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.opened++
	w.open++
	return w, nil
}

func (w *world) Version() string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.version
}

func (w *world) Redact(text string) string { return strings.ReplaceAll(text, "swordfish", "[secret]") }

func (w *world) Close() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.open--
	return nil
}

func (w *world) Push(ctx context.Context, logs plog.Logs) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.pushes++
	if w.hangs {
		w.mu.Unlock()
		<-ctx.Done()
		w.mu.Lock()
		return ctx.Err()
	}
	if w.down != nil {
		return w.down
	}
	records := export.Records(logs)
	for _, r := range records {
		if w.refused[r.Serial] {
			return export.Refuse(fmt.Errorf("event %d is too odd", r.Serial))
		}
	}
	for i, r := range records {
		if w.most > 0 && i == w.most {
			return export.Taken(i, errors.New("cut"))
		}
		w.bodies, w.serials = append(w.bodies, r.Body), append(w.serials, r.Serial)
	}
	return nil
}

func (w *world) change(f func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	f()
}

func (w *world) got() []uint32 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.serials)
}

func (w *world) lines() []byte {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(w.bodies) == 0 {
		return nil
	}
	return []byte(strings.Join(w.bodies, "\n") + "\n")
}

// quick are settings with pauses that a test can wait for.
var quick = export.Settings{MaxSize: 64 << 20, FirstPause: time.Millisecond, LongestPause: 10 * time.Millisecond, Timeout: 10 * time.Second}

var inMemory = func() export.Settings { s := quick; s.Memory = true; return s }()

func options(dir string, settings export.Settings, opener export.Opener) export.Options {
	return export.Options{
		Name: "vault", Dir: dir, Settings: settings, Target: export.Target{Opener: opener, Encoder: form.Form{}},
		Log: slog.New(slog.DiscardHandler),
	}
}

// eventually waits until it is true; the test's own limit ends it.
func eventually(t *testing.T, what string, is func() bool) {
	t.Helper()
	for !is() {
		select {
		case <-t.Context().Done():
			t.Fatalf("it never came: %s", what)
		case <-time.After(2 * time.Millisecond):
		}
	}
}

func write(t *testing.T, s *export.Sink, events []*event.Event) {
	t.Helper()
	if err := s.Write(t.Context(), events); err != nil {
		t.Fatalf("writing: %v", err)
	}
}

func closing(t *testing.T, s *export.Sink) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Errorf("closing: %v", err)
	}
}

// numbered are events with these serials.
func numbered(from, n uint32) []*event.Event {
	events := sinktest.Events(int(n))
	for i, e := range events {
		e.Serial = from + uint32(i)
	}
	return events
}

func serials(from, n uint32) []uint32 {
	var all []uint32
	for serial := from; serial < from+n; serial++ {
		all = append(all, serial)
	}
	return all
}

func TestContract(t *testing.T) {
	for name, settings := range map[string]export.Settings{"memory": inMemory, "disk": quick, "disk with fsync": {
		MaxSize: quick.MaxSize, Fsync: true, FirstPause: quick.FirstPause, LongestPause: quick.LongestPause, Timeout: quick.Timeout,
	}} {
		t.Run(name, func(t *testing.T) {
			sinktest.Contract(t, func(t *testing.T) (sink.Writer, func() []byte) {
				w := &world{}
				o := options(filepath.Join(t.TempDir(), "vault"), settings, w)
				return export.New(o), func() []byte {
					if !settings.Memory { // what is left on disk the next sink delivers
						next := export.New(o)
						eventually(t, "an empty queue", func() bool { return next.Delivery().QueuedBytes == 0 })
						closing(t, next)
					}
					return w.lines()
				}
			})
		})
	}
}

func TestWhatWaitsOnDiskIsDeliveredByTheNextSinkInItsOrderAndOnce(t *testing.T) {
	w := &world{down: errors.New("away")}
	o := options(t.TempDir(), quick, w)
	first := export.New(o)
	for i := range uint32(50) {
		write(t, first, numbered(i*10, 10))
	}
	eventually(t, "a push that failed", func() bool { return first.Delivery().Retries > 2 })
	d := first.Delivery()
	if d.Queued != 500 || d.Written != 0 || d.Dropped != 0 || d.QueuedBytes < 10000 || !strings.Contains(d.LastError, "away") {
		t.Errorf("while the receiver is away: %+v", d)
	}
	closing(t, first)

	w.change(func() { w.down = nil })
	second := export.New(o)
	eventually(t, "all events", func() bool { return len(w.got()) >= 500 })
	eventually(t, "an empty queue", func() bool { return second.Delivery().QueuedBytes == 0 })
	if d := second.Delivery(); d.Queued != 0 || d.Written != 500 || d.LastError != "" || d.LastSuccess.IsZero() {
		t.Errorf("at the end: %+v", d)
	}
	closing(t, second)
	got := w.got()
	slices.Sort(got)
	if !slices.Equal(got, serials(0, 500)) {
		t.Errorf("%d events arrived: %v", len(got), got)
	}
}

func TestOrderIsKeptOverFailures(t *testing.T) {
	w := &world{most: 7}
	s := export.New(options(t.TempDir(), quick, w))
	for i := range uint32(100) {
		write(t, s, numbered(i*10, 10))
	}
	eventually(t, "all events", func() bool { return len(w.got()) >= 1000 })
	closing(t, s)
	if got := w.got(); !slices.Equal(got, serials(0, 1000)) {
		t.Errorf("arrived: %v", got)
	}
}

func TestOneEventThatIsRefusedTakesNoOtherWithIt(t *testing.T) {
	w := &world{refused: map[uint32]bool{0: true, 77: true, 78: true, 199: true}}
	s := export.New(options(t.TempDir(), inMemory, w))
	write(t, s, numbered(0, 200))
	eventually(t, "an empty queue", func() bool { return s.Delivery().Queued == 0 })
	d := s.Delivery()
	if d.Written != 196 || d.Dropped != 4 || !strings.Contains(d.LastError, "an event was given up: event 199 is too odd") {
		t.Errorf("delivery %+v", d)
	}
	write(t, s, numbered(500, 1))
	eventually(t, "the event after them", func() bool { return s.Delivery().LastError == "" })
	closing(t, s)
	want := append(slices.Concat(serials(1, 76), serials(79, 120)), 500)
	if got := w.got(); !slices.Equal(got, want) {
		t.Errorf("arrived: %v", got)
	}
}

func TestARefusalAfterAFailureLosesNothing(t *testing.T) {
	w := &world{refused: map[uint32]bool{30: true}, most: 5}
	s := export.New(options(t.TempDir(), inMemory, w))
	write(t, s, numbered(0, 100))
	eventually(t, "all others", func() bool { return len(w.got()) == 99 })
	eventually(t, "the counts", func() bool { return s.Delivery().Queued == 0 })
	closing(t, s)
	if got := w.got(); !slices.Equal(got, slices.Concat(serials(0, 30), serials(31, 69))) || s.Delivery().Dropped != 1 {
		t.Errorf("arrived: %v, %+v", got, s.Delivery())
	}
}

func TestAnotherTargetAndOtherSecretsDropAndDoubleNothing(t *testing.T) {
	worlds := []*world{{}, {}, {version: "1"}}
	s := export.New(options(t.TempDir(), quick, worlds[0]))
	for i := range uint32(300) {
		write(t, s, numbered(i*10, 10))
		if i%30 == 29 {
			s.Update(export.Target{Opener: worlds[i/30%3], Encoder: form.Form{}})
			worlds[2].change(func() { worlds[2].version = fmt.Sprint(i) })
		}
	}
	got := func() []uint32 { return slices.Concat(worlds[0].got(), worlds[1].got(), worlds[2].got()) }
	eventually(t, "all events", func() bool { return len(got()) >= 3000 })
	closing(t, s)
	all := got()
	slices.Sort(all)
	if !slices.Equal(all, serials(0, 3000)) {
		t.Errorf("%d events arrived", len(all))
	}
	for i, w := range worlds {
		if w.open != 0 {
			t.Errorf("receiver %d: %d of %d connections are open", i, w.open, w.opened)
		}
	}
}

func TestNewSecretsAreUsedWithTheNextPush(t *testing.T) {
	w := &world{version: "old"}
	s := export.New(options(t.TempDir(), inMemory, w))
	for i, version := range []string{"old", "old", "new"} {
		w.change(func() { w.version = version })
		write(t, s, numbered(uint32(i), 1))
		eventually(t, "the event", func() bool { return len(w.got()) == i+1 })
	}
	closing(t, s)
	if w.opened != 2 {
		t.Errorf("opened %d times", w.opened)
	}
}

func TestAFullQueueMakesWriteWaitAndLosesNothing(t *testing.T) {
	for name, settings := range map[string]export.Settings{"memory": inMemory, "disk": quick} {
		t.Run(name, func(t *testing.T) {
			settings.MaxSize = 64 << 10
			w := &world{down: errors.New("away")}
			s := export.New(options(t.TempDir(), settings, w))
			var taken uint32
			for {
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				err := s.Write(ctx, numbered(taken, 10))
				cancel()
				if err != nil {
					if sink.IsPermanent(err) || !errors.Is(err, context.DeadlineExceeded) {
						t.Fatalf("the error is %v", err)
					}
					break
				}
				taken += 10
			}
			if d := s.Delivery(); d.Queued != int64(taken) || d.QueuedBytes > settings.MaxSize || taken == 0 {
				t.Errorf("full with %d events: %+v", taken, d)
			}
			w.change(func() { w.down = nil })
			write(t, s, numbered(taken, 10))
			eventually(t, "all events", func() bool { return len(w.got()) >= int(taken)+10 })
			closing(t, s)
			if got := w.got(); !slices.Equal(got, serials(0, taken+10)) {
				t.Errorf("arrived: %v", got)
			}
		})
	}
}

func TestEventsThatFitNoQueueAreRefused(t *testing.T) {
	settings := inMemory
	settings.MaxSize = 2000
	s := export.New(options(t.TempDir(), settings, &world{}))
	if err := s.Write(t.Context(), numbered(0, 100)); !sink.IsPermanent(err) || !strings.Contains(err.Error(), "queue.maxSize") {
		t.Errorf("the error is %v", err)
	}
	closing(t, s)
}

func TestAReceiverThatHangsDoesNotHoldTheEndUp(t *testing.T) {
	for name, settings := range map[string]export.Settings{"memory": inMemory, "disk": quick} {
		t.Run(name, func(t *testing.T) {
			w := &world{hangs: true}
			settings.Timeout = time.Hour
			s := export.New(options(t.TempDir(), settings, w))
			for i := range uint32(20) {
				write(t, s, numbered(i, 1))
			}
			eventually(t, "a push", func() bool { w.mu.Lock(); defer w.mu.Unlock(); return w.pushes > 0 })
			closing(t, s) // the test's own limit is what would end it
			want := export.Delivery{Queued: 20}
			if settings.Memory {
				want = export.Delivery{Dropped: 20}
			}
			if d := s.Delivery(); d.Queued != want.Queued || d.Dropped != want.Dropped || d.LastError != "" {
				t.Errorf("delivery %+v", d)
			}
		})
	}
}

func TestErrorsAreToldWithoutSecretsAndBounded(t *testing.T) {
	w := &world{down: errors.New("401: the token swordfish\nis not known" + strings.Repeat(".", 5000))}
	s := export.New(options(t.TempDir(), inMemory, w))
	write(t, s, numbered(0, 1))
	eventually(t, "an error", func() bool { return s.Delivery().LastError != "" })
	if got := s.Delivery().LastError; !strings.HasPrefix(got, "401: the token [secret] is not known...") || len(got) > 1000 {
		t.Errorf("the error reads %q", got)
	}
	closing(t, s)
}

func TestAQueueThatCannotBeOpenedIsTriedAgain(t *testing.T) {
	blocked := filepath.Join("/proc", "nodeaudit") // nobody can make a folder there
	s := export.New(options(blocked, quick, &world{}))
	if err := s.Write(t.Context(), numbered(0, 1)); err == nil || sink.IsPermanent(err) || !strings.Contains(err.Error(), "opening the queue") {
		t.Errorf("the error is %v", err)
	}
	if s.Delivery().LastError == "" {
		t.Error("nothing is told")
	}
	closing(t, s)
}

func TestADamagedQueueIsSetAside(t *testing.T) {
	dir := t.TempDir()
	w := &world{down: errors.New("away")}
	o := options(dir, quick, w)
	s := export.New(o)
	write(t, s, numbered(0, 10))
	closing(t, s)
	damage(t, dir)
	w.change(func() { w.down = nil })
	s = export.New(o)
	if d := s.Delivery(); !strings.Contains(d.LastError, "damaged and is set aside") {
		t.Errorf("delivery %+v", d)
	}
	write(t, s, numbered(10, 10))
	eventually(t, "what came after", func() bool { return slices.Contains(w.got(), 19) })
	closing(t, s)
}
