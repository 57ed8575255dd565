package main

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/nodeaudit/nodeaudit/nodeagent/index"
)

// errEnough ends a search that has found what it was to find.
var errEnough = errors.New("enough is found")

// search is a search under way.
type search struct {
	road    *decoding
	filter  *filter
	words   io.Writer
	noIndex bool
	found   int64
	enough  bool

	unindexed unindexed
}

// all searches files and directories. One that cannot be read does not keep the others from being read.
func (s *search) all(names []string, stdin io.Reader) error {
	failed := 0
	fail := func(err error) {
		failed++
		fmt.Fprintln(s.words, err)
	}
	files := openLogs(func(fail func(error)) []string { return logsOf(names, fail) }, fail)
	defer closeLogs(files)
	for _, file := range files {
		if s.enough || s.road.err != nil {
			break
		}
		if file == nil {
			if err := s.stream(stdin); err != nil {
				fail(fmt.Errorf("<stdin>: %w", err))
			}
		} else if err := s.file(file); err != nil {
			fail(fmt.Errorf("%s: %w", file.Name(), err))
		}
	}
	for _, r := range s.road.nodes {
		r.Close()
	}
	s.road.progress.end()
	s.unindexed.say(s.words)
	if failed > 0 {
		s.road.flush()
		return fmt.Errorf("%d of the logs could not be read whole, see above; %d events match in the others", failed, s.found)
	}
	return nil
}

// logsOf puts the logs of directories in their places, oldest first.
func logsOf(names []string, fail func(error)) []string {
	var all []string
	for _, name := range names {
		info, err := os.Stat(name)
		if name == "-" || err != nil || !info.IsDir() {
			all = append(all, name) // opening it tells what is wrong
			continue
		}
		logs, err := logsIn(name)
		if err != nil {
			fail(err)
		}
		all = append(all, logs...)
	}
	return oldestFirst(all)
}

// logsIn are the logs of a directory: audit.log and those that were rotated. Of one that is there both plain and packed the packed one is whole.
func logsIn(dir string) ([]string, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	there := map[string]bool{}
	for _, entry := range entries {
		there[entry.Name()] = true
	}
	var logs []string
	for _, entry := range entries {
		name := entry.Name()
		parts := rotatedName.FindStringSubmatch(name)
		if entry.Type().IsRegular() && name[0] != '.' && parts != nil && strings.HasSuffix(parts[1], ".log") && !there[name+".gz"] {
			logs = append(logs, filepath.Join(dir, name))
		}
	}
	return logs, nil
}

// file searches a file: the blocks that its index does not rule out, or all of it.
func (s *search) file(file *os.File) error {
	found := s.indexOf(file)
	if found == nil {
		return s.stream(file)
	}
	for at := 0; at < len(found.Parts) && !s.enough && s.road.err == nil; at++ {
		part := found.Parts[at]
		if err := s.stream(io.NewSectionReader(file, part.Offset, part.Length)); err != nil {
			return err
		}
	}
	return nil
}

// stream searches a log. Of the agent's lines only those are decoded that may be wanted.
func (s *search) stream(in io.Reader) error {
	buffered := bufio.NewReaderSize(in, 1<<16)
	magic, err := buffered.Peek(6)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	var lines io.Reader = buffered
	switch {
	case bytes.HasPrefix(magic, []byte{0x1f, 0x8b}):
		if lines, err = gzip.NewReader(buffered); err != nil {
			return err
		}
	case bytes.HasPrefix(magic, []byte("\xfd7zXZ\x00")), bytes.HasPrefix(magic, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		return s.road.log("", buffered) // it unpacks them
	}
	return s.road.log("", &sieve{lines: index.NewLines(lines), search: s})
}

// sieve is a log without the lines of the agent that cannot be wanted.
type sieve struct {
	lines  *index.Lines
	search *search
	terms  index.Terms
	block  []byte
	rest   []byte
	err    error
}

// Read implements io.Reader.
func (v *sieve) Read(b []byte) (int, error) {
	for len(v.rest) == 0 {
		if v.search.enough {
			return 0, io.EOF
		}
		if v.err != nil {
			return 0, v.err
		}
		v.block = v.block[:0]
		_, v.err = v.lines.Block(func(line []byte) {
			if v.search.filter.literals.miss(line) {
				return
			}
			if v.terms.Scan(bytes.TrimSuffix(line, []byte{'\n'})); v.search.filter.query.May(&v.terms) {
				v.block = append(v.block, line...)
			}
		})
		v.rest = v.block
	}
	n := copy(b, v.rest)
	v.rest = v.rest[n:]
	return n, nil
}
