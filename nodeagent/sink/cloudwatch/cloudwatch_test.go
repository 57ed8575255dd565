package cloudwatch_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/nodeaudit/nodeaudit/nodeagent/event"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/aws"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/aws/awstest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/cloudwatch"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export/exporttest"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/sinktest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const key = "swordfish-of-a-test"

// service keeps the rules of CloudWatch Logs as Amazon's reference of its API has them. The service itself was not at hand.
type service struct {
	mu      sync.Mutex
	now     time.Time
	group   bool
	streams map[string]bool
	got     []string
	calls   []int
	fail    []string // answered first, one for each call of PutLogEvents
}

type call struct {
	Group  string `json:"logGroupName"`
	Stream string `json:"logStreamName"`
	Events []struct {
		Timestamp int64  `json:"timestamp"`
		Message   string `json:"message"`
	} `json:"logEvents"`
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	body, _ := io.ReadAll(r.Body)
	var c call
	w.Header().Set("Content-Type", "application/x-amz-json-1.1")
	if err := awstest.Verify(r, body, key); err != nil {
		refuse(w, "InvalidSignatureException", err.Error())
		return
	}
	if err := json.Unmarshal(body, &c); err != nil {
		refuse(w, "SerializationException", err.Error())
		return
	}
	switch r.Header.Get("X-Amz-Target") {
	case "Logs_20140328.CreateLogStream":
		if !s.group {
			refuse(w, "ResourceNotFoundException", "The specified log group does not exist.")
			return
		}
		s.streams[c.Stream] = true
	case "Logs_20140328.PutLogEvents":
		s.put(w, &c)
	default:
		refuse(w, "UnknownOperationException", "")
	}
}

func (s *service) put(w http.ResponseWriter, c *call) {
	switch {
	case len(s.fail) > 0:
		refuse(w, s.fail[0], "of a test")
		s.fail = s.fail[1:]
		return
	case !s.group:
		refuse(w, "ResourceNotFoundException", "The specified log group does not exist.")
		return
	case !s.streams[c.Stream]:
		refuse(w, "ResourceNotFoundException", "The specified log stream does not exist.")
		return
	}
	size := 0
	for i, e := range c.Events {
		size += len(e.Message) + 26
		if i > 0 && e.Timestamp < c.Events[i-1].Timestamp {
			refuse(w, "InvalidParameterException", "Log events in a single PutLogEvents request must be in chronological order.")
			return
		}
	}
	if n := len(c.Events); n == 0 || n > 10_000 || size > 1<<20 || c.Events[n-1].Timestamp-c.Events[0].Timestamp > 24*time.Hour.Milliseconds() {
		refuse(w, "InvalidParameterException", fmt.Sprintf("%d events, %d bytes", n, size))
		return
	}
	s.take(w, c)
}

// take keeps what is neither too old nor too new, and says where that begins and ends.
func (s *service) take(w http.ResponseWriter, c *call) {
	answer := map[string]map[string]int{}
	for i, e := range c.Events {
		at := time.UnixMilli(e.Timestamp)
		switch {
		case at.Before(s.now.Add(-14 * 24 * time.Hour)):
			answer["rejectedLogEventsInfo"] = map[string]int{"tooOldLogEventEndIndex": i + 1}
		case at.After(s.now.Add(2 * time.Hour)):
			if answer["rejectedLogEventsInfo"] == nil {
				answer["rejectedLogEventsInfo"] = map[string]int{}
			}
			if _, there := answer["rejectedLogEventsInfo"]["tooNewLogEventStartIndex"]; !there {
				answer["rejectedLogEventsInfo"]["tooNewLogEventStartIndex"] = i
			}
		default:
			s.got = append(s.got, e.Message)
		}
	}
	s.calls = append(s.calls, len(c.Events))
	_ = json.NewEncoder(w).Encode(answer)
}

func refuse(w http.ResponseWriter, code, message string) {
	w.WriteHeader(http.StatusBadRequest)
	_ = json.NewEncoder(w).Encode(map[string]string{"__type": "com.amazonaws.logs#" + code, "message": message})
}

func (s *service) lines() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	var lines bytes.Buffer
	for _, line := range s.got {
		lines.WriteString(line + "\n")
	}
	return lines.Bytes()
}

func newService() *service {
	return &service{group: true, streams: map[string]bool{}, now: time.UnixMilli(1_700_000_000_000)}
}

func open(t *testing.T, s *service) exporttest.Open {
	t.Helper()
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	return func(context.Context) (export.Destination, error) {
		return cloudwatch.New(cloudwatch.Options{
			Group: "/audit", Stream: "node-1", Endpoint: server.URL, AWS: aws.Options{Region: "eu-central-1", KeyID: "AKIA", Key: key},
		})
	}
}

func deliver(t *testing.T, s *service, events []*event.Event) export.Delivery {
	t.Helper()
	sink := exporttest.New(t, open(t, s))
	exporttest.Write(t, sink, events)
	exporttest.Delivered(t, sink)
	if err := sink.Close(); err != nil {
		t.Error(err)
	}
	return sink.Delivery()
}

func TestEverythingArrivesInOrder(t *testing.T) {
	s := newService()
	events := sinktest.Events(25_000)
	if d := deliver(t, s, events); d.Written != 25_000 || d.Dropped != 0 {
		t.Errorf("delivery %+v", d)
	}
	sinktest.Compare(t, s.lines(), sinktest.Lines(t, events))
	if !s.streams["node-1"] {
		t.Error("the stream was not made")
	}
	t.Logf("events of each call: %v", s.calls)
}

func TestEventsOfMoreThanADayAreSeveralCalls(t *testing.T) {
	s := newService()
	events := sinktest.Events(4)
	for i, e := range events {
		e.Time = s.now.Add(time.Duration(i-4) * 10 * time.Hour)
	}
	if d := deliver(t, s, events); d.Written != 4 || len(s.calls) != 2 {
		t.Errorf("calls %v, delivery %+v", s.calls, d)
	}
	sinktest.Compare(t, s.lines(), sinktest.Lines(t, events))
}

func TestEventsThatAreNotInOrderArePutInOrder(t *testing.T) {
	s := newService()
	events := sinktest.Events(3)
	events[0].Time, events[2].Time = events[2].Time, events[0].Time
	if d := deliver(t, s, events); d.Written != 3 {
		t.Errorf("delivery %+v", d)
	}
	sinktest.Compare(t, s.lines(), sinktest.Lines(t, []*event.Event{events[2], events[1], events[0]}))
}

func TestWhatTheServiceRefusesForItsAgeIsCountedAndTheRestArrives(t *testing.T) {
	s := newService()
	events := sinktest.Events(9)
	for _, i := range []int{0, 4} { // between others: the refused are the first of their call, after it was put in order
		events[i].Time = s.now.Add(-14*24*time.Hour - time.Minute)
	}
	for _, i := range []int{2, 8} {
		events[i].Time = s.now.Add(3 * time.Hour)
	}
	d := deliver(t, s, events)
	if d.Written != 5 || d.Dropped != 4 || !strings.Contains(d.LastError, "events were given up: CloudWatch takes no event that is") {
		t.Errorf("delivery %+v", d)
	}
	var want []*event.Event
	for _, i := range []int{1, 3, 5, 6, 7} {
		want = append(want, events[i])
	}
	sinktest.Compare(t, s.lines(), sinktest.Lines(t, want))
}

func TestAnEventThatIsTooLargeIsGivenUpAlone(t *testing.T) {
	s := newService()
	events := sinktest.Events(9)
	events[4].Args = []string{strings.Repeat("x", 1<<20)}
	if d := deliver(t, s, events); d.Written != 8 || d.Dropped != 1 || !strings.Contains(d.LastError, "CloudWatch takes at most") {
		t.Errorf("delivery %+v", d)
	}
	sinktest.Compare(t, s.lines(), sinktest.Lines(t, append(events[:4:4], events[5:]...)))
}

func TestWhatPassesOrAPersonMendsLosesNothing(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*service)
		mend   func(*service)
		want   string
	}{
		"the service is throttled": {func(s *service) { s.fail = []string{"ThrottlingException", "ServiceUnavailableException"} }, func(*service) {}, "Exception"},
		"the group is not there":   {func(s *service) { s.group = false }, func(s *service) { s.group = true }, "make the log group"},
		"the keys are not taken":   {func(s *service) { s.fail = []string{"UnrecognizedClientException"} }, func(*service) {}, "cloudwatch.auth"},
		"the user may not write":   {func(s *service) { s.fail = []string{"AccessDeniedException"} }, func(*service) {}, "allow logs:CreateLogStream"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newService()
			test.change(s)
			sink := exporttest.New(t, open(t, s))
			exporttest.Write(t, sink, sinktest.Events(5))
			exporttest.Told(t, sink, test.want)
			s.mu.Lock()
			test.mend(s)
			s.mu.Unlock()
			exporttest.Delivered(t, sink)
			if err := sink.Close(); err != nil {
				t.Error(err)
			}
			if d := sink.Delivery(); d.Written != 5 || d.Dropped != 0 {
				t.Errorf("delivery %+v", d)
			}
			sinktest.Compare(t, s.lines(), sinktest.Lines(t, sinktest.Events(5)))
		})
	}
}
