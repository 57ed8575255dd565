//go:build e2e

package e2e

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// kubectlSession runs kubectl until the end of the test, and returns where what is typed goes.
func kubectlSession(t *testing.T, args ...string) io.Writer {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), filepath.Join(root, ".local/bin/kubectl"), args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+kubeconfig)
	cmd.Stderr = t.Output()
	typed, err := cmd.StdinPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = typed.Close()
		_ = cmd.Wait() // the context has ended it
	})
	return typed
}

// makeActorSpace makes a namespace in which Alice and Bob may open sessions.
func makeActorSpace(t *testing.T) {
	t.Helper()
	t.Cleanup(func() { _ = kubectl("delete", "namespace", actorSpace, "--wait=false") })
	for _, words := range []string{
		"create namespace " + actorSpace,
		"create serviceaccount alice -n " + actorSpace,
		"create role sessions -n " + actorSpace + " --verb=get,list,watch,create,patch --resource=pods,pods/exec,pods/attach,pods/ephemeralcontainers",
		"create rolebinding sessions -n " + actorSpace + " --role=sessions --serviceaccount=" + actorSpace + ":alice --user=" + bob,
	} {
		if err := kubectl(strings.Fields(words)...); err != nil {
			t.Fatal(err)
		}
	}
}

// kubeconfigOf returns a kubeconfig with a token of an account.
func kubeconfigOf(t *testing.T, account string) string {
	t.Helper()
	var request authenticationv1.TokenRequest
	object := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: actorSpace, Name: account}}
	if err := admin.SubResource("token").Create(t.Context(), object, &request); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf(`{apiVersion: v1, kind: Config, current-context: c, clusters: [{name: c, cluster: {server: %q, certificate-authority: %q}}],
 users: [{name: u, user: {token: %s}}], contexts: [{name: c, context: {cluster: c, user: u}}]}`,
		config.Host, filepath.Join(root, ".local/cluster/pki/ca.crt"), request.Status.Token)
	file := filepath.Join(t.TempDir(), "kubeconfig")
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// shellPod starts a pod with a shell that waits for what is typed, and with the programs of the machine.
func shellPod(t *testing.T) {
	t.Helper()
	pod := &corev1.Pod{
		ObjectMeta: metav1.ObjectMeta{Namespace: actorSpace, Name: "web"},
		Spec: corev1.PodSpec{
			NodeName: hostNode, HostNetwork: true, Tolerations: []corev1.Toleration{{Operator: corev1.TolerationOpExists}},
			TerminationGracePeriodSeconds: new(int64(1)), SecurityContext: &corev1.PodSecurityContext{RunAsUser: new(int64(actorUser))},
			Containers: []corev1.Container{{Name: "app", Image: "localhost/nodeaudit/demo:dev", Command: []string{"sh"}, Stdin: true, VolumeMounts: programs()}},
		},
	}
	for _, mount := range programs() {
		source := corev1.VolumeSource{HostPath: &corev1.HostPathVolumeSource{Path: mount.MountPath}}
		pod.Spec.Volumes = append(pod.Spec.Volumes, corev1.Volume{Name: mount.Name, VolumeSource: source})
	}
	if err := admin.Create(t.Context(), pod); err != nil {
		t.Fatal(err)
	}
	eventually(t, time.Minute, func() error {
		if err := admin.Get(t.Context(), client.ObjectKeyFromObject(pod), pod); err != nil {
			return err
		}
		if pod.Status.Phase != corev1.PodRunning {
			return fmt.Errorf("the pod is %s: %+v", pod.Status.Phase, pod.Status.ContainerStatuses)
		}
		return nil
	})
}

// programs are the folders that a shell of the machine needs. Where there is no lib64, an empty folder comes in.
func programs() []corev1.VolumeMount {
	var mounts []corev1.VolumeMount
	for _, name := range []string{"bin", "lib", "lib64", "usr"} {
		mounts = append(mounts, corev1.VolumeMount{Name: name, MountPath: "/" + name, ReadOnly: true})
	}
	return mounts
}
