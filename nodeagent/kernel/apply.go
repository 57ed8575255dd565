package kernel

import (
	"context"
	"errors"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// Op is what a Change does.
type Op byte

const (
	// Add adds the rule at the end of its list, or at the beginning where the rule says so.
	Add Op = 'a'
	// Delete deletes it.
	Delete Op = 'd'
)

// String names the step for errors.
func (o Op) String() string {
	if o == Delete {
		return "deleting a rule"
	}
	return "adding a rule"
}

// Change is one change of the rules in the kernel.
type Change struct {
	// Op is Add or Delete.
	Op Op
	// Rule is the rule's bytes.
	Rule rule.Wire
}

// Apply makes the changes one after the other, with the paths in rules meant below hostRoot, and returns an error or nil for each. Where
// hostRoot is not "/" a short-lived child makes them, because the kernel looks paths up in the root directory of whoever asks, and a
// process that has entered another one may not be allowed to come back. What Client.Delete cannot find although it is listed is
// deleted too: a rule in another form than its canonical one, and a rule on a program (exe=) whose directory is gone. After an error that every other change would meet too, and after
// the end of ctx, nothing more is tried and the rest have that error. It must not be called concurrently with itself.
func Apply(ctx context.Context, hostRoot string, changes []Change) []error {
	if len(changes) == 0 {
		return nil
	}
	client, err := Open()
	if err != nil {
		return all(changes, err)
	}
	defer client.Close()
	do := client.Do
	if hostRoot != "/" {
		child, err := startChanger(hostRoot)
		if err != nil {
			return all(changes, err)
		}
		defer child.end()
		do = func(change Change) error { return child.do(client, change) }
	}
	return each(ctx, changes, func(change Change) error {
		err := do(change)
		if change.Op == Delete && errors.Is(err, ErrNotFound) {
			return deleteListed(client, do, change.Rule, err)
		}
		return err
	})
}

func each(ctx context.Context, changes []Change, do func(Change) error) []error {
	errs := make([]error, len(changes))
	for i, change := range changes {
		if err := ctx.Err(); err != nil {
			copy(errs[i:], all(changes[i:], err))
			return errs
		}
		errs[i] = do(change)
		if hopeless(errs[i]) {
			copy(errs[i:], all(changes[i:], errs[i]))
			return errs
		}
	}
	return errs
}

func all(changes []Change, err error) []error {
	errs := make([]error, len(changes))
	for i := range errs {
		errs[i] = err
	}
	return errs
}
