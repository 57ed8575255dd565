package cri_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/nodeaudit/nodeaudit/nodeagent/enrich/cri/critest"
)

func TestAFakeRuntimeKeepsTheContract(t *testing.T) {
	socket := filepath.Join(t.TempDir(), "cri.sock")
	fake, err := critest.Serve(socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(fake.Stop)
	critest.Contract(t, socket, "registry.example/nginx:1.29", "")
}

func TestContainerdKeepsTheContract(t *testing.T) {
	local, err := filepath.Abs("../../../.local")
	if err != nil {
		t.Fatal(err)
	}
	image := filepath.Join(local, "images/pause.tar")
	for _, needed := range []string{"bin/containerd", "bin/runc", "bin/containerd-shim-runc-v2", "bin/ctr"} {
		if _, err := os.Stat(filepath.Join(local, needed)); err != nil || os.Getuid() != 0 {
			t.Skip("needs the programs of hack/tools/build.sh and root: containerd")
		}
	}
	if _, err := os.Stat(image); err != nil {
		t.Skip("needs the image pause of the local cluster")
	}
	socket := startContainerd(t, local, image)
	cgroup := "/nodeaudit-cri-" + strconv.Itoa(os.Getpid())
	t.Cleanup(func() { removeGroups(cgroup) })
	critest.Contract(t, socket, "localhost/nodeaudit/pause:dev", cgroup)
}

// startContainerd starts one with a /run of its own, so that it meets no other.
func startContainerd(t *testing.T, local, image string) (socket string) {
	t.Helper()
	dir, err := os.MkdirTemp("", "cri") //nolint:usetesting // the path of a socket must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	socket = filepath.Join(dir, "s")
	config := fmt.Sprintf(`version = 3
root = '%[1]s/root'
[grpc]
  address = '%[1]s/s'
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = 'localhost/nodeaudit/pause:dev'
[plugins.'io.containerd.cri.v1.runtime']
  disable_apparmor = true
  restrict_oom_score_adj = true
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = 'io.containerd.runc.v2'
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc.options]
  BinaryName = '%[2]s/bin/runc'
`, dir, local)
	if err := os.WriteFile(filepath.Join(dir, "config.toml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	daemon := exec.Command("unshare", "--mount", "sh", "-c", `mount -t tmpfs tmpfs /run && exec containerd --config "$0/config.toml"`, dir)
	daemon.Env = append(os.Environ(), "PATH="+local+"/bin:"+os.Getenv("PATH"), "CONTAINERD_SUPPRESS_DEPRECATION_WARNINGS=1")
	log, err := os.Create(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	daemon.Stdout, daemon.Stderr = log, log
	if err := daemon.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = daemon.Process.Signal(unix.SIGTERM)
		_ = daemon.Wait()
		if t.Failed() {
			text, _ := os.ReadFile(log.Name())
			t.Logf("containerd said:\n%s", text[max(0, len(text)-4000):])
		}
	})
	load := func() error {
		return exec.Command(filepath.Join(local, "bin/ctr"), "--address", socket, "--namespace", "k8s.io", "images", "import", image).Run()
	}
	for deadline := time.Now().Add(time.Minute); ; time.Sleep(100 * time.Millisecond) {
		if err := load(); err == nil {
			return socket
		} else if time.Now().After(deadline) {
			t.Fatalf("containerd does not answer: %v", err)
		}
	}
}

// removeGroups removes the pod's control groups, which the runtime leaves.
func removeGroups(cgroup string) {
	for _, pattern := range []string{"/sys/fs/cgroup" + cgroup, "/sys/fs/cgroup/*" + cgroup} {
		dirs, _ := filepath.Glob(pattern)
		for _, dir := range dirs {
			_ = os.Remove(dir)
		}
	}
}
