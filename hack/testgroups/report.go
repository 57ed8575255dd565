package main

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// report prints the summary and returns an error when anything failed, or did not run although it could have.
func report(out io.Writer, results []result) error {
	var passed, failed, skipped int
	fmt.Fprintln(out, "\nTest groups")
	for _, r := range results {
		passed += r.passed
		failed += len(r.failed)
		skipped += len(r.skipped)
		if r.broken != "" {
			failed++
		}
		fmt.Fprintf(out, "  %-9s %-13s %5d passed %3d failed %3d skipped %8s   %s\n",
			r.group.name, r.verdict(), r.passed, len(r.failed), len(r.skipped), r.took.Round(time.Second/10), r.group.what)
	}
	failed += details(out, results)
	fmt.Fprintf(out, "\n%d passed, %d failed, %d skipped\n", passed, failed, skipped)
	if failed > 0 {
		return errors.New("tests failed")
	}
	if passed == 0 {
		return errors.New("no test ran")
	}
	return nil
}

func (r result) verdict() string {
	switch {
	case r.missing != nil:
		return "could not run"
	case r.broken != "" || len(r.failed) > 0:
		return "failed"
	default:
		return "ran"
	}
}

// details names what did not run and what failed, and returns how many tests did not run without need.
func details(out io.Writer, results []result) (unexplained int) {
	for _, r := range results {
		for _, why := range r.missing {
			fmt.Fprintf(out, "  not run: group %s %s\n", r.group.name, why)
		}
		for _, s := range r.skipped {
			if explained(s.why) {
				fmt.Fprintf(out, "  not run: %s: %s\n", s.test, s.why)
				continue
			}
			unexplained++
			fmt.Fprintf(out, "  FAILED:  %s did not run although this machine has what it needs: %s\n", s.test, s.why)
		}
		for _, test := range r.failed {
			fmt.Fprintf(out, "  FAILED:  %s\n", test)
		}
		if r.broken != "" {
			fmt.Fprintf(out, "  FAILED:  group %s: %s\n", r.group.name, r.broken)
		}
	}
	return unexplained
}

// explained says whether a test skipped for want of something that this machine indeed does not have.
func explained(why string) bool {
	for _, n := range needs {
		if strings.HasPrefix(why, "needs "+n.name) {
			return n.missing() != ""
		}
	}
	return false
}
