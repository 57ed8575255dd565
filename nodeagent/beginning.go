package nodeagent

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/google/renameio/v2"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/boot"
)

// firstLookFile is the name of the firstLook in the state directory.
const firstLookFile = "boot.json"

// firstLook is what the kernel had lost when an agent first looked on a boot: later losses are not those of its beginning.
type firstLook struct {
	BootID string `json:"bootID"`
	Lost   int64  `json:"lost"`
}

// beginning judges how recording began in this boot. An agent that is started again reads what the first one had seen.
func (b *boots) beginning(lost int64) *v1alpha1.BootBeginning {
	path := filepath.Join(b.stateDir, firstLookFile)
	var seen firstLook
	if text, err := os.ReadFile(path); err != nil || json.Unmarshal(text, &seen) != nil || seen.BootID != b.bootID {
		seen = firstLook{b.bootID, lost}
		if text, err := json.Marshal(seen); err == nil && b.stateDir != "" {
			_ = renameio.WriteFile(path, text, 0o600) // without it a second agent calls all losses those of the beginning
		}
	}
	begun := boot.LookAtBeginning(boot.Below(b.root), time.Now())
	begun.Lost = uint32(seen.Lost)
	return &v1alpha1.BootBeginning{
		Coverage: coverages[begun.Coverage()], FirstRecord: second(begun.FirstRecord), FirstService: second(begun.FirstService),
		Lost: seen.Lost, Message: cut(beginningMessage(begun), maxBootMessage),
	}
}

// coverages are the words of the status for those of package boot.
var coverages = map[boot.Coverage]v1alpha1.BootCoverage{
	boot.FromTheStart: v1alpha1.BootFromTheStart, boot.WithGaps: v1alpha1.BootWithGaps, boot.TooLate: v1alpha1.BootTooLate,
	boot.NotKnown: v1alpha1.BootCoverageUnknown,
}

func beginningMessage(b boot.Beginning) string {
	switch {
	case b.Audit == boot.Off:
		return "the kernel was started without audit=1: what the first services did is not recorded, or in part only"
	case b.Audit != boot.On:
		return "the command line of the running kernel is not known"
	case b.FirstService.IsZero():
		return "no process of a systemd service is to be seen, so nobody can say when the first one was started"
	case b.FirstRecord.IsZero():
		return "no record of this boot is to be found in /dev/kmsg or /var/log/audit/audit.log: they are not readable from here, or nobody keeps them"
	case b.FirstRecord.After(b.FirstService):
		return fmt.Sprintf("the first record is %.1f s younger than the first service", b.FirstRecord.Sub(b.FirstService).Seconds())
	case b.Lost > 0:
		return fmt.Sprintf("the kernel lost %d records before somebody read them: give a larger audit_backlog_limit", b.Lost)
	default:
		return fmt.Sprintf("the first record is %.1f s older than the first service", b.FirstService.Sub(b.FirstRecord).Seconds())
	}
}

// second is a time as reports have it.
func second(t time.Time) *metav1.Time {
	if t.IsZero() {
		return nil
	}
	return new(metav1.NewTime(t.UTC().Truncate(time.Second)))
}
