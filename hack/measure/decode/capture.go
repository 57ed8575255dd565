package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/nodeaudit/nodeaudit/api/rule"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
	"github.com/nodeaudit/nodeaudit/nodeagent/receive"
)

// rules record what the usual rule sets do: programs, files below /etc, changes of files, connections, a watch.
const rules = `
-a always,exit -F arch=b64 -S execve,execveat -k measure-exec
-a always,exit -F arch=b64 -S openat,open -F dir=/etc -k measure-etc
-a always,exit -F arch=b64 -S unlink,unlinkat,rename,renameat,renameat2,chmod,fchmodat,chown,fchownat -k measure-change
-a always,exit -F arch=b64 -S connect,bind -k measure-net
-w /etc/passwd -p rwa -k measure-passwd
`

// load is one round of what is recorded.
const load = `cd "$1"; cat /etc/hostname /etc/os-release >/dev/null; id >/dev/null; touch "a b" c; chmod 600 c; chmod +x "a b"; mv c d; rm "a b" d;
ls /etc >/dev/null; sh -c 'exec true "an argument" "" "$0"' "$(printf 'x%.0s' $(seq 300))"; stat /etc/passwd >/dev/null; cat /nowhere 2>/dev/null; sleep "$2"`

// capture writes a log of records that this kernel makes.
func capture(ctx context.Context, path, scratch string, records, seconds int) (err error) {
	held, err := kerneltest.Hold()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, held.Release()) }()
	if err := held.Client.Set(kernel.Settings{Enabled: new(uint32(kernel.On)), BacklogLimit: new(uint32(16384))}); err != nil {
		return err
	}
	socket, err := receive.Open()
	if err != nil {
		return err
	}
	defer socket.Close()
	file, _ := rule.Parse(rules)
	var adds, deletes []kernel.Change
	for _, r := range file.Rules {
		w, err := r.Encode(host.New("/"))
		if err != nil {
			return err
		}
		adds, deletes = append(adds, kernel.Change{Op: kernel.Add, Rule: w}), append(deletes, kernel.Change{Op: kernel.Delete, Rule: w})
	}
	defer func() { err = errors.Join(append(kernel.Apply(context.WithoutCancel(ctx), "/", deletes), err)...) }()
	if err := errors.Join(kernel.Apply(ctx, "/", adds)...); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(ctx)
	loading := make(chan error, 1)
	go func() { loading <- makeLoad(ctx, filepath.Join(scratch, "load"), seconds) }()
	err = write(socket, path, records, seconds)
	cancel()
	if ended := <-loading; ended != nil && ctx.Err() == nil {
		err = errors.Join(err, ended)
	}
	return err
}

// makeLoad repeats the load, so many times a second that the log takes about the time that was asked for: a log in which all happens at once is
// none that a machine writes, and slow to read for programs that look for the rest of an event among those of the same second.
func makeLoad(ctx context.Context, dir string, seconds int) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	pause := fmt.Sprintf("%.3f", float64(seconds)/2000)
	for ctx.Err() == nil {
		if err := exec.CommandContext(ctx, "sh", "-c", load, "load", dir, pause).Run(); err != nil && ctx.Err() == nil {
			return err
		}
	}
	return nil
}

func write(socket *receive.Socket, path string, records, seconds int) error {
	out, err := os.Create(path)
	if err != nil {
		return err
	}
	defer out.Close()
	lines := bufio.NewWriter(out)
	deadline := time.Now().Add(20 * time.Duration(seconds) * time.Second)
	for range records {
		record, err := socket.Receive(deadline)
		if err != nil {
			return err
		}
		fmt.Fprintf(lines, "type=%s msg=%s\n", event.TypeName(record.Type), record.Data)
	}
	return lines.Flush()
}
