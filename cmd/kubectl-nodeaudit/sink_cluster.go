package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/tools/remotecommand"
	"k8s.io/streaming/pkg/httpstream"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/control"
)

// agents selects the pods of the DaemonSet, agentProgram is the program in them.
const (
	agents       = "app.kubernetes.io/name=nodeaudit,app.kubernetes.io/component=agent"
	agentProgram = "/nodeagent"
	agentPart    = "agent" // the container
)

// clusterFlags are how to reach the cluster, as kubectl has them.
type clusterFlags struct {
	kubeconfig, context, namespace string
}

func (f *clusterFlags) flags(set *pflag.FlagSet) {
	set.StringVar(&f.kubeconfig, "kubeconfig", "", "file with the access to the cluster; empty: as kubectl finds it")
	set.StringVar(&f.context, "context", "", "the context of the kubeconfig to use")
	set.StringVar(&f.namespace, "namespace", "nodeaudit-system", "namespace of nodeaudit")
}

func (f *clusterFlags) config() (*rest.Config, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = f.kubeconfig
	config, err := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: f.context}).ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("finding the cluster (--kubeconfig; or --state-dir on a host without Kubernetes): %w", err)
	}
	return config, nil
}

// testSink asks an agent in its pod.
func (f *clusterFlags) testSink(ctx context.Context, node string, request control.Request) (control.SinkTest, error) {
	config, err := f.config()
	if err != nil {
		return control.SinkTest{}, err
	}
	client, err := kubernetes.NewForConfig(config)
	if err != nil {
		return control.SinkTest{}, fmt.Errorf("reaching the cluster: %w", err)
	}
	objects, err := dynamic.NewForConfig(config)
	if err != nil {
		return control.SinkTest{}, fmt.Errorf("reaching the cluster: %w", err)
	}
	pods, err := client.CoreV1().Pods(f.namespace).List(ctx, metav1.ListOptions{LabelSelector: agents})
	if err != nil {
		return control.SinkTest{}, fmt.Errorf("listing the agents in namespace %s: %w", f.namespace, err)
	}
	pod, err := chooseAgent(pods.Items, node, request.TestSink, func() (map[string][]string, error) { return sinksOfNodes(ctx, objects) })
	if err != nil {
		return control.SinkTest{}, fmt.Errorf("namespace %s: %w", f.namespace, err)
	}
	return f.inPod(ctx, config, client, pod, request)
}

// chooseAgent finds the agent to ask.
func chooseAgent(pods []corev1.Pod, node, sink string, sinks func() (map[string][]string, error)) (string, error) {
	ready := slices.DeleteFunc(slices.Clone(pods), func(p corev1.Pod) bool { return !isReady(&p) })
	slices.SortFunc(ready, func(a, b corev1.Pod) int { return cmp.Compare(a.Spec.NodeName, b.Spec.NodeName) })
	if node != "" {
		for _, p := range ready {
			if p.Spec.NodeName == node {
				return p.Name, nil
			}
		}
		return "", fmt.Errorf("no agent on node %q is Ready: see `kubectl get pods -o wide`, and the name of the node", node)
	}
	if len(ready) == 0 {
		return "", errors.New("no agent is Ready: see that nodeaudit is installed there, or name its namespace with --namespace")
	}
	has, err := sinks()
	if apierrors.IsForbidden(err) {
		return ready[0].Name, nil // whose agent says whether it has the sink
	}
	if err != nil {
		return "", err
	}
	for _, p := range ready {
		if slices.Contains(has[p.Spec.NodeName], sink) {
			return p.Name, nil
		}
	}
	known := slices.Compact(slices.Sorted(func(yield func(string) bool) {
		for list := range maps.Values(has) {
			for _, name := range list {
				if !yield(name) {
					return
				}
			}
		}
	}))
	return "", fmt.Errorf("no node has a sink %q: a policy on it must have a route to it, and its agent a minute to say so. There are %s", sink, strings.Join(known, ", "))
}

func isReady(pod *corev1.Pod) bool {
	return pod.DeletionTimestamp == nil && slices.ContainsFunc(pod.Status.Conditions, func(c corev1.PodCondition) bool {
		return c.Type == corev1.PodReady && c.Status == corev1.ConditionTrue
	})
}

// sinksOfNodes are those that agents report.
func sinksOfNodes(ctx context.Context, objects dynamic.Interface) (map[string][]string, error) {
	list, err := objects.Resource(v1alpha1.GroupVersion.WithResource("nodeauditstatuses")).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("listing NodeAuditStatuses: %w", err)
	}
	has := map[string][]string{}
	for _, item := range list.Items {
		var status v1alpha1.NodeAuditStatus
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(item.Object, &status); err != nil {
			return nil, fmt.Errorf("reading the NodeAuditStatus of %s: %w", item.GetName(), err)
		}
		for _, s := range status.Status.Sinks {
			has[item.GetName()] = append(has[item.GetName()], s.Name)
		}
	}
	return has, nil
}

// inPod runs the agent's own program beside it, and reads what it prints.
func (f *clusterFlags) inPod(ctx context.Context, config *rest.Config, client kubernetes.Interface, pod string, request control.Request) (control.SinkTest, error) {
	call := client.CoreV1().RESTClient().Post().Resource("pods").Namespace(f.namespace).Name(pod).SubResource("exec").VersionedParams(&corev1.PodExecOptions{
		Container: agentPart, Stdout: true, Stderr: true,
		Command: []string{agentProgram, "--test-sink=" + request.TestSink, "--asked-by=" + request.By, "--output=json"},
	}, scheme.ParameterCodec)
	executor, err := newExecutor(config, call)
	if err != nil {
		return control.SinkTest{}, fmt.Errorf("reaching pod %s: %w", pod, err)
	}
	var out, words bytes.Buffer
	err = executor.StreamWithContext(ctx, remotecommand.StreamOptions{Stdout: &out, Stderr: &words})
	var result control.SinkTest
	if json.Unmarshal(out.Bytes(), &result) == nil && result.Sink != "" {
		return result, nil // it says itself whether it was delivered
	}
	switch {
	case isForbidden(err):
		return control.SinkTest{}, fmt.Errorf("you may not run programs in the agents' pods: it takes the right to create pods/exec in namespace %s, which is root on nodes. "+
			"Have somebody run it who has it, or root on the node: nodeagent --test-sink %s: %w", f.namespace, request.TestSink, err)
	case words.Len() > 0:
		return control.SinkTest{}, fmt.Errorf("the agent in pod %s says: %s", pod, strings.TrimSpace(words.String()))
	case err == nil:
		return control.SinkTest{}, fmt.Errorf("the agent in pod %s said nothing: use programs of the same version", pod)
	default:
		return control.SinkTest{}, fmt.Errorf("asking the agent in pod %s: %w", pod, err)
	}
}

// isForbidden reads the words too: an upgrade that is refused has lost the type of the API server's answer.
func isForbidden(err error) bool {
	return apierrors.IsForbidden(err) || err != nil && strings.Contains(err.Error(), " is forbidden: ")
}

// newExecutor speaks WebSocket, and SPDY with what does not.
func newExecutor(config *rest.Config, call *rest.Request) (remotecommand.Executor, error) {
	socket, err := remotecommand.NewWebSocketExecutor(config, "GET", call.URL().String())
	if err != nil {
		return nil, err
	}
	spdy, err := remotecommand.NewSPDYExecutor(config, "POST", call.URL())
	if err != nil {
		return nil, err
	}
	return remotecommand.NewFallbackExecutor(socket, spdy, func(err error) bool {
		return httpstream.IsUpgradeFailure(err) || httpstream.IsHTTPSProxyError(err)
	})
}
