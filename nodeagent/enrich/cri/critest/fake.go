// Package critest is a container runtime in memory, and the contract that it has in common with real ones: what package cri needs of them.
package critest

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"net"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	runtime "k8s.io/cri-api/pkg/apis/runtime/v1"
)

// Fake is a runtime that runs nothing.
type Fake struct {
	runtime.UnimplementedRuntimeServiceServer

	server *grpc.Server
	mu     sync.Mutex
	pods   map[string]*runtime.PodSandbox
	all    map[string]*runtime.Container
}

// Serve listens on a socket until Stop.
func Serve(socket string) (*Fake, error) {
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return nil, err
	}
	f := &Fake{server: grpc.NewServer(), pods: map[string]*runtime.PodSandbox{}, all: map[string]*runtime.Container{}}
	runtime.RegisterRuntimeServiceServer(f.server, f)
	go func() { _ = f.server.Serve(listener) }()
	return f, nil
}

// Stop ends all calls and removes the socket.
func (f *Fake) Stop() { f.server.Stop() }

func newID() string {
	var id [32]byte
	_, _ = rand.Read(id[:])
	return hex.EncodeToString(id[:])
}

// RunPodSandbox notes a pod.
func (f *Fake) RunPodSandbox(_ context.Context, in *runtime.RunPodSandboxRequest) (*runtime.RunPodSandboxResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	id := newID()
	f.pods[id] = &runtime.PodSandbox{Id: id, Metadata: in.GetConfig().GetMetadata(), Labels: in.GetConfig().GetLabels()}
	return &runtime.RunPodSandboxResponse{PodSandboxId: id}, nil
}

// CreateContainer notes a container.
func (f *Fake) CreateContainer(_ context.Context, in *runtime.CreateContainerRequest) (*runtime.CreateContainerResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.pods[in.GetPodSandboxId()] == nil {
		return nil, status.Error(codes.NotFound, "there is no such sandbox")
	}
	id, config := newID(), in.GetConfig()
	f.all[id] = &runtime.Container{
		Id: id, PodSandboxId: in.GetPodSandboxId(), Metadata: config.GetMetadata(), Labels: config.GetLabels(), Image: config.GetImage(),
		ImageRef: "sha256:" + id, State: runtime.ContainerState_CONTAINER_RUNNING,
	}
	return &runtime.CreateContainerResponse{ContainerId: id}, nil
}

// StartContainer does nothing.
func (f *Fake) StartContainer(context.Context, *runtime.StartContainerRequest) (*runtime.StartContainerResponse, error) {
	return &runtime.StartContainerResponse{}, nil
}

// StopPodSandbox does nothing.
func (f *Fake) StopPodSandbox(context.Context, *runtime.StopPodSandboxRequest) (*runtime.StopPodSandboxResponse, error) {
	return &runtime.StopPodSandboxResponse{}, nil
}

// RemovePodSandbox forgets a pod and its containers.
func (f *Fake) RemovePodSandbox(_ context.Context, in *runtime.RemovePodSandboxRequest) (*runtime.RemovePodSandboxResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	delete(f.pods, in.GetPodSandboxId())
	for id, c := range f.all {
		if c.GetPodSandboxId() == in.GetPodSandboxId() {
			delete(f.all, id)
		}
	}
	return &runtime.RemovePodSandboxResponse{}, nil
}

// ListContainers lists all.
func (f *Fake) ListContainers(context.Context, *runtime.ListContainersRequest) (*runtime.ListContainersResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := &runtime.ListContainersResponse{}
	for _, c := range f.all {
		out.Containers = append(out.Containers, c)
	}
	return out, nil
}

// ListPodSandbox lists all.
func (f *Fake) ListPodSandbox(context.Context, *runtime.ListPodSandboxRequest) (*runtime.ListPodSandboxResponse, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := &runtime.ListPodSandboxResponse{}
	for _, s := range f.pods {
		out.Items = append(out.Items, s)
	}
	return out, nil
}
