package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"

	"github.com/nodeaudit/nodeaudit/nodeagent/decode"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/host"
	"github.com/nodeaudit/nodeaudit/nodeagent/logfile"
	"github.com/nodeaudit/nodeaudit/nodeagent/reassemble"
)

// allocations prints how often the road of a log asks for memory for each event, and how often that of the agent does.
func allocations(log string) error {
	fmt.Println("| road | allocations per event | bytes per event |\n|---|---|---|")
	for _, road := range []struct {
		name string
		make func(d *decode.Decoder, g event.Group) *event.Event
	}{
		{"nodeaudit decode: line to JSON", (*decode.Decoder).Read},
		{"agent: an event that its sinks keep, to JSON", (*decode.Decoder).Event},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		events, err := decodeAll(log, road.make)
		if err != nil {
			return err
		}
		runtime.ReadMemStats(&after)
		fmt.Printf("| %s | %.2f | %d |\n", road.name, float64(after.Mallocs-before.Mallocs)/float64(events), int(after.TotalAlloc-before.TotalAlloc)/events)
	}
	fmt.Println()
	return nil
}

func decodeAll(log string, read func(*decode.Decoder, event.Group) *event.Event) (events int, err error) {
	in, err := os.Open(log)
	if err != nil {
		return 0, err
	}
	defer in.Close()
	lines, err := logfile.NewReader(in)
	if err != nil {
		return 0, err
	}
	decoder := &decode.Decoder{Names: host.NewNames("/")}
	var form []byte
	reassembler := reassemble.NewLog(func(g event.Group) {
		events++
		form, err = event.AppendLine(form[:0], read(decoder, g))
	})
	var line logfile.Line
	for lines.Next(&line) {
		reassembler.Push(line.Record)
	}
	reassembler.Close()
	return events, err
}

// growth prints how much memory longer and longer logs take: the same log again and again, with other times, serials and processes.
func growth(ctx context.Context, o options, s size) error {
	text, err := os.ReadFile(o.log)
	if err != nil {
		return err
	}
	fmt.Println("| records | CPU s | µs per record | peak MiB |\n|---|---|---|---|")
	for _, records := range []int{s.records, o.grow / 10, o.grow} {
		repeat := max(1, records/s.records)
		command := exec.CommandContext(ctx, o.program, "decode", "--root", "/")
		in, err := command.StdinPipe()
		if err != nil {
			return err
		}
		if err := command.Start(); err != nil {
			return err
		}
		peak := watch(command.Process.Pid)
		fed := feed(in, text, repeat)
		most := peak()
		if err := command.Wait(); err != nil {
			return err
		}
		if fed != nil {
			return fed
		}
		state := command.ProcessState
		cpu := state.UserTime() + state.SystemTime()
		fmt.Printf("| %d | %.2f | %.2f | %d |\n", repeat*s.records, cpu.Seconds(), float64(cpu.Microseconds())/float64(repeat*s.records),
			most>>10)
	}
	return nil
}

// feed writes the log several times. Each time has an hour, serials and pids of its own.
func feed(in io.WriteCloser, text []byte, repeat int) error {
	defer in.Close()
	out := bufio.NewWriterSize(in, 1<<20)
	var line []byte
	for i := range repeat {
		for whole := range bytes.Lines(text) {
			line = shifted(line[:0], whole, uint64(i))
			if _, err := out.Write(line); err != nil {
				return err
			}
		}
	}
	return out.Flush()
}

func shifted(line, whole []byte, i uint64) []byte {
	line, rest := shift(line, whole, []byte("audit("), i*3600)
	line, rest = shift(line, rest, []byte(":"), i*1_000_000)
	line, rest = shift(line, rest, []byte(" ppid="), i)
	line, rest = shift(line, rest, []byte(" pid="), i)
	return append(line, rest...)
}

// shift adds to the number behind a word, where there is one.
func shift(line, text, word []byte, add uint64) (begun, rest []byte) {
	before, after, found := bytes.Cut(text, word)
	if !found {
		return line, text
	}
	end := 0
	for end < len(after) && after[end] >= '0' && after[end] <= '9' {
		end++
	}
	n, err := strconv.ParseUint(string(after[:end]), 10, 64)
	if err != nil {
		return line, text
	}
	line = append(append(line, before...), word...)
	return strconv.AppendUint(line, n+add, 10), after[end:]
}
