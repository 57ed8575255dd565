package main

import (
	"context"
	"errors"
	"os"
	"os/user"
	"time"

	"github.com/spf13/cobra"

	"github.com/nodeaudit/nodeaudit/nodeagent/control"
)

const sinkTestLong = `Send one marked event to a sink and say what the receiver answered: whether it has the event, its words, the address, its certificate.

The agent of a node sends it, with the address, credentials and TLS that its sink has now, past the queue and once. It asks nobody else: an event of
type NODEAUDIT_TEST with the id that is printed is what to look for at the receiver. Sinks of type file and stdout write it as they write others.

In a cluster the agent is asked by running its own program in its pod, which takes the right to create pods/exec in the namespace of nodeaudit: that is
root on the nodes, so few have it. Without --node it is a Ready agent whose node has the sink. On a host without Kubernetes --state-dir names the
agent's directory, and root asks it there.

The exit status is 1 where the event was not delivered.`

// sinkFlags are the options of sink test.
type sinkFlags struct {
	node, stateDir, output string
	cluster                clusterFlags
}

func sinkCommand(name string) *cobra.Command {
	c := &cobra.Command{
		Use:     "sink",
		Short:   "Try a destination of events",
		Example: examples(name, "sink test siem"),
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(sinkTestCommand(name))
	return c
}

func sinkTestCommand(name string) *cobra.Command {
	var f sinkFlags
	c := &cobra.Command{
		Use:   "test NAME",
		Short: "Send one marked event to a sink and say what the receiver answered",
		Long:  sinkTestLong,
		Example: examples(name, "sink test siem                                  # from some node", "sink test siem --node worker-1                  # from this one",
			"sink test siem -o json | jq .answer             # for scripts", "sink test siem --state-dir /var/lib/nodeaudit   # on a host without Kubernetes"),
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) != 1 {
				return errors.New("name one sink: see `kubectl get auditsinks`")
			}
			return nil
		},
		RunE: func(c *cobra.Command, args []string) error { return f.run(c, args[0]) },
	}
	flags := c.Flags()
	flags.StringVar(&f.node, "node", "", "the node whose agent sends; empty: a Ready one that has the sink")
	flags.StringVar(&f.stateDir, "state-dir", "", "ask the agent on this host, by its state directory (usually /var/lib/nodeaudit)")
	flags.StringVarP(&f.output, "output", "o", "text", "text or json")
	f.cluster.flags(flags)
	return c
}

func (f *sinkFlags) run(c *cobra.Command, sink string) error {
	if err := oneOf(f.output, "text", "json"); err != nil {
		return err
	}
	if f.stateDir != "" && f.node != "" {
		return errors.New("--state-dir asks the agent of this host: leave out --node")
	}
	result, err := f.ask(c.Context(), control.Request{TestSink: sink, By: whoAsks()})
	if err != nil {
		return err
	}
	if f.output == "json" {
		err = printJSON(c.OutOrStdout(), result, "  ")
	} else {
		err = result.Print(c.OutOrStdout(), time.Now())
	}
	if err == nil && !result.Delivered {
		return errors.New("the test event was not delivered")
	}
	return err
}

func (f *sinkFlags) ask(ctx context.Context, request control.Request) (control.SinkTest, error) {
	if f.stateDir != "" {
		return control.Ask(ctx, f.stateDir, request)
	}
	return f.cluster.testSink(ctx, f.node, request)
}

// whoAsks is for the event: the name that this machine has for the user.
func whoAsks() string {
	u, err := user.Current()
	host, _ := os.Hostname()
	if err != nil {
		return host
	}
	return u.Username + "@" + host
}
