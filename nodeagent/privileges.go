package nodeagent

import (
	"log/slog"

	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/nodeagent/enrich/trace"
	"github.com/nodeaudit/nodeaudit/nodeagent/rights"
)

// dropTracing gives up the rights that loading the programs took.
func dropTracing(log *slog.Logger) {
	if err := trace.DropRights(); err != nil {
		log.Info("the rights CAP_BPF and CAP_PERFMON are kept", "reason", err)
	}
}

// dropNetAdmin gives up the right that making the socket of records large took.
func dropNetAdmin(log *slog.Logger) {
	if !rights.Has(unix.CAP_NET_ADMIN) {
		log.Info("without CAP_NET_ADMIN the socket of records holds what net.core.rmem_max allows: a burst may find it full")
		return
	}
	if err := rights.GiveUp(unix.CAP_NET_ADMIN); err != nil {
		log.Warn("CAP_NET_ADMIN is kept", "err", err)
	}
}
