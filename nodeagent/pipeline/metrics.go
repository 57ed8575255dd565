package pipeline

import (
	"maps"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

var (
	receivedDesc = prometheus.NewDesc("nodeaudit_events_received_total", "Events that were read whole from the kernel.", nil, nil)
	filteredDesc = prometheus.NewDesc("nodeaudit_events_filtered_total", "Events of the agent's own calls, which no sink gets.", nil, nil)
	lostDesc     = prometheus.NewDesc("nodeaudit_lost_total",
		"Losses by place: kernel in records, socket in times that the kernel found it full, gap in serials, queue and sink in events.", []string{"where"}, nil)
	writtenDesc = prometheus.NewDesc("nodeaudit_sink_written_total", "Events that a sink has.", []string{"sink"}, nil)
	droppedDesc = prometheus.NewDesc("nodeaudit_sink_dropped_total", "Events that a sink did not get.", []string{"sink"}, nil)
	retriesDesc = prometheus.NewDesc("nodeaudit_sink_retries_total", "Batches that a destination elsewhere did not take at once.", []string{"sink"}, nil)
	waitingDesc = prometheus.NewDesc("nodeaudit_sink_queue_bytes", "Bytes that wait in the queue of a destination elsewhere.", []string{"sink"}, nil)
	queuedDesc  = prometheus.NewDesc("nodeaudit_sink_queue_length", "Events that wait for a sink.", []string{"sink"}, nil)
	leftDesc    = prometheus.NewDesc("nodeaudit_left_queue_events", "Events that wait on disk for a sink that no route names any more.", []string{"sink"}, nil)
	matchedDesc = prometheus.NewDesc("nodeaudit_route_matched_total", "Events that a route took.", []string{"route"}, nil)
	leftOutDesc = prometheus.NewDesc("nodeaudit_route_left_out_total",
		"Events that a route took and left out because it asks for that: filtered by drop, throttled by its budget, sampled or aggregated.", []string{"route", "why"}, nil)
	routeErrorsDesc = prometheus.NewDesc("nodeaudit_route_errors_total", "Events for which an expression of a route could not be evaluated.", []string{"route"}, nil)
)

// Describe is prometheus.Collector.Describe.
func (p *Pipeline) Describe(descs chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{receivedDesc, filteredDesc, lostDesc, writtenDesc, droppedDesc, retriesDesc, waitingDesc, queuedDesc, leftDesc, matchedDesc, leftOutDesc, routeErrorsDesc} {
		descs <- desc
	}
}

// Collect is prometheus.Collector.Collect.
func (p *Pipeline) Collect(metrics chan<- prometheus.Metric) {
	count := func(desc *prometheus.Desc, value int64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(value), labels...)
	}
	events, _ := p.Report()
	reports := maps.Clone(p.sinks.report().sinks)
	_, tenants := p.tenants.report()
	maps.Copy(reports, tenants)
	count(receivedDesc, events.Received)
	count(filteredDesc, p.filtered.Load())
	count(lostDesc, p.losses.kernel.Load(), string(event.LossKernel))
	count(lostDesc, events.Lost.Socket, string(event.LossSocket))
	count(lostDesc, events.Lost.Gap, string(event.LossGap))
	count(lostDesc, events.Lost.Queue, string(event.LossQueue))
	count(lostDesc, events.Lost.Sink, string(event.LossSink))
	for _, r := range events.Routes {
		count(matchedDesc, r.Matched, r.Name)
		count(leftOutDesc, r.Filtered, r.Name, "filtered")
		count(leftOutDesc, r.Throttled, r.Name, "throttled")
		count(leftOutDesc, r.Sampled, r.Name, "sampled")
		count(leftOutDesc, r.Aggregated, r.Name, "aggregated")
		count(routeErrorsDesc, r.Errors, r.Name)
	}
	for _, left := range events.LeftQueues {
		metrics <- prometheus.MustNewConstMetric(leftDesc, prometheus.GaugeValue, float64(left.Events), left.Sink)
	}
	for name, r := range reports {
		count(writtenDesc, r.Written, name)
		count(droppedDesc, r.DroppedQueue+r.DroppedSink, name)
		count(retriesDesc, r.retries, name)
		metrics <- prometheus.MustNewConstMetric(queuedDesc, prometheus.GaugeValue, float64(r.Queued), name)
		metrics <- prometheus.MustNewConstMetric(waitingDesc, prometheus.GaugeValue, float64(r.waiting), name)
	}
}
