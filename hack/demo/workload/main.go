// Workload is what the demo's pod runs: it rewrites the Docker daemon's configuration of the node that it is on, again and again, as
// somebody would who wants to be root there after the next restart.
//
// The file and the pause between two writes come in by flags; a line about each write goes out on standard output. It touches no other
// file.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"
)

// Harmless, whoever should really run Docker there: the value is Docker's own default.
const content = "{\"live-restore\": false}\n"

func main() {
	file := flag.String("file", "/etc/docker/daemon.json", "the file to write")
	pause := flag.Duration("pause", 20*time.Second, "how long to wait between two writes")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, *file, *pause)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, file string, pause time.Duration) error {
	ticks := time.NewTicker(pause)
	defer ticks.Stop()
	for {
		if err := write(file); err != nil {
			return err
		}
		fmt.Println("wrote", file)
		select {
		case <-ctx.Done():
			return os.Remove(file)
		case <-ticks.C:
		}
	}
}

func write(file string) error {
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("making the folder: %w", err)
	}
	if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
		return fmt.Errorf("writing the configuration: %w", err)
	}
	return nil
}
