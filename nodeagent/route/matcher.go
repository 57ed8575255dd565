package route

import (
	"fmt"
	"slices"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/nodeaudit/nodeaudit/api/expr"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// matcher is what an event must fit: everything in checks, then the expression, which costs most.
type matcher struct {
	checks  []func(*event.Event) bool
	program *expr.Program
	users   []*userSet
}

func newMatcher(m v1alpha1.RouteMatch, users Users) (matcher, error) {
	var c matcher
	c.oneOf(m.Types, func(e *event.Event) string { return e.Type })
	c.oneOf(m.Syscalls, func(e *event.Event) string { return e.Syscall })
	c.oneOf(m.Namespaces, func(e *event.Event) string { return e.Who.Namespace })
	c.oneOf(m.Nodes, func(e *event.Event) string { return e.Node })
	if len(m.Keys) > 0 {
		keys := newSet(m.Keys)
		c.add(func(e *event.Event) bool { return slices.ContainsFunc(e.Keys, keys.has) })
	}
	if m.Result != "" {
		result := map[v1alpha1.MatchResult]event.Result{v1alpha1.MatchSuccess: event.ResultSuccess, v1alpha1.MatchFailure: event.ResultFailure}[m.Result]
		if result == "" {
			return c, fmt.Errorf("result: %q is not known: update the agent", m.Result)
		}
		c.add(func(e *event.Event) bool { return e.Result == result })
	}
	c.user(m.Users, users, func(e *event.Event) event.ID { return e.UID })
	c.user(m.LoginUsers, users, func(e *event.Event) event.ID { return e.AUID })
	if err := c.pod(m.PodLabels); err != nil {
		return c, err
	}
	if err := c.noise(m.Noise); err != nil {
		return c, err
	}
	if len(m.Executables) > 0 {
		programs := newPatterns(m.Executables)
		c.add(func(e *event.Event) bool { return e.Exe != "" && programs.fit(e.Exe) })
	}
	if len(m.Paths) > 0 {
		files := newPatterns(m.Paths)
		c.add(files.fitFile)
	}
	return c, c.expression(m.CEL)
}

// fits says whether the event fits everything.
func (c *matcher) fits(e *event.Event, t *trouble) bool {
	for _, check := range c.checks {
		if !check(e) {
			return false
		}
	}
	if c.program == nil {
		return true
	}
	is, err := c.program.Matches(object{e})
	if err != nil {
		t.note(err)
	}
	return is && err == nil
}

func (c *matcher) add(check func(*event.Event) bool) { c.checks = append(c.checks, check) }

func (c *matcher) oneOf(list []string, of func(*event.Event) string) {
	if len(list) > 0 {
		words := newSet(list)
		c.add(func(e *event.Event) bool { return words.has(of(e)) })
	}
}

func (c *matcher) user(list []string, users Users, of func(*event.Event) event.ID) {
	if len(list) > 0 {
		set := newUserSet(list, users)
		c.users = append(c.users, set)
		c.add(func(e *event.Event) bool { return set.has(of(e)) })
	}
}

func (c *matcher) resolve(users Users) {
	for _, set := range c.users {
		set.resolve(users)
	}
}

// pod is the pod's labels. The API server knows them, so an event whose pod has no name yet has none.
func (c *matcher) pod(selector *metav1.LabelSelector) error {
	if selector == nil {
		return nil
	}
	chosen, err := metav1.LabelSelectorAsSelector(selector)
	if err != nil {
		return fmt.Errorf("podLabels: %w", err)
	}
	c.add(func(e *event.Event) bool { return e.Who.Pod != "" && chosen.Matches(labels.Set(e.Who.Labels)) })
	return nil
}

func (c *matcher) noise(presets []v1alpha1.Noise) error {
	if len(presets) == 0 {
		return nil
	}
	var kinds []func(*event.Event) bool
	for _, preset := range presets {
		kind := noises[preset]
		if kind == nil {
			return fmt.Errorf("noise: %q is not known: update the agent", preset)
		}
		kinds = append(kinds, kind)
	}
	c.add(func(e *event.Event) bool {
		return slices.ContainsFunc(kinds, func(kind func(*event.Event) bool) bool { return kind(e) })
	})
	return nil
}

func (c *matcher) expression(text string) error {
	if text == "" {
		return nil
	}
	program, err := expr.Compile(text)
	if err != nil {
		return fmt.Errorf("cel: %w", err)
	}
	c.program = program
	return nil
}
