package file

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"syscall"
)

// packing is the goroutine that packs rotated files, one at a time. What there is to do it finds on the disk, so that after a crash it
// goes on by itself.
type packing struct {
	archive *archive
	log     *slog.Logger
	work    chan struct{}
	cancel  context.CancelFunc
	done    chan struct{}
}

func startPacking(a *archive, log *slog.Logger) *packing {
	ctx, cancel := context.WithCancel(context.Background())
	p := &packing{archive: a, log: log, work: make(chan struct{}, 1), cancel: cancel, done: make(chan struct{})}
	go p.run(ctx)
	p.wake()
	return p
}

// wake says that there may be something to pack. It never blocks.
func (p *packing) wake() {
	select {
	case p.work <- struct{}{}:
	default:
	}
}

// stop ends the goroutine and waits for it.
func (p *packing) stop() {
	p.cancel()
	<-p.done
}

// run packs all there is whenever it is woken. A file that it could not pack it tries again after the next rotation.
func (p *packing) run(ctx context.Context) {
	defer close(p.done)
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.work:
		}
		if err := p.packAll(ctx); err != nil && ctx.Err() == nil {
			p.log.Error("packing a rotated log", "path", p.archive.path, "err", err)
		}
	}
}

// packAll packs one plain file after the other until there is none.
func (p *packing) packAll(ctx context.Context) error {
	for {
		source, err := p.next()
		if source == nil {
			return err
		}
		err = errors.Join(p.pack(ctx, source), source.Close())
		if err != nil {
			return err
		}
	}
}

// next opens a plain rotated file, or returns none. Under the lock the name is that file's.
func (p *packing) next() (*os.File, error) {
	p.archive.mu.Lock()
	defer p.archive.mu.Unlock()
	files, err := p.archive.list()
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		if !file.packed && file.number <= p.archive.maxFiles {
			return os.OpenFile(p.archive.pathOf(file), os.O_RDONLY|syscall.O_NOFOLLOW, 0)
		}
	}
	return nil, nil
}
