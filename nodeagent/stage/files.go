package stage

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/renameio/v2"
)

// Names in the state directory.
const (
	stagedName = "staged.rules"
	loaderName = "earlyrules"
)

// unitText starts the loader when the disks are there, behind the host's own rules and before all ordinary services.
func (s *Stager) unitText() string {
	return head + `[Unit]
Description=Load the audit rules that nodeaudit has staged
Documentation=https://github.com/nodeaudit/nodeaudit/blob/main/docs/lock.md
DefaultDependencies=no
ConditionKernelCommandLine=!audit=0
ConditionKernelCommandLine=!audit=off
ConditionPathExists=` + s.file(Unit) + `
RequiresMountsFor=` + s.StateDir + `
After=local-fs.target systemd-journald.service auditd.service audit-rules.service
Before=sysinit.target shutdown.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=` + filepath.Join(s.StateDir, loaderName) + " " + s.file(Unit) + `

[Install]
WantedBy=sysinit.target
`
}

// there says whether the files say what they should.
func (s *Stager) there(place Place, words string) bool {
	if place == RulesD {
		text, err := s.read(rulesFile)
		return err == nil && text == words
	}
	unit, err := s.read(unitFile)
	if err != nil || unit != s.unitText() || !s.has(unitLink) {
		return false
	}
	staged, err := os.ReadFile(s.file(Unit))
	if err != nil || string(staged) != words {
		return false
	}
	return s.loaderThere()
}

// loaderThere compares the copy of the loader with the program of this agent.
func (s *Stager) loaderThere() bool {
	program, err := os.ReadFile(s.Loader)
	if err != nil {
		return false
	}
	copied, err := os.ReadFile(filepath.Join(s.StateDir, loaderName))
	return err == nil && string(copied) == string(program)
}

func (s *Stager) putRules(words string) error {
	if err := s.ours(rulesFile); err != nil {
		return err
	}
	if s.there(RulesD, words) {
		return nil
	}
	if err := s.Host.Write(rulesFile, []byte(words), 0o640); err != nil {
		return fmt.Errorf("writing %s: %w", rulesFile, err)
	}
	return nil
}

// ours says whether a file is one that a Stager has written, or none.
func (s *Stager) ours(path string) error {
	text, err := s.read(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("reading %s: %w", path, err)
	case !strings.HasPrefix(text, head):
		return foreign(path)
	default:
		return nil
	}
}

func (s *Stager) clearRules() error {
	if err := s.ours(rulesFile); err != nil {
		return err
	}
	return s.Host.Remove(rulesFile)
}

// putUnit writes what the unit needs before the unit, and the link that makes systemd start it last.
func (s *Stager) putUnit(words string) error {
	if err := s.ours(unitFile); err != nil {
		return err
	}
	if s.there(Unit, words) {
		return nil
	}
	if strings.ContainsAny(s.StateDir, " %\"'\\$") {
		return fmt.Errorf("the state directory %q has signs in its name that mean something to systemd: choose another one", s.StateDir)
	}
	if err := s.putLoader(); err != nil {
		return err
	}
	if err := renameio.WriteFile(s.file(Unit), []byte(words), 0o600); err != nil {
		return fmt.Errorf("writing the rules: %w", err)
	}
	if err := s.Host.Write(unitFile, []byte(s.unitText()), 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", unitFile, err)
	}
	if err := s.Host.Link("../"+unitName, unitLink); err != nil {
		return fmt.Errorf("enabling %s: %w", unitName, err)
	}
	return nil
}

// putLoader copies the program to where the host finds it.
func (s *Stager) putLoader() error {
	program, err := os.ReadFile(s.Loader)
	if err != nil {
		return fmt.Errorf("the loader for the next boot is missing (the images have it; elsewhere name it with --early-loader): %w", err)
	}
	copied := filepath.Join(s.StateDir, loaderName)
	if err := renameio.WriteFile(copied, program, 0o755); err != nil {
		return fmt.Errorf("copying the loader: %w", err)
	}
	here, err := os.Stat(copied)
	if err != nil {
		return err
	}
	there, err := os.Stat(filepath.Join(s.Root, copied))
	if err != nil || !os.SameFile(here, there) {
		return fmt.Errorf("the state directory %s is not the one of that name on the host: mount it under its own name", s.StateDir)
	}
	return nil
}

func (s *Stager) clearUnit() error {
	if err := s.ours(unitFile); err != nil {
		return err
	}
	err := errors.Join(s.Host.Remove(unitLink), s.Host.Remove(unitFile))
	for _, name := range []string{stagedName, loaderName} {
		if gone := os.Remove(filepath.Join(s.StateDir, name)); !errors.Is(gone, fs.ErrNotExist) {
			err = errors.Join(err, gone)
		}
	}
	return err
}
