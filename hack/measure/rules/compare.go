package main

import (
	"errors"
	"fmt"
	"slices"

	libauditrule "github.com/elastic/go-libaudit/v2/rule"
	"github.com/elastic/go-libaudit/v2/rule/flags"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// compiler makes the wire form of a line.
type compiler struct {
	name    string
	compile func(line string) (rule.Wire, error)
}

func nodeaudit(h host) func(string) (rule.Wire, error) {
	return func(text string) (rule.Wire, error) {
		file, problems := rule.Parse(text)
		if len(file.Rules) == 0 {
			return "", fmt.Errorf("%v", problems)
		}
		return file.Rules[0].Encode(h)
	}
}

var errPanic = errors.New("panic")

func libaudit() func(string) (rule.Wire, error) {
	return func(text string) (wire rule.Wire, err error) {
		defer func() {
			if recover() != nil {
				err = errPanic
			}
		}()
		parsed, err := flags.Parse(text)
		if err != nil {
			return "", err
		}
		built, err := libauditrule.Build(parsed)
		return rule.Wire(built), err
	}
}

// outcome counts what a compiler makes of the lines of a set.
type outcome struct {
	identical, different, refused int // of the lines that auditctl takes
	more, panics                  int // of the others
}

func (o outcome) moreText() string {
	if o.panics == 0 {
		return fmt.Sprint(o.more)
	}
	return fmt.Sprintf("%d, panics %d", o.more, o.panics)
}

func (s set) compare(c compiler) outcome {
	var o outcome
	for _, l := range s.lines {
		wire, err := c.compile(l.text)
		switch {
		case errors.Is(err, errPanic):
			o.panics++
		case l.wire == "" && err == nil:
			o.more++
		case l.wire == "":
		case err != nil:
			o.refused++
		case withDirectories(wire.Canonical(), l.wire) == l.wire:
			o.identical++
		default:
			o.different++
		}
	}
	return o
}

// Fields of include/uapi/linux/audit.h.
const (
	fieldPath = 105
	fieldDir  = 107
)

// withDirectories watches a directory where auditctl did, and a file where it did: what a path is depends on the machine.
func withDirectories(wire, wanted rule.Wire) rule.Wire {
	parts, err := wire.Open()
	want, wantErr := wanted.Open()
	if err != nil || wantErr != nil || len(parts.Fields) != len(want.Fields) {
		return wire
	}
	kinds := []uint32{fieldPath, fieldDir}
	for i, f := range want.Fields {
		if slices.Contains(kinds, f.Field) && slices.Contains(kinds, parts.Fields[i].Field) {
			parts.Fields[i].Field = f.Field
		}
	}
	return parts.Wire()
}
