package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/resource"

	"github.com/nodeaudit/nodeaudit/api/allow"
	"github.com/nodeaudit/nodeaudit/controllers/compile"
)

// tenantsFlag is what the chart's value `tenants` says, as JSON. Empty lets nobody in.
type tenantsFlag struct {
	Destinations []allow.Destination `json:"destinations"`
	Limits       struct {
		RoutesPerNamespace     int               `json:"routesPerNamespace"`
		QueueBytesPerNamespace resource.Quantity `json:"queueBytesPerNamespace"`
		EventsPerSecond        int32             `json:"eventsPerSecond"`
	} `json:"limits"`
}

// tenantRules reads the flag. What cannot be read is no reason to let tenants do what was not meant.
func tenantRules(text string) (*compile.TenantRules, error) {
	if text == "" {
		return nil, nil //nolint:nilnil // nobody is let in
	}
	var f tenantsFlag
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&f); err != nil {
		return nil, fmt.Errorf("--tenants: it is no JSON like the chart's value tenants: %w", err)
	}
	if _, err := allow.New(f.Destinations); err != nil {
		return nil, fmt.Errorf("--tenants: %w", err)
	}
	rules := &compile.TenantRules{
		Destinations: f.Destinations, Routes: f.Limits.RoutesPerNamespace, QueueBytes: f.Limits.QueueBytesPerNamespace.Value(), EventsPerSecond: f.Limits.EventsPerSecond,
	}
	if rules.Routes < 1 || rules.QueueBytes < 4<<20 || rules.EventsPerSecond < 1 || rules.EventsPerSecond > 100_000 {
		return nil, errors.New("--tenants: limits: routesPerNamespace is at least 1, queueBytesPerNamespace at least 4Mi, and eventsPerSecond from 1 to 100000")
	}
	return rules, nil
}
