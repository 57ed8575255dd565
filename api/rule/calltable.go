package rule

import (
	_ "embed" // the table of system calls
	"slices"
	"strconv"
	"strings"
	"sync"
)

// call is a system call, or an operation of io_uring, with its number in each table.
type call struct {
	name    string
	numbers [len(callTables)]int16
}

// noNumber stands where a table does not have a call.
const noNumber = -1

// callTables are the lines of syscalls.txt. The operations of io_uring are the last.
var callTables = [...]string{
	"x86_64", "i386", "aarch64", "arm", "ppc64le", "ppc", "s390x", "s390", "riscv64", "loongarch64", "io_uring",
}

// callTable is an index of callTables.
type callTable int

const (
	uringTable   = callTable(len(callTables) - 1)
	noTable      = callTable(-1)
	unknownTable = callTable(-2)
)

// tableOf is the table that serves an AUDIT_ARCH. Some have none.
func tableOf(audit uint32) callTable {
	switch audit {
	case archX86_64:
		return 0
	case archI386:
		return 1
	case archARM64:
		return 2
	case archARM:
		return 3
	case archPPC64, archPPC64L:
		return 4
	case archPPC:
		return 5
	case archS390X:
		return 6
	case archS390:
		return 7
	case archRISCV:
		return 8
	case archLoong:
		return 9
	case archRISCV32:
		return noTable
	}
	return unknownTable
}

// number is the call's number in a table.
func (c *call) number(t callTable) (uint32, bool) {
	if t < 0 || c.numbers[t] == noNumber {
		return 0, false
	}
	return uint32(c.numbers[t]), true
}

// isSystemCall says whether any architecture has the call.
func (c *call) isSystemCall() bool {
	return slices.ContainsFunc(c.numbers[:uringTable], func(n int16) bool { return n != noNumber })
}

//go:embed syscalls.txt
var callFile string

// calls are all of them, and for each table those with a number, read once from syscalls.txt.
type calls struct {
	named    map[string]*call
	numbered [len(callTables)][]*call
}

var allCalls = sync.OnceValue(func() *calls {
	all := &calls{named: map[string]*call{}}
	for line := range strings.Lines(callFile) {
		table, entries, _ := strings.Cut(line, " ")
		if i := slices.Index(callTables[:], table); i >= 0 {
			for entry := range strings.FieldsSeq(entries) {
				all.add(callTable(i), entry)
			}
		}
	}
	return all
})

// add reads one entry, name=number. Of two names for one number the first is the one that is printed.
func (all *calls) add(t callTable, entry string) {
	name, digits, _ := strings.Cut(entry, "=")
	n, err := strconv.ParseUint(digits, 10, 32)
	if err != nil || n >= maskBits-classBits {
		return
	}
	c := all.named[name]
	if c == nil {
		c = &call{name: name}
		for i := range c.numbers {
			c.numbers[i] = noNumber
		}
		all.named[name] = c
	}
	c.numbers[t] = int16(n)
	row := &all.numbered[t]
	for uint64(len(*row)) <= n {
		*row = append(*row, nil)
	}
	if (*row)[n] == nil {
		(*row)[n] = c
	}
}

// at is the call with a number, nil where the table has none.
func (all *calls) at(t callTable, number uint32) *call {
	if t < 0 || int(number) >= len(all.numbered[t]) {
		return nil
	}
	return all.numbered[t][number]
}
