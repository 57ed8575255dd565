package file

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseName(t *testing.T) {
	for name, want := range map[string]rotated{
		"audit.log.1":                    {number: 1},
		"audit.log.1000":                 {number: 1000},
		"audit.log.7.gz":                 {number: 7, packed: true},
		"audit.log":                      {},
		"audit.log.":                     {},
		"audit.log.gz":                   {},
		"audit.log.0":                    {},
		"audit.log.01":                   {},
		"audit.log.+1":                   {},
		"audit.log.-1":                   {},
		"audit.log.1001":                 {},
		"audit.log.20240101":             {},
		"audit.log.99999999999999999999": {},
		"audit.log.1.gz.gz":              {},
		"audit.log.1.xz":                 {},
		"audit.log2.1":                   {},
		"docker.log.1":                   {},
	} {
		got, ok := parseName("audit.log", name)
		if diff := cmp.Diff(want, got, cmp.AllowUnexported(rotated{})); diff != "" || ok != (want.number > 0) {
			t.Errorf("parseName(%q) says %v (-want +got):\n%s", name, ok, diff)
		}
	}
}

func FuzzParseName(f *testing.F) {
	f.Add("audit.log", "audit.log.1.gz")
	f.Add("a", "a.1000")
	f.Add("", ".07")
	f.Fuzz(func(t *testing.T, base, name string) {
		file, ok := parseName(base, name)
		if !ok {
			return
		}
		if file.number < 1 || file.number > maxNumber || file.name(base) != name || !strings.HasPrefix(name, base) {
			t.Errorf("parseName(%q, %q) = %+v", base, name, file)
		}
	})
}

func FuzzWholeLines(f *testing.F) {
	f.Add("{}\n{}\n", int64(4))
	f.Add("{}\n", int64(1))
	f.Fuzz(func(t *testing.T, text string, limit int64) {
		if !strings.HasSuffix(text, "\n") || limit < 1 {
			return
		}
		piece := string(wholeLines([]byte(text), limit))
		rest, ok := strings.CutPrefix(text, piece)
		switch {
		case !ok || !strings.HasSuffix(piece, "\n"):
			t.Fatalf("%q is not a beginning of whole lines", piece)
		case int64(len(piece)) > limit && strings.Count(piece, "\n") > 1:
			t.Errorf("%q is longer than %d", piece, limit)
		case rest != "" && int64(strings.Index(rest, "\n")+1+len(piece)) <= limit:
			t.Errorf("%q could be longer: %q follows", piece, rest)
		}
	})
}
