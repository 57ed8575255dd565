// Snapshot boots the disk in a folder and saves the booted machine beside it, once as it is and once without auditd.
//
// The folder of hack/vm/image.sh comes in, and gets two more folders, auditd and bare.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/nodeaudit/nodeaudit/test/vm"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Stdout, os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, out io.Writer, args []string) error {
	if len(args) != 1 {
		return errors.New("usage: snapshot FOLDER")
	}
	ctx, cancel := context.WithTimeout(ctx, 10*time.Minute)
	defer cancel()
	started := time.Now()
	lap := func(what string) { fmt.Fprintf(out, "  %5.1f s %s\n", time.Since(started).Seconds(), what) }
	if err := saveBooted(ctx, lap, args[0]); err != nil {
		return err
	}
	return saveBare(ctx, lap, args[0])
}

func saveBooted(ctx context.Context, lap func(string), folder string) error {
	m, err := vm.Start(ctx, vm.Image(folder).Disk())
	if err != nil {
		return err
	}
	defer func() { _ = m.Stop() }()
	lap("booted")
	if err := m.Save(ctx, vm.Image(folder).Saved(vm.WithAuditd), "../disk.qcow2"); err != nil {
		return err
	}
	lap("saved with auditd")
	return nil
}

func saveBare(ctx context.Context, lap func(string), folder string) error {
	m, err := vm.Resume(ctx, vm.Image(folder).Saved(vm.WithAuditd))
	if err != nil {
		return err
	}
	defer func() { _ = m.Stop() }()
	if r, err := m.Sh(ctx, "DEBIAN_FRONTEND=noninteractive dpkg --purge auditd"); err != nil || r.Code != 0 {
		return errors.Join(errors.New("removing auditd: "+r.Err), err)
	}
	if err := m.Reboot(ctx); err != nil {
		return err
	}
	lap("rebooted without auditd")
	if err := m.Save(ctx, vm.Image(folder).Saved(vm.Bare), filepath.Join("..", vm.WithAuditd, "disk.qcow2")); err != nil {
		return err
	}
	lap("saved without auditd")
	return nil
}
