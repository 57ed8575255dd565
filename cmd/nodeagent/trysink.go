package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"os/user"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/control"
)

// errNotDelivered makes the exit status 1. What was printed says why.
var errNotDelivered = errors.New("the test event was not delivered")

// runTest asks the agent that runs.
func (f *flags) runTest(ctx context.Context) error {
	result, err := control.Ask(ctx, f.options.StateDir, control.Request{TestSink: f.test, By: cmp.Or(f.askedBy, userName())})
	if err != nil {
		return err
	}
	if f.output == "json" {
		err = json.NewEncoder(f.events).Encode(result)
	} else {
		err = result.Print(f.events, time.Now())
	}
	if err == nil && !result.Delivered {
		return errNotDelivered
	}
	return err
}

// userName is empty in an image, which has no users.
func userName() string {
	u, err := user.Current()
	if err != nil {
		return ""
	}
	return u.Username
}
