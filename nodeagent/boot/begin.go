package boot

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// clockTicks is USER_HZ, which is the same on every architecture that this project knows.
const clockTicks = 100

// LookAtBeginning finds out how recording began in the boot that runs, as far as files tell: when the oldest service that still runs was
// started, and the earliest record of this boot in the kernel's ring buffer and in the host's audit.log. now is the time. Lost is left to who
// has asked the kernel. What cannot be read is left zero.
func LookAtBeginning(root FS, now time.Time) Beginning {
	running, _ := lookAtRunning(root)
	b := Beginning{Audit: running.Audit}
	text, err := root.read("/proc/uptime")
	if err != nil {
		return b
	}
	seconds, err := strconv.ParseFloat(first(string(text)), 64)
	if err != nil {
		return b
	}
	booted := now.Add(-time.Duration(seconds * float64(time.Second)))
	b.FirstService = firstService(root, booted)
	b.FirstRecord = earliest(ringBuffer(root, booted), auditLog(root, booted))
	return b
}

func first(text string) string {
	if words := strings.Fields(text); len(words) > 0 {
		return words[0]
	}
	return ""
}

func earliest(times ...time.Time) time.Time {
	known := slices.DeleteFunc(times, time.Time.IsZero)
	if len(known) == 0 {
		return time.Time{}
	}
	return slices.MinFunc(known, time.Time.Compare)
}

// firstService is when the oldest process of a service was started.
func firstService(root FS, booted time.Time) time.Time {
	processes, err := os.ReadDir(filepath.Join(root.root, "proc"))
	if err != nil {
		return time.Time{}
	}
	oldest := int64(-1)
	for _, p := range processes {
		if _, err := strconv.Atoi(p.Name()); err != nil {
			continue
		}
		group, err := root.read("/proc/" + p.Name() + "/cgroup")
		if err != nil || !strings.Contains(string(group), "/system.slice/") || !strings.Contains(string(group), ".service") {
			continue
		}
		if ticks, ok := startTime(root, p.Name()); ok && (oldest < 0 || ticks < oldest) {
			oldest = ticks
		}
	}
	if oldest < 0 {
		return time.Time{}
	}
	return booted.Add(time.Duration(oldest) * time.Second / clockTicks)
}

// startTime is field 22 of proc_pid_stat(5): ticks since the boot. The program's name before it may have any sign.
func startTime(root FS, pid string) (int64, bool) {
	text, err := root.read("/proc/" + pid + "/stat")
	if err != nil {
		return 0, false
	}
	_, rest, found := bytes.Cut(text[max(0, bytes.LastIndexByte(text, ')')):], []byte(") "))
	fields := strings.Fields(string(rest))
	const at = 22 - 3
	if !found || len(fields) <= at {
		return 0, false
	}
	ticks, err := strconv.ParseInt(fields[at], 10, 64)
	return ticks, err == nil
}

// ringBuffer is the time of the first record that the kernel has printed: it prints them until somebody reads them.
func ringBuffer(root FS, booted time.Time) time.Time {
	// Not through package os, whose files wait for the next line instead of ending.
	ring, err := unix.Open(filepath.Join(root.root, "dev/kmsg"), unix.O_RDONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		return time.Time{}
	}
	defer unix.Close(ring)
	const mostLines, longest = 20000, 8192
	buffer := make([]byte, longest) // the kernel gives one line a read
	for range mostLines {
		n, err := unix.Read(ring, buffer)
		if errors.Is(err, unix.EPIPE) || errors.Is(err, unix.EINTR) {
			continue // a line was overwritten meanwhile
		}
		if err != nil || n == 0 {
			return time.Time{}
		}
		for line := range strings.Lines(string(buffer[:n])) {
			if since, is := printed(line); is {
				return booted.Add(since)
			}
		}
	}
	return time.Time{}
}

// printed reads a line of dev-kmsg: "5,42,123456,-;audit: type=2000 audit(…:1): state=initialized audit_enabled=1". One with audit_enabled=0 is
// no sign that anything is recorded.
func printed(line string) (since time.Duration, is bool) {
	head, message, found := strings.Cut(line, ";")
	if !found || !strings.HasPrefix(message, "audit: type=") || strings.Contains(message, "audit_enabled=0") {
		return 0, false
	}
	fields := strings.Split(head, ",")
	if len(fields) < 3 {
		return 0, false
	}
	micro, err := strconv.ParseInt(fields[2], 10, 64)
	return time.Duration(micro) * time.Microsecond, err == nil && micro >= 0
}

// slack is by how much the clock may have been set since the boot: then records of its beginning have an earlier time.
const slack = 2 * time.Second

// auditLog is the time of the first record of this boot that auditd has kept.
func auditLog(root FS, booted time.Time) time.Time {
	files, err := root.glob("/var/log/audit", "audit.log*")
	if err != nil {
		return time.Time{}
	}
	slices.SortFunc(files, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), strings.Compare(b, a)) }) // the oldest first
	for _, file := range files {
		if at := firstAfter(root, file, booted.Add(-slack)); !at.IsZero() {
			return at
		}
	}
	return time.Time{}
}

func firstAfter(root FS, name string, booted time.Time) time.Time {
	file, err := root.open(name)
	if err != nil {
		return time.Time{}
	}
	defer file.Close()
	if info, err := file.Stat(); err != nil || info.ModTime().Before(booted) {
		return time.Time{}
	}
	return scanLog(file, booted)
}

// scanLog reads records as auditd writes them. Its own (DAEMON_…) say nothing of the kernel's.
func scanLog(log io.Reader, booted time.Time) time.Time {
	for lines := bufio.NewScanner(log); lines.Scan(); {
		if at, is := stamped(lines.Text()); is && !at.Before(booted) {
			return at
		}
	}
	return time.Time{}
}

// stamped reads the time in "type=… msg=audit(1364481363.243:24287): …".
func stamped(line string) (time.Time, bool) {
	if strings.Contains(line, "type=DAEMON_") {
		return time.Time{}, false
	}
	_, rest, found := strings.Cut(line, " msg=audit(")
	stamp, _, whole := strings.Cut(rest, ":")
	if !found || !whole {
		return time.Time{}, false
	}
	seconds, milli, _ := strings.Cut(stamp, ".")
	s, err := strconv.ParseInt(seconds, 10, 64)
	ms, err2 := strconv.ParseInt(cmp.Or(milli, "0"), 10, 64)
	return time.Unix(s, ms*int64(time.Millisecond)), err == nil && err2 == nil && ms >= 0 && ms < 1000
}
