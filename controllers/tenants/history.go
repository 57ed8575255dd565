package tenants

import (
	"crypto/sha256"
	"encoding/json"

	"github.com/nodeaudit/nodeaudit/api/nodeconfig"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// history is the order of the documents that were written, and since which of them each route and sink has been as it is now. A node that works with one of
// these documents, or with a later one, has the route in force, though it may not have the latest document: an edit of one tenant's makes none of the
// others wait.
//
// It is kept here and not in what nodes report, because a report is written once a minute by each of thousands of nodes: one digest is little there, and one
// for each of hundreds of namespaces is not.
type history struct {
	documents []string       // digests, the latest last
	number    map[string]int // of a document, by its digest: the place of the latest of that digest, counted from the first that ever was, which is 1
	latest    int            // the number of the latest
	since     map[string]since
}

// since is how an object is, and the number of the first document that has had it so without a break.
type since struct {
	print  [sha256.Size]byte
	number int
}

// remembered is how many documents a node may be behind. One that has not read so many is taken for one that has read none. They are written at most three
// times a second, and agents acknowledge them at least every ten seconds.
const remembered = 100

// add takes down a document that is to be written.
func (h *history) add(document nodeconfig.Tenants) {
	if h.latest > 0 && h.number[document.Digest] == h.latest {
		return
	}
	h.follow(document.Digest)
	now := map[string]since{}
	for name, print := range prints(document) {
		now[name] = since{print, h.latest}
		if before, there := h.since[name]; there && before.print == print {
			now[name] = before
		}
	}
	h.since = now
}

// follow numbers a document, and forgets one that is long past.
func (h *history) follow(digest string) {
	if h.number == nil {
		h.number = map[string]int{}
	}
	h.latest++
	h.number[digest] = h.latest
	h.documents = append(h.documents, digest)
	if len(h.documents) <= remembered {
		return
	}
	if first := h.documents[0]; h.number[first] <= h.latest-remembered {
		delete(h.number, first)
	}
	h.documents = h.documents[1:]
}

// holds says of each digest of a document whether a node that works with it has the object as it is now.
func (h *history) holds(object string) func(digest string) bool {
	first, there := h.since[object]
	return func(digest string) bool {
		number, written := h.number[digest]
		return digest != "" && written && there && number >= first.number
	}
}

// routeName and sinkName are the names of objects in a history.
func routeName(key nodeconfig.TenantKey) string {
	return nodeconfig.TenantRoutePrefix + key.String()
}

func sinkName(key nodeconfig.TenantKey) string { return "sink:" + key.String() }

// prints are equal for objects that do the same. A sink is not the same where it may reach something else, and a route not where its sinks are not.
func prints(document nodeconfig.Tenants) map[string][sha256.Size]byte {
	all := map[string][sha256.Size]byte{}
	for _, of := range document.Tenants {
		sinks := map[string]v1alpha1.AuditSinkSpec{}
		for _, s := range of.Sinks {
			sinks[s.Name] = s.Spec
			all[sinkName(nodeconfig.TenantKey{Namespace: of.Namespace, Name: s.Name})] = printOf(document.Destinations, s.Spec)
		}
		for _, r := range of.Routes {
			specs := make([]v1alpha1.AuditSinkSpec, 0, len(r.Sinks))
			for _, name := range r.Sinks {
				specs = append(specs, sinks[name])
			}
			all[r.Name] = printOf(document.Destinations, r, specs)
		}
	}
	return all
}

func printOf(parts ...any) [sha256.Size]byte {
	text, err := json.Marshal(parts)
	if err != nil {
		return [sha256.Size]byte{} // cannot be: it was JSON before
	}
	return sha256.Sum256(text)
}
