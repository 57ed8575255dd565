package export_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"go.opentelemetry.io/collector/pdata/plog"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
)

// picky takes some of a push: it has the answers, one for each push, and takes everything when it has no more.
type picky struct {
	world

	answers []func(serials []uint32) (taken []uint32, err error)
}

func (p *picky) Open(context.Context) (export.Destination, error) { return p, nil }

func (p *picky) Push(_ context.Context, logs plog.Logs) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	var got []uint32
	for _, record := range export.Records(logs) {
		got = append(got, record.Serial)
	}
	var err error
	if len(p.answers) > 0 {
		got, err = p.answers[0](got)
		p.answers = p.answers[1:]
	}
	p.serials = append(p.serials, got...)
	return err
}

func TestADestinationThatTakesAllButSome(t *testing.T) {
	old, away := errors.New("too old"), errors.New("away")
	for name, test := range map[string]struct {
		answers []func([]uint32) ([]uint32, error)
		want    []uint32
		dropped int64
		retries int64
	}{
		"some are refused, the others are there": {
			[]func([]uint32) ([]uint32, error){func(s []uint32) ([]uint32, error) {
				return slices.Concat(s[1:4], s[5:]), export.TakenBut(len(s), []int{0, 4}, old, nil)
			}},
			[]uint32{1, 2, 3, 5, 6, 7},
			2, 0,
		},
		"some are refused, and then it is away": {
			[]func([]uint32) ([]uint32, error){func(s []uint32) ([]uint32, error) { return s[1:4], export.TakenBut(4, []int{0}, old, away) }},
			[]uint32{1, 2, 3, 4, 5, 6, 7},
			1, 1,
		},
		"all are refused": {[]func([]uint32) ([]uint32, error){func(s []uint32) ([]uint32, error) {
			return nil, export.TakenBut(8, []int{0, 1, 2, 3, 4, 5, 6, 7}, old, nil)
		}}, nil, 8, 0},
		"none is refused":            {[]func([]uint32) ([]uint32, error){func(s []uint32) ([]uint32, error) { return s, export.TakenBut(8, nil, nil, nil) }}, serials(0, 8), 0, 0},
		"none, and then it is away":  {[]func([]uint32) ([]uint32, error){func(s []uint32) ([]uint32, error) { return s[:3], export.TakenBut(3, nil, nil, away) }}, serials(0, 8), 0, 1},
		"the rest is tried at once":  {[]func([]uint32) ([]uint32, error){func(s []uint32) ([]uint32, error) { return s[1:2], export.TakenBut(2, []int{0}, old, nil) }}, serials(1, 7), 1, 0},
		"one is the last of a batch": {[]func([]uint32) ([]uint32, error){func(s []uint32) ([]uint32, error) { return s[:7], export.TakenBut(8, []int{7}, old, nil) }}, serials(0, 7), 1, 0},
	} {
		t.Run(name, func(t *testing.T) {
			p := &picky{answers: test.answers}
			s := export.New(options("", inMemory, p))
			write(t, s, numbered(0, 8))
			eventually(t, "the last event", func() bool { return s.Delivery().Queued == 0 })
			d := s.Delivery()
			closing(t, s)
			if !slices.Equal(p.got(), test.want) || d.Dropped != test.dropped || d.Written != int64(len(test.want)) || d.Retries != test.retries {
				t.Errorf("%v arrived, want %v: %+v", p.got(), test.want, d)
			}
			if told := strings.Contains(d.LastError, "events were given up: too old"); test.dropped > 0 && test.retries == 0 && !told {
				t.Errorf("the last error is %q", d.LastError)
			}
		})
	}
}
