// Package footprint keeps what the agent takes of a node small.
//
// Release gives back the pages of the program's own file that only its start has touched: the initialisation of all that a client of
// Kubernetes brings along runs through most of it once. Heap has the collector run less often while there is little to collect. Keep does
// both. The package changes nothing but when memory is taken and given back.
package footprint

import (
	"context"
	"log/slog"
	"time"
)

// releases are when pages are given back: after the start, where that is short and where it is long, and then, with the last of these pauses, what
// rare work has touched.
var releases = []time.Duration{2 * time.Second, 10 * time.Second, 10 * time.Minute}

// Keep does it until ctx ends.
func Keep(ctx context.Context, log *slog.Logger) {
	Heap()
	timer := time.NewTimer(releases[0])
	defer timer.Stop()
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-timer.C:
		}
		if _, err := Release(); err != nil {
			log.Warn("the agent takes more memory than it needs", "err", err)
			return
		}
		timer.Reset(releases[min(n, len(releases)-1)])
	}
}
