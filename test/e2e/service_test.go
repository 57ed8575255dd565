//go:build e2e

package e2e

import (
	"errors"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	discoveryv1 "k8s.io/api/discovery/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/nodeaudit/nodeaudit/test/netns"
)

// serviceAddress is a free one of the local cluster's Service network.
const serviceAddress = "198.18.96.77"

// serve is kube-proxy for the one Service: whoever connects to its address, as the API server does, speaks with the controller. The address is one of the
// node n1, in the network of the cluster.
func serve(t *testing.T) {
	t.Helper()
	for _, words := range []string{
		"-n nodeaudit-n1 address replace " + serviceAddress + "/32 dev lo",
		"-n nodeaudit route replace " + serviceAddress + " via 198.18.80.11",
	} {
		if err := command("ip", strings.Fields(words)...); err != nil {
			t.Fatal(err)
		}
	}
	listener, err := netns.Listen("nodeaudit-n1", net.JoinHostPort(serviceAddress, "443"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go forward(conn, func() (net.Conn, error) { return dialController(t) })
		}
	}()
}

func dialController(t *testing.T) (net.Conn, error) {
	var slices discoveryv1.EndpointSliceList
	err := admin.List(t.Context(), &slices, client.InNamespace(namespace), client.MatchingLabels{discoveryv1.LabelServiceName: "nodeaudit-apiaudit"})
	if err != nil {
		return nil, err
	}
	for _, slice := range slices.Items {
		for _, endpoint := range slice.Endpoints {
			if endpoint.Conditions.Ready != nil && *endpoint.Conditions.Ready && len(slice.Ports) > 0 {
				return net.DialTimeout("tcp", net.JoinHostPort(endpoint.Addresses[0], strconv.Itoa(int(*slice.Ports[0].Port))), 5*time.Second)
			}
		}
	}
	return nil, errors.New("no controller is ready")
}

// forward connects both until one of them hangs up.
func forward(from net.Conn, dial func() (net.Conn, error)) {
	defer func() { _ = from.Close() }()
	to, err := dial()
	if err != nil {
		return
	}
	var both sync.WaitGroup
	for _, way := range [][2]net.Conn{{from, to}, {to, from}} {
		both.Go(func() {
			_, _ = io.Copy(way[0], way[1])
			_ = way[0].Close()
		})
	}
	both.Wait()
}
