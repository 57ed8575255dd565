// Package stage puts rules where the next boot loads them, before the first service: what is locked can change in no other way.
//
// Rules and settings come in. Where the host's auditd loads /etc/audit/rules.d they become a file there, elsewhere a systemd unit that starts
// a small program of this project, cmd/earlyrules. Out goes where they are, or why not, and what in the host's own files will be in the way.
// The files of others are read and never changed. The package does not speak with the kernel and knows nothing of Kubernetes.
package stage

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// Host is the node that is changed: onhost.Host.
type Host interface {
	// Allowed says whether changes are allowed at all.
	Allowed() bool
	// Write puts a file in place, whole or not at all.
	Write(path string, content []byte, mode fs.FileMode) error
	// Link makes a symbolic link in place of what is there.
	Link(target, path string) error
	// Remove removes a file, a link or an empty directory, if there is one.
	Remove(path string) error
}

// Set is what the next boot should load.
type Set struct {
	// Rules are in canonical form, in the order in which the kernel should have them.
	Rules []Rule
	// BacklogLimit, Failure and RateLimit are settings; nil is not asked for.
	BacklogLimit, Failure, RateLimit *uint32
	// Lock says that the audit system is to be locked behind them.
	Lock bool
	// Alone says that rules of others should not be there.
	Alone bool
}

// Rule is a rule of a Set.
type Rule struct {
	// Wire is what the kernel should hold.
	Wire rule.Wire
	// Written are the rules, as they were written, whose work it does. They are staged where Wire cannot be said in words exactly.
	Written []rule.Wire
}

// Answer says what the next boot will load.
type Answer struct {
	// Staged says that it will load the whole set.
	Staged bool
	// In is the file that has it.
	In string
	// Message says why not, and what else will be in the way.
	Message string
}

// Options are what a Stager works with.
type Options struct {
	// Root is where the host's root directory is for this process.
	Root string
	// Host makes the changes.
	Host Host
	// Rules looks paths, users and groups up.
	Rules rule.Host
	// StateDir is the agent's state directory, which the host has under the same name.
	StateDir string
	// Loader is the program cmd/earlyrules as this process sees it.
	Loader string
	// BootID is the kernel's boot id.
	BootID string
}

// Stager stages on one node. It is for one goroutine.
type Stager struct {
	Options
	store store
}

// New returns a Stager.
func New(options Options) *Stager {
	return &Stager{Options: options, store: newStore(options.StateDir)}
}

// Ensure stages the set; nil takes back whatever was staged. Doing it again changes nothing.
func (s *Stager) Ensure(set *Set, found map[string]uint32) Answer {
	old, err := s.store.load()
	if err != nil {
		return Answer{Message: err.Error()}
	}
	if set == nil {
		return s.retract(old)
	}
	place, reason := s.place()
	if place == "" {
		return Answer{Message: "nothing is staged for the next boot: " + reason}
	}
	words, message := s.words(place, *set)
	answer := Answer{In: s.file(place), Message: strings.Join(message, "; ")}
	if !s.Host.Allowed() && !s.there(place, words) {
		answer.In = ""
		answer.Message = joined("nothing is staged for the next boot: "+notAllowed, answer.Message)
		return answer
	}
	if err := s.put(place, words, *set, old, found); err != nil {
		return Answer{Message: joined("nothing is staged for the next boot: "+err.Error(), answer.Message)}
	}
	answer.Staged = true
	return answer
}

const notAllowed = "set the chart's value agent.remediation.enabled=true (--remediation) to let the agent write the file"

// Left says whether something is staged.
func (s *Stager) Left() bool {
	old, err := s.store.load()
	return err != nil || old != nil
}

// retract removes what was staged.
func (s *Stager) retract(old *record) Answer {
	if old == nil {
		return Answer{}
	}
	if !s.Host.Allowed() {
		return Answer{Staged: true, In: s.file(old.Place), Message: "this is not asked for any more and still there: " + notAllowed}
	}
	if err := s.clear(old.Place); err != nil {
		return Answer{Staged: true, In: s.file(old.Place), Message: "taking back what was staged: " + err.Error()}
	}
	if err := s.store.remove(); err != nil {
		return Answer{Staged: true, In: s.file(old.Place), Message: err.Error()}
	}
	return Answer{}
}

// put writes the record, then what the boot reads. A place that is not the right one any more is cleared last.
func (s *Stager) put(place Place, words string, set Set, old *record, found map[string]uint32) error {
	next := newRecord(s.BootID, place, words, set, found)
	if old != nil && old.equal(next) && s.there(place, words) {
		return nil
	}
	if err := s.store.save(next); err != nil {
		return err
	}
	var err error
	switch place {
	case RulesD:
		err = s.putRules(words)
	default:
		err = s.putUnit(words)
	}
	if err != nil {
		return err
	}
	if old != nil && old.Place != place {
		return s.clear(old.Place)
	}
	return nil
}

func (s *Stager) clear(place Place) error {
	if place == RulesD {
		return s.clearRules()
	}
	return s.clearUnit()
}

func joined(text, more string) string {
	if more == "" {
		return text
	}
	return text + "; " + more
}

var errForeign = errors.New("somebody else has written it, or changed it")

func foreign(path string) error {
	return fmt.Errorf("%s: %w: look at it and remove it", path, errForeign)
}

// Words is the text of a set where a unit of ours loads it.
func Words(set Set, host rule.Host) string {
	text, _ := (&Stager{Options: Options{Rules: host}}).words(Unit, set)
	return text
}

// Record notes that the words of a set were staged, for the agent of the next boot. found are the settings as they were.
func Record(stateDir, bootID, words string, set Set, found map[string]uint32) error {
	return newStore(stateDir).save(newRecord(bootID, Unit, words, set, found))
}
