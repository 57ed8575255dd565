package boot

import (
	"archive/tar"
	"bytes"
	"encoding/binary"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/google/go-cmp/cmp"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "write what is found into the fixtures and docs/boot.md instead of comparing with them")

// fixture is a file of testdata: what the files of a node are, where they come from, and what is to be found.
//
// Its head has "tested: real boot", "real files" or "documented layout", and words on its origin. Its files are those of the node, written as
// they are but for four kinds: "-> x" is a symbolic link, a file below efivars is text that becomes an EFI variable ("byte 1" the one byte),
// one that ends in .efi is "section: text" lines that become an image, and grub.cfg.tar is a grub.cfg that is put into an archive.
// The file "want" is not the node's.
type fixture struct {
	name, path, tested string
	archive            *txtar.Archive
	want               string
}

func fixtures(t *testing.T) []fixture {
	t.Helper()
	paths, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(paths) == 0 {
		t.Fatal("no fixtures", err)
	}
	var all []fixture
	for _, path := range paths {
		archive, err := txtar.ParseFile(path)
		if err != nil {
			t.Fatal(err)
		}
		f := fixture{name: strings.TrimSuffix(filepath.Base(path), ".txtar"), path: path, archive: archive}
		for line := range strings.Lines(string(archive.Comment)) {
			if value, ok := strings.CutPrefix(line, "tested: "); ok {
				f.tested = strings.TrimSpace(value)
			}
		}
		if !slices.Contains([]string{"real boot", "real files", "documented layout"}, f.tested) {
			t.Fatalf("%s: its head says %q of how it was tested", path, f.tested)
		}
		for _, file := range archive.Files {
			if file.Name == "want" {
				f.want = string(file.Data)
			}
		}
		all = append(all, f)
	}
	return all
}

// tree writes the node's files below a directory.
func (f fixture) tree(t *testing.T) FS {
	t.Helper()
	root := t.TempDir()
	for _, file := range f.archive.Files {
		if file.Name != "want" {
			put(t, root, file.Name, string(file.Data))
		}
	}
	return Below(root)
}

func put(t *testing.T, root, name, text string) {
	t.Helper()
	path := filepath.Join(root, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	var err error
	switch target, link := strings.CutPrefix(text, "-> "); {
	case link:
		err = os.Symlink(strings.TrimSpace(target), path)
	case text == "(a directory)\n":
		err = os.MkdirAll(path, 0o700)
	default:
		err = os.WriteFile(path, content(t, name, text), 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func content(t *testing.T, name, text string) []byte {
	t.Helper()
	switch {
	case strings.Contains(name, "/efivars/"):
		return variable(strings.TrimSuffix(text, "\n"))
	case strings.HasSuffix(name, ".efi"):
		return image(text)
	case strings.HasSuffix(name, ".tar"):
		return archived(t, text)
	default:
		return []byte(text)
	}
}

func variable(text string) []byte {
	value := []byte{6, 0, 0, 0}
	if text == "byte 0" || text == "byte 1" {
		return append(value, text[5]-'0')
	}
	for _, unit := range utf16.Encode([]rune(text + "\x00")) {
		value = binary.LittleEndian.AppendUint16(value, unit)
	}
	return value
}

// image makes the smallest PE file that has the sections.
func image(text string) []byte {
	type section struct{ name, data string }
	var sections []section
	for line := range strings.Lines(text) {
		if name, data, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ": "); ok {
			sections = append(sections, section{name, data})
		}
	}
	var b bytes.Buffer
	head := make([]byte, 64)
	copy(head, "MZ")
	binary.LittleEndian.PutUint32(head[60:], 64)
	b.Write(head)
	b.WriteString("PE\x00\x00")
	put16 := func(v uint16) { _ = binary.Write(&b, binary.LittleEndian, v) }
	put32 := func(v uint32) { _ = binary.Write(&b, binary.LittleEndian, v) }
	put16(0x8664)
	put16(uint16(len(sections)))
	put32(0)
	put32(0)
	put32(0)
	put16(0) // no optional header
	put16(0x0002)
	const raw = 512
	offset := uint32(64 + 4 + 20 + 40*len(sections))
	for i, s := range sections {
		name := make([]byte, 8)
		copy(name, s.name)
		b.Write(name)
		put32(uint32(len(s.data)))
		put32(uint32(0x1000 * (i + 1)))
		put32(raw)
		put32(offset + uint32(i)*raw)
		b.Write(make([]byte, 12))
		put32(0x40000040)
	}
	for _, s := range sections {
		data := make([]byte, raw)
		copy(data, s.data)
		b.Write(data)
	}
	return b.Bytes()
}

func archived(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	if err := w.WriteHeader(&tar.Header{Name: "grub.cfg", Mode: 0o644, Size: int64(len(text))}); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// told is a report in lines.
func told(r Report) string {
	var b strings.Builder
	fmt.Fprintf(&b, "loader %s\nrunning %s\nnext %s\n", r.Loader, value(r.Running.Audit, r.Running.BacklogLimit), value(r.Next.Audit, r.Next.BacklogLimit))
	for _, e := range r.Entries {
		fmt.Fprintf(&b, "entry %s: %s", e.Title, value(e.Audit, e.BacklogLimit))
		for word, is := range map[string]bool{" default": e.Default && !e.Once, " once": e.Once} {
			if is {
				b.WriteString(word)
			}
		}
		if e.Rescue {
			b.WriteString(" rescue")
		}
		if e.Other {
			b.WriteString(" other")
		}
		if e.Doubt != "" {
			b.WriteString(" (" + e.Doubt + ")")
		}
		b.WriteString("\n")
	}
	for _, f := range r.Findings {
		fmt.Fprintf(&b, "%s %s", f.Severity, f.ID)
		if f.File != "" {
			b.WriteString(" " + f.File)
		}
		if f.Entry != "" {
			b.WriteString(": " + f.Entry)
		}
		b.WriteString("\n")
	}
	return b.String()
}

func value(audit Audit, backlog *uint32) string {
	if backlog == nil {
		return string(audit)
	}
	return fmt.Sprintf("%s %d", audit, *backlog)
}

func TestEachKindOfNodeIsRead(t *testing.T) {
	for _, f := range fixtures(t) {
		t.Run(f.name, func(t *testing.T) {
			got := told(Look(f.tree(t)))
			if *update {
				f.write(t, got)
				return
			}
			if diff := cmp.Diff(f.want, got); diff != "" {
				t.Error("(-want +got)", diff)
			}
		})
	}
}

func (f fixture) write(t *testing.T, want string) {
	t.Helper()
	f.archive.Files = slices.DeleteFunc(f.archive.Files, func(f txtar.File) bool { return f.Name == "want" })
	f.archive.Files = append(f.archive.Files, txtar.File{Name: "want", Data: []byte(want)})
	if err := os.WriteFile(f.path, txtar.Format(f.archive), 0o600); err != nil {
		t.Fatal(err)
	}
}
