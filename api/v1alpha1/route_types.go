package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Route sends the events that match to sinks, or drops them. What it lets through may be bounded, sampled or gathered; whatever it leaves out is
// counted for the route, and is no loss.
//
// +kubebuilder:validation:XValidation:rule="(has(self.drop) && self.drop) != has(self.sinks)",message="a route has either sinks or drop: true: name the sinks that get its events, or say that they are dropped"
// +kubebuilder:validation:XValidation:rule="!(has(self.drop) && self.drop) || !(has(self.continue) && self.continue || has(self.budget) || has(self.sample) || has(self.aggregate))",message="drop: true leaves every event out: remove continue, budget, sample and aggregate"
// +kubebuilder:validation:XValidation:rule="!(has(self.sample) && has(self.aggregate))",message="sample and aggregate do not go together, because what is counted would be a sample: remove one of them"
type Route struct {
	// name is unique in the policy, for example `docker`. It appears in metrics and in the status.
	// +required
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9]*[a-z0-9])?$`
	Name string `json:"name,omitempty"`

	// match chooses events. Empty matches every event.
	// +optional
	Match RouteMatch `json:"match,omitempty,omitzero"`

	// exclude takes events out of match again: one that fits any of these is not this route's, and later routes see it. To drop events, write
	// a route with `drop: true` before this one.
	// +optional
	// +listType=atomic
	// +kubebuilder:validation:MaxItems=16
	Exclude []RouteMatch `json:"exclude,omitempty"`

	// continue lets later routes see the event too. The default is false: the first route that matches takes it.
	// +optional
	Continue bool `json:"continue,omitempty"`

	// drop leaves the events out: no later route sees them, and they are counted for this route. The default is false.
	// +optional
	Drop bool `json:"drop,omitempty"`

	// budget bounds how many events go through in a time. What is beyond it is left out, counted, and told in the stream by an event of type
	// NODEAUDIT_THROTTLED.
	// +optional
	Budget *Budget `json:"budget,omitempty"`

	// sample is the share of events that goes through, for example `1%` or `0.5%`. Which ones they are depends on the event alone, so two
	// routes with the same share choose the same events. The default is all of them.
	// +optional
	// +kubebuilder:validation:MaxLength=8
	// +kubebuilder:validation:Pattern=`^(0\.0*[1-9][0-9]*|[1-9][0-9]?(\.[0-9]+)?)%$`
	Sample string `json:"sample,omitempty"`

	// aggregate lets the first of events that are alike through at once, and counts the others. At the end of the interval an event of type
	// NODEAUDIT_REPEATED says how many there were.
	// +optional
	Aggregate *Aggregate `json:"aggregate,omitempty"`

	// sinks are the names of the AuditSink objects that get the event, for example `[node-file]`.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=16
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	Sinks []string `json:"sinks,omitempty"`
}

// BudgetBy says what has a budget of its own.
//
// +kubebuilder:validation:Enum=Route;Key;Pod;Namespace
type BudgetBy string

const (
	// BudgetByRoute is one budget for all events of the route.
	BudgetByRoute BudgetBy = "Route"
	// BudgetByKey is a budget for each rule key. Of several keys on an event the first counts; events without one share a budget.
	BudgetByKey BudgetBy = "Key"
	// BudgetByPod is a budget for each pod, and each container without one. Processes of the host share a budget.
	BudgetByPod BudgetBy = "Pod"
	// BudgetByNamespace is a budget for each namespace. Events without one share a budget.
	BudgetByNamespace BudgetBy = "Namespace"
)

// Budget is a number of events in a time, a token bucket: what is not used is kept, up to burst.
type Budget struct {
	// events is how many events may go through in each `per`, for example `1000`.
	// +required
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000
	Events int32 `json:"events,omitempty"`

	// per is that time, for example `1s`, which is the default, or `1m`. It is at least 1ms and at most 1h.
	// +optional
	// +kubebuilder:default="1s"
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:Pattern=`^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1ms') && duration(self) <= duration('1h')",message="give a time from 1ms to 1h, for example 1s or 1m"
	Per metav1.Duration `json:"per,omitempty,omitzero"`

	// burst is how many events may go through at once after a quiet time, for example `5000`. The default is the number of events.
	// +optional
	// +kubebuilder:validation:Minimum=1
	// +kubebuilder:validation:Maximum=1000000
	Burst int32 `json:"burst,omitempty"`

	// by says what has a budget of its own: `Route`, the default, is one for all, `Key`, `Pod` and `Namespace` one for each.
	// +optional
	// +kubebuilder:default=Route
	By BudgetBy `json:"by,omitempty"`
}

// AggregateBy is a part of events in which they must be alike to be counted together.
//
// +kubebuilder:validation:Enum=Type;Keys;Syscall;Result;Executable;Arguments;User;LoginUser;Paths;Namespace;Pod;Container
type AggregateBy string

const (
	// AggregateByType is the event's type.
	AggregateByType AggregateBy = "Type"
	// AggregateByKeys is its keys, all of them.
	AggregateByKeys AggregateBy = "Keys"
	// AggregateBySyscall is the system call.
	AggregateBySyscall AggregateBy = "Syscall"
	// AggregateByResult is success or failure.
	AggregateByResult AggregateBy = "Result"
	// AggregateByExecutable is the program's path.
	AggregateByExecutable AggregateBy = "Executable"
	// AggregateByArguments is the arguments of a program that was started.
	AggregateByArguments AggregateBy = "Arguments"
	// AggregateByUser is the real user id.
	AggregateByUser AggregateBy = "User"
	// AggregateByLoginUser is the id of the user that logged in.
	AggregateByLoginUser AggregateBy = "LoginUser"
	// AggregateByPaths is the names of all files.
	AggregateByPaths AggregateBy = "Paths"
	// AggregateByNamespace is the pod's namespace.
	AggregateByNamespace AggregateBy = "Namespace"
	// AggregateByPod is the pod.
	AggregateByPod AggregateBy = "Pod"
	// AggregateByContainer is the container.
	AggregateByContainer AggregateBy = "Container"
)

// Aggregate counts events that are alike.
type Aggregate struct {
	// interval is how long repetitions are counted, from the first event on, for example `10s`. It is at least 1s and at most 1h.
	// +required
	// +kubebuilder:validation:Type=string
	// +kubebuilder:validation:MaxLength=32
	// +kubebuilder:validation:Pattern=`^([0-9]+(\.[0-9]+)?(ms|s|m|h))+$`
	// +kubebuilder:validation:XValidation:rule="duration(self) >= duration('1s') && duration(self) <= duration('1h')",message="give a time from 1s to 1h, for example 10s or 5m"
	Interval metav1.Duration `json:"interval,omitempty,omitzero"`

	// by are the parts in which events must be alike. The default is all but Arguments and Namespace:
	// `[Type, Keys, Syscall, Result, Executable, User, LoginUser, Paths, Pod, Container]`.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MinItems=1
	// +kubebuilder:validation:MaxItems=12
	By []AggregateBy `json:"by,omitempty"`
}
