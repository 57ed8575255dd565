package connect

import (
	"time"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
)

// What holds where a spec says nothing. docs/sinks.md and the comments of the API say the same.
const (
	defaultDisk         = 256 << 20
	defaultMemory       = 16 << 20
	defaultTimeout      = 10 * time.Second
	defaultFirstPause   = time.Second
	defaultLongestPause = 30 * time.Second
)

// Settings are how the queue of the spec works.
func Settings(spec *v1alpha1.AuditSinkSpec) export.Settings {
	s := export.Settings{MaxSize: defaultDisk, FirstPause: defaultFirstPause, LongestPause: defaultLongestPause, Timeout: Timeout(spec)}
	if q := spec.Queue; q != nil {
		s.Memory, s.Fsync, s.DropOldest = q.Type == v1alpha1.SinkQueueMemory, q.Fsync, q.Overflow == v1alpha1.SinkDropOldest
		if s.Memory {
			s.MaxSize = defaultMemory
		}
		if q.MaxSize != nil {
			s.MaxSize = max(q.MaxSize.Value(), 1<<20)
		}
	}
	if spec.Type == v1alpha1.SinkTypeS3 {
		s.BatchSize, s.BatchAge = objects(spec.S3)
	}
	if r := spec.Retry; r != nil {
		if r.FirstPause != nil {
			s.FirstPause = max(r.FirstPause.Duration, time.Millisecond)
		}
		if r.LongestPause != nil {
			s.LongestPause = r.LongestPause.Duration
		}
	}
	s.LongestPause = max(s.FirstPause, s.LongestPause)
	return s
}

// objects are as large as queries of them are good with, and as old as somebody can wait for.
func objects(spec *v1alpha1.S3Sink) (size int64, age time.Duration) {
	size, age = 8<<20, 5*time.Minute
	if spec == nil || spec.Batch == nil {
		return size, age
	}
	if spec.Batch.MaxSize != nil {
		size = max(spec.Batch.MaxSize.Value(), 1<<10)
	}
	if spec.Batch.MaxAge != nil {
		age = max(spec.Batch.MaxAge.Duration, time.Millisecond)
	}
	return size, age
}

// Timeout is how long one push may take.
func Timeout(spec *v1alpha1.AuditSinkSpec) time.Duration {
	if spec.Timeout == nil || spec.Timeout.Duration <= 0 {
		return defaultTimeout
	}
	return spec.Timeout.Duration
}

// Target is where the spec's events go, and in which form.
func Target(spec v1alpha1.AuditSinkSpec, form export.Encoder, surroundings Surroundings) export.Target {
	return export.Target{Opener: New(spec, surroundings), Encoder: form, Labels: spec.PodLabels}
}
