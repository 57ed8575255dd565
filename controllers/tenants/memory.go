package tenants

import (
	"encoding/json"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
)

// memory is a history as the ConfigMap has it, for a controller that starts anew: nodes may be behind then too.
type memory struct {
	// Documents are digests, the latest last.
	Documents []string `json:"documents"`
	// Since has for objects the place in Documents of the first that has had them as they are now; the first of all is 1. Those that are not in it have been
	// so all the time.
	Since map[string]int `json:"since,omitempty"`
}

// mostMemory is the size of a memory: the ConfigMap holds 1 MiB, of which the document takes up to 900 KiB.
const mostMemory = 32 << 10

// encode writes down as much of the history as there is room for.
func (h *history) encode() string {
	for n := len(h.documents); n > 0; n /= 2 {
		m := memory{Documents: h.documents[len(h.documents)-n:], Since: map[string]int{}}
		for name, s := range h.since {
			if place := s.number - (h.latest - n); place > 1 {
				m.Since[name] = place
			}
		}
		if text, err := json.Marshal(m); err == nil && len(text) <= mostMemory {
			return string(text)
		}
	}
	return ""
}

// recall begins the history with what an earlier controller has written, unless it has begun. What cannot be read is left alone: nodes then count when they
// have the next document.
func (h *history) recall(data map[string]string) {
	document, err := nodeconfig.DecodeTenants(data)
	if err != nil || h.latest > 0 {
		return
	}
	var m memory
	if err := json.Unmarshal([]byte(data[nodeconfig.HistoryKey]), &m); err != nil || len(m.Documents) == 0 || m.Documents[len(m.Documents)-1] != document.Digest {
		h.add(document)
		return
	}
	for _, digest := range m.Documents {
		h.follow(digest)
	}
	h.since = map[string]since{}
	for name, print := range prints(document) {
		h.since[name] = since{print, min(max(m.Since[name], 1), h.latest)}
	}
}
