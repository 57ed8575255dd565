package otlp

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"

	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/config/configmiddleware"
	"go.opentelemetry.io/collector/extension/extensionmiddleware"
	"google.golang.org/grpc"

	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial"
)

// connectionsID names the one extension that the exporters get.
var connectionsID = component.MustNewID("connections")

var middlewares = []configmiddleware.Config{{ID: connectionsID}}

// host is what the exporter asks for extensions.
type host struct{ dial dial.Func }

// GetExtensions is component.Host.GetExtensions.
func (h host) GetExtensions() map[component.ID]component.Component {
	return map[component.ID]component.Component{connectionsID: connections(h)}
}

// connections makes the exporters connect as Options say, which they have no words for.
type connections struct{ dial dial.Func }

var (
	_ extensionmiddleware.GRPCClient = connections{}
	_ extensionmiddleware.HTTPClient = connections{}
)

// Start is component.Component.Start.
func (connections) Start(context.Context, component.Host) error { return nil }

// Shutdown is component.Component.Shutdown.
func (connections) Shutdown(context.Context) error { return nil }

// GetGRPCClientOptions is extensionmiddleware.GRPCClient.GetGRPCClientOptions.
func (c connections) GetGRPCClientOptions(context.Context) ([]grpc.DialOption, error) {
	if c.dial == nil {
		return nil, nil
	}
	return []grpc.DialOption{grpc.WithNoProxy(), grpc.WithContextDialer(func(ctx context.Context, address string) (net.Conn, error) {
		return c.dial(ctx, "tcp", address)
	})}, nil
}

// GetHTTPRoundTripper is extensionmiddleware.HTTPClient.GetHTTPRoundTripper.
func (c connections) GetHTTPRoundTripper(context.Context) (extensionmiddleware.WrapHTTPRoundTripperFunc, error) {
	return func(_ context.Context, base http.RoundTripper) (http.RoundTripper, error) {
		if c.dial == nil {
			return direct{base}, nil
		}
		transport, is := base.(*http.Transport)
		if !is {
			return nil, errors.New("this agent cannot say where the exporter connects to, and so does not let it")
		}
		transport.Proxy, transport.DialContext = nil, c.dial
		return direct{transport}, nil
	}, nil
}

// direct follows no redirect: credentials would go where nobody has said that they may.
type direct struct{ http.RoundTripper }

// RoundTrip is http.RoundTripper.RoundTrip.
func (d direct) RoundTrip(request *http.Request) (*http.Response, error) {
	response, err := d.RoundTripper.RoundTrip(request)
	if err != nil || response.StatusCode < 300 || response.StatusCode > 399 {
		return response, err
	}
	_ = response.Body.Close()
	return nil, fmt.Errorf("%s answers %d, which sends elsewhere: give the address to which it sends, if that is the receiver", request.URL.Host, response.StatusCode)
}

// unresolved makes gRPC hand over the name as it is, where otherwise it would look it up by itself.
func unresolved(endpoint string) string {
	_, address, found := strings.Cut(endpoint, "://")
	if !found {
		address = endpoint
	}
	return "passthrough:///" + strings.TrimRight(address, "/")
}
