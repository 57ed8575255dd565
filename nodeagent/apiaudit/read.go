package apiaudit

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"slices"
	"time"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// entry is what is read of an event of audit.k8s.io/v1.
type entry struct {
	Kind       string  `json:"kind"`
	Items      []entry `json:"items"` // of an EventList, as webhooks send them
	AuditID    string  `json:"auditID"`
	Stage      string  `json:"stage"`
	RequestURI string  `json:"requestURI"`
	Verb       string  `json:"verb"`
	User       struct {
		Username string   `json:"username"`
		Groups   []string `json:"groups"`
	} `json:"user"`
	Impersonated *struct {
		Username string   `json:"username"`
		Groups   []string `json:"groups"`
	} `json:"impersonatedUser"`
	SourceIPs []string `json:"sourceIPs"`
	UserAgent string   `json:"userAgent"`
	Object    struct {
		Resource    string `json:"resource"`
		Subresource string `json:"subresource"`
		Namespace   string `json:"namespace"`
		Name        string `json:"name"`
	} `json:"objectRef"`
	Status *struct {
		Code int `json:"code"`
	} `json:"responseStatus"`
	Received time.Time       `json:"requestReceivedTimestamp"`
	At       time.Time       `json:"stageTimestamp"`
	Request  json.RawMessage `json:"requestObject"`
}

// session is what all stages of a request tell.
type session struct {
	event.Session
	namespace, pod string
	containers     []string // those that it is about; none is not known
	command        []string
	typed          bool      // whether what somebody types is sent there
	begin, end     time.Time // end is zero where the log does not have it
	refused        bool
}

// vias are the subresources of pods that count.
var vias = map[string]string{"exec": "exec", "attach": "attach", "ephemeralcontainers": "debug"}

// Log holds the sessions of an API server's audit log.
type Log struct {
	byID  map[string]*session
	byPod map[string][]*session
}

// maxLine is more than an API server writes for a request.
const maxLine = 16 << 20

// Read adds the sessions of a log: one JSON object a line, as the API server's log backend writes them, or lists as its webhook backend sends them.
// Lines that are neither are counted. It fails only where the log cannot be read.
func (l *Log) Read(in io.Reader) (skipped int, err error) {
	lines := bufio.NewScanner(in)
	lines.Buffer(make([]byte, 1<<16), maxLine)
	for lines.Scan() {
		if len(lines.Bytes()) == 0 {
			continue
		}
		var e entry
		if json.Unmarshal(lines.Bytes(), &e) != nil || (e.Kind != "Event" && e.Kind != "EventList") {
			skipped++
			continue
		}
		for _, one := range append(e.Items, e) {
			l.add(&one)
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return skipped, fmt.Errorf("a line has more than %d bytes: it is no audit log of an API server", maxLine)
	} else if err != nil {
		return skipped, err
	}
	return skipped, nil
}

// add takes one stage of a request in.
func (l *Log) add(e *entry) {
	via := vias[e.Object.Subresource]
	if via == "" || e.Object.Resource != "pods" || e.AuditID == "" || (via == "debug" && e.Verb == "get") {
		return
	}
	s := l.byID[e.AuditID]
	if s == nil {
		s = newSession(e, via)
		if l.byID == nil {
			l.byID, l.byPod = map[string]*session{}, map[string][]*session{}
		}
		l.byID[e.AuditID] = s
		key := s.namespace + "/" + s.pod
		l.byPod[key] = append(l.byPod[key], s)
	}
	s.refused = s.refused || (e.Status != nil && e.Status.Code >= 400)
	if e.Stage == "ResponseComplete" || e.Stage == "Panic" {
		s.end = e.At
	}
	if via == "debug" && len(s.containers) == 0 {
		s.containers = added(e.Request)
	}
}

func newSession(e *entry, via string) *session {
	s := &session{namespace: e.Object.Namespace, pod: e.Object.Name, begin: e.Received}
	s.Session = event.Session{
		Via: via, User: e.User.Username, Groups: e.User.Groups, SourceIPs: e.SourceIPs, UserAgent: e.UserAgent, AuditID: e.AuditID,
	}
	if e.Impersonated != nil {
		s.User, s.Groups, s.ImpersonatedBy = e.Impersonated.Username, e.Impersonated.Groups, e.User.Username
	}
	if asked, err := url.ParseRequestURI(e.RequestURI); err == nil && via != "debug" {
		query := asked.Query()
		s.command, s.typed = query["command"], query.Get("stdin") == "true" || query.Get("stdin") == "1"
		if name := query.Get("container"); name != "" {
			s.containers = []string{name}
		}
	}
	return s
}

// added are the names of the containers that a request adds to a pod: of all that it says, since a patch may repeat earlier ones.
func added(request json.RawMessage) []string {
	var pod struct {
		Spec struct {
			EphemeralContainers []struct {
				Name string `json:"name"`
			} `json:"ephemeralContainers"`
		} `json:"spec"`
	}
	if len(request) == 0 || json.Unmarshal(request, &pod) != nil {
		return nil
	}
	var names []string
	for _, c := range pod.Spec.EphemeralContainers {
		if c.Name != "" && !slices.Contains(names, c.Name) {
			names = append(names, c.Name)
		}
	}
	return names
}
