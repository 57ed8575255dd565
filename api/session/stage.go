package session

import (
	"encoding/json"
	"net/url"
	"slices"
	"time"
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

// vias are the subresources of pods that count.
var vias = map[string]string{"exec": Exec, "attach": Attach, "ephemeralcontainers": Debug}

// session is what this stage tells. It is nil where the request has nothing to do with a process in a container.
func (e *entry) session() *Session {
	via := vias[e.Object.Subresource]
	if via == "" || e.Object.Resource != "pods" || e.AuditID == "" || (via == Debug && e.Verb == "get") {
		return nil
	}
	s := &Session{
		AuditID: e.AuditID, Via: via, User: e.User.Username, Groups: e.User.Groups, SourceIPs: e.SourceIPs, UserAgent: e.UserAgent,
		Namespace: e.Object.Namespace, Pod: e.Object.Name, Begin: e.Received, Refused: e.Status != nil && e.Status.Code >= 400,
	}
	if e.Impersonated != nil {
		s.User, s.Groups, s.ImpersonatedBy = e.Impersonated.Username, e.Impersonated.Groups, e.User.Username
	}
	if e.Stage == "ResponseComplete" || e.Stage == "Panic" {
		s.End = e.At
	}
	if via == Debug {
		s.Containers = added(e.Request)
	} else {
		s.asked(e.RequestURI)
	}
	return s
}

// asked reads the address of a request.
func (s *Session) asked(address string) {
	asked, err := url.ParseRequestURI(address)
	if err != nil {
		return
	}
	query := asked.Query()
	s.Typed = query.Get("stdin") == "true" || query.Get("stdin") == "1"
	if name := query.Get("container"); name != "" {
		s.Containers = []string{name}
	}
	if command := query["command"]; len(command) > 0 {
		s.Comm, s.Command = commOf(command[0]), CommandOf(command).In(s.AuditID)
	}
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
