package route

import (
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

func selector(key, value string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{key: value}}
}

func TestFits(t *testing.T) {
	long := []string{"a", "b", "c", "d", "e", "f", "g", "h", "SYSCALL"}
	absent := &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "app", Operator: metav1.LabelSelectorOpDoesNotExist}}}
	for name, test := range map[string]struct {
		match  v1alpha1.RouteMatch
		change func(*event.Event)
		want   bool
	}{
		"everything fits":                                       {everything(), nil, true},
		"nothing asked fits":                                    {v1alpha1.RouteMatch{}, nil, true},
		"the wrong type does not":                               {everything(), func(e *event.Event) { e.Type = "SECCOMP" }, false},
		"a long list is looked up too":                          {v1alpha1.RouteMatch{Types: long}, nil, true},
		"a long list without the word does not fit":             {v1alpha1.RouteMatch{Types: long}, func(e *event.Event) { e.Type = "x" }, false},
		"the wrong system call does not":                        {everything(), func(e *event.Event) { e.Syscall = "execve" }, false},
		"a failure is no success":                               {everything(), func(e *event.Event) { e.Result = event.ResultFailure }, false},
		"no result is no success":                               {everything(), func(e *event.Event) { e.Result = "" }, false},
		"no result is no failure":                               {v1alpha1.RouteMatch{Result: v1alpha1.MatchFailure}, func(e *event.Event) { e.Result = "" }, false},
		"a failure is a failure":                                {v1alpha1.RouteMatch{Result: v1alpha1.MatchFailure}, func(e *event.Event) { e.Result = event.ResultFailure }, true},
		"another user does not":                                 {everything(), func(e *event.Event) { e.UID = event.NewID(1001) }, false},
		"somebody who logged in is not unset":                   {everything(), func(e *event.Event) { e.AUID = event.NewID(0) }, false},
		"an absent user is not root":                            {v1alpha1.RouteMatch{Users: []string{"0"}}, func(e *event.Event) { e.UID = event.ID{} }, false},
		"a user by number":                                      {v1alpha1.RouteMatch{Users: []string{"1", "1000"}}, nil, true},
		"the kernel's number for unset":                         {v1alpha1.RouteMatch{LoginUsers: []string{"4294967295"}}, nil, true},
		"a name that the node does not have":                    {v1alpha1.RouteMatch{Users: []string{"nobody-here"}}, nil, false},
		"another program does not":                              {everything(), func(e *event.Event) { e.Exe = "/usr/sbin/useradd" }, false},
		"an absent program fits no pattern":                     {v1alpha1.RouteMatch{Executables: []string{"**"}}, func(e *event.Event) { e.Exe = "" }, false},
		"other files do not":                                    {everything(), func(e *event.Event) { e.Paths = e.Paths[1:] }, false},
		"an event without files does not":                       {everything(), func(e *event.Event) { e.Paths = nil }, false},
		"another namespace does not":                            {everything(), func(e *event.Event) { e.Who.Namespace = "bank" }, false},
		"other labels do not":                                   {everything(), func(e *event.Event) { e.Who.Labels = map[string]string{"app": "db"} }, false},
		"a host process fits no selector, not even one that is": {v1alpha1.RouteMatch{PodLabels: absent}, func(e *event.Event) { e.Who = event.Who{} }, false},
		"a pod without the label fits that one":                 {v1alpha1.RouteMatch{PodLabels: absent}, func(e *event.Event) { e.Who.Labels = nil }, true},
		"another node does not":                                 {everything(), func(e *event.Event) { e.Node = "worker-2" }, false},
		"an expression that is false does not":                  {v1alpha1.RouteMatch{CEL: `event.who.pod == "web-1"`}, nil, false},
		"an expression comes beside the lists":                  {v1alpha1.RouteMatch{Types: []string{"x"}, CEL: `true`}, nil, false},
	} {
		m, err := newMatcher(test.match, users{"app": 1000})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		e := busy()
		if test.change != nil {
			test.change(e)
		}
		var none trouble
		if got := m.fits(e, &none); got != test.want || none.count.Load() != 0 {
			t.Errorf("%s: %v, %d errors", name, got, none.count.Load())
		}
	}
}

func TestWhatANewerControllerAsksForIsRefused(t *testing.T) {
	for name, match := range map[string]v1alpha1.RouteMatch{
		"an unknown result":   {Result: "Maybe"},
		"an unknown noise":    {Noise: []v1alpha1.Noise{"Birds"}},
		"an unknown operator": {PodLabels: &metav1.LabelSelector{MatchExpressions: []metav1.LabelSelectorRequirement{{Key: "a", Operator: "Near"}}}},
		"a broken expression": {CEL: "event.uid = 1"},
	} {
		if _, err := newMatcher(match, users{}); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
}
