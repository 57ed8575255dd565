// Package lokitest has the configuration of the Loki that tests and measurements send to.
package lokitest

import (
	"fmt"
	"net"
)

// config is for one process that keeps all in a folder and has tenants. What it is sent stands in its log before it answers.
const config = `
auth_enabled: true
server: {http_listen_address: 127.0.0.1, http_listen_port: %[1]s, grpc_listen_address: 127.0.0.1, grpc_listen_port: 0, log_level: warn}
common:
  instance_addr: 127.0.0.1
  path_prefix: %[2]s
  replication_factor: 1
  ring: {kvstore: {store: inmemory}}
ingester: {lifecycler: {min_ready_duration: 0s}}
schema_config:
  configs: [{from: "2024-01-01", store: tsdb, object_store: filesystem, schema: v13, index: {prefix: index_, period: 24h}}]
storage_config: {filesystem: {directory: %[2]s/chunks}}
analytics: {reporting_enabled: false}
`

// Config is for a Loki at this address of loopback that keeps what it has in the folder.
func Config(address, dir string) ([]byte, error) {
	_, port, err := net.SplitHostPort(address)
	return fmt.Appendf(nil, config, port, dir), err
}
