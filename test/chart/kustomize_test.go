package chart

import (
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

func TestKustomizeInstallsWhatHelmDoes(t *testing.T) {
	var installed, removing []*unstructured.Unstructured
	for _, object := range render(t) {
		if object.GetAnnotations()["helm.sh/hook"] == "pre-delete" {
			removing = append(removing, object)
		} else {
			installed = append(installed, object)
		}
	}
	if len(removing) == 0 {
		t.Error("the chart has no hook")
	}
	t.Run("config/default is the release", func(t *testing.T) {
		got := slices.DeleteFunc(kustomize(t, "default"), func(o *unstructured.Unstructured) bool { return o.GetKind() == "Namespace" })
		compare(t, installed, got)
	})
	t.Run("config/uninstall is the hook", func(t *testing.T) { compare(t, removing, kustomize(t, "uninstall")) })
}

func TestTheNamespaceOfKustomizeLetsAgentsIn(t *testing.T) {
	for _, object := range kustomize(t, "default") {
		if object.GetKind() == "Namespace" {
			if level := object.GetLabels()["pod-security.kubernetes.io/enforce"]; level != "privileged" || object.GetName() != namespace {
				t.Errorf("namespace %s has the level %q", object.GetName(), level)
			}
			return
		}
	}
	t.Error("there is none")
}

func kustomize(t *testing.T, folder string) []*unstructured.Unstructured {
	t.Helper()
	out, err := run(t.Context(), nil, "kubectl", "kustomize", filepath.Join(root, "config", folder))
	if err != nil {
		t.Fatal(err)
	}
	return parse(t, out)
}

// compare reports how two installations differ, but for what only Helm understands.
func compare(t *testing.T, want, got []*unstructured.Unstructured) {
	t.Helper()
	if diff := cmp.Diff(byID(want), byID(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func byID(all []*unstructured.Unstructured) map[string]map[string]any {
	objects := map[string]map[string]any{}
	for _, object := range all {
		object = object.DeepCopy()
		labels, annotations := object.GetLabels(), object.GetAnnotations()
		maps.DeleteFunc(labels, func(key, _ string) bool {
			// A CRD of config/ is as controller-gen makes it.
			return strings.HasPrefix(key, "helm.sh/") || key == "app.kubernetes.io/managed-by" || object.GetKind() == "CustomResourceDefinition"
		})
		maps.DeleteFunc(annotations, func(key, _ string) bool { return strings.HasPrefix(key, "helm.sh/") })
		object.SetLabels(orNone(labels))
		object.SetAnnotations(orNone(annotations))
		objects[id(object)] = object.Object
	}
	return objects
}

// orNone takes an empty map for one that is not there.
func orNone(m map[string]string) map[string]string {
	if len(m) == 0 {
		return nil
	}
	return m
}

// sameByKustomize compares what a component of config/ adds with what a flag of helm does.
func sameByKustomize(t *testing.T, component, flag string) {
	t.Helper()
	folder, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	config, err := filepath.Abs(filepath.Join(root, "config"))
	if err != nil {
		t.Fatal(err)
	}
	if config, err = filepath.Rel(folder, config); err != nil {
		t.Fatal(err)
	}
	text := fmt.Sprintf("resources: [%s/default]\ncomponents: [%s/%s]\n", config, config, component)
	if err := os.WriteFile(filepath.Join(folder, "kustomization.yaml"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := run(t.Context(), nil, "kubectl", "kustomize", folder)
	if err != nil {
		t.Fatal(err)
	}
	isNamespace := func(o *unstructured.Unstructured) bool { return o.GetKind() == "Namespace" }
	isHook := func(o *unstructured.Unstructured) bool { return o.GetAnnotations()["helm.sh/hook"] != "" }
	compare(t, slices.DeleteFunc(render(t, flag), isHook), slices.DeleteFunc(parse(t, out), isNamespace))
}
