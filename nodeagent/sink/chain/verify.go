package chain

import (
	"bytes"
	"crypto/ed25519"
	"fmt"
	"io"
	"slices"
)

// Expected is what is known of a log from elsewhere. The zero value is nothing.
type Expected struct {
	// Keys are those that may have signed. With none the key is taken from the first checkpoint, so that only the chain is checked.
	Keys []ed25519.PublicKey
	// Node and File are the log's.
	Node, File string
	// Sequence and Hash are those of a checkpoint that must be there.
	Sequence uint64
	Hash     Hash
}

// Verifier reads the files of one log, the oldest first, and finds what is not as it was signed.
type Verifier struct {
	expected  Expected
	report    Report
	open      cover
	from, at  Place // of the first uncovered line, and of this one
	last      *Checkpoint
	hasSeen   bool // the expected checkpoint
	strangers int64
	stranger  Place
}

// NewVerifier returns one for one log.
func NewVerifier(expected Expected) *Verifier {
	return &Verifier{
		expected: expected, open: newCover(),
		report: Report{KeyChecked: len(expected.Keys) > 0, Published: expected.Sequence, Findings: []Finding{}},
	}
}

// File reads the next file. The error is that of reading; what was read counts.
func (v *Verifier) File(name string, in io.Reader) error {
	v.at = Place{File: name}
	starts := true
	return eachLine(in, func(line []byte) bool {
		found, ok := Parse(line)
		if !ok || !v.counts(line, &found) {
			return false
		}
		v.at.Line++
		v.checkpoint(&found)
		return true
	}, func(piece []byte, ends bool) {
		if starts {
			v.at.Line++
			v.report.Lines++
			if v.open.bytes == 0 {
				v.from = v.at
			}
		}
		v.open.add(piece)
		starts = ends
	})
}

// counts says whether a checkpoint is one, and not a text that somebody had recorded.
func (v *Verifier) counts(line []byte, found *Checkpoint) bool {
	isKnown := slices.ContainsFunc(v.expected.Keys, func(key ed25519.PublicKey) bool { return key.Equal(found.Key) })
	if !looksOwn(line) || !found.IsSigned() {
		return false
	}
	if isKnown {
		return true
	}
	if len(v.expected.Keys) == 0 {
		v.expected.Keys = []ed25519.PublicKey{found.Key}
		return true
	}
	if v.strangers++; v.strangers == 1 {
		v.stranger = Place{v.at.File, v.at.Line + 1}
	}
	return false
}

// looksOwn says whether the line is an event of our type. In JSON the quotes of what others wrote are escaped.
func looksOwn(line []byte) bool {
	return bytes.Contains(line, []byte(`"`+Type+`"`)) || bytes.Contains(line, []byte("type="+Type)) ||
		bytes.Contains(line, fmt.Appendf(nil, "type=UNKNOWN[%d] msg=audit(", number))
}

// checkpoint compares one with what was read since the one before.
func (v *Verifier) checkpoint(c *Checkpoint) {
	v.report.Checkpoints++
	if v.open.bytes == 0 {
		v.from = v.at
	}
	if v.report.Node == "" {
		v.report.Node, v.report.File = c.Node, c.File
		if v.isForeign(c, v.expected.Node, v.expected.File) {
			v.find(v.from, v.at, fmt.Sprintf("they belong to %s of node %s", c.File, c.Node))
		}
	} else if v.isForeign(c, v.report.Node, v.report.File) {
		v.find(v.from, v.at, fmt.Sprintf("they belong to another log, %s of node %s", c.File, c.Node))
		v.open.reset()
		return
	}
	if c.Sequence == v.expected.Sequence && v.expected.Sequence != 0 {
		v.hasSeen = true
		if c.Hash() != v.expected.Hash {
			v.find(v.at, v.at, fmt.Sprintf("checkpoint %d is not the one that the node had published: the log was written anew", c.Sequence))
		}
	}
	v.compare(c)
	if v.report.First == 0 {
		v.report.First = c.Sequence
	}
	v.report.Last = max(v.report.Last, c.Sequence)
	v.last = c
	v.open.reset()
}

func (v *Verifier) isForeign(c *Checkpoint, node, file string) bool {
	return node != "" && c.Node != node || file != "" && c.File != file
}

func (v *Verifier) compare(c *Checkpoint) {
	last := v.last
	switch {
	case c.Reason == Start && c.Sequence == 1 && last == nil:
		v.report.Before = v.open.lines
		return
	case c.Reason == Start && c.Sequence == 1:
		v.find(v.at, v.at, fmt.Sprintf("a new chain begins: its key or its state was gone. Whether lines are missing behind checkpoint %d cannot be told", last.Sequence))
		return
	case last == nil:
	case c.Sequence <= last.Sequence:
		v.find(v.from, v.at, fmt.Sprintf("checkpoint %d comes after %d: they are in the wrong place, or there twice", c.Sequence, last.Sequence))
	case c.Sequence > last.Sequence+1:
		v.find(v.from, v.at, fmt.Sprintf("%s before them: lines or files were removed", missing(last.Sequence+1, c.Sequence-1)))
	case c.Previous != last.Hash():
		v.find(v.from, v.at, fmt.Sprintf("checkpoint %d does not follow this checkpoint %d: one of them was replaced", c.Sequence, last.Sequence))
	}
	if c.Content == v.open.content() && c.Bytes == v.open.bytes {
		return
	}
	if last != nil && c.Sequence > last.Sequence+1 {
		return // said above
	}
	v.find(v.from, v.at, "they were changed: "+difference(v.open.lines, c.Lines))
}

func missing(from, to uint64) string {
	if from == to {
		return fmt.Sprintf("checkpoint %d is missing", from)
	}
	return fmt.Sprintf("checkpoints %d to %d are missing", from, to)
}

// difference says what can be told from two numbers.
func difference(got, want int64) string {
	switch {
	case got < want:
		return fmt.Sprintf("%d of %d are missing", want-got, want)
	case got > want:
		return fmt.Sprintf("%d are there, %d were signed", got, want)
	}
	return "as many as were signed, with other content or in another order"
}

func (v *Verifier) find(from, to Place, message string) {
	v.report.Findings = append(v.report.Findings, Finding{From: from, To: to, Message: message})
}

// End is the verdict, after the last file.
func (v *Verifier) End() Report {
	v.report.Uncovered = v.open.lines
	if v.open.isTorn {
		v.report.Uncovered++ // a line without an end
	}
	if v.strangers > 0 {
		v.find(v.stranger, v.stranger, fmt.Sprintf("a checkpoint is signed with another key, as %d others are", v.strangers-1))
	}
	switch {
	case v.report.Checkpoints == 0:
		v.find(Place{}, Place{}, "it has no checkpoint that counts, so that nothing can be said about its lines")
	case v.expected.Sequence == 0 || v.hasSeen:
	case v.report.Last < v.expected.Sequence:
		v.find(v.at, v.at, fmt.Sprintf("the end was cut off: the node had published checkpoint %d, the last one here is %d", v.expected.Sequence, v.report.Last))
	case v.expected.Sequence < v.report.First:
		v.report.Behind = true
	default:
		v.find(Place{}, Place{}, fmt.Sprintf("checkpoint %d, which the node had published, is missing", v.expected.Sequence))
	}
	return v.report
}
