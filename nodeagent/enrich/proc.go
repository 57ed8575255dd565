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
	p.path = append(p.path[:0], p.root...)
	p.path = append(p.path, '/')
	p.path = strconv.AppendUint(p.path, uint64(pid), 10)
	p.path = append(p.path, '/')
	p.path = append(p.path, name...)
	return p.readFile(string(p.path))
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

// stat returns the state of a process and when it began, as a time since boot.
func (p *proc) stat(pid uint32) (state byte, began time.Duration, ok bool) {
	text, err := p.read(pid, "stat")
	if err != nil {
		return 0, 0, false
	}
	// The name before the last parenthesis may hold anything; the state, field 3, comes after it, and the beginning is field 22.
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
	if len(fields) < 20 {
		return 0, 0, false
	}
	count, err := strconv.ParseInt(string(fields[19]), 10, 64)
	return fields[0][0], time.Duration(count) * (time.Second / ticks), err == nil
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
	state, _, ok := p.stat(pid)
	return !ok || state == 'Z' || state == 'X'
}

// beganAfter says whether a process began clearly after a time: then its pid was another's at that time.
func (p *proc) beganAfter(pid uint32, at, now time.Time) bool {
	_, began, ok := p.stat(pid)
	if !ok {
		return true
	}
	uptime, ok := p.uptime()
	return ok && now.Add(began-uptime).After(at.Add(grain))
}
