package reboot

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"
)

// Names in /run, those of Debian's update-notifier. kured looks for the first.
const (
	required = "reboot-required"
	packages = "reboot-required.pkgs"
)

// announcement is the content of the first file where nodeaudit has made it. Whoever else asks for a reboot writes another one over it.
const announcement = "*** System restart required (nodeaudit) ***\n"

// mark begins our line in the second file, which otherwise has names of packages.
const mark = "nodeaudit: "

// Sentinel is /run/reboot-required below a folder that is a host's /run. Only what nodeaudit has written is ever taken away.
type Sentinel struct {
	// Dir is the folder. Empty where there is none to write to.
	Dir string
}

// ErrNoDir says that the agent has not been given the host's /run.
var ErrNoDir = errors.New("the agent may not write to the host's /run: install the chart with agent.rebootSentinel=true, or give the agent --run-dir")

// Set asks for a reboot. The reason is one word or sentence without a line feed.
func (s Sentinel) Set(reason string) error {
	if s.Dir == "" {
		return ErrNoDir
	}
	return s.in(func(dir *os.Root) error {
		if err := ours(dir, mark+reason); err != nil {
			return err
		}
		file, err := dir.OpenFile(required, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
		if errors.Is(err, fs.ErrExist) {
			return nil
		}
		if err != nil {
			return err
		}
		_, err = file.WriteString(announcement)
		return errors.Join(err, file.Close())
	})
}

// Clear takes back what Set has written. The first file stays where others ask for a reboot too.
func (s Sentinel) Clear() error {
	if s.Dir == "" {
		return nil
	}
	return s.in(func(dir *os.Root) error {
		if err := ours(dir, ""); err != nil {
			return err
		}
		if others, err := othersAsk(dir); err != nil || others {
			return err
		}
		return gone(dir.Remove(required))
	})
}

// Others says whether somebody else asks for a reboot. Where it cannot be read nobody does.
func (s Sentinel) Others() bool {
	others := false
	_ = s.in(func(dir *os.Root) (err error) {
		others, err = othersAsk(dir)
		return err
	})
	return others
}

func (s Sentinel) in(do func(*os.Root) error) error {
	dir, err := os.OpenRoot(s.Dir)
	if err == nil {
		err = errors.Join(do(dir), dir.Close())
	}
	if err != nil {
		return fmt.Errorf("telling the host that it needs a reboot, or no longer: %w", err)
	}
	return nil
}

// othersAsk: the file is there, and either it is not as we have made it, or there are lines of others.
func othersAsk(dir *os.Root) (bool, error) {
	text, err := dir.ReadFile(required)
	if err != nil {
		return false, gone(err)
	}
	all, err := lines(dir)
	return string(text) != announcement || slices.ContainsFunc(all, theirs), err
}

func theirs(line string) bool { return strings.TrimSpace(line) != "" && !strings.HasPrefix(line, mark) }

func lines(dir *os.Root) ([]string, error) {
	text, err := dir.ReadFile(packages)
	return slices.Collect(strings.Lines(string(text))), gone(err)
}

// ours makes line the only one of ours in the second file, or takes ours out where it is empty. A line is added without touching the others, which
// a package may be adding just now.
func ours(dir *os.Root, line string) error {
	all, err := lines(dir)
	if err != nil {
		return err
	}
	kept := slices.DeleteFunc(slices.Clone(all), func(l string) bool { return strings.HasPrefix(l, mark) && strings.TrimSpace(l) != line })
	if len(kept) < len(all) {
		if err := rewrite(dir, kept); err != nil {
			return err
		}
	}
	if line == "" || slices.ContainsFunc(kept, func(l string) bool { return strings.TrimSpace(l) == line }) {
		return nil
	}
	file, err := dir.OpenFile(packages, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	if len(kept) > 0 && !strings.HasSuffix(kept[len(kept)-1], "\n") {
		line = "\n" + line
	}
	_, err = file.WriteString(line + "\n")
	return errors.Join(err, file.Close())
}

// rewrite replaces the second file in one step, or removes it where nothing is left.
func rewrite(dir *os.Root, all []string) error {
	if len(all) == 0 {
		return gone(dir.Remove(packages))
	}
	const next = packages + ".nodeaudit"
	if err := dir.WriteFile(next, bytes.Join(each(all), nil), 0o644); err != nil {
		return err
	}
	return dir.Rename(next, packages)
}

func each(all []string) [][]byte {
	var b [][]byte
	for _, line := range all {
		b = append(b, []byte(line))
	}
	return b
}

// gone is an error, unless it says that the file is not there.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
