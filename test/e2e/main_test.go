//go:build e2e

package e2e

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/go-logr/logr"
	ctrl "sigs.k8s.io/controller-runtime"
)

const kernelLock = "/run/lock/nodeaudit-kernel-test.lock"

// guestNode is the name by which hack/cluster knows the node that is a virtual machine.
const guestNode = "vm"

// root is the project's folder.
var root = func() string {
	dir, err := filepath.Abs("../..")
	if err != nil {
		panic(err)
	}
	return dir
}()

func TestMain(m *testing.M) {
	ctrl.SetLogger(logr.Discard())
	os.Exit(run(m))
}

func run(m *testing.M) int {
	if os.Geteuid() != 0 {
		fmt.Fprintln(os.Stderr, "needs root: the local cluster is made of namespaces and mounts")
		return 1
	}
	if !guestOnly {
		lock, err := os.OpenFile(kernelLock, os.O_CREATE|os.O_RDWR, 0o600)
		if err == nil {
			err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX)
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, "taking the lock for tests of the kernel:", err)
			return 1
		}
		defer lock.Close()
	}
	if err := setUp(); err != nil {
		fmt.Fprintln(os.Stderr, "setting up:", err)
		return 1
	}
	status := m.Run()
	if err := tearDown(); err != nil {
		fmt.Fprintln(os.Stderr, "tearing down:", err)
		return 1
	}
	return status
}

func setUp() error {
	if err := command("make", "cluster-down"); err != nil {
		return err
	}
	if err := command("make", "cluster-up", "image", "image-demo", "cluster-load"); err != nil {
		return err
	}
	if err := connect(); err != nil {
		return err
	}
	if err := install(); err != nil {
		return err
	}
	return kubectl("apply", "-f", "config/samples/auditsinks.yaml")
}

// tearDown keeps the cluster where somebody wants to look: NODEAUDIT_E2E_KEEP=1. The cluster's own end says whether the machine's audit
// state is as it was.
func tearDown() error {
	if os.Getenv("NODEAUDIT_E2E_KEEP") != "" {
		return nil
	}
	return errors.Join(uninstall(), command("make", "cluster-down"))
}

func install() error {
	words := []string{"upgrade", "--install", release, "charts/nodeaudit", "--namespace", namespace, "--create-namespace", "--wait", "--timeout", "2m"}
	// For the tests of tenants: port 9, where nobody listens.
	words = append(words, "--set=tenants.enabled=true", "--set=tenants.destinations[0].cidrs={127.0.0.1/32}", "--set=tenants.destinations[0].ports={9}")
	if guestOnly {
		words = append(words, "--set", `agent.nodeSelector.kubernetes\.io/hostname=`+guestNode, "--set", "agent.remediation.enabled=true,agent.rebootSentinel=true")
	}
	return command("helm", words...)
}

func uninstall() error {
	return command("helm", "uninstall", release, "--namespace", namespace, "--wait", "--timeout", "3m", "--ignore-not-found")
}

func kubectl(args ...string) error { return command("kubectl", args...) }

// command runs a program in the project's folder, with the tools and the cluster of the project.
func command(name string, args ...string) error {
	path := filepath.Join(root, ".local/bin", name)
	if _, err := os.Stat(path); err != nil {
		path = name
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig, "PATH="+filepath.Join(root, ".local/bin")+":"+os.Getenv("PATH"))
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
