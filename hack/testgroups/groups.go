package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/nodeaudit/nodeaudit/test/vm"
)

// A group is one run of `go test`.
type group struct {
	name  string
	what  string
	needs []need
	args  []string // of go test
}

// The groups, the quick ones first. Tests of the real kernel have names that begin with TestKernel. What go test remembers of an earlier run
// (-count=1) says nothing of the kernel and the machines that there are now.
var groups = []group{
	{
		name: "unit",
		what: "everything that needs nothing but Go",
		args: []string{"-skip=^TestKernel", "./api/...", "./cmd/...", "./controllers/...", "./hack/...", "./internal/...", "./nodeagent/...", "./test/arch"},
	},
	{
		name: "envtest",
		what: "the controller and the API against a real kube-apiserver and etcd",
		args: []string{"./test/envtest/...", "./test/chart/..."},
	},
	{
		name:  "kernel",
		what:  "the agent against the audit system of this machine's kernel",
		needs: []need{root, auditControl},
		args:  []string{"-p=1", "-count=1", "-run=^TestKernel", "./cmd/...", "./nodeagent/...", "./test/recording/...", "./test/who"},
	},
	{
		name:  "e2e",
		what:  "the whole product in a local cluster",
		needs: []need{root, auditControl},
		args:  []string{"-p=1", "-count=1", "-tags=e2e", "-timeout=30m", "./test/e2e/..."},
	},
	{
		name:  "vm",
		what:  "the agent on nodes that lock, reboot and load rules of their own, in virtual machines",
		needs: []need{vmImage},
		args:  []string{"-p=1", "-count=1", "-tags=vm", "-timeout=60m", "./test/vm/..."},
	},
	{
		name:  "vmnode",
		what:  "a virtual machine as a node of the local cluster: boot loader, lock and reboots through the operator",
		needs: []need{root, vmImage},
		args:  []string{"-p=1", "-count=1", "-tags=e2e,vm", "-timeout=90m", "-run=^TestAVirtualMachine", "./test/e2e"},
	},
}

// A need is something that a machine has or has not. A test that cannot run for want of it skips with a message that begins with
// "needs " and the name.
type need struct {
	name    string
	missing func() string // why this machine has it not, or empty
}

var (
	root = need{"root", func() string {
		if os.Geteuid() != 0 {
			return "this is not root"
		}
		return ""
	}}
	auditControl = need{"CAP_AUDIT_CONTROL", missingAuditControl}
	peers        = need{"the programs of hack/peers.sh", func() string {
		for _, program := range []string{"rsyslogd", "syslog-ng", "collector", "auditd", "ausearch", "aureport", "nft"} {
			if _, err := exec.LookPath(program); err != nil {
				return err.Error()
			}
		}
		return ""
	}}
	receivers = need{"the servers of make receivers", func() string {
		for _, program := range []string{"versitygw", "alertmanager"} {
			if _, err := exec.LookPath(program); err != nil {
				return err.Error()
			}
		}
		return ""
	}}
	// Loki takes as long to build as all other programs together: as with vmImage, who wants its tests makes it.
	loki = need{"the server of make loki", func() string {
		if _, err := exec.LookPath("loki"); err != nil {
			return err.Error()
		}
		return ""
	}}
	tools = need{"the programs of hack/tools/build.sh", func() string {
		return absent("bin/kube-apiserver", "bin/etcd", "bin/kubectl", "bin/containerd", "bin/runc")
	}}
	pauseImage = need{"the image pause of the local cluster", func() string { return absent("images/pause.tar") }}
	// Minutes and 100 MB are asked of nobody who did not ask for them: who wants these tests makes the image.
	vmImage = need{"the image of make vm-image", func() string {
		if _, err := vm.Find("."); err != nil {
			return err.Error()
		}
		return ""
	}}
)

var needs = []need{root, auditControl, peers, receivers, loki, tools, pauseImage, vmImage}

// absent says which of these files of .local is not there.
func absent(names ...string) string {
	for _, name := range names {
		if _, err := os.Stat(filepath.Join(".local", name)); err != nil {
			return err.Error()
		}
	}
	return ""
}

// The inodes of the initial namespaces are fixed: include/linux/proc_ns.h. The kernel answers audit requests in no others.
const (
	initialPIDNamespace  = "pid:[4026531836]"
	initialUserNamespace = "user:[4026531837]"
	capAuditControl      = 30
)

func missingAuditControl() string {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return err.Error()
	}
	_, after, _ := strings.Cut(string(status), "\nCapEff:\t")
	set, err := strconv.ParseUint(strings.SplitN(after, "\n", 2)[0], 16, 64)
	if err != nil || set&(1<<capAuditControl) == 0 {
		return "the capability is not in the effective set"
	}
	for file, want := range map[string]string{"pid": initialPIDNamespace, "user": initialUserNamespace} {
		if got, err := os.Readlink("/proc/self/ns/" + file); err != nil || got != want {
			return fmt.Sprintf("this is not the initial %s namespace", file)
		}
	}
	return ""
}
