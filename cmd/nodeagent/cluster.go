package main

import (
	"context"
	"fmt"

	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/klog/v2"

	"github.com/nodeaudit/nodeaudit/internal/version"
	"github.com/nodeaudit/nodeaudit/nodeagent"
	"github.com/nodeaudit/nodeaudit/nodeagent/desired"
	"github.com/nodeaudit/nodeaudit/nodeagent/enrich/pods"
	"github.com/nodeaudit/nodeaudit/nodeagent/publish"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/secret/granted"
)

// runInCluster works for the cluster until ctx ends.
func (f *flags) runInCluster(ctx context.Context) error {
	config, err := f.access.Cluster()
	if err != nil {
		return fmt.Errorf("%w; or name a policy with --policy to work without Kubernetes", err)
	}
	klog.SetSlogLogger(f.options.Log)
	config.UserAgent = "nodeaudit-agent/" + version.Version
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		return fmt.Errorf("connecting to the cluster: %w", err)
	}
	compact := rest.CopyConfig(config)
	compact.ContentType, compact.AcceptContentTypes = "application/vnd.kubernetes.protobuf", "application/vnd.kubernetes.protobuf,application/json"
	core, err := kubernetes.NewForConfig(compact)
	if err != nil {
		return fmt.Errorf("connecting to the cluster: %w", err)
	}
	o := f.options
	o.SecretsHint = "see that the Secret is in the namespace " + f.access.Namespace + ", has the key, and is named in the chart's value agent.sinkSecrets"
	o.Source = desired.NewConfigMap(core, f.access.Namespace, o.Node, o.StateDir, o.Log)
	o.Publisher = publish.NewStatus(objects, core, o.Node, f.heartbeat, o.Log)
	o.Pods = pods.New(core, o.Node)
	if f.tenants {
		o.Tenants, o.TenantSecrets = desired.NewTenants(core, f.access.Namespace, o.StateDir, o.Log), granted.Secrets(core, f.access.Namespace)
	}
	if f.sessions {
		o.Sessions = desired.NewSessions(core, f.access.Namespace, o.Node, o.Log)
	}
	o.Log.Info("this is the agent of nodeaudit", "version", version.Version, "node", o.Node)
	return nodeagent.Run(ctx, o)
}
