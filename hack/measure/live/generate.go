package main

import (
	"encoding/binary"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// tick is the program that is executed; its name marks its events. burst executes it so many times, one after the other.
const tick = "nodeaudit-tick"

// base is where the programs are loaded, and codeAt where their code begins in the file, behind the two headers.
const (
	base   = 0x400000
	codeAt = 64 + 56
)

// program returns a static x86-64 ELF program with this code, at its entry.
func program(code []byte) []byte {
	le := binary.LittleEndian
	elf := make([]byte, codeAt, codeAt+len(code))
	copy(elf, "\x7fELF\x02\x01\x01")
	le.PutUint16(elf[16:], 2)  // ET_EXEC
	le.PutUint16(elf[18:], 62) // EM_X86_64
	le.PutUint32(elf[20:], 1)
	le.PutUint64(elf[24:], base+codeAt)
	le.PutUint64(elf[32:], 64) // program headers
	le.PutUint16(elf[52:], 64)
	le.PutUint16(elf[54:], 56)
	le.PutUint16(elf[56:], 1)
	header := elf[64:]
	le.PutUint32(header, 1)     // PT_LOAD
	le.PutUint32(header[4:], 5) // read, execute
	le.PutUint64(header[16:], base)
	le.PutUint64(header[24:], base)
	size := uint64(codeAt + len(code))
	le.PutUint64(header[32:], size)
	le.PutUint64(header[40:], size)
	le.PutUint64(header[48:], 0x1000)
	return append(elf, code...)
}

// tickCode is exit(0).
var tickCode = []byte{0xb8, 60, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05}

// burstCode executes the program at path so many times.
func burstCode(times uint32, path string) []byte {
	const argvAt, pathAt = 88, 104
	code := []byte{
		0xbb, 0, 0, 0, 0, // mov ebx, times
		0xb8, 58, 0, 0, 0, 0x0f, 0x05, // again: vfork()
		0x85, 0xc0, 0x74, 0x1f, // if 0 goto child
		0x48, 0x83, 0xcf, 0xff, 0x31, 0xf6, 0x31, 0xd2, 0x45, 0x31, 0xd2, // wait4(-1, 0, 0, 0)
		0xb8, 61, 0, 0, 0, 0x0f, 0x05,
		0xff, 0xcb, 0x75, 0xdf, // dec ebx; if not 0 goto again
		0xb8, 60, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05, // exit(0)
		0xb8, 59, 0, 0, 0, // child: execve(path, argv, 0)
		0x48, 0x8d, 0x3d, pathAt - 59, 0, 0, 0,
		0x48, 0x8d, 0x35, argvAt - 66, 0, 0, 0,
		0x31, 0xd2, 0x0f, 0x05,
		0xb8, 60, 0, 0, 0, 0xbf, 1, 0, 0, 0, 0x0f, 0x05, // exit(1)
	}
	binary.LittleEndian.PutUint32(code[1:], times)
	code = append(code, make([]byte, pathAt-len(code))...)
	binary.LittleEndian.PutUint64(code[argvAt:], base+codeAt+pathAt)
	return append(append(code, path...), 0)
}

// generator executes programs on one processor.
type generator struct{ dir string }

func newGenerator(dir string) (generator, error) {
	if runtime.GOARCH != "amd64" {
		return generator{}, errors.New("the generator is x86-64 machine code")
	}
	return generator{dir: dir}, os.WriteFile(filepath.Join(dir, tick), program(tickCode), 0o755)
}

func (g generator) burst(times int) (string, error) {
	path := filepath.Join(g.dir, "burst-"+strconv.Itoa(times))
	return path, os.WriteFile(path, program(burstCode(uint32(times), filepath.Join(g.dir, tick))), 0o755)
}

// run executes at the rate, 0 for as fast as it goes, for so long, and returns how many programs were executed and in which time.
func (g generator) run(rate int, long time.Duration) (made int, took time.Duration, err error) {
	runtime.LockOSThread() // and never unlocked: the thread with its one processor ends with the goroutine
	var one unix.CPUSet
	one.Set(0)
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		return 0, 0, err
	}
	const step = 10 * time.Millisecond
	each := rate / int(time.Second/step)
	if rate == 0 {
		each = 500
	}
	path, err := g.burst(each)
	if err != nil {
		return 0, 0, err
	}
	start := time.Now()
	for next := start; time.Since(start) < long; next = next.Add(step) {
		if rate > 0 {
			time.Sleep(time.Until(next))
		}
		if err := execute(path); err != nil {
			return 0, 0, err
		}
		made += each
	}
	return made, time.Since(start), nil
}

func execute(path string) error {
	process, err := os.StartProcess(path, []string{path}, &os.ProcAttr{})
	if err != nil {
		return err
	}
	state, err := process.Wait()
	if err == nil && !state.Success() {
		err = errors.New(strings.TrimSpace(path + ": " + state.String()))
	}
	return err
}
