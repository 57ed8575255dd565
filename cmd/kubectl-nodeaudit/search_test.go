package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/file"
)

const (
	cat   = `{"time":"2023-11-14T22:13:20.123Z","serial":1,"node":"n1","type":"SYSCALL","keys":["k-web"],"result":"success","who":{"confidence":"exact","namespace":"shop","pod":"web-0","container":"c"},"syscall":"openat","exit":3,"pid":7,"ppid":6,"comm":"cat","exe":"/bin/cat","uid":1000,"euid":0,"paths":[{"name":"/etc/shadow"}],"records":[{"type":"SYSCALL","data":"audit(1700000000.123:1): syscall=257 "},{"type":"PATH"}]}` + "\n"
	login = `{"time":"2023-11-14T22:14:20.500Z","serial":2,"node":"n2","type":"USER_LOGIN","result":"failure","who":{"confidence":"none"},"pid":8,"auid":1000,"ses":4,"records":[{"type":"USER_LOGIN"}]}` + "\n"
	shell = `{"time":"2023-11-15T22:14:20.500Z","serial":3,"node":"n2","type":"SYSCALL","result":"failure","who":{"confidence":"exact","namespace":"shop","pod":"db-0"},"syscall":"execve","errno":"EACCES","pid":9,"exe":"/bin/sh","tty":"pts0","records":[{"type":"SYSCALL"},{"type":"EXECVE"}]}` + "\n"
)

func TestSearch(t *testing.T) {
	for args, want := range map[string]string{ // the serials of what is found
		"":                                "1 2 3",
		"-m SYSCALL":                      "1 3",
		"-m PATH,user_login":              "1 2",
		"-m 1309":                         "3",
		"-m PATH -m EXECVE":               "1 3",
		"-m ALL":                          "1 2 3",
		"-k web":                          "1",
		"-k web -w":                       "",
		"-k k-web -w":                     "1",
		"-p 8":                            "2",
		"--pid=8":                         "2",
		"-pp 6":                           "1",
		"-ua 1000":                        "1 2",
		"-ua 0":                           "1",
		"-ui 1000":                        "1",
		"-ue root":                        "1",
		"-ul 1000":                        "2",
		"-ul -1":                          "1 3",
		"-x /bin":                         "1 3",
		"-c cat":                          "1",
		"-f shadow":                       "1",
		"-sc openat":                      "1",
		"-sc 257":                         "1",
		"-m NODEAUDIT_LOST":               "",
		"-sv no":                          "2 3",
		"-sv yes":                         "1",
		"-e EACCES":                       "3",
		"-e 3":                            "1",
		"--session 4":                     "2",
		"-a 3":                            "3",
		"-tm pts":                         "3",
		"--namespace shop":                "1 3",
		"--pod web-*":                     "1",
		"--pod web":                       "",
		"--container c":                   "1",
		"-n n2":                           "2 3",
		"--namespace shop -sv no":         "3",
		"-ts 2023-11-14T22:14:20Z":        "2 3",
		"-te 2023-11-14T22:14:20Z":        "1 2",
		"-ts 11/17/2023 00:00:00":         "",
		"-ts 2023-11-12 22:14 -te recent": "1 2 3",
		"-ts today":                       "",
		"--just-one":                      "1",
	} {
		files := map[string]string{"logs/audit.log.2": cat, "logs/audit.log.1": login, "logs/audit.log": shell, "logs/x.txt": "no log", "logs/audit.log.1.idx": "broken"}
		for range 2 { // the second time with the indexes that the first made
			got := run(t, files, "", append(append([]string{"search"}, strings.Fields(args)...), "logs")...)
			if diff := cmp.Diff(strings.Fields(want), values(got.out, "serial")); strings.Join(values(got.out, "serial"), " ") != want {
				t.Errorf("%s (-want +got):\n%s%s%s", args, diff, got.words, got.err)
			}
			if nothing := got.err == errNothing.Error(); nothing != (want == "") || got.words != "" {
				t.Errorf("%s: error %q, words %q", args, got.err, got.words)
			}
		}
	}
}

func TestMoment(t *testing.T) {
	zone := time.FixedZone("", 2*3600)
	now := time.Date(2026, 3, 18, 15, 30, 45, 0, zone) // a Wednesday
	for text, want := range map[string][2]string{      // as the start and as the end
		"now":                  {"2026-03-18T15:30:45+02:00", "2026-03-18T15:30:45+02:00"},
		"recent":               {"2026-03-18T15:20:45+02:00", "2026-03-18T15:20:45+02:00"},
		"today":                {"2026-03-18T00:00:00+02:00", "2026-03-18T15:30:45+02:00"},
		"yesterday":            {"2026-03-17T00:00:00+02:00", "2026-03-17T00:00:00+02:00"},
		"this-week":            {"2026-03-15T00:00:00+02:00", "2026-03-15T00:00:00+02:00"},
		"week-ago":             {"2026-03-11T00:00:00+02:00", "2026-03-11T00:00:00+02:00"},
		"this-month":           {"2026-03-01T00:00:00+02:00", "2026-03-01T00:00:00+02:00"},
		"this-year":            {"2026-01-01T00:00:00+02:00", "2026-01-01T00:00:00+02:00"},
		"9:05":                 {"2026-03-18T09:05:00+02:00", "2026-03-18T09:05:00+02:00"},
		"2/3/2025":             {"2025-02-03T00:00:00+02:00", "2025-02-03T15:30:45+02:00"},
		"02/03/25 10:11:12":    {"2025-02-03T10:11:12+02:00", "2025-02-03T10:11:12+02:00"},
		"2025-02-03T10:11":     {"2025-02-03T10:11:00+02:00", "2025-02-03T10:11:00+02:00"},
		"2025-02-03T10:11:12Z": {"2025-02-03T10:11:12Z", "2025-02-03T10:11:12Z"},
	} {
		for i, isEnd := range []bool{false, true} {
			if got, err := moment(text, now, isEnd); err != nil || got.Format(time.RFC3339) != want[i] {
				t.Errorf("%s, end %v: %s, %v, want %s", text, isEnd, got.Format(time.RFC3339), err, want[i])
			}
		}
	}
}

func TestSearchSaysWhatIsWrong(t *testing.T) {
	for args, want := range map[string]string{
		"-m NONSENSE":      "there is no type of this name",
		"-hn host":         "-hn is no option",
		"-p x":             "it is a number",
		"-ui nobody-knows": "it is a number",
		"-sv maybe":        "yes or no",
		"-ts tomorrow":     "is no time",
		"-ts checkpoint":   "checkpoint",
		"-a x":             "number of an event",
		"--pod [":          "syntax error",
		"-o xml":           "-o xml: it is json",
		"nowhere.log":      "1 of the logs",
	} {
		if got := run(t, nil, "", append([]string{"search"}, strings.Fields(args)...)...); !strings.Contains(got.err, want) {
			t.Errorf("%s: %q, want %q", args, got.err, want)
		}
	}
}

func TestSearchReadsLogsOfAuditdAndPipes(t *testing.T) {
	if got := run(t, nil, firstLines+lastLines+login, "search", "-ua", "1000", "-o", "raw", "-"); !strings.Contains(got.out, "type=CWD") || got.err != "" {
		t.Errorf("%+v", got)
	}
	if got := run(t, nil, firstLines+lastLines+login, "search", "-ua", "1000", "--count", "-"); got.out != "2\n" || got.err != "" {
		t.Errorf("%+v", got)
	}
	if got := run(t, nil, "", "search", "-h"); !strings.Contains(got.out, "-ua 1000") || got.err != "" {
		t.Errorf("%+v", got)
	}
}

var eventID = regexp.MustCompile(`audit\([0-9.:]+\)`)

// events are the events of lines, in their order.
func eventIDs(lines []byte) []string {
	var all []string
	for _, id := range eventID.FindAllString(string(lines), -1) {
		if len(all) == 0 || all[len(all)-1] != id {
			all = append(all, id)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

func TestSearchFindsWhatAusearchFinds(t *testing.T) {
	if _, err := exec.LookPath("ausearch"); err != nil {
		t.Skip("needs the programs of hack/peers.sh: ausearch")
	}
	log, err := filepath.Abs("../../nodeagent/decode/testdata/linux-6.18-x86_64.log")
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for args := range strings.SplitSeq("-m ALL|-m SYSCALL|-m PATH,EXECVE|-m 1309|-m USER_LOGIN|-ua 0|-ua 1000|-ui 0|-ue 0|-ul 0|-ul -1|-sv no|-sv yes|-sc execve|"+
		"-sc 59|-sc openat|-f /etc|-f etc -w|-x bin|-c sh|-c sh -w|-k a|-k exec|-k example-net -w|-gi 0|-ga 0|-ge 0|--session 1|-e -2|-pp 1|-p 4303|-tm pts|-ui root|"+
		"-a 80138|-x bin -sv yes -k example", "|") {
		theirs, err := exec.Command("ausearch", append(strings.Fields(args), "-r", "-if", log)...).Output()
		if exit, ok := errors.AsType[*exec.ExitError](err); err != nil && (!ok || exit.ExitCode() != 1) {
			t.Fatal(err)
		}
		ours := run(t, nil, "", append(append([]string{"search", "-r"}, strings.Fields(args)...), log)...)
		if diff := cmp.Diff(eventIDs(theirs), eventIDs([]byte(ours.out))); diff != "" {
			t.Errorf("%s (-ausearch +ours):\n%s%s", args, diff, ours.err)
		}
		found += len(eventIDs(theirs))
	}
	if found == 0 {
		t.Error("ausearch never found anything")
	}
}

// writeLogs writes events with the agent's sink.
func writeLogs(t *testing.T, dir string, n int, compress bool) {
	t.Helper()
	r := rand.New(rand.NewPCG(3, 4))
	w, err := file.New(file.Options{Path: filepath.Join(dir, "audit.log"), MaxSize: 1 << 20, MaxFiles: 20, Compress: compress})
	if err != nil {
		t.Fatal(err)
	}
	for serial := range uint32(n) {
		e := &event.Event{
			Time: time.UnixMilli(1_700_000_000_000 + int64(serial)).UTC(), Serial: serial, Type: "SYSCALL",
			Process: event.Process{PID: event.NewID(serial / 7), Exe: fmt.Sprintf("/bin/p%d", serial/500)},
			User:    event.User{UID: event.NewID(r.Uint32N(4))},
			Who:     event.Who{Confidence: event.ConfidenceExact, Namespace: "shop", Pod: fmt.Sprintf("p-%d", serial/900)},
			Records: []event.Record{{TypeName: "SYSCALL", Data: strings.Repeat("x", 600)}},
		}
		if serial%1000 == 0 {
			e.Keys = []string{fmt.Sprintf("k%d", serial/1000)}
		}
		if err := w.Write(context.Background(), []*event.Event{e}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

func TestSearchFindsTheSameWithAndWithoutIndexes(t *testing.T) {
	for _, compress := range []bool{true, false} {
		dir := t.TempDir()
		const n = 6000
		writeLogs(t, dir, n, compress)
		r := rand.New(rand.NewPCG(5, 6))
		for range 25 {
			serial := r.IntN(n)
			args := [][]string{
				{"-p", fmt.Sprint(serial / 7)},
				{"-k", fmt.Sprintf("k%d", serial/1000)},
				{"-x", fmt.Sprintf("/p%d", serial/500), "-ui", fmt.Sprint(r.IntN(5))},
				{"--pod", fmt.Sprintf("p-%d", serial/900), "-p", fmt.Sprint(serial / 7)},
				{"-a", fmt.Sprint(serial)},
				{"-ts", time.UnixMilli(1_700_000_000_000 + int64(serial)).Format(time.RFC3339), "-ui", "2"},
			}[r.IntN(6)]
			with := run(t, nil, "", append([]string{"search", dir}, args...)...)
			without := run(t, nil, "", append([]string{"search", "--no-index", dir}, args...)...)
			if with != without || with.words != "" {
				t.Errorf("%v: with indexes %d bytes, without %d: %s %s", args, len(with.out), len(without.out), with.err, with.words)
			}
		}
		indexes, err := filepath.Glob(filepath.Join(dir, "*.idx"))
		if err != nil || len(indexes) < 3 {
			t.Errorf("there are %d indexes, %v", len(indexes), err)
		}
		damage(t, dir, indexes[0])
	}
}

func TestSearchSaysWhereItHasReadMuchWithoutAnIndex(t *testing.T) {
	large := strings.Repeat(cat, worthSaying/len(cat)+1)
	for _, test := range []struct {
		name, rotated, want string
	}{
		{"a large file", large, "rotated files without an index, read whole: 1, 16 MiB; the next search will not read them whole\n"},
		{"a small one", cat, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "audit.log.1"), []byte(test.rotated), 0o600); err != nil {
				t.Fatal(err)
			}
			for _, want := range []string{test.want, ""} {
				if got := run(t, nil, "", "search", "--count", "-p", "1", dir); got.words != want {
					t.Errorf("it says %q, want %q", got.words, want)
				}
			}
		})
	}
}

// damage breaks and outdates an index: what is found stays the same.
func damage(t *testing.T, dir, path string) {
	t.Helper()
	before := run(t, nil, "", "search", dir, "-ui", "2")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	text[len(text)/2] ^= 1
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
	log := strings.TrimSuffix(path, ".idx")
	if after := run(t, nil, "", "search", dir, "-ui", "2"); before != after {
		t.Errorf("another answer with a broken index of %s", log)
	}
	plain := filepath.Join(dir, "audit.log.19")
	if err := os.WriteFile(plain, []byte(cat), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := run(t, nil, "", "search", dir, "-p", "8"); strings.Contains(got.out, "n2") {
		t.Error(got.out)
	}
	if err := os.WriteFile(plain, []byte(cat+login), 0o600); err != nil {
		t.Fatal(err)
	}
	if got := run(t, nil, "", "search", dir, "-p", "8", "-n", "n2"); !bytes.Contains([]byte(got.out), []byte(`"n2"`)) {
		t.Errorf("an index that is too old hides an event: %+v", got.err)
	}
}
