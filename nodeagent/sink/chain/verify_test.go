package chain

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func testKey(name string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte(name))
	return ed25519.NewKeyFromSeed(seed[:])
}

func public(name string) []ed25519.PublicKey {
	return []ed25519.PublicKey{testKey(name).Public().(ed25519.PublicKey)}
}

// log is the lines of three files, the oldest first.
type log [][]string

// newLog has ten checkpoints with three lines each: three of them in each of the first two files, four in the last.
func newLog(t *testing.T, node, file, key string) (log, Expected) {
	t.Helper()
	c := New(Options{Node: node, File: file, Key: testKey(key), StateDir: t.TempDir(), Now: func() time.Time { return time.UnixMilli(1_700_000_000_123) }})
	if err := c.Resume(bytes.NewReader(nil), false, func() (io.ReadCloser, error) { return nil, nil }); err != nil {
		t.Fatal(err)
	}
	var l log
	for at, blocks := range []int{3, 3, 4} {
		var lines []string
		for block := range blocks {
			for i := range 3 {
				line := fmt.Sprintf("%s %d-%d-%d\n", node, at, block, i)
				c.Add([]byte(line))
				lines = append(lines, line)
			}
			point, err := c.Next(Due)
			if err != nil {
				t.Fatal(err)
			}
			lines = append(lines, string(point))
			if err := c.Written(); err != nil {
				t.Fatal(err)
			}
		}
		l = append(l, lines)
	}
	latest := c.Latest()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	return l, Expected{Keys: public(key), Node: node, File: file, Sequence: latest.Sequence, Hash: latest.Hash()}
}

func (l log) verify(t *testing.T, expected Expected) Report {
	t.Helper()
	v := NewVerifier(expected)
	for i, lines := range l {
		if err := v.File(fmt.Sprintf("f%d", i), strings.NewReader(strings.Join(lines, ""))); err != nil {
			t.Fatal(err)
		}
	}
	return v.End()
}

func TestWhatSomebodyDoesToALogIsFound(t *testing.T) {
	otherNode, _ := newLog(t, "n2", "audit.log", "n2")
	otherFile, _ := newLog(t, "n1", "other.log", "n1")
	forged, _ := newLog(t, "n1", "audit.log", "thief")
	for name, test := range map[string]struct {
		change func(l log) log
		want   []string
	}{
		"nothing": {func(l log) log { return l }, []string{}},
		"a line changed": {
			func(l log) log { l[1][5] = "x" + l[1][5]; return l },
			[]string{"lines 5–8 of f1: they were changed: as many as were signed, with other content or in another order"},
		},
		"a line removed": {
			func(l log) log { l[1] = slices.Delete(l[1], 5, 6); return l },
			[]string{"lines 5–7 of f1: they were changed: 1 of 3 are missing"},
		},
		"two lines swapped": {
			func(l log) log { l[2][4], l[2][5] = l[2][5], l[2][4]; return l },
			[]string{"lines 5–8 of f2: they were changed: as many as were signed, with other content or in another order"},
		},
		"a line added": {
			func(l log) log { l[0] = slices.Insert(l[0], 9, "mine\n"); return l },
			[]string{"lines 9–13 of f0: they were changed: 4 are there, 3 were signed"},
		},
		"a line cut in the middle": {
			func(l log) log { l[1][5] = "n1\n"; return l },
			[]string{"lines 5–8 of f1: they were changed: as many as were signed, with other content or in another order"},
		},
		"all lines of a checkpoint removed": {
			func(l log) log { l[1] = slices.Delete(l[1], 4, 7); return l },
			[]string{"line 5 of f1: they were changed: 3 of 3 are missing"},
		},
		"a checkpoint removed": {
			func(l log) log { l[1] = slices.Delete(l[1], 7, 8); return l },
			[]string{"lines 5–11 of f1: checkpoint 5 is missing before them: lines or files were removed"},
		},
		"a checkpoint changed": {
			func(l log) log { l[1][7] = strings.Replace(l[1][7], "lines=3", "lines=4", 1); return l },
			[]string{"lines 5–12 of f1: checkpoint 5 is missing before them: lines or files were removed"},
		},
		"lines with their checkpoint removed": {
			func(l log) log { l[1] = slices.Delete(l[1], 4, 8); return l },
			[]string{"lines 5–8 of f1: checkpoint 5 is missing before them: lines or files were removed"},
		},
		"two checkpoints swapped with their lines": {func(l log) log {
			l[1] = slices.Concat(l[1][:4], l[1][8:12], l[1][4:8])
			return l
		}, []string{
			"lines 5–8 of f1: checkpoint 5 is missing before them: lines or files were removed",
			"lines 9–12 of f1: checkpoint 5 comes after 6: they are in the wrong place, or there twice",
			"lines 1–4 of f2: checkpoint 6 is missing before them: lines or files were removed",
		}},
		"a file removed": {
			func(l log) log { return slices.Delete(l, 1, 2) },
			[]string{"lines 1–4 of f1: checkpoints 4 to 6 are missing before them: lines or files were removed"},
		},
		"a file there twice": {func(l log) log { return slices.Insert(l, 1, l[0]) }, []string{
			"line 4 of f1: a new chain begins: its key or its state was gone. Whether lines are missing behind checkpoint 3 cannot be told",
		}},
		"the end cut off": {
			func(l log) log { l[2] = l[2][:8]; return l },
			[]string{"line 8 of f2: the end was cut off: the node had published checkpoint 10, the last one here is 8"},
		},
		"the end cut off in the middle of a line": {
			func(l log) log { l[2] = append(l[2][:12], l[2][12][:3]); return l },
			[]string{"line 13 of f2: the end was cut off: the node had published checkpoint 10, the last one here is 9"},
		},
		"the last file removed": {
			func(l log) log { return l[:2] },
			[]string{"line 12 of f1: the end was cut off: the node had published checkpoint 10, the last one here is 6"},
		},
		"everything removed": {
			func(log) log { return nil },
			[]string{"the log: it has no checkpoint that counts, so that nothing can be said about its lines"},
		},
		"a file of another node in its place": {func(l log) log { l[1] = otherNode[1]; return l }, []string{
			"line 1 of f1 to line 4 of f2: checkpoints 4 to 6 are missing before them: lines or files were removed",
			"line 4 of f1: a checkpoint is signed with another key, as 2 others are",
		}},
		"a file of another sink in its place": {func(l log) log { l[1] = otherFile[1]; return l }, []string{
			"lines 1–4 of f1: they belong to another log, other.log of node n1",
			"lines 5–8 of f1: they belong to another log, other.log of node n1",
			"lines 9–12 of f1: they belong to another log, other.log of node n1",
			"lines 1–4 of f2: checkpoints 4 to 6 are missing before them: lines or files were removed",
		}},
		"everything signed with another key": {func(log) log { return forged }, []string{
			"line 4 of f0: a checkpoint is signed with another key, as 9 others are",
			"the log: it has no checkpoint that counts, so that nothing can be said about its lines",
		}},
		"everything is of another node": {func(log) log { return otherNode }, []string{
			"line 4 of f0: a checkpoint is signed with another key, as 9 others are",
			"the log: it has no checkpoint that counts, so that nothing can be said about its lines",
		}},
		"everything is of another sink": {func(log) log { return otherFile }, []string{
			"lines 1–4 of f0: they belong to other.log of node n1",
			"line 16 of f2: checkpoint 10 is not the one that the node had published: the log was written anew",
		}},
		"the oldest file was rotated away": {func(l log) log { return l[1:] }, []string{}},
		"a checkpoint there twice": {func(l log) log { l[1] = slices.Insert(l[1], 8, l[1][7]); return l }, []string{
			"line 9 of f1: checkpoint 5 comes after 5: they are in the wrong place, or there twice",
			"line 9 of f1: they were changed: 3 of 3 are missing",
		}},
		"somebody had one recorded as a text": {func(l log) log { l[2] = append(l[2], strconv.Quote(l[1][7])+"\n"); return l }, []string{}},
		"a file emptied": {func(l log) log { l[1] = nil; return l }, []string{
			"lines 1–4 of f2: checkpoints 4 to 6 are missing before them: lines or files were removed",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			l, expected := newLog(t, "n1", "audit.log", "n1")
			report := test.change(l).verify(t, expected)
			got := []string{}
			for _, f := range report.Findings {
				got = append(got, f.String())
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestWhatIsUncoveredIsCounted(t *testing.T) {
	l, expected := newLog(t, "n1", "audit.log", "n1")
	l[2] = append(l[2], "one\n", "two without an end")
	if report := l.verify(t, expected); report.Uncovered != 2 || len(report.Findings) > 0 || report.Lines != 32 {
		t.Errorf("the report is %+v", report)
	}
}

func TestAThiefOfTheLogAloneCannotSignItAnew(t *testing.T) {
	forged, _ := newLog(t, "n1", "audit.log", "thief")
	if report := forged.verify(t, Expected{}); len(report.Findings) > 0 || report.KeyChecked {
		t.Errorf("without a key the report is %+v", report)
	}
	if report := forged.verify(t, Expected{Keys: public("n1")}); len(report.Findings) != 2 {
		t.Errorf("with the node's key the report is %+v", report)
	}
}

func TestAThiefOfTheKeyIsFoundByThePublishedCheckpoint(t *testing.T) {
	_, expected := newLog(t, "n1", "audit.log", "n1")
	expected.Hash[0]++ // what was published was another log
	l, _ := newLog(t, "n1", "audit.log", "n1")
	if report := l.verify(t, expected); len(report.Findings) != 1 || !strings.Contains(report.Findings[0].Message, "written anew") {
		t.Errorf("the report is %+v", report)
	}
}

// The fuzzing engine takes a process for hung that has one input for ten seconds, also where the machine stood still for so long: it reports
// "hung or terminated unexpectedly" then, with an input that passes by itself. What is read here depends on nothing but the input, and takes
// time in proportion to it.
func FuzzVerifier(f *testing.F) {
	point := Checkpoint{Node: "n 1%", File: "audit.log", Sequence: 7, Reason: Due, Lines: 3, Bytes: 99}
	point.sign(testKey("n1"))
	f.Add([]byte("a\n"), []byte("type="+Type+" msg=audit(1.000:0): "+point.Text()+"\nb"))
	f.Add([]byte(begins+" chainNode=a chainFile="), []byte{})
	f.Fuzz(func(t *testing.T, first, second []byte) {
		v := NewVerifier(Expected{})
		for _, text := range [][]byte{first, second} {
			if err := v.File("f", bytes.NewReader(text)); err != nil {
				t.Fatal(err)
			}
			if found, ok := Parse(text); ok && !bytes.Contains(text, []byte(found.Text())) {
				t.Errorf("%q was read as %q", text, found.Text())
			}
		}
		report := v.End()
		lines := int64(bytes.Count(first, []byte{'\n'}) + bytes.Count(second, []byte{'\n'}))
		if len(first) > 0 && first[len(first)-1] != '\n' {
			lines++
		}
		if len(second) > 0 && second[len(second)-1] != '\n' {
			lines++
		}
		if report.Lines+report.Checkpoints != lines || report.Uncovered > lines {
			t.Errorf("%d lines and %d checkpoints of %d lines, %d uncovered", report.Lines, report.Checkpoints, lines, report.Uncovered)
		}
		if report.Checkpoints == 0 && len(report.Findings) == 0 {
			t.Error("a log without a checkpoint is taken for one that was signed")
		}
	})
}

func TestKeyIsMadeOnceAndOnlyForRoot(t *testing.T) {
	dir := t.TempDir()
	first, err := Key(dir)
	if err != nil {
		t.Fatal(err)
	}
	again, err := Key(dir)
	if err != nil || !first.Equal(again) {
		t.Errorf("the second time it is another key, or %v", err)
	}
	info, err := os.Stat(filepath.Join(dir, Dir, keyFile))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the mode is %v, or %v", info.Mode(), err)
	}
	if err := os.WriteFile(filepath.Join(dir, Dir, keyFile), []byte("torn"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Key(dir); err == nil {
		t.Error("a broken key is taken")
	}
}
