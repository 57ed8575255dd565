package configure

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/nodeaudit/nodeaudit/nodeagent/boot"
)

// dropIn is behind the files of distributions and clouds in the order of names.
const (
	dropInDir = "/etc/default/grub.d"
	dropIn    = dropInDir + "/99-nodeaudit.cfg"
)

// dropInText appends, so that parameters of others stay.
func dropInText(parameters []string) []byte {
	return fmt.Appendf(nil, "# Of nodeaudit, for a policy with boot.remediation: Configure. It is removed when no policy asks for it.\n"+
		"GRUB_CMDLINE_LINUX=\"$GRUB_CMDLINE_LINUX %s\"\n", strings.Join(parameters, " "))
}

// do carries a record out.
func (l *Loader) do(ctx context.Context, r *record) error {
	switch r.Way {
	case boot.GRUBDropIn:
		return l.doDropIn(ctx, r)
	case boot.Grubby:
		return l.run(ctx, r.Command, "--update-kernel=ALL", "--args="+strings.Join(r.Parameters, " "))
	case boot.RPMOSTree:
		return l.run(ctx, r.Command, each("--append-if-missing=", r.Parameters)...)
	case boot.KernelInstall:
		return l.doKernelInstall(ctx, r)
	default:
		return fmt.Errorf("nobody knows the way %q: the record is of another version", r.Way)
	}
}

// reverse undoes it.
func (l *Loader) reverse(ctx context.Context, r record) error {
	switch r.Way {
	case boot.GRUBDropIn:
		return l.reverseDropIn(ctx, r)
	case boot.Grubby:
		return l.reverseGrubby(ctx, r)
	case boot.RPMOSTree:
		return l.run(ctx, r.Command, each("--delete-if-present=", r.Parameters)...)
	case boot.KernelInstall:
		return l.reverseKernelInstall(ctx, r)
	default:
		return fmt.Errorf("nobody knows the way %q: the record is of another version", r.Way)
	}
}

func (l *Loader) run(ctx context.Context, command []string, more ...string) error {
	args := slices.Concat(command[1:], more)
	_, err := l.host.Run(ctx, command[0], args...)
	return err
}

func each(prefix string, words []string) []string {
	var all []string
	for _, w := range words {
		all = append(all, prefix+w)
	}
	return all
}

// doDropIn writes the drop-in and generates grub.cfg anew.
func (l *Loader) doDropIn(ctx context.Context, r *record) error {
	old, _, err := l.host.Read(dropIn)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		_, _, err := l.host.Read(dropInDir)
		r.MadeDir = r.MadeDir || errors.Is(err, fs.ErrNotExist)
	case err != nil:
		return err
	case !isOurs(old):
		return fmt.Errorf("%s: %w: remove it, or the first line of what is not yours", dropIn, errChanged)
	}
	if err := l.keep(r, r.File); err != nil {
		return err
	}
	if err := l.host.Write(dropIn, dropInText(r.Parameters), 0o644); err != nil {
		return fmt.Errorf("writing %s: %w", dropIn, err)
	}
	return l.run(ctx, r.Command)
}

// isOurs says whether the text is one that dropInText has made, for whatever parameters.
func isOurs(text []byte) bool {
	head, _, _ := bytes.Cut(dropInText(nil), []byte("\n"))
	first, rest, _ := bytes.Cut(text, []byte("\n"))
	return bytes.Equal(first, head) && bytes.Count(rest, []byte("\n")) == 1
}

func (l *Loader) reverseDropIn(ctx context.Context, r record) error {
	text, _, err := l.host.Read(dropIn)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case !isOurs(text):
		return fmt.Errorf("%s: %w: remove from it what is not yours, and run `%s`", dropIn, errChanged, strings.Join(r.Command, " "))
	}
	if err := l.host.Remove(dropIn); err != nil {
		return fmt.Errorf("removing %s: %w", dropIn, err)
	}
	if r.MadeDir {
		_ = l.host.Remove(dropInDir) // it stays where somebody has put something into it
	}
	return l.run(ctx, r.Command)
}

// restore puts files back as they were before the first change, after a program that should have done it has failed.
func (l *Loader) restore(r record, failed error) error {
	if len(r.Backups) == 0 || errors.Is(failed, errChanged) {
		return failed
	}
	for _, b := range r.Backups {
		now, _, err := l.host.Read(b.Path)
		if err == nil && bytes.Equal(now, b.Content) {
			continue
		}
		if err := l.host.Write(b.Path, b.Content, b.Mode); err != nil {
			return errors.Join(failed, fmt.Errorf("putting %s back as it was: %w", b.Path, err))
		}
	}
	return nil
}

// keep copies a file into the record before its first change.
func (l *Loader) keep(r *record, file string) error {
	if _, is := r.backup(file); !is {
		text, mode, err := l.host.Read(file)
		if err != nil {
			return fmt.Errorf("copying %s before it is changed: %w", file, err)
		}
		r.Backups = append(r.Backups, backup{file, mode, text})
	}
	return l.store.save(*r)
}

// reverseGrubby leaves the parameters alone that entries had before.
func (l *Loader) reverseGrubby(ctx context.Context, r record) error {
	if len(r.Keep) == 0 {
		return l.run(ctx, r.Command, "--update-kernel=ALL", "--remove-args="+strings.Join(r.Parameters, " "))
	}
	for _, e := range boot.Look(l.files).Entries {
		ours := without(r.Parameters, kept(r, e.Kernel)...)
		if e.Kernel == "" || e.Other || len(ours) == 0 {
			continue
		}
		kernel := path.Join("/boot", strings.TrimPrefix(e.Kernel, "/boot"))
		if err := l.run(ctx, r.Command, "--update-kernel="+kernel, "--remove-args="+strings.Join(ours, " ")); err != nil {
			return err
		}
	}
	return nil
}

// kept are the beginnings of the parameters that the entry of a kernel had before.
func kept(r record, kernel string) []string {
	var names []string
	for _, own := range r.Keep {
		if own.Kernel == kernel {
			names = append(names, each("", own.Names)...)
		}
	}
	for i := range names {
		names[i] += "="
	}
	return names
}

func (l *Loader) doKernelInstall(ctx context.Context, r *record) error {
	if err := l.keep(r, r.File); err != nil {
		return err
	}
	text, mode, err := l.host.Read(r.File)
	if err != nil {
		return err
	}
	var names []string
	for _, p := range r.Parameters {
		name, _, _ := strings.Cut(p, "=")
		names = append(names, name+"=")
	}
	words := without(strings.Fields(string(text)), names...)
	if err := l.host.Write(r.File, []byte(strings.Join(slices.Concat(words, r.Parameters), " ")+"\n"), mode); err != nil {
		return fmt.Errorf("writing %s: %w", r.File, err)
	}
	return l.install(ctx, r.Command, r.Kernels)
}

// without leaves out words that begin so.
func without(words []string, prefixes ...string) []string {
	return slices.DeleteFunc(slices.Clone(words), func(w string) bool {
		return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(w, p) })
	})
}

func (l *Loader) install(ctx context.Context, command []string, kernels []boot.Kernel) error {
	for _, k := range kernels {
		if err := l.run(ctx, command, k.Version, k.Image); err != nil {
			return err
		}
	}
	return nil
}

// reverseKernelInstall puts the line back where nobody has changed it since, and else takes our words out of it.
func (l *Loader) reverseKernelInstall(ctx context.Context, r record) error {
	text, mode, err := l.host.Read(r.File)
	if err != nil {
		return err
	}
	back := []byte(strings.Join(without(strings.Fields(string(text)), r.Parameters...), " ") + "\n")
	if b, is := r.backup(r.File); is && slices.Equal(strings.Fields(string(b.Content)), strings.Fields(string(back))) {
		back, mode = b.Content, b.Mode
	}
	if err := l.host.Write(r.File, back, mode); err != nil {
		return fmt.Errorf("writing %s: %w", r.File, err)
	}
	plan := boot.PlanFor(l.files, DefaultLimit) // the kernels of now: some may have come or gone
	if plan.Way != boot.KernelInstall {
		return l.install(ctx, r.Command, r.Kernels)
	}
	return l.install(ctx, r.Command, plan.Kernels)
}
