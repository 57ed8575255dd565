# nodeaudit. `make help` lists what can be made.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

export PATH := $(CURDIR)/.local/bin:$(PATH)
export KUBEBUILDER_ASSETS := $(CURDIR)/.local/bin

VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
IMAGE_REGISTRY ?= localhost/nodeaudit
IMAGE_TAG ?= dev
IMAGE = go run -C hack/image . -registry "$(IMAGE_REGISTRY)" -tag "$(IMAGE_TAG)" -version "$(VERSION)" -arch "$$(go env GOARCH)"

# A KUBECONFIG of the environment is not used: what installs privileged agents must be named on the command line.
ifeq ($(origin KUBECONFIG),command line)
OTHER_CLUSTER := $(abspath $(KUBECONFIG))
endif

##@ Try it

.PHONY: demo
demo: ## From nothing to an audit event with its pod's name (KUBECONFIG=… IMAGE_REGISTRY=…: on a cluster of yours)
	@KUBECONFIG="$(OTHER_CLUSTER)" IMAGE_REGISTRY="$(IMAGE_REGISTRY)" IMAGE_TAG="$(IMAGE_TAG)" hack/demo/demo.sh

.PHONY: demo-down
demo-down: ## Remove the demo and its cluster; check that this machine's audit state is as it was
	@KUBECONFIG="$(OTHER_CLUSTER)" hack/demo/down.sh

##@ Local cluster

.PHONY: cluster-up
cluster-up: tools-cluster ## Start a real Kubernetes with three nodes on this machine (again: says that it is up)
	@$(MAKE) --no-print-directory image-pause
	@hack/cluster/up.sh

.PHONY: cluster-down
cluster-down: ## End it and remove all that it left
	@hack/cluster/down.sh

.PHONY: cluster-load
cluster-load: ## Put the images of .local/images on its nodes
	@hack/cluster/load.sh

##@ Build

.PHONY: build
build: ## Build the programs for this machine into bin/: controller, nodeagent, kubectl-nodeaudit
	@CGO_ENABLED=0 go build -tags grpcnotrace -trimpath -ldflags "-s -w -X github.com/nodeaudit/nodeaudit/internal/version.Version=$(VERSION)" -o bin/ ./cmd/...

.PHONY: image
image: ## Build the container images into .local/images, without Docker (IMAGE_REGISTRY, IMAGE_TAG, VERSION)
	@$(IMAGE)

.PHONY: image-push
image-push: ## Build the container images and push them to IMAGE_REGISTRY, with the credentials of `docker login`
	@$(IMAGE) -push controller nodeagent demo

.PHONY: image-pause image-demo
image-pause image-demo: image-%:
	@go run -C hack/image . -arch "$$(go env GOARCH)" $*

.PHONY: tools
tools: ## Build every pinned tool into .local/bin (the first time 5 to 15 minutes; kept in ~/.cache/nodeaudit)
	@hack/tools/build.sh

.PHONY: tools-cluster
tools-cluster:
	@hack/tools/build.sh kubernetes containerd runc cni helm

.PHONY: tools-test
tools-test: tools-cluster
	@hack/tools/build.sh helm3

.PHONY: clean
clean: cluster-down ## Remove what was built and downloaded into this folder
	@rm -rf .local bin dist

##@ Develop

.PHONY: generate
generate: ## Make what is generated: deep copies, CRDs, RBAC, the chart's share of them
	@hack/generate.sh

.PHONY: verify
verify: ## Fail when what is generated, formatted or tidied differs from what is committed
	@hack/verify.sh

.PHONY: lint
lint: ## Look for what a reviewer would: golangci-lint, shellcheck, helm lint
	@hack/lint.sh

.PHONY: test
test: tools-test image-pause peers receivers ## Everything that can run here; a summary names what ran and what could not
	@go run ./hack/testgroups

.PHONY: peers
peers:
	@hack/peers.sh

.PHONY: receivers
receivers: ## Build the servers that tests of sinks send to: an S3 server, Alertmanager (once, some minutes)
	@hack/tools/build.sh versitygw alertmanager

.PHONY: loki
loki: ## Build Loki, for the tests of that sink (once, 7 minutes; `make test` runs them once it is there)
	@hack/tools/build.sh loki

.PHONY: test-unit test-kernel
test-unit: ## The tests that need nothing but Go
test-kernel: ## The agent against this machine's kernel (root)
test-unit test-kernel: test-%:
	@go run ./hack/testgroups $*

.PHONY: test-envtest test-e2e
test-envtest: ## The controller and the API against a real kube-apiserver and etcd
test-e2e: ## The whole product in a local cluster (root)
test-envtest test-e2e: test-%: tools-test
	@go run ./hack/testgroups $*

.PHONY: vm-image test-vm
vm-image: ## Build the virtual machines for test-vm (root; the first time 3 minutes or more and 100 MB; kept in ~/.cache/nodeaudit)
	@hack/vm/image.sh
test-vm: vm-image ## The agent on nodes that lock, reboot and have an auditd, in virtual machines (`make test` too, once there is vm-image)
	@go run ./hack/testgroups vm vmnode

##@ Help

.PHONY: help
help: ## This list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z0-9-]+:.*## / {printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
