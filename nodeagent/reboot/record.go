package reboot

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/google/renameio/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// File is the name of the record in the state directory.
const File = "reboot.json"

// seenEvery is how old the time of the last look on disk may be, where nothing else has changed.
const seenEvery = 5 * time.Minute

// Boot is what was known about a boot when the agent last looked.
type Boot struct {
	// ID is the kernel's boot id.
	ID string `json:"id"`
	// Seen is when the agent last looked.
	Seen time.Time `json:"seen"`
	// Enabled is what the audit system was then.
	Enabled v1alpha1.AuditEnabled `json:"enabled,omitempty"`
	// Outstanding are the reasons for which a reboot was outstanding then.
	Outstanding []string `json:"outstanding,omitempty"`
	// Ended says that the agent has been asked to end since.
	Ended bool `json:"ended,omitempty"`
	// Signalled is the need for which /run/reboot-required was written: a configuration and a reason.
	Signalled string `json:"signalled,omitempty"`
}

// record is the file.
type record struct {
	Boot Boot                   `json:"boot"`
	Last *v1alpha1.RebootRecord `json:"last,omitempty"`
	// Tried is what Signalled was on the boot before.
	Tried string `json:"tried,omitempty"`
}

// Log is the record of a node's reboots, kept in a file. It is for one goroutine.
type Log struct {
	path   string
	record record
}

// Open reads the record, and finds out whether the node has been rebooted since. A record that cannot be read is begun anew.
func Open(stateDir, bootID string, bootTime time.Time, log *slog.Logger) *Log {
	l := &Log{path: filepath.Join(stateDir, File)}
	var before record
	text, err := os.ReadFile(l.path)
	if err == nil {
		err = json.Unmarshal(text, &before)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		log.Warn("reboots before now are not known", "err", err)
		before = record{}
	}
	l.record = follow(before, bootID, bootTime)
	if r := l.record.Last; r != nil && before.Boot.ID != bootID {
		log.Info("the node has been rebooted", "expected", r.Expected, "reasons", r.Reasons, "orderly", r.Orderly, "before", r.Before, "lastSeen", r.LastSeen)
	}
	return l
}

// follow makes the record of this boot from that of an earlier look. It has no effects.
func follow(before record, bootID string, bootTime time.Time) record {
	if before.Boot.ID == bootID {
		if before.Boot.Ended {
			before.Boot.Ended, before.Boot.Seen = false, time.Time{} // so that the next look is written
		}
		return before
	}
	next := record{Boot: Boot{ID: bootID}, Last: before.Last}
	if was := before.Boot; was.ID != "" {
		next.Tried = was.Signalled
		next.Last = &v1alpha1.RebootRecord{
			BootID: bootID, BootTime: seconds(bootTime), LastSeen: seconds(was.Seen), Expected: len(was.Outstanding) > 0,
			Reasons: was.Outstanding, Orderly: was.Ended, Before: was.Enabled,
		}
	}
	return next
}

// seconds is a time as reports have it.
func seconds(t time.Time) metav1.Time { return metav1.NewTime(t.UTC().Truncate(time.Second)) }

// Last is the latest reboot, nil where none was seen.
func (l *Log) Last() *v1alpha1.RebootRecord { return l.record.Last }

// Tried says that the node was rebooted for this need already, and has not been without it since.
func (l *Log) Tried(need string) bool { return need != "" && l.record.Tried == need }

// Helped says that the node needs no reboot now: should the need come again, it is a new one.
func (l *Log) Helped() { l.record.Tried = "" }

// Note takes down what is true now, should the node be rebooted next.
func (l *Log) Note(now time.Time, enabled v1alpha1.AuditEnabled, outstanding []string, signalled string) error {
	boot := Boot{ID: l.record.Boot.ID, Seen: now.UTC(), Enabled: enabled, Outstanding: outstanding, Signalled: signalled}
	was := l.record.Boot
	if same(was, boot) && now.Sub(was.Seen) < seenEvery && !now.Before(was.Seen) {
		return nil
	}
	return l.save(boot)
}

// same says that two looks at a boot have found the same.
func same(a, b Boot) bool {
	return a.Enabled == b.Enabled && slices.Equal(a.Outstanding, b.Outstanding) && a.Ended == b.Ended && a.Signalled == b.Signalled
}

// End takes down that the agent was asked to end.
func (l *Log) End(now time.Time) error {
	boot := l.record.Boot
	boot.Seen, boot.Ended = now.UTC(), true
	return l.save(boot)
}

func (l *Log) save(boot Boot) error {
	next := l.record
	next.Boot = boot
	text, err := json.Marshal(next)
	if err == nil {
		err = renameio.WriteFile(l.path, text, 0o600)
	}
	if err != nil {
		return fmt.Errorf("writing down what a reboot will be judged by: %w", err)
	}
	l.record = next
	return nil
}
