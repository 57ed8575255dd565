package vm

import (
	"errors"
	"os/exec"
	"path/filepath"
	"strings"
)

// Names of the saved machines in an image.
const (
	WithAuditd = "auditd" // WithAuditd is a node whose own auditd runs, with no rules.
	Bare       = "bare"   // Bare is a node without auditd: the audit system is off.
)

// Image is a folder of `make vm-image`.
type Image string

// Find returns the image that `make vm-image` has linked into the project's folder, and says why there is none that fits.
func Find(project string) (Image, error) {
	if said, err := exec.Command(filepath.Join(project, "hack/vm/image.sh"), "--check").CombinedOutput(); err != nil {
		return "", errors.New(strings.TrimSpace(string(said)))
	}
	return Image(filepath.Join(project, ".local/vm")), nil
}

// Disk is for Start.
func (i Image) Disk() string { return filepath.Join(string(i), diskFile) }

// Saved is a machine for Resume.
func (i Image) Saved(name string) string { return filepath.Join(string(i), name) }
