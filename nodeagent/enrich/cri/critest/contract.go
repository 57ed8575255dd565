package critest

import (
	"context"
	"log/slog"
	"maps"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	runtime "k8s.io/cri-api/pkg/apis/runtime/v1"

	"github.com/nodeaudit/nodeaudit/nodeagent/enrich"
	"github.com/nodeaudit/nodeaudit/nodeagent/enrich/cri"
)

// UID is that of the pod that the contract makes.
const UID = "05b102bf-8744-4942-a241-9b6f07983a3a"

// Contract makes a pod with the runtime at a socket, as a kubelet does, and says whether package cri knows it. Processes of the pod are below
// the control group cgroup.
func Contract(t *testing.T, socket, image, cgroup string) {
	t.Helper()
	known := cri.New(cri.Options{HostRoot: "/", Endpoint: socket, Log: slog.New(slog.DiscardHandler)})
	running, cancel := context.WithCancel(t.Context())
	ended := make(chan struct{})
	go func() { defer close(ended); known.Run(running) }()
	t.Cleanup(func() { cancel(); <-ended })
	client, sandbox, container := Pod(t, socket, image, cgroup)

	want := enrich.Pod{Namespace: "shop", Name: "web-0", Labels: map[string]string{"app": "web"}, SharesPIDs: true}
	expect(t, known, sandbox, want)
	want.Container, want.Image = "nginx", "registry.example/nginx:1.29"
	expect(t, known, container, want)
	if pod, ok := known.Container("another", container); ok {
		t.Errorf("a container of this id in another pod is taken to be it: %+v", pod)
	}
	if pod, ok := known.Container(UID, strings.Repeat("0", 64)); ok {
		t.Errorf("a container that is not there is known: %+v", pod)
	}
	remove(t, client, sandbox)
	if _, ok := known.Container(UID, container); !ok {
		t.Error("a container that has just gone is forgotten")
	}
}

// expect waits until a container is known.
func expect(t *testing.T, known *cri.Runtime, id string, want enrich.Pod) {
	t.Helper()
	got, ok := known.Container(UID, id)
	for deadline := time.Now().Add(30 * time.Second); !ok && time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		got, ok = known.Container(UID, id)
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(enrich.Pod{}, "ImageID")); diff != "" {
		t.Errorf("container %s (-want +got):\n%s", id, diff)
	}
	if (want.Container == "") != (got.ImageID == "") {
		t.Errorf("container %s has the image %q", id, got.ImageID)
	}
}

// Pod makes a pod with one container as a kubelet does, until the test ends.
func Pod(t *testing.T, socket, image, cgroup string) (client runtime.RuntimeServiceClient, sandbox, container string) {
	t.Helper()
	conn, err := grpc.NewClient("unix://"+socket, grpc.WithTransportCredentials(insecure.NewCredentials()))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	client = runtime.NewRuntimeServiceClient(conn)
	config := podConfig(cgroup)
	ran, err := client.RunPodSandbox(t.Context(), &runtime.RunPodSandboxRequest{Config: config})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { remove(t, client, ran.GetPodSandboxId()) })
	created, err := client.CreateContainer(t.Context(), &runtime.CreateContainerRequest{
		PodSandboxId: ran.GetPodSandboxId(), SandboxConfig: config, Config: containerConfig(image),
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := client.StartContainer(t.Context(), &runtime.StartContainerRequest{ContainerId: created.GetContainerId()}); err != nil {
		t.Fatal(err)
	}
	return client, ran.GetPodSandboxId(), created.GetContainerId()
}

// onHostNetwork spares the test a network for pods.
var onHostNetwork = &runtime.NamespaceOption{Network: runtime.NamespaceMode_NODE, Pid: runtime.NamespaceMode_CONTAINER}

func podConfig(cgroup string) *runtime.PodSandboxConfig {
	return &runtime.PodSandboxConfig{
		Metadata: &runtime.PodSandboxMetadata{Name: "web-0", Namespace: "shop", Uid: UID},
		Labels:   labels("app", "web"),
		Linux: &runtime.LinuxPodSandboxConfig{
			CgroupParent: cgroup, SecurityContext: &runtime.LinuxSandboxSecurityContext{NamespaceOptions: onHostNetwork},
		},
	}
}

func containerConfig(image string) *runtime.ContainerConfig {
	return &runtime.ContainerConfig{
		Metadata: &runtime.ContainerMetadata{Name: "nginx"}, Labels: labels("io.kubernetes.container.name", "nginx"),
		Image: &runtime.ImageSpec{Image: image, UserSpecifiedImage: "registry.example/nginx:1.29"},
		Linux: &runtime.LinuxContainerConfig{SecurityContext: &runtime.LinuxContainerSecurityContext{NamespaceOptions: onHostNetwork}},
	}
}

// labels are those of the kubelet, and one more.
func labels(name, value string) map[string]string {
	all := map[string]string{"io.kubernetes.pod.name": "web-0", "io.kubernetes.pod.namespace": "shop", "io.kubernetes.pod.uid": UID}
	maps.Copy(all, map[string]string{name: value})
	return all
}

// remove may be called again, and where the runtime has ended.
func remove(t *testing.T, client runtime.RuntimeServiceClient, sandbox string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	defer cancel()
	if _, err := client.StopPodSandbox(ctx, &runtime.StopPodSandboxRequest{PodSandboxId: sandbox}); status.Code(err) == codes.Unavailable {
		return
	} else if err != nil {
		t.Error(err)
	}
	if _, err := client.RemovePodSandbox(ctx, &runtime.RemovePodSandboxRequest{PodSandboxId: sandbox}); err != nil {
		t.Error(err)
	}
}
