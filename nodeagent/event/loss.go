package event

// Loss names a place where something is lost. Metrics, status and documentation use the same five words.
type Loss string

const (
	// LossKernel is records that the kernel dropped: its backlog was full, its rate limit reached, or memory short.
	LossKernel Loss = "kernel"
	// LossSocket is the number of times the kernel found the agent's socket full (ENOBUFS). Each stands for at least one record.
	LossSocket Loss = "socket"
	// LossGap is serial numbers that never came.
	LossGap Loss = "gap"
	// LossQueue is events that found a sink's queue full.
	LossQueue Loss = "queue"
	// LossSink is events that a sink gave up.
	LossSink Loss = "sink"
)
