package pods

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes/fake"
	clienttesting "k8s.io/client-go/testing"
)

const (
	mirrorUID = "7b4d6c19-6a0e-4c1b-9d43-0a6c54b3a3f2"
	hash      = "3b2a1f0e9d8c7b6a5f4e3d2c1b0a9f8e"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// start runs a Watcher in a bubble until the test ends.
func start(t *testing.T, client *fake.Clientset) *Watcher {
	t.Helper()
	w := New(client, "n1")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		w.Run(ctx)
		close(done)
	}()
	t.Cleanup(func() {
		cancel()
		<-done
	})
	settle()
	return w
}

// settle lets the informer do what it has to.
func settle() {
	time.Sleep(time.Second)
	synctest.Wait()
}

func expect(t *testing.T, w *Watcher, podUID, want string) {
	t.Helper()
	pod, ok := w.Container(podUID, id)
	got := ""
	if ok {
		got = fmt.Sprintf("%s/%s/%s", pod.Namespace, pod.Name, pod.Container)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", podUID, diff)
	}
}

func TestAPodIsKnownFromItsPlacementUntilAfterItsDeletion(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := fake.NewClientset()
		w := start(t, client)
		expect(t, w, uid, "")

		pods := client.CoreV1().Pods("shop")
		if _, err := pods.Create(t.Context(), web(), metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		settle()
		expect(t, w, uid, "shop/web-0/nginx")

		pod := web()
		pod.Status.ContainerStatuses = []corev1.ContainerStatus{running("nginx", id2)}
		if _, err := pods.Update(t.Context(), pod, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		settle()
		expect(t, w, uid, "shop/web-0/")

		if err := pods.Delete(t.Context(), "web-0", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(keep - 10*time.Second)
		expect(t, w, uid, "shop/web-0/")
		time.Sleep(time.Minute)
		expect(t, w, uid, "")
	})
}

func TestAPodWithTheNameOfAnotherOne(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := fake.NewClientset(web())
		w := start(t, client)
		pod := web()
		pod.UID = mirrorUID
		// To a watch that was down, a pod that was deleted and made again looks as if it had changed.
		if _, err := client.CoreV1().Pods("shop").Update(t.Context(), pod, metav1.UpdateOptions{}); err != nil {
			t.Fatal(err)
		}
		settle()
		expect(t, w, uid, "shop/web-0/nginx")
		expect(t, w, mirrorUID, "shop/web-0/nginx")
		time.Sleep(2 * keep)
		expect(t, w, uid, "")
		expect(t, w, mirrorUID, "shop/web-0/nginx")
	})
}

func TestAStaticPodIsKnownByItsHash(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		static := web()
		static.Annotations = map[string]string{configHash: hash}
		client := fake.NewClientset(static)
		w := start(t, client)
		expect(t, w, hash, "shop/web-0/nginx")
		expect(t, w, uid, "shop/web-0/nginx")

		// The kubelet makes the mirror again when somebody deletes it; the hash stays.
		if err := client.CoreV1().Pods("shop").Delete(t.Context(), "web-0", metav1.DeleteOptions{}); err != nil {
			t.Fatal(err)
		}
		static = static.DeepCopy()
		static.UID = mirrorUID
		if _, err := client.CoreV1().Pods("shop").Create(t.Context(), static, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * keep)
		expect(t, w, hash, "shop/web-0/nginx")
		expect(t, w, mirrorUID, "shop/web-0/nginx")
		expect(t, w, uid, "")
	})
}

func TestOnlyThePodsOfTheNodeAreAskedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := fake.NewClientset()
		start(t, client)
		watched := false
		for _, action := range client.Actions() {
			watch, ok := action.(clienttesting.WatchAction)
			if !ok {
				continue
			}
			watched = true
			if diff := cmp.Diff("spec.nodeName=n1", watch.GetWatchRestrictions().Fields.String()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		}
		if !watched {
			t.Error("nothing was watched")
		}
	})
}

// TestAPodTakesLittleMemory measures what is kept of a pod of the usual size: the objects of the API server have 10 KiB and more.
func TestAPodTakesLittleMemory(t *testing.T) {
	const count, limit = 500, 5 << 10
	table := newTable()
	before := heap()
	for i := range count {
		object, err := newRecord(usual(i))
		if err != nil {
			t.Fatal(err)
		}
		table.put(object)
	}
	if each := (heap() - before) / count; each > limit {
		t.Errorf("a pod takes %d bytes, more than %d", each, limit)
	} else {
		t.Logf("a pod takes %d bytes", each)
	}
	runtime.KeepAlive(table)
}

func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

// usual returns a pod with two containers, eight labels, and what else a pod has. All of its strings are its own, as after decoding.
func usual(i int) *corev1.Pod {
	own := func(format string) string { return fmt.Sprintf(format, i) }
	pod := web()
	pod.Name, pod.UID = own("a-deployment-of-usual-length-%d"), types.UID(own("05b102bf-8744-4942-a241-%012x"))
	pod.Labels = map[string]string{}
	for n := range 8 {
		pod.Labels[fmt.Sprintf("app.kubernetes.io/label-%d", n)] = own("value-of-a-label-%d")
	}
	pod.Annotations = map[string]string{"kubectl.kubernetes.io/last-applied-configuration": strings.Repeat(own("%d"), 4000)}
	pod.Spec.Containers = nil
	for n := range 2 {
		name := fmt.Sprintf("container-%d", n)
		pod.Spec.Containers = append(pod.Spec.Containers, corev1.Container{Name: name, Image: own("registry.example.com/team/image-%d:v1.2.3")})
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, running(name, strings.Repeat("a", 64)))
	}
	return pod
}
