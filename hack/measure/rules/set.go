package main

import (
	"compress/gzip"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// line is a rule and what the kernel listed after auditctl had loaded it. The wire form is empty where auditctl refused it.
type line struct {
	text string
	wire rule.Wire
}

// set is a file of rules.
type set struct {
	name  string
	lines []line
}

func (s set) accepted() int {
	n := 0
	for _, l := range s.lines {
		if l.wire != "" {
			n++
		}
	}
	return n
}

// readSets reads the public sets, all their distinct lines together, and the corners of the grammar.
func readSets(directory string) ([]set, error) {
	public, err := readOracle(filepath.Join(directory, "oracle.jsonl.gz"))
	if err != nil {
		return nil, err
	}
	grammar, err := readOracle(filepath.Join(directory, "grammar-oracle.jsonl.gz"))
	if err != nil {
		return nil, err
	}
	files, err := filepath.Glob(filepath.Join(directory, "*.rules"))
	if err != nil {
		return nil, err
	}
	known := map[string]line{}
	for _, l := range public {
		known[l.text] = l
	}
	var sets []set
	for _, file := range files {
		s, err := readSet(file, known)
		if err != nil {
			return nil, err
		}
		sets = append(sets, s)
	}
	return append(sets, set{"all distinct lines", public}, set{"corners of the grammar", grammar}), nil
}

// readSet reads the distinct lines of a file that auditctl was asked about.
func readSet(file string, known map[string]line) (set, error) {
	content, err := os.ReadFile(file)
	if err != nil {
		return set{}, err
	}
	s := set{name: strings.TrimSuffix(filepath.Base(file), ".rules")}
	for text := range strings.SplitSeq(string(content), "\n") {
		l, found := known[text]
		if found && !slices.ContainsFunc(s.lines, func(o line) bool { return o.text == text }) {
			s.lines = append(s.lines, l)
		}
	}
	if len(s.lines) == 0 {
		return set{}, fmt.Errorf("%s has no line that auditctl was asked about", file)
	}
	return s, nil
}

func readOracle(file string) ([]line, error) {
	opened, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer opened.Close()
	unzipped, err := gzip.NewReader(opened)
	if err != nil {
		return nil, err
	}
	var lines []line
	for decoder := json.NewDecoder(unzipped); ; {
		var found struct {
			Line     string
			Accepted bool
			Kernel   string
		}
		if err := decoder.Decode(&found); errors.Is(err, io.EOF) {
			return lines, nil
		} else if err != nil {
			return nil, fmt.Errorf("%s: %w", file, err)
		}
		l := line{text: found.Line}
		if found.Accepted {
			wire, err := hex.DecodeString(found.Kernel)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			l.wire = rule.Wire(wire).Canonical()
		}
		lines = append(lines, l)
	}
}
