package compile

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/nodeaudit/nodeaudit/api/expr"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// routeProblems says what is wrong with routes. The API's schema refuses much of it, but an agent alone on a host reads files that no API
// server has seen, and no schema reads expressions and selectors.
func routeProblems(routes []v1alpha1.Route) []string {
	var found []string
	names := map[string]bool{}
	for i, r := range routes {
		say := func(format string, args ...any) {
			found = append(found, fmt.Sprintf("route %q: ", r.Name)+fmt.Sprintf(format, args...))
		}
		switch {
		case r.Name == "" || strings.Contains(r.Name, "/"):
			say("route number %d needs a name of small letters, digits and hyphens", i+1)
		case names[r.Name]:
			say("another route of the policy has this name: rename one of them")
		}
		names[r.Name] = true
		checkEnds(r, say)
		checkLimits(r, say)
		checkMatch("match", r.Match, say)
		for j, m := range r.Exclude {
			checkMatch(fmt.Sprintf("exclude[%d]", j), m, say)
		}
	}
	return found
}

type sayer func(format string, args ...any)

func checkEnds(r v1alpha1.Route, say sayer) {
	switch {
	case r.Drop && len(r.Sinks) > 0:
		say("it has sinks and says drop: true: remove one of the two")
	case !r.Drop && len(r.Sinks) == 0:
		say("it has no sinks: name the sinks that get its events, or say drop: true")
	case r.Drop && (r.Continue || r.Budget != nil || r.Sample != "" || r.Aggregate != nil):
		say("drop: true leaves every event out: remove continue, budget, sample and aggregate")
	case r.Sample != "" && r.Aggregate != nil:
		say("sample and aggregate do not go together, because what is counted would be a sample: remove one of them")
	}
}

// share is the schema's pattern of sample.
var share = regexp.MustCompile(`^(0\.0*[1-9][0-9]*|[1-9][0-9]?(\.[0-9]+)?)%$`)

func checkLimits(r v1alpha1.Route, say sayer) {
	if r.Sample != "" && !share.MatchString(r.Sample) {
		say("sample: %q is no share of more than 0%% and less than 100%%: write it like 1%% or 0.5%%", r.Sample)
	}
	if b := r.Budget; b != nil {
		if b.Events < 1 || b.Burst < 0 {
			say("budget: events must be at least 1, and burst too")
		}
		if per := b.Per.Duration; per != 0 && (per < time.Millisecond || per > time.Hour) {
			say("budget.per: %s is not from 1ms to 1h", per)
		}
		if !slices.Contains([]v1alpha1.BudgetBy{"", v1alpha1.BudgetByRoute, v1alpha1.BudgetByKey, v1alpha1.BudgetByPod, v1alpha1.BudgetByNamespace}, b.By) {
			say("budget.by: %q is none of Route, Key, Pod and Namespace", b.By)
		}
	}
	if a := r.Aggregate; a != nil {
		if a.Interval.Duration < time.Second || a.Interval.Duration > time.Hour {
			say("aggregate.interval: %s is not from 1s to 1h", a.Interval.Duration)
		}
		for _, by := range a.By {
			if !slices.Contains(aggregateBy, by) {
				say("aggregate.by: %q is none of %s", by, join(aggregateBy))
			}
		}
	}
}

var aggregateBy = []v1alpha1.AggregateBy{
	v1alpha1.AggregateByType, v1alpha1.AggregateByKeys, v1alpha1.AggregateBySyscall, v1alpha1.AggregateByResult, v1alpha1.AggregateByExecutable,
	v1alpha1.AggregateByArguments, v1alpha1.AggregateByUser, v1alpha1.AggregateByLoginUser, v1alpha1.AggregateByPaths,
	v1alpha1.AggregateByNamespace, v1alpha1.AggregateByPod, v1alpha1.AggregateByContainer,
}

var noises = []v1alpha1.Noise{v1alpha1.NoiseContainerFirewall, v1alpha1.NoiseContainerVeth}

func checkMatch(where string, m v1alpha1.RouteMatch, say sayer) {
	if m.Result != "" && m.Result != v1alpha1.MatchSuccess && m.Result != v1alpha1.MatchFailure {
		say("%s.result: %q is neither Success nor Failure", where, m.Result)
	}
	for _, noise := range m.Noise {
		if !slices.Contains(noises, noise) {
			say("%s.noise: %q is none of %s", where, noise, join(noises))
		}
	}
	if m.PodLabels != nil {
		if _, err := metav1.LabelSelectorAsSelector(m.PodLabels); err != nil {
			say("%s.podLabels: %v: correct it", where, err)
		}
	}
	checkPaths(where+".paths", m.Paths, say)
	checkPaths(where+".executables", m.Executables, say)
	if m.CEL == "" {
		return
	}
	if _, err := expr.Compile(m.CEL); err != nil {
		say("%s.cel: %v", where, err)
	}
}

// checkPaths refuses what can fit nothing: paths of events are compared from the root.
func checkPaths(where string, paths []string, say sayer) {
	for _, p := range paths {
		if !strings.HasPrefix(p, "/") && !strings.HasPrefix(p, "*") {
			say("%s: %q fits nothing, because files are compared by their whole path: begin it with a slash, or with **/", where, p)
		}
	}
}

func join[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, word := range list {
		words[i] = string(word)
	}
	return strings.Join(words, ", ")
}
