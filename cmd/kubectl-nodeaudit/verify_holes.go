package main

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// holes finds out what the agent itself has said about holes, in logs of the native form.
type holes struct {
	rest  []byte
	skip  bool // until the next line
	found holesReport
}

// holesReport is what is missing and was counted.
type holesReport struct {
	// Told is how many events say so, and Counted what was lost, by place.
	Told    int64            `json:"told"`
	Counted map[string]int64 `json:"counted"`
}

func newHoles() *holes { return &holes{found: holesReport{Counted: map[string]int64{}}} }

// longestHole bounds the lines that are looked at.
const longestHole = 16 << 10

// Write implements io.Writer. It takes everything.
func (h *holes) Write(text []byte) (int, error) {
	n := len(text)
	for len(text) > 0 {
		end := bytes.IndexByte(text, '\n')
		piece := text
		if end >= 0 {
			piece = text[:end]
		}
		h.add(piece)
		if end < 0 {
			break
		}
		h.line()
		text = text[end+1:]
	}
	return n, nil
}

func (h *holes) add(piece []byte) {
	if h.skip = h.skip || len(h.rest)+len(piece) > longestHole; h.skip {
		h.rest = h.rest[:0]
		return
	}
	h.rest = append(h.rest, piece...)
}

func (h *holes) line() {
	line := h.rest
	h.rest = h.rest[:0]
	if h.skip {
		h.skip = false
		return
	}
	if !bytes.Contains(line, []byte(`"type":"`+event.TypeLost+`"`)) {
		return
	}
	var e struct {
		Type   string
		Fields map[string]string
	}
	if json.Unmarshal(line, &e) != nil || e.Type != event.TypeLost {
		return
	}
	count, err := strconv.ParseInt(e.Fields["count"], 10, 64)
	if err == nil && count > 0 {
		h.found.Told++
		h.found.Counted[e.Fields["place"]] += count
	}
}

func (h *holes) report() holesReport { return h.found }

func (r *holesReport) text(note func(format string, args ...any)) {
	for _, place := range slices.Sorted(maps.Keys(r.Counted)) {
		note("the agent itself had counted a loss of %d (%s): holes of that size are explained", r.Counted[place], place)
	}
}
