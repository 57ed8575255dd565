package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// MatchResult is an outcome of an event.
//
// +kubebuilder:validation:Enum=Success;Failure
type MatchResult string

const (
	// MatchSuccess is an event whose records say that it succeeded.
	MatchSuccess MatchResult = "Success"
	// MatchFailure is one whose records say that it failed.
	MatchFailure MatchResult = "Failure"
)

// Noise names a kind of events that container hosts make by themselves.
//
// +kubebuilder:validation:Enum=ContainerFirewall;ContainerVeth
type Noise string

const (
	// NoiseContainerFirewall is changes of the packet filter (NETFILTER_CFG) that container runtimes, CNI plugins and kube-proxy make.
	NoiseContainerFirewall Noise = "ContainerFirewall"
	// NoiseContainerVeth is network interfaces of containers that the same programs put into a bridge or take out (ANOM_PROMISCUOUS).
	NoiseContainerVeth Noise = "ContainerVeth"
)

// RouteMatch chooses events. An event fits when it fits everything that is given; it fits a list when it fits one item of it.
type RouteMatch struct {
	// keys are rule keys (-k), for example `[docker-daemon]`. The event fits when it carries one of them.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=256
	Keys []string `json:"keys,omitempty"`

	// types are types of events, for example `[USER_LOGIN, CONFIG_CHANGE]`. An event of a system call that says nothing more is of type SYSCALL.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=64
	Types []string `json:"types,omitempty"`

	// syscalls are names of system calls, for example `[execve, execveat]`, or numbers of those that have none here.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=64
	Syscalls []string `json:"syscalls,omitempty"`

	// result is `Success` or `Failure`. An event that tells neither fits none.
	// +optional
	Result MatchResult `json:"result,omitempty"`

	// users are the real user (uid) of the process, by number or by a name of the node's /etc/passwd, for example `[root, "1000"]`. A name
	// that the node does not have fits nobody.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=256
	Users []string `json:"users,omitempty"`

	// loginUsers are the user that logged in (auid), in the same way; `unset` is nobody: services and containers.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=256
	LoginUsers []string `json:"loginUsers,omitempty"`

	// paths are files, for example `[/etc/shadow, /etc/ssh/, /home/*/.ssh/**]`: a path as it is; all below a directory with a slash at the
	// end; or a pattern in which `*` is any text without a slash, `**` any text and `?` one character that is no slash. The event fits
	// when one of its files does. In a container paths are the container's.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=4096
	Paths []string `json:"paths,omitempty"`

	// executables are programs, in the same way, for example `[/usr/bin/docker, /opt/cni/bin/]`.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=4096
	Executables []string `json:"executables,omitempty"`

	// namespaces are namespaces of pods, for example `[payments]`. An event of a host process fits none.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=63
	Namespaces []string `json:"namespaces,omitempty"`

	// podLabels chooses pods by their labels, for example `{matchLabels: {app: web}}`. An event without a known pod fits no selector.
	// +optional
	PodLabels *metav1.LabelSelector `json:"podLabels,omitempty"`

	// nodes are names of nodes, for example `[worker-1]`. The policy's nodeSelector chooses them by labels.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=256
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=253
	Nodes []string `json:"nodes,omitempty"`

	// noise are events that container hosts make by themselves: `ContainerFirewall` and `ContainerVeth`. docs/routes.md says which programs
	// must have made them.
	// +optional
	// +listType=set
	// +kubebuilder:validation:MaxItems=2
	Noise []Noise `json:"noise,omitempty"`

	// cel is an expression in the Common Expression Language about `event`, for all that the lists cannot say, for example
	// `event.euid == 0 && event.auid >= 1000`. docs/routes.md lists the fields. An event for which it cannot be evaluated does not fit, and
	// is counted.
	// +optional
	// +kubebuilder:validation:MaxLength=2048
	CEL string `json:"cel,omitempty"`
}
