package chart

import (
	"bytes"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"testing"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
)

var chart = filepath.Join(root, "charts", "nodeaudit")

// render returns what Helm makes of the chart with the values given as flags.
func render(t *testing.T, flags ...string) []*unstructured.Unstructured {
	t.Helper()
	return renderWith(t, "helm", flags...)
}

func renderWith(t *testing.T, helm string, flags ...string) []*unstructured.Unstructured {
	t.Helper()
	args := append([]string{"template", release, chart, "--namespace", namespace}, flags...)
	out, err := run(t.Context(), nil, helm, args...)
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, out)
}

func parse(t *testing.T, manifests string) []*unstructured.Unstructured {
	t.Helper()
	var all []*unstructured.Unstructured
	for decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader([]byte(manifests)), 4096); ; {
		object := &unstructured.Unstructured{}
		err := decoder.Decode(&object.Object)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		if len(object.Object) > 0 {
			all = append(all, object)
		}
	}
}

// find fills object from the rendered one of that kind and name.
func find[T any](t *testing.T, all []*unstructured.Unstructured, kind, name string) *T {
	t.Helper()
	for _, candidate := range all {
		if candidate.GetKind() == kind && candidate.GetName() == name {
			object := new(T)
			if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(candidate.Object, object, true); err != nil {
				t.Fatalf("%s %s: %v", kind, name, err)
			}
			return object
		}
	}
	t.Fatalf("no %s %s is rendered", kind, name)
	return nil
}

func has(all []*unstructured.Unstructured, kind, name string) bool {
	for _, candidate := range all {
		if candidate.GetKind() == kind && candidate.GetName() == name {
			return true
		}
	}
	return false
}

// pods returns the pod of each program.
func pods(t *testing.T, all []*unstructured.Unstructured) map[string]corev1.PodSpec {
	t.Helper()
	return map[string]corev1.PodSpec{
		"agent":      find[appsv1.DaemonSet](t, all, "DaemonSet", "nodeaudit-agent").Spec.Template.Spec,
		"controller": find[appsv1.Deployment](t, all, "Deployment", "nodeaudit-controller").Spec.Template.Spec,
		"uninstall":  find[batchv1.Job](t, all, "Job", "nodeaudit-uninstall").Spec.Template.Spec,
	}
}

// id names an object among all that are rendered.
func id(object *unstructured.Unstructured) string {
	return strings.Join([]string{object.GroupVersionKind().String(), object.GetNamespace(), object.GetName()}, " ")
}
