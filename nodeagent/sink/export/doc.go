// Package export carries events to destinations elsewhere, with a queue that outlives the agent.
//
// Events come in as batches of a sink.Writer; they are encoded, put into the queue of the OpenTelemetry Collector's exporterhelper, in memory
// or on disk, and go out to a Destination in batches, in their order, again and again until it has taken them. Queue, batches, waits and
// retries are exporterhelper's; here are what it leaves open: what is a record, which errors are whose fault, what people are told, and how a
// destination is exchanged while its queue stays. The package knows no protocol and reads no secret.
package export
