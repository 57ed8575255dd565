package enrichtest

import (
	"encoding/binary"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// code is exit(0) in machine code.
var code = map[string][]byte{
	"amd64": {0xb8, 0x3c, 0, 0, 0, 0x31, 0xff, 0x0f, 0x05},                // mov $60,%eax; xor %edi,%edi; syscall
	"arm64": {0xa8, 0x0b, 0x80, 0xd2, 0, 0, 0x80, 0xd2, 0x01, 0, 0, 0xd4}, // mov x8,#93; mov x0,#0; svc #0
}

// machines are the numbers of ELF.
var machines = map[string]uint16{"amd64": 62, "arm64": 183}

// Program writes the shortest program there is, which ends at once, and returns its path. No other program lives as short: it has no libraries,
// no runtime and one page.
func Program(dir string) (string, error) {
	text, ok := code[runtime.GOARCH]
	if !ok {
		return "", fmt.Errorf("there is no program for %s", runtime.GOARCH)
	}
	const base, header = 0x400000, 64 + 56
	out := []byte{0x7f, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0}
	le := binary.LittleEndian
	out = le.AppendUint16(out, 2) // executable
	out = le.AppendUint16(out, machines[runtime.GOARCH])
	out = le.AppendUint32(out, 1)
	out = le.AppendUint64(out, base+header) // where it begins
	out = le.AppendUint64(out, 64)          // where the program header is
	out = le.AppendUint64(out, 0)
	out = le.AppendUint32(out, 0)
	for _, n := range []uint16{64, 56, 1, 0, 0, 0} {
		out = le.AppendUint16(out, n)
	}
	out = le.AppendUint32(out, 1) // load
	out = le.AppendUint32(out, 5) // to be read and run
	size := uint64(header + len(text))
	for _, n := range []uint64{0, base, base, size, size, 0x1000} {
		out = le.AppendUint64(out, n)
	}
	path := filepath.Join(dir, "blink")
	return path, os.WriteFile(path, append(out, text...), 0o700)
}
