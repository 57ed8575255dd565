package pipeline

import (
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
	queuedDesc  = prometheus.NewDesc("nodeaudit_sink_queue_length", "Events that wait for a sink.", []string{"sink"}, nil)
)

// Describe is prometheus.Collector.Describe.
func (p *Pipeline) Describe(descs chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{receivedDesc, filteredDesc, lostDesc, writtenDesc, droppedDesc, queuedDesc} {
		descs <- desc
	}
}

// Collect is prometheus.Collector.Collect.
func (p *Pipeline) Collect(metrics chan<- prometheus.Metric) {
	count := func(desc *prometheus.Desc, value int64, labels ...string) {
		metrics <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(value), labels...)
	}
	events, _ := p.Report()
	reports, _ := p.sinks.report()
	count(receivedDesc, events.Received)
	count(filteredDesc, p.filtered.Load())
	count(lostDesc, p.losses.kernel.Load(), string(event.LossKernel))
	count(lostDesc, events.Lost.Socket, string(event.LossSocket))
	count(lostDesc, events.Lost.Gap, string(event.LossGap))
	count(lostDesc, events.Lost.Queue, string(event.LossQueue))
	count(lostDesc, events.Lost.Sink, string(event.LossSink))
	for name, r := range reports {
		count(writtenDesc, r.Written, name)
		count(droppedDesc, r.DroppedQueue+r.DroppedSink, name)
		metrics <- prometheus.MustNewConstMetric(queuedDesc, prometheus.GaugeValue, float64(r.Queued), name)
	}
}
