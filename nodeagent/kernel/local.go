package kernel

import (
	"context"

	"github.com/nodeaudit/nodeaudit/api/rule"
)

// Local is the audit system of this machine, with the paths in rules meant below a root directory. It opens a connection for each call, so
// that what keeps it from working is found out anew each time. Its errors are those of Open, Client and Apply.
type Local struct {
	// HostRoot is where the host's root directory is for this process.
	HostRoot string
}

// Status is Client.Status.
func (l Local) Status() (Status, error) {
	client, err := Open()
	if err != nil {
		return Status{}, err
	}
	defer client.Close()
	return client.Status()
}

// List is Client.List.
func (l Local) List() ([]rule.Wire, error) {
	client, err := Open()
	if err != nil {
		return nil, err
	}
	defer client.Close()
	return client.List()
}

// Set is Client.Set.
func (l Local) Set(settings Settings) error {
	client, err := Open()
	if err != nil {
		return err
	}
	defer client.Close()
	return client.Set(settings)
}

// Apply is the function of that name.
func (l Local) Apply(ctx context.Context, changes []Change) []error {
	return Apply(ctx, l.HostRoot, changes)
}
