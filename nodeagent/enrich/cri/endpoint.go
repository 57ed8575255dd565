package cri

import (
	"os"
	"path/filepath"
	"strings"

	securejoin "github.com/cyphar/filepath-securejoin"
)

const (
	// Auto looks for the runtime's socket.
	Auto = "auto"
	// None asks no runtime.
	None = "none"
)

// sockets are where runtimes have their sockets on the host. A distribution's own comes first: beside it there may be a containerd that only
// Docker uses.
var sockets = []string{
	"/run/k3s/containerd/containerd.sock",
	"/run/k0s/containerd.sock",
	"/var/snap/microk8s/common/run/containerd.sock",
	"/run/crio/crio.sock",
	"/run/cri-dockerd.sock",
	"/run/containerd/containerd.sock",
}

// find returns the path of the runtime's socket as this process sees it, or nothing where there is none (yet).
func find(hostRoot, endpoint string) string {
	names := []string{strings.TrimPrefix(endpoint, "unix://")}
	if endpoint == Auto {
		names = sockets
	}
	for _, name := range names {
		path, err := securejoin.SecureJoin(filepath.Join("/", hostRoot), name)
		if err != nil {
			continue
		}
		if info, err := os.Stat(path); err == nil && info.Mode().Type() == os.ModeSocket {
			return path
		}
	}
	return ""
}
