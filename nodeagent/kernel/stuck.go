package kernel

import (
	"errors"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// fieldExe is AUDIT_EXE of include/uapi/linux/audit.h.
const fieldExe = 112

// scratchPlaces are where a directory may be made in a container whose root directory is read-only.
var scratchPlaces = []string{os.TempDir(), "/dev/shm"}

// deleteListed deletes a rule that the kernel did not find, in the form in which the kernel lists it: the masks of rules that apply to no system
// call may differ from those of the canonical form, and the kernel compares them. Where it lists no such rule the answer is notFound.
func deleteListed(client *Client, do func(Change) error, w rule.Wire, notFound error) error {
	listed, err := client.List()
	if err != nil {
		return err
	}
	i := slices.IndexFunc(listed, func(l rule.Wire) bool { return l.Canonical() == w.Canonical() })
	if i < 0 {
		return notFound
	}
	if err = do(Change{Op: Delete, Rule: listed[i]}); errors.Is(err, ErrNotFound) && program(w) != "" {
		return unstick(client, listed[i])
	}
	return err
}

// unstick deletes a rule on a program to which there is no way any more, or which was loaded in another root: the kernel looks the program's
// directory up in a request to delete too, and compares nothing but the path's text afterwards. It gets a root in which the directory is.
func unstick(client *Client, w rule.Wire) error {
	root, err := scratch(program(w))
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(root) }()
	child, err := startChanger(root)
	if err != nil {
		return err
	}
	defer child.end()
	return child.do(client, Change{Op: Delete, Rule: w})
}

// scratch makes a directory with the directories that lead to the program.
func scratch(program string) (string, error) {
	var errs []error
	for _, place := range scratchPlaces {
		root, err := os.MkdirTemp(place, "nodeaudit-root-")
		if err == nil {
			if err = os.MkdirAll(filepath.Join(root, path.Dir(program)), 0o700); err == nil {
				return root, nil
			}
			_ = os.RemoveAll(root)
		}
		errs = append(errs, err)
	}
	return "", fmt.Errorf("making a root directory: %w", errors.Join(errs...))
}

// program is the path of a rule's exe field, empty where it has none.
func program(w rule.Wire) string {
	parts, err := w.Open()
	if err != nil {
		return ""
	}
	for _, f := range parts.Fields {
		if f.Field == fieldExe {
			return f.Text
		}
	}
	return ""
}
