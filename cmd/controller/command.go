package main

import (
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv1 "k8s.io/api/autoscaling/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/metrics"

	"github.com/nodeaudit/nodeaudit/controllers"
	"github.com/nodeaudit/nodeaudit/controllers/uninstall"
	"github.com/nodeaudit/nodeaudit/internal/cli"
	"github.com/nodeaudit/nodeaudit/internal/version"
)

const runExample = `  controller                                            # in a pod, with the pod's own account
  controller --kubeconfig ~/.kube/config --leader-elect=false --log-format text
  controller uninstall --timeout 2m                     # take the rules out of every node`

// command is the whole command line. What it has to say goes to out.
func command(out io.Writer) *cobra.Command {
	var access cli.Access
	var logs cli.Logs
	var tenants string
	options := controllers.Options{Registry: metrics.Registry}
	c := &cobra.Command{
		Use:               "controller",
		Short:             "Give every node the audit configuration that the policies ask for, and say what is true",
		Example:           runExample,
		Version:           version.Version,
		Args:              cobra.NoArgs,
		SilenceUsage:      true,
		SilenceErrors:     true,
		CompletionOptions: cobra.CompletionOptions{DisableDefaultCmd: true},
		RunE: func(c *cobra.Command, _ []string) error {
			cluster, err := access.Cluster()
			if err != nil {
				return err
			}
			options.Namespace = access.Namespace
			if options.Log, err = logs.Logger(out); err != nil {
				return err
			}
			if options.Tenants, err = tenantRules(tenants); err != nil {
				return err
			}
			options.Log.Info("this is the controller of nodeaudit", "version", version.Version)
			return controllers.Run(c.Context(), cluster, options)
		},
	}
	access.Flags(c.PersistentFlags())
	logs.Flags(c.PersistentFlags(), "json")
	f := c.Flags()
	f.BoolVar(&options.LeaderElect, "leader-elect", true, "wait for the lease nodeaudit-controller, so that of several replicas one works")
	f.StringVar(&options.MetricsAddress, "metrics-address", ":8080", `address of /metrics; "0" for none`)
	f.StringVar(&options.HealthAddress, "health-address", ":8081", `address of /healthz and /readyz; "0" for none`)
	f.DurationVar(&options.StaleAfter, "stale-after", 3*time.Minute, "age at which a node's report counts as missing; agents renew theirs every minute")
	f.IntVar(&options.WebhookPort, "webhook-port", 0, "port of the webhook that refuses policies which cannot compile; 0 for none. It needs what the chart makes with webhook.enabled")
	f.IntVar(&options.APIAuditPort, "api-audit-port", 0, "port where API servers send audit events, so that events of kubectl exec sessions name who it was; 0 for none. It needs what the chart makes with apiAudit.enabled")
	f.StringVar(&tenants, "tenants", "", "what namespaces may have of their own, as JSON with destinations and limits like the chart's value tenants; empty lets nobody in")
	c.AddCommand(uninstallCommand(out, &access, &logs))
	return c
}

const uninstallLong = `Stop the controller, empty the configuration of every node, wait until the agents report that they have taken their rules out
and restored the settings that they found, and delete the ConfigMaps and reports. Policies and sinks stay. The chart does this before it is
deleted. Nodes that do not answer in time are named, and the exit status is 1; the command may be repeated.`

func uninstallCommand(out io.Writer, access *cli.Access, logs *cli.Logs) *cobra.Command {
	var options uninstall.Options
	c := &cobra.Command{
		Use:     "uninstall",
		Short:   "Take the rules out of every node, before the agents are deleted",
		Long:    uninstallLong,
		Example: "  controller uninstall --deployment nodeaudit-controller --timeout 60s",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			reach, err := connect(access)
			if err != nil {
				return err
			}
			options.Namespace = access.Namespace
			if options.Log, err = logs.Logger(out); err != nil {
				return err
			}
			return uninstall.Run(c.Context(), reach, options)
		},
	}
	f := c.Flags()
	f.DurationVar(&options.Timeout, "timeout", time.Minute, "how long to wait for the agents")
	f.StringVar(&options.Deployment, "deployment", "nodeaudit-controller", "the controller's Deployment, which is scaled to 0; empty for none")
	return c
}

// connect returns what reads and writes without a cache, which is all that a command needs that runs once.
func connect(access *cli.Access) (client.Client, error) {
	cluster, err := access.Cluster()
	if err != nil {
		return nil, err
	}
	scheme, err := controllers.Scheme()
	if err != nil {
		return nil, err
	}
	if err := appsv1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("adding Deployments: %w", err)
	}
	if err := autoscalingv1.AddToScheme(scheme); err != nil {
		return nil, fmt.Errorf("adding Scales: %w", err)
	}
	reach, err := client.New(cluster, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("connecting to the cluster: %w", err)
	}
	return reach, nil
}
