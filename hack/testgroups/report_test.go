package main

import (
	"slices"
	"strings"
	"testing"
)

func TestReport(t *testing.T) {
	absent := need{"a unicorn", func() string { return "none was seen" }}
	present := need{"air", func() string { return "" }}
	defer func(before []need) { needs = before }(needs)
	needs = []need{absent, present}

	for _, row := range []struct {
		name    string
		results []result
		fails   bool
		says    string
	}{
		{"all passed", []result{{passed: 3}}, false, "3 passed, 0 failed, 0 skipped"},
		{"a failed test fails", []result{{passed: 1, failed: []string{"p TestX"}}}, true, "FAILED:  p TestX"},
		{"a run without a test fails", []result{{}}, true, "0 passed, 0 failed"},
		{
			"a skip for want of what the machine has not is named",
			[]result{{passed: 1, skipped: []skip{{"p TestX", "needs a unicorn to ride"}}}},
			false, "not run: p TestX: needs a unicorn",
		},
		{
			"a skip for want of what the machine has fails",
			[]result{{passed: 1, skipped: []skip{{"p TestX", "needs air"}}}},
			true, "did not run although",
		},
		{"a skip without a need fails", []result{{passed: 1, skipped: []skip{{"p TestX", "flaky"}}}}, true, "did not run although"},
		{"a group that does not start fails", []result{{passed: 1, broken: "exit status 2"}}, true, "exit status 2"},
		{
			"a group that cannot run is named and does not fail",
			[]result{{passed: 1}, {group: group{name: "kernel"}, missing: []string{"needs root: this is not root"}}},
			false, "not run: group kernel needs root",
		},
	} {
		t.Run(row.name, func(t *testing.T) {
			var out strings.Builder
			err := report(&out, row.results)
			if (err != nil) != row.fails {
				t.Errorf("error %v, want one: %v", err, row.fails)
			}
			if !strings.Contains(out.String(), row.says) {
				t.Errorf("the summary does not say %q:\n%s", row.says, out.String())
			}
		})
	}
}

func TestReadGoTestOutput(t *testing.T) {
	const output = `{"Action":"run","Package":"m/p","Test":"TestA"}
{"Action":"output","Package":"m/p","Test":"TestA","Output":"    a_test.go:7: needs root: this is not root\n"}
{"Action":"skip","Package":"m/p","Test":"TestA"}
{"Action":"pass","Package":"m/p","Test":"TestB"}
{"Action":"output","Package":"m/p","Test":"TestC","Output":"    c_test.go:9: got 1, want 2\n"}
{"Action":"fail","Package":"m/p","Test":"TestC"}
{"Action":"output","Package":"m/p","Output":"FAIL\n"}
{"Action":"fail","Package":"m/p","Elapsed":0.1}
{"Action":"skip","Package":"m/without-tests"}
`
	var r result
	var out strings.Builder
	r.read(strings.NewReader(output), &out)
	if r.passed != 1 || len(r.failed) != 1 || len(r.skipped) != 1 {
		t.Fatalf("got %+v", r)
	}
	if want := (skip{"m/p TestA", "needs root: this is not root"}); r.skipped[0] != want {
		t.Errorf("got %+v, want %+v", r.skipped[0], want)
	}
	if !strings.Contains(out.String(), "got 1, want 2") {
		t.Errorf("the output of the failed test is not shown:\n%s", out.String())
	}
}

func TestReadWhatDoesNotRun(t *testing.T) {
	const output = `{"ImportPath":"m/broken [m/broken.test]","Action":"build-output","Output":"b.go:3: undefined: x\n"}
{"ImportPath":"m/broken [m/broken.test]","Action":"build-fail"}
{"Action":"output","Package":"m/broken","Output":"FAIL\tm/broken [build failed]\n"}
{"Action":"fail","Package":"m/broken","FailedBuild":"m/broken [m/broken.test]"}
{"Action":"output","Package":"m/setup","Output":"no such cluster\n"}
{"Action":"output","Package":"m/setup","Output":"FAIL\tm/setup\t0.1s\n"}
{"Action":"fail","Package":"m/setup","Elapsed":0.1}
`
	var r result
	var out strings.Builder
	r.read(strings.NewReader(output), &out)
	if want := []string{"m/broken (does not build)", "m/setup (ended before its first test)"}; !slices.Equal(r.failed, want) {
		t.Errorf("got %q, want %q", r.failed, want)
	}
	for _, want := range []string{"undefined: x", "no such cluster"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("the output does not say %q:\n%s", want, out.String())
		}
	}
}
