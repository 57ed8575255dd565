package logfile_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/klauspost/compress/zstd"
	"github.com/ulikunitz/xz"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/logfile"
)

// read returns all lines of a log.
func read(t *testing.T, log io.Reader) ([]logfile.Line, error) {
	t.Helper()
	r, err := logfile.NewReader(log)
	if err != nil {
		return nil, err
	}
	var all []logfile.Line
	var line logfile.Line
	for r.Next(&line) {
		all = append(all, line)
	}
	return all, r.Err()
}

func TestLines(t *testing.T) {
	const data = "audit(1700000000.123:42): a=b"
	tests := []struct {
		name, line string
		want       logfile.Line
		err        bool
	}{
		{"as auditd writes it", "type=SYSCALL msg=" + data, logfile.Line{Record: event.Record{Type: 1300, Data: data}}, false},
		{
			"byte for byte to its end", "type=EOE msg=audit(1700000000.123:42): \xff ",
			logfile.Line{Record: event.Record{Type: 1320, Data: "audit(1700000000.123:42): \xff "}},
			false,
		},
		{"with the name of the machine", "node=web type=SYSCALL msg=" + data, logfile.Line{Node: "web", Record: event.Record{Type: 1300, Data: data}}, false},
		{"of a type that has only a number", "type=UNKNOWN[1999] msg=" + data, logfile.Line{Record: event.Record{Type: 1999, Data: data}}, false},
		{"of a type that has only a name", "type=NEW msg=" + data, logfile.Line{Record: event.Record{TypeName: "NEW", Data: data}}, false},
		{"as the kernel logs it", "[ 12.345] audit: type=1400 " + data, logfile.Line{Record: event.Record{Type: 1400, Data: data}}, false},
		{
			"as a plugin sends it to syslog", "Nov 21 09:05:49 host audispd: node=web type=CWD msg=" + data,
			logfile.Line{Node: "web", Record: event.Record{Type: 1307, Data: data}},
			false,
		},
		{
			"as the journal gives it",
			`{"_AUDIT_TYPE":"1300","_AUDIT_ID":"42","_HOSTNAME":"web","_SOURCE_REALTIME_TIMESTAMP":"1700000000123000","MESSAGE":"SYSCALL a=b"}`,
			logfile.Line{Node: "web", Record: event.Record{Type: 1300, Data: data}},
			false,
		},
		{
			"of a file of the agent", `{"time":"2023-11-14T22:13:20.123Z","serial":42,"type":"CWD","who":{"confidence":"none"},"records":[{"type":"CWD","data":"x"}]}`,
			logfile.Line{Event: &event.Event{
				Serial: 42, Type: "CWD", Who: event.Who{Confidence: event.ConfidenceNone}, Records: []event.Record{{TypeName: "CWD", Data: "x"}},
			}},
			false,
		},
		{"with a time that nobody can read", "type=CWD msg=audit(x): a=b", logfile.Line{Record: event.Record{Type: 1307, Data: "audit(x): a=b"}}, true},
		{"of something else", "hello", logfile.Line{Record: event.Record{TypeName: "UNREADABLE", Data: "hello"}}, true},
		{"of another JSON", `{"a":1}`, logfile.Line{Record: event.Record{TypeName: "UNREADABLE", Data: `{"a":1}`}}, true},
		{"cut off", "type=SYSC", logfile.Line{Record: event.Record{TypeName: "UNREADABLE", Data: "type=SYSC"}}, true},
		{"cut off behind the type", "type=CWD msg", logfile.Line{Record: event.Record{TypeName: "UNREADABLE", Data: "type=CWD msg"}}, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got, err := read(t, strings.NewReader("\n# a remark\n----\ntime->Sat Nov 21 09:05:49 2026\n"+test.line+"\n"))
			if err != nil || len(got) != 1 {
				t.Fatalf("read %d lines, %v, want 1", len(got), err)
			}
			if (got[0].Err != nil) != test.err {
				t.Errorf("Err = %v, want one: %v", got[0].Err, test.err)
			}
			test.want.Number, got[0].Err = 5, nil
			if diff := cmp.Diff(test.want, got[0], cmp.AllowUnexported(event.ID{}), cmpopts.IgnoreFields(event.Event{}, "Time")); diff != "" {
				t.Errorf("line (-want +got):\n%s", diff)
			}
		})
	}
}

// manyLines are more than a block, and of all lengths.
func manyLines() (log string, texts []string) {
	var b strings.Builder
	for i := range 5000 {
		text := fmt.Sprintf("audit(1700000000.123:%d): %s", i, strings.Repeat("x", i%251))
		texts = append(texts, text)
		fmt.Fprintf(&b, "type=CWD msg=%s\n", text)
	}
	return b.String(), texts
}

func packed(t *testing.T, log string, writer func(io.Writer) (io.WriteCloser, error)) io.Reader {
	t.Helper()
	var b bytes.Buffer
	w, err := writer(&b)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, log); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &b
}

func TestALogComesWholeHoweverItIsRead(t *testing.T) {
	log, want := manyLines()
	gz := func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil }
	zst := func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) }
	x := func(w io.Writer) (io.WriteCloser, error) { return xz.NewWriter(w) }
	for name, in := range map[string]io.Reader{
		"at once": strings.NewReader(log), "byte by byte": iotest.OneByteReader(strings.NewReader(log)),
		"with the end in the last read": iotest.DataErrReader(strings.NewReader(log)), "without the last line feed": strings.NewReader(strings.TrimSuffix(log, "\n")),
		"gzip": packed(t, log, gz), "zstd": packed(t, log, zst), "xz": packed(t, log, x),
		"two of gzip behind each other": io.MultiReader(packed(t, log[:1000], gz), packed(t, log[1000:], gz)),
	} {
		t.Run(name, func(t *testing.T) {
			lines, err := read(t, in)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for i, line := range lines {
				got = append(got, line.Record.Data)
				if line.Number != int64(i+1) {
					t.Fatalf("line %d says that it is %d", i+1, line.Number)
				}
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("records (-want +got):\n%s", diff)
			}
		})
	}
}

func TestAnErrorSaysWhereTheLogEnds(t *testing.T) {
	log, _ := manyLines()
	broken := errors.New("broken")
	lines, err := read(t, io.MultiReader(strings.NewReader(log), iotest.ErrReader(broken)))
	if len(lines) != 5000 || !errors.Is(err, broken) || !strings.Contains(err.Error(), "line 5001") {
		t.Errorf("%d lines, then %v", len(lines), err)
	}
	cut := packed(t, log, func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil })
	if lines, err = read(t, io.LimitReader(cut, 5000)); !errors.Is(err, io.ErrUnexpectedEOF) || len(lines) == 0 {
		t.Errorf("of a gzip that is cut off: %d lines, then %v", len(lines), err)
	}
	if _, err = read(t, strings.NewReader("\x1f\x8bno gzip")); err == nil {
		t.Error("no error for what only begins like gzip")
	}
	if lines, err = read(t, strings.NewReader("")); err != nil || len(lines) != 0 {
		t.Errorf("of nothing: %d lines, %v", len(lines), err)
	}
}

func TestALineThatIsTooLongIsCutAndNothingOfItLost(t *testing.T) {
	long := strings.Repeat("y", 5<<20)
	lines, err := read(t, strings.NewReader("type=CWD msg=audit(1.000:1): cwd="+long+"\ntype=EOE msg=audit(1.000:1): \n"))
	if err != nil {
		t.Fatal(err)
	}
	got := 0
	for _, line := range lines[:len(lines)-1] {
		got += strings.Count(line.Record.Data, "y")
		if len(line.Record.Data) > 3<<20 {
			t.Errorf("a piece has %d bytes", len(line.Record.Data))
		}
	}
	if got != len(long) {
		t.Errorf("%d bytes came of %d", got, len(long))
	}
	if lines[len(lines)-1].Record.Type != 1320 {
		t.Errorf("behind it came %+v", lines[len(lines)-1])
	}
}

func FuzzReader(f *testing.F) {
	f.Add([]byte("type=SYSCALL msg=audit(1700000000.123:42): a=b\nnode=x type=EOE msg=audit(1.0:1):"))
	f.Add([]byte(`{"time":"2023-11-14T22:13:20.123Z","records":[{"type":"CWD","data":"x"}]}`))
	f.Add([]byte(`{"_AUDIT_TYPE":"1300","_AUDIT_ID":"42","_SOURCE_REALTIME_TIMESTAMP":"1700000000123000","MESSAGE":"SYSCALL a=b"}`))
	f.Add([]byte("a type= node=y type=1300 audit(1.2:3): x\n\n#\n----\n"))
	f.Add([]byte("\x1f\x8b\x08"))
	f.Add([]byte("\x28\xb5\x2f\xfd"))
	f.Add([]byte("\xfd7zXZ\x00"))
	f.Fuzz(func(t *testing.T, log []byte) {
		lines, err := read(t, bytes.NewReader(log))
		if err != nil {
			return
		}
		for _, line := range lines {
			if line.Event == nil && line.Record.Type == 0 && line.Record.TypeName == "" {
				t.Errorf("line %d has no type: %+v", line.Number, line)
			}
			if line.Record.TypeName == logfile.BrokenType && !bytes.Contains(log, []byte(line.Record.Data)) {
				t.Errorf("line %d is changed: %q", line.Number, line.Record.Data)
			}
		}
	})
}

func BenchmarkReader(b *testing.B) {
	log, _ := manyLines()
	b.SetBytes(int64(len(log)))
	b.ReportAllocs()
	var line logfile.Line
	for b.Loop() {
		r, err := logfile.NewReader(strings.NewReader(log))
		if err != nil {
			b.Fatal(err)
		}
		for r.Next(&line) {
		}
	}
}
