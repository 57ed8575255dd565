package enrich_test

import (
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/nodeaudit/nodeaudit/nodeagent/enrich"
	"github.com/nodeaudit/nodeaudit/nodeagent/event"
)

// inContainer returns a world as an agent in a container on version 2 sees it.
func inContainer(t *testing.T, group string) *world {
	t.Helper()
	w := newWorld(t)
	self := strconv.Itoa(os.Getpid())
	w.write("1/cgroup", "0::/../../../../init.scope\n")
	w.write(self+"/cgroup", "0::/\n")
	procs := filepath.Join(w.root, "sys/fs/cgroup", group, "cgroup.procs")
	if err := os.MkdirAll(filepath.Dir(procs), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(procs, []byte("7\n"+self+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w.enricher = enrich.New(enrich.Options{HostRoot: w.root})
	w.begin(100, "nginx", "0::/../../../kubepods-burstable.slice/kubepods-burstable-pod"+slice+".slice/cri-containerd-"+id+".scope\n", 0)
	w.begin(101, "helper", "0::/../cri-containerd-"+other+".scope\n", 0)
	w.begin(102, "sshd", "0::/../../../../system.slice/sshd.service\n", 0)
	w.begin(103, "kthreadd", "0::/../../../..\n", 0)
	return w
}

func TestAnAgentInAContainerSeesPodsAndTheHost(t *testing.T) {
	pod := "kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod7b4d6c19_6a0e_4c1b_9d43_0a6c54b3a3f2.slice/"
	w := inContainer(t, pod+"cri-containerd-"+id+".scope")
	w.event(100, 99, 0, web)
	w.event(101, 99, 0, db)
	w.event(102, 99, 0, host)
	w.event(103, 99, 0, event.Who{Confidence: event.ConfidenceExact, Source: event.SourceProc})
	w.event(uint32(os.Getpid()), 99, 0, event.Who{Confidence: event.ConfidenceExact, Source: event.SourceProc, PodUID: uid2, ContainerID: id})
}

func TestAnAgentInAContainerThatCannotFindItselfDoesNotTakeItselfForTheHost(t *testing.T) {
	w := inContainer(t, "")
	if err := os.RemoveAll(filepath.Join(w.root, "sys")); err != nil {
		t.Fatal(err)
	}
	w.enricher = enrich.New(enrich.Options{HostRoot: w.root})
	w.event(100, 99, 0, web)
	w.event(101, 99, 0, event.Who{Confidence: event.ConfidenceExact, Source: event.SourceProc, ContainerID: other})
	w.event(102, 99, 0, host)
	w.event(uint32(os.Getpid()), 99, 0, none)
}
