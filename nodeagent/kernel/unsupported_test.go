package kernel_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/nodeaudit/nodeaudit/nodeagent/kernel"
	"github.com/nodeaudit/nodeaudit/nodeagent/kernel/kerneltest"
)

// askEnv makes this test program say why it cannot use the audit system.
const askEnv = "KERNEL_TEST_ASK"

// ask prints the cause and the advice.
func ask() {
	client, err := kernel.Open()
	if err == nil {
		_, err = client.Status()
	}
	unsupported, is := errors.AsType[*kernel.UnsupportedError](err)
	if !is {
		fmt.Println("usable:", err)
		return
	}
	fmt.Println(unsupported.Cause, errors.Is(err, kernel.ErrUnsupported), err)
}

func TestKernelSaysWhyItCannotBeUsed(t *testing.T) {
	kerneltest.Lock(t)
	for name, test := range map[string]struct {
		attributes syscall.SysProcAttr
		want, todo string
	}{
		"as the agent should run":               {syscall.SysProcAttr{}, "usable: <nil>", ""},
		"in a pid namespace of its own":         {syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWPID}, "NotInitialPIDNamespace true", "hostPID"},
		"without capabilities":                  {syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}, "NoCapability true", "AUDIT_CONTROL"},
		"in a user namespace of its own":        {ownUserNamespace(0), "NotInitialUserNamespace true", "hostUsers"},
		"in user and pid namespaces of its own": {ownUserNamespace(syscall.CLONE_NEWPID), "NotInitialUserNamespace true", "hostUsers"},
	} {
		t.Run(name, func(t *testing.T) {
			program, err := os.Executable()
			if err != nil {
				t.Fatal(err)
			}
			child := exec.Command(program)
			child.Env = append(os.Environ(), askEnv+"=1")
			child.SysProcAttr = &test.attributes
			if test.attributes.Credential != nil {
				child.Path = "/proc/self/exe" // the program is in a folder of root's
			}
			out, err := child.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, out)
			}
			if got := string(out); !strings.HasPrefix(got, test.want) || !strings.Contains(got, test.todo) {
				t.Errorf("it says %q, want %q and advice with %q", got, test.want, test.todo)
			}
		})
	}
}

func ownUserNamespace(more uintptr) syscall.SysProcAttr {
	return syscall.SysProcAttr{
		Cloneflags:  syscall.CLONE_NEWUSER | more,
		UidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 1}},
		GidMappings: []syscall.SysProcIDMap{{ContainerID: 0, HostID: 0, Size: 1}},
	}
}
