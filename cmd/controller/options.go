package main

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

// access is how to reach the cluster.
type access struct {
	namespace, kubeconfig string
}

func (a *access) flags(f *pflag.FlagSet) {
	f.StringVar(&a.namespace, "namespace", cmp.Or(os.Getenv("POD_NAMESPACE"), "nodeaudit-system"), "namespace of the ConfigMaps and the lease (env POD_NAMESPACE)")
	f.StringVar(&a.kubeconfig, "kubeconfig", os.Getenv("KUBECONFIG"), "file with the access to the cluster; empty for that of the pod (env KUBECONFIG)")
}

func (a *access) cluster() (*rest.Config, error) {
	if a.kubeconfig != "" {
		config, err := clientcmd.BuildConfigFromFlags("", a.kubeconfig)
		if err != nil {
			return nil, fmt.Errorf("reading the kubeconfig %s: %w", a.kubeconfig, err)
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

// logs is how to log.
type logs struct {
	level, format string
}

func (l *logs) flags(f *pflag.FlagSet) {
	f.StringVar(&l.level, "log-level", "info", "debug, info, warn or error")
	f.StringVar(&l.format, "log-format", "json", "text or json")
}

func (l *logs) logger(out io.Writer) (*slog.Logger, error) {
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
