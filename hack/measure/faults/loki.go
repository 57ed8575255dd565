package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/connect/lokitest"
)

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
	config := filepath.Join(dir, "loki.yaml")
	text, err := lokitest.Config(at, filepath.Join(dir, "loki"))
	if err == nil {
		err = put(dir, "loki.yaml", text)
	}
	return &grafana{program{at: at, ready: lokiIsReady(at), command: func() (*exec.Cmd, error) {
		return exec.Command(path, "-config.file="+config), nil
	}}}, err
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

// got is in the order of the events' times: Loki has no other, and keeps nothing twice.
func (g *grafana) got() []int {
	var list []int
	seen := map[int]bool{}
	for from := strconv.FormatInt(time.Now().Add(-time.Hour).UnixNano(), 10); ; {
		page, err := g.page(from)
		if err != nil {
			fmt.Fprintln(os.Stderr, "asking Loki for what it has:", err)
			return nil
		}
		before := len(list)
		for _, value := range page {
			from = value[0]
			if n := numbers([]byte(value[1]))[0]; !seen[n] { // the last one of a page is the first of the next
				seen[n] = true
				list = append(list, n)
			}
		}
		if len(list) == before {
			return list
		}
	}
}

// page is some lines from a time on, in nanoseconds, each with its own.
func (g *grafana) page(from string) ([][2]string, error) {
	query := url.Values{"query": {`{service_name="nodeaudit"}`}, "limit": {"2000"}, "direction": {"forward"}, "start": {from}}
	request, err := http.NewRequest(http.MethodGet, "http://"+g.at+"/loki/api/v1/query_range?"+query.Encode(), nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("X-Scope-OrgID", lokiTenant)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, errors.New(response.Status)
	}
	var answer struct {
		Data struct {
			Result []struct {
				Values [][2]string `json:"values"`
			} `json:"result"`
		} `json:"data"`
	}
	var page [][2]string
	err = json.NewDecoder(response.Body).Decode(&answer)
	for _, stream := range answer.Data.Result {
		page = append(page, stream.Values...)
	}
	slices.SortStableFunc(page, func(a, b [2]string) int { return strings.Compare(a[0], b[0]) })
	return page, err
}

const lokiTenant = "faults"

func toLoki(at string) v1alpha1.AuditSinkSpec {
	return v1alpha1.AuditSinkSpec{Type: v1alpha1.SinkTypeLoki, Loki: &v1alpha1.LokiSink{URL: "http://" + at, Tenant: lokiTenant}}
}
