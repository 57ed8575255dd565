package route

import (
	"path"
	"strings"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// noises are the presets. Each says whether an event is one that a container host makes by itself. In doubt it is not: what cannot be told
// apart from the work of somebody else is kept.
var noises = map[v1alpha1.Noise]func(*event.Event) bool{
	v1alpha1.NoiseContainerFirewall: func(e *event.Event) bool { return e.Type == "NETFILTER_CFG" && byItself(e) },
	v1alpha1.NoiseContainerVeth: func(e *event.Event) bool {
		return e.Type == "ANOM_PROMISCUOUS" && strings.HasPrefix(field(e, "dev"), "veth") && (byItself(e) || byTheKernel(e))
	},
}

// programs are files by their name, in directories where only root may write, so that no program can take the place of one by having its name.
type programs struct{ directories, names set }

var system = newSet([]string{
	"/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin", "/usr/local/sbin", "/usr/libexec/podman", "/usr/lib/podman", "/opt/bin",
})

// managers set up the network of containers.
var managers = programs{system, newSet([]string{
	"dockerd", "docker-proxy", "containerd", "containerd-shim-runc-v2", "runc", "crun", "crio", "podman", "netavark", "kubelet", "kube-proxy", "k3s",
	"flanneld", "calico-node", "cilium-agent", "kube-router",
})}

// plugins do it for them: those of the CNI project, and those of network add-ons.
var plugins = programs{newSet([]string{"/opt/cni/bin", "/usr/lib/cni", "/usr/libexec/cni"}), newSet([]string{
	"bridge", "portmap", "firewall", "ptp", "macvlan", "ipvlan", "host-device", "vlan", "bandwidth", "tuning", "loopback", "sbr", "vrf",
	"flannel", "calico", "cilium-cni", "weave-net", "antrea", "kube-router",
})}

// tools change the packet filter and links for them. Anybody may run them, so who started them decides.
var tools = programs{system, newSet([]string{
	"xtables-nft-multi", "xtables-legacy-multi", "iptables", "ip6tables", "iptables-restore", "ip6tables-restore", "ebtables", "nft", "ipset", "ip", "bridge",
})}

// pods are containers of the network's own pods, by namespace and name. Pods are named by the API server, not by themselves.
var pods = newSet([]string{
	"kube-system/kube-proxy", "kube-system/kube-flannel", "kube-flannel/kube-flannel", "kube-system/calico-node", "calico-system/calico-node",
	"kube-system/cilium-agent", "kube-system/weave", "kube-system/kube-router", "kube-system/antrea-agent", "kube-system/kindnet-cni",
})

// byItself says that one of these programs did it. The name of a process (comm) is its own choice and counts for nothing; what it runs does,
// and where. Whoever logged in is a person, whatever runs.
func byItself(e *event.Event) bool {
	if !e.AUID.IsZero() || e.Who.Confidence == event.ConfidenceNone || e.Who.Confidence == "" {
		return false
	}
	if e.Who.PodUID != "" || e.Who.ContainerID != "" {
		return byPod(e)
	}
	return sets(e.Exe) || tools.have(e.Exe) && sets(starter(e))
}

// byPod says that it was the network's own pod, and not somebody who went into it.
func byPod(e *event.Event) bool {
	return !e.Who.Entered && e.Who.Container != "" && pods.has(e.Who.Namespace+"/"+e.Who.Container) && (sets(e.Exe) || tools.have(e.Exe))
}

// byTheKernel says that the kernel took an interface out of its bridge, because its namespace ended: there is no process, and the interface is
// no longer promiscuous.
func byTheKernel(e *event.Event) bool {
	return e.Exe == "" && e.PID.IsZero() && e.Syscall == "" && field(e, "prom") == "0" && e.AUID.IsZero()
}

// sets says whether the program sets up the network of containers.
func sets(program string) bool { return managers.have(program) || plugins.have(program) }

func (p *programs) have(program string) bool {
	directory, name := path.Split(program)
	return len(directory) > 1 && p.names.has(name) && p.directories.has(directory[:len(directory)-1])
}

// starter is the program that started the process, empty where it is not known. Only the closest counts: a shell between them may do anything.
func starter(e *event.Event) string {
	if len(e.Who.Ancestors) == 0 {
		return ""
	}
	return e.Who.Ancestors[0].Exe
}

func field(e *event.Event, name string) string {
	value, _ := e.Fields.Get(name)
	return value
}
