// Package manifest reads AuditPolicy and AuditSink objects from YAML, for the programs that work without a cluster.
//
// Text of one or more documents comes in, typed objects go out. Unknown kinds and fields are errors, because they are mostly misspelt. It
// fills in no defaults and judges no rule.
package manifest

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/util/yaml"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
)

// Objects are what was read so far.
type Objects struct {
	// Policies and Sinks are in the order in which they stood.
	Policies []v1alpha1.AuditPolicy
	Sinks    []v1alpha1.AuditSink
}

// ReadFile adds the objects of a file. Errors name the file, and the document in it by number.
func (o *Objects) ReadFile(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return fmt.Errorf("reading a manifest: %w", err)
	}
	if err := o.Read(text); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	return nil
}

// Read adds the objects of a text.
func (o *Objects) Read(text []byte) error {
	documents := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(text)))
	for number := 1; ; number++ {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err == nil {
			err = o.add(document)
		}
		if err != nil {
			return fmt.Errorf("document %d: %w", number, err)
		}
	}
}

func (o *Objects) add(document []byte) error {
	var head *struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	if err := sigsyaml.Unmarshal(document, &head); err != nil {
		return err
	}
	if head == nil { // nothing but remarks
		return nil
	}
	if want := v1alpha1.GroupVersion.String(); head.APIVersion != want {
		return fmt.Errorf("apiVersion is %q: it is %s", head.APIVersion, want)
	}
	switch head.Kind {
	case "AuditPolicy":
		return add(document, &o.Policies)
	case "AuditSink":
		return add(document, &o.Sinks)
	default:
		return fmt.Errorf("kind is %q: it is AuditPolicy or AuditSink", head.Kind)
	}
}

func add[T any](document []byte, list *[]T) error {
	var object T
	if err := sigsyaml.UnmarshalStrict(document, &object); err != nil {
		return err
	}
	*list = append(*list, object)
	return nil
}
