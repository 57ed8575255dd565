package enrich

import (
	"bytes"
	"strconv"
	"syscall"
	"time"
)

// ticks is USER_HZ, the unit of times in /proc/PID/stat: 100 on every architecture that Go has.
const ticks = 100

// proc reads files of the host's /proc. What it returns is good until the next call.
type proc struct {
	root string
	path []byte
	text []byte
}

func newProc(root string) *proc {
	return &proc{root: root, text: make([]byte, 0, 16<<10)}
}

func (p *proc) read(pid uint32, name string) ([]byte, error) {
	return p.readFile(p.name(pid, name))
}

// name returns the path of a file of a process.
func (p *proc) name(pid uint32, name string) string {
	p.path = append(p.path[:0], p.root...)
	p.path = append(p.path, '/')
	p.path = strconv.AppendUint(p.path, uint64(pid), 10)
	p.path = append(p.path, '/')
	p.path = append(p.path, name...)
	return string(p.path)
}

// readFile is os.ReadFile without a new buffer, an os.File and its finalizer: it is called for most events.
func (p *proc) readFile(path string) ([]byte, error) {
	fd, err := syscall.Open(path, syscall.O_RDONLY|syscall.O_CLOEXEC, 0)
	if err != nil {
		return nil, err
	}
	defer func() { _ = syscall.Close(fd) }()
	p.text = p.text[:0]
	for {
		if len(p.text) == cap(p.text) {
			p.text = append(p.text, 0)[:len(p.text)]
		}
		n, err := syscall.Read(fd, p.text[len(p.text):cap(p.text)])
		if err != nil {
			return nil, err
		}
		if n == 0 {
			return p.text, nil
		}
		p.text = p.text[:len(p.text)+n]
	}
}

// stat is a line of /proc/PID/stat.
type stat struct {
	comm   string
	state  byte
	parent uint32
	began  time.Duration // since boot
}

// stat reads a process's state, parent, name and when it began.
func (p *proc) stat(pid uint32) (stat, bool) {
	text, err := p.read(pid, "stat")
	if err != nil {
		return stat{}, false
	}
	return parseStat(text)
}

// parseStat reads the line. The name before the last parenthesis may hold anything; the state, field 3, comes after it, then the parent, and the
// beginning is field 22.
func parseStat(text []byte) (stat, bool) {
	open, end := bytes.IndexByte(text, '('), bytes.LastIndexByte(text, ')')
	if open < 0 || end < open {
		return stat{}, false
	}
	fields := bytes.Fields(text[end+1:])
	if len(fields) < 20 {
		return stat{}, false
	}
	parent, err := strconv.ParseUint(string(fields[1]), 10, 32)
	if err != nil {
		return stat{}, false
	}
	count, err := strconv.ParseInt(string(fields[19]), 10, 64)
	if err != nil || count < 0 || count > int64(1<<63-1)/int64(time.Second/ticks) {
		return stat{}, false
	}
	return stat{
		comm: string(text[open+1 : end]), state: fields[0][0], parent: uint32(parent), began: time.Duration(count) * (time.Second / ticks),
	}, true
}

// pidNamespace says whether a process is in a pid namespace below the host's, and whether it is the first of its own.
func (p *proc) pidNamespace(pid uint32) (nested, init, ok bool) {
	text, err := p.read(pid, "status")
	if err != nil {
		return false, false, false
	}
	return parseNamespace(text)
}

// parseNamespace reads the line of /proc/PID/status with the numbers that the process has in each namespace, the host's first.
func parseNamespace(text []byte) (nested, init, ok bool) {
	for line := range bytes.Lines(text) {
		if numbers, found := bytes.CutPrefix(line, []byte("NSpid:")); found {
			each := bytes.Fields(numbers)
			if len(each) == 0 {
				return false, false, false
			}
			return len(each) > 1, string(each[len(each)-1]) == "1", true
		}
	}
	return false, false, false
}

// uptime returns the time since boot.
func (p *proc) uptime() (time.Duration, bool) {
	text, err := p.readFile(p.root + "/uptime")
	if err != nil {
		return 0, false
	}
	first, _, _ := bytes.Cut(text, []byte(" "))
	seconds, err := strconv.ParseFloat(string(first), 64)
	return time.Duration(seconds * float64(time.Second)), err == nil
}

// ended says whether a process is a zombie.
func (p *proc) ended(pid uint32) bool {
	found, ok := p.stat(pid)
	return !ok || found.state == 'Z' || found.state == 'X'
}

// beganAfter says whether a process began clearly after a time: then its pid was another's at that time.
func (p *proc) beganAfter(pid uint32, at, now time.Time) bool {
	found, ok := p.stat(pid)
	if !ok {
		return true
	}
	uptime, ok := p.uptime()
	return ok && now.Add(found.began-uptime).After(at.Add(reuse))
}
