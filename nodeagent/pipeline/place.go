package pipeline

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"path/filepath"
	"time"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/form"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/chain"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/connect"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/file"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/stdout"
)

// queueSize is how many events may wait for one place: at 2 KiB each some 8 MiB, and some seconds of a busy node.
const queueSize = 4096

// destination is where events go, whatever the sinks that go there are called. Sinks with the same file are one place, because two writers
// would rotate each other's file.
type destination struct {
	kind v1alpha1.SinkType
	file string // its name in the log directory
}

func (d destination) String() string { return string(d.kind) + " " + d.file }

// elsewhere is the kind of all destinations that are not on the node: such a place is its sink's own, whatever its type is by now.
const elsewhere v1alpha1.SinkType = "sink"

// settings are how to write there.
type settings struct {
	maxSize  int64
	maxFiles int
	compress bool
	format   v1alpha1.SinkFormat
	queue    export.Settings
}

// The file that every node has, with the defaults of a file sink.
const defaultFile = "audit.log"

var defaultSettings = settings{maxSize: 100 << 20, maxFiles: 5, compress: true, format: v1alpha1.SinkFormatNative}

// place is one destination with its queue, which runs.
type place struct {
	settings settings
	queue    *sink.Queue
	cancel   context.CancelFunc
	done     chan struct{}
	export   *export.Sink // of a place elsewhere
	spec     []byte       // that it has now
	chain    *chain.Chain // of a file, where there is a key
	ledger   *ledger      // of a file with a chain
	file     string       // its name in the log directory
}

func (s *sinks) defaultPlace() destination {
	return destination{kind: v1alpha1.SinkTypeFile, file: defaultFile}
}

// target reads a spec with its defaults filled in. A type that this agent does not know is an error of the place, not of the others.
func (s *sinks) target(name string, spec v1alpha1.AuditSinkSpec) (destination, settings) {
	if connect.Elsewhere(spec.Type) {
		return destination{kind: elsewhere, file: name}, settings{queue: connect.Settings(&spec)}
	}
	d := destination{kind: spec.Type}
	if spec.Type != v1alpha1.SinkTypeFile || spec.File == nil {
		return d, settings{format: formatOf(spec)}
	}
	d.file = filepath.Base(spec.File.Path)
	asked := settings{maxFiles: int(spec.File.MaxFiles), compress: spec.File.Compress != nil && *spec.File.Compress, format: formatOf(spec)}
	if spec.File.MaxSize != nil {
		asked.maxSize = spec.File.MaxSize.Value()
	}
	return d, asked
}

func formatOf(spec v1alpha1.AuditSinkSpec) v1alpha1.SinkFormat {
	return cmp.Or(spec.Format, v1alpha1.SinkFormatNative)
}

func (s *sinks) start(target destination, asked settings, spec v1alpha1.AuditSinkSpec) *place {
	ctx, cancel := context.WithCancel(context.Background())
	p := &place{settings: asked, cancel: cancel, done: make(chan struct{}), file: target.file}
	p.chain = s.chain(target, asked)
	var writer sink.Writer = &lazy{open: func() (sink.Writer, error) { return s.open(target, asked, p.chain) }}
	if target.kind == elsewhere {
		p.export = s.export(target, asked, spec)
		p.spec, writer = written(spec), p.export
	}
	p.queue = sink.NewQueue(target.String(), writer, queueSize)
	if p.chain != nil {
		p.ledger = s.newLedger(p)
	}
	go func() {
		defer close(p.done)
		logClosing(s.options.Log, target, p.queue.Run(ctx))
	}()
	return p
}

func (s *sinks) open(target destination, asked settings, links *chain.Chain) (sink.Writer, error) {
	lines, err := form.Named(string(asked.format))
	if err != nil {
		return nil, sink.Permanent(fmt.Errorf("this agent cannot write as the sink asks: update the agent: %w", err))
	}
	switch target.kind {
	case v1alpha1.SinkTypeFile:
		return file.New(file.Options{
			Dir: s.options.LogDir, Path: target.file, MaxSize: asked.maxSize, MaxFiles: asked.maxFiles, Compress: asked.compress, Log: s.options.Log,
			Form: lines.AppendLine, Chain: links,
		})
	case v1alpha1.SinkTypeStdout:
		return stdout.NewForm(s.options.Stdout, lines.AppendLine), nil
	default:
		return nil, sink.Permanent(fmt.Errorf("this agent knows no sink of type %q: update the agent", target.kind))
	}
}

// export opens the queue of a destination elsewhere, and delivers what an earlier agent left in it.
func (s *sinks) export(target destination, asked settings, spec v1alpha1.AuditSinkSpec) *export.Sink {
	return export.New(export.Options{
		Name: target.file, Dir: filepath.Join(s.options.StateDir, queueDir, target.file), Settings: asked.queue,
		Target: s.aim(spec), Log: s.options.Log,
	})
}

// queueDir is where queues are, in the agent's folder.
const queueDir = "queues"

// aim is where the spec's events go, in the form that it asks for. One that this agent does not know is the native one, which has everything.
func (s *sinks) aim(spec v1alpha1.AuditSinkSpec) export.Target {
	asked, err := form.Named(string(formatOf(spec)))
	if err != nil {
		s.options.Log.Warn("writing the native form", "err", err)
	}
	return connect.Target(spec, asked, connect.Surroundings{Node: s.options.NodeName, HostRoot: s.options.HostRoot, Secrets: s.options.Secrets})
}

// update sends the events of a place elsewhere, those that wait among them, where a new spec wants them.
func (s *sinks) update(p *place, spec v1alpha1.AuditSinkSpec) {
	if p == nil || p.export == nil || bytes.Equal(p.spec, written(spec)) {
		return
	}
	p.spec = written(spec)
	p.export.Update(s.aim(spec))
}

func written(spec v1alpha1.AuditSinkSpec) []byte {
	text, err := json.Marshal(spec)
	if err != nil { // it came as JSON
		return nil
	}
	return text
}

// account is what became of the events of a place.
type account struct {
	sink.Report

	waiting int64 // bytes, of places elsewhere
	retries int64
	success time.Time
}

func (p *place) report() account {
	a := account{Report: p.queue.Report()}
	if p.export == nil {
		return a
	}
	d := p.export.Delivery()
	a.Written, a.Queued, a.DroppedSink = d.Written, a.Queued+d.Queued, a.DroppedSink+d.Dropped
	a.LastError = cmp.Or(a.LastError, d.LastError)
	a.waiting, a.retries, a.success = d.QueuedBytes, d.Retries, d.LastSuccess
	return a
}

// lazy opens its writer with the first events, and tries again with those that could not be written.
type lazy struct {
	open   func() (sink.Writer, error)
	writer sink.Writer
}

// Write is sink.Writer.Write.
func (l *lazy) Write(ctx context.Context, events []*event.Event) error {
	if l.writer == nil {
		writer, err := l.open()
		if err != nil {
			return fmt.Errorf("opening: %w", err)
		}
		l.writer = writer
	}
	return l.writer.Write(ctx, events)
}

// Close is sink.Writer.Close.
func (l *lazy) Close() error {
	if l.writer == nil {
		return nil
	}
	return l.writer.Close()
}
