package main

import (
	"errors"
	"testing"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

func wire(t *testing.T, text string) rule.Wire {
	t.Helper()
	w, err := nodeaudit(host{})(text)
	if err != nil {
		t.Fatal(err)
	}
	return w.Canonical()
}

func TestCompareCountsWhatACompilerMakesOfEachLine(t *testing.T) {
	file, directory, other := wire(t, "-w /a -p w -k x"), wire(t, "-a always,exit -S all -F dir=/a -F perm=w -F key=x"), wire(t, "-w /b")
	s := set{lines: []line{{"same", file}, {"a directory there", directory}, {"another", other}, {"refused", file}, {"more", ""}, {"both refuse", ""}, {"panics", ""}}}
	got := s.compare(compiler{"fake", func(text string) (rule.Wire, error) {
		switch text {
		case "refused", "both refuse":
			return "", errors.New("no")
		case "panics":
			return "", errPanic
		}
		return file, nil
	}})
	if want := (outcome{identical: 2, different: 1, refused: 1, more: 1, panics: 1}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestAPanicOfGoLibauditIsAnOutcome(t *testing.T) {
	if _, err := libaudit()("-a always,exit -F arch=b64 -S 2048 -k x"); !errors.Is(err, errPanic) {
		t.Errorf("a system call behind the mask: %v", err)
	}
}
