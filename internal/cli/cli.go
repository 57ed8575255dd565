// Package cli has the flags that the programs share: how to reach the cluster, and how to log.
//
// Flags come in, a configuration of a client and a logger go out. It connects to nothing.
package cli

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"

	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Access is how to reach the cluster.
type Access struct {
	// Namespace is that of the ConfigMaps.
	Namespace string
	// Kubeconfig is a file; empty is the pod's own account.
	Kubeconfig string
}

// Flags adds --namespace and --kubeconfig.
func (a *Access) Flags(f *pflag.FlagSet) {
	f.StringVar(&a.Namespace, "namespace", cmp.Or(os.Getenv("POD_NAMESPACE"), "nodeaudit-system"), "namespace of the ConfigMaps (env POD_NAMESPACE)")
	f.StringVar(&a.Kubeconfig, "kubeconfig", os.Getenv("KUBECONFIG"), "file with the access to the cluster; empty for that of the pod (env KUBECONFIG)")
}

// Cluster returns the configuration of a client.
func (a *Access) Cluster() (*rest.Config, error) {
	if a.Kubeconfig != "" {
		config, err := clientcmd.BuildConfigFromFlags("", a.Kubeconfig)
		if err != nil {
			return nil, fmt.Errorf("reading the kubeconfig %s: %w", a.Kubeconfig, err)
		}
		return config, nil
	}
	config, err := rest.InClusterConfig()
	if errors.Is(err, rest.ErrNotInCluster) {
		return nil, errors.New("this is not a pod: say with --kubeconfig which cluster to use")
	}
	if err != nil {
		return nil, fmt.Errorf("reading the pod's access to the cluster: %w", err)
	}
	return config, nil
}

// Logs is how to log.
type Logs struct {
	level, format string
}

// Flags adds --log-level and --log-format; format is the default of the latter.
func (l *Logs) Flags(f *pflag.FlagSet, format string) {
	f.StringVar(&l.level, "log-level", "info", "debug, info, warn or error")
	f.StringVar(&l.format, "log-format", format, "text or json")
}

// Logger returns what logs to out.
func (l *Logs) Logger(out io.Writer) (*slog.Logger, error) {
	var options slog.HandlerOptions
	var level slog.Level
	if err := level.UnmarshalText([]byte(l.level)); err != nil {
		return nil, fmt.Errorf("--log-level: %q is none of debug, info, warn and error", l.level)
	}
	options.Level = level
	switch l.format {
	case "json":
		return slog.New(slog.NewJSONHandler(out, &options)), nil
	case "text":
		return slog.New(slog.NewTextHandler(out, &options)), nil
	default:
		return nil, fmt.Errorf("--log-format: %q is neither text nor json", l.format)
	}
}
