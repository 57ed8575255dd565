package main

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// lokiConfig is for one process that keeps all in a folder.
const lokiConfig = `
auth_enabled: false
server: {http_listen_address: 127.0.0.1, http_listen_port: %[1]s, grpc_listen_address: 127.0.0.1, grpc_listen_port: 0, log_level: error}
common:
  instance_addr: 127.0.0.1
  path_prefix: %[2]s
  replication_factor: 1
  ring: {kvstore: {store: inmemory}}
ingester: {lifecycler: {min_ready_duration: 0s}}
limits_config: {max_entries_limit_per_query: 1000000}
schema_config:
  configs: [{from: "2024-01-01", store: tsdb, object_store: filesystem, schema: v13, index: {prefix: index_, period: 24h}}]
storage_config: {filesystem: {directory: %[2]s/chunks}}
analytics: {reporting_enabled: false}
`

// grafana is Loki itself, which is asked for what it has.
type grafana struct{ program }

func loki(dir string) (receiver, error) {
	path, err := exec.LookPath("loki")
	if err != nil {
		return nil, fmt.Errorf("run make loki, and have .local/bin in the PATH: %w", err)
	}
	at, err := free()
	if err != nil {
		return nil, err
	}
	_, port, _ := net.SplitHostPort(at)
	config := filepath.Join(dir, "loki.yaml")
	if err := put(dir, "loki.yaml", fmt.Appendf(nil, lokiConfig, port, filepath.Join(dir, "loki"))); err != nil {
		return nil, err
	}
	return &grafana{program{at: at, ready: lokiIsReady(at), command: func() (*exec.Cmd, error) {
		return exec.Command(path, "-config.file="+config), nil
	}}}, nil
}

func lokiIsReady(at string) func() bool {
	return func() bool {
		response, err := http.Get("http://" + at + "/ready")
		if err == nil {
			_ = response.Body.Close()
		}
		return err == nil && response.StatusCode == http.StatusOK
	}
}

// got is in the order of the events' times: Loki has no other.
func (g *grafana) got() []int {
	query := url.Values{
		"query": {`{service_name="nodeaudit"}`}, "limit": {"1000000"}, "direction": {"forward"},
		"start": {strconv.FormatInt(time.Now().Add(-time.Hour).UnixNano(), 10)},
	}
	response, err := http.Get("http://" + g.at + "/loki/api/v1/query_range?" + query.Encode())
	if err != nil {
		return nil
	}
	defer func() { _ = response.Body.Close() }()
	var answer struct {
		Data struct {
			Result []struct {
				Values [][2]string `json:"values"`
			} `json:"result"`
		} `json:"data"`
	}
	if json.NewDecoder(response.Body).Decode(&answer) != nil {
		return nil
	}
	var list []int
	for _, stream := range answer.Data.Result {
		for _, value := range stream.Values {
			list = append(list, numbers([]byte(value[1]))[0])
		}
	}
	slices.Sort(list)
	return list
}

func toLoki(at string) v1alpha1.AuditSinkSpec {
	return v1alpha1.AuditSinkSpec{Type: v1alpha1.SinkTypeLoki, Loki: &v1alpha1.LokiSink{URL: "http://" + at}}
}
