package main

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
	"sigs.k8s.io/json"
	sigsyaml "sigs.k8s.io/yaml"

	"github.com/nodeaudit/nodeaudit/api/rule/packs"
	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/controllers/compile"
)

// document is one document of a YAML file.
type document struct {
	file  string
	first int // lines of the file before it
	text  string
	lines []string
	root  *yaml.Node
	found []finding
}

// readManifest returns the policies of a YAML file, and what is wrong with them.
func readManifest(file, text string) ([]*input, []finding) {
	var inputs []*input
	var found []finding
	for _, d := range documents(file, text) {
		if i := d.read(); i != nil {
			inputs = append(inputs, i)
		}
		found = append(found, sorted(d.found)...)
	}
	return inputs, found
}

// documents cuts a file at the lines that begin a document.
func documents(file, text string) []*document {
	var cut []*document
	for n, line := range strings.SplitAfter(text, "\n") {
		if len(cut) == 0 || beginsDocument(line) {
			cut = append(cut, &document{file: file, first: n})
		}
		d := cut[len(cut)-1]
		d.text += line
		d.lines = append(d.lines, strings.TrimSuffix(line, "\n"))
	}
	return cut
}

func beginsDocument(line string) bool {
	rest, marked := strings.CutPrefix(line, "---")
	return marked && (rest == "" || strings.ContainsRune(" \t\r\n", rune(rest[0])))
}

func (d *document) tell(s severity, at place, fix, format string, args ...any) {
	d.found = append(d.found, finding{
		Severity: s, File: d.file, Line: at.line, Column: at.column, Message: fmt.Sprintf(format, args...), Fix: fix,
	})
}

// read returns the policy in the document, nil where there is none.
func (d *document) read() *input {
	var top yaml.Node
	if err := yaml.Unmarshal([]byte(d.text), &top); err != nil {
		d.broken(err)
		return nil
	}
	if len(top.Content) == 0 || top.Content[0].ShortTag() == "!!null" { // nothing but remarks
		return nil
	}
	d.root = top.Content[0]
	converted, err := sigsyaml.YAMLToJSONStrict([]byte(d.text))
	if err != nil {
		d.broken(err)
		return nil
	}
	switch d.kind() {
	case "AuditPolicy":
		policy := &v1alpha1.AuditPolicy{}
		if d.decode(converted, policy) {
			return d.policy(policy)
		}
	case "AuditSink":
		d.decode(converted, &v1alpha1.AuditSink{})
	case "AuditRoute":
		if route := (&v1alpha1.AuditRoute{}); d.decode(converted, route) {
			d.tenant(route.Name, compile.ForTenantRoute(route))
		}
	case "NamespacedAuditSink":
		if sink := (&v1alpha1.NamespacedAuditSink{}); d.decode(converted, sink) {
			d.tenant(sink.Name, compile.ForTenantSink(sink))
		}
	}
	return nil
}

// tenant tells what the webhook and the status would say of what people of a namespace write. What else is in the namespace, and what the platform lets
// tenants have, is not known here.
func (d *document) tenant(name string, verdict compile.TenantVerdict) {
	at := start(d.root, d.lines, d.first)
	if name == "" {
		d.tell(isError, at, "write metadata: {name: …}", "the object has no name")
	} else if verdict.Reason != "" {
		d.tell(isError, d.field("spec"), "", "%s", verdict.Message)
	}
}

// kinds are the kinds that people write.
var kinds = []string{"AuditPolicy", "AuditSink", "AuditRoute", "NamespacedAuditSink"}

// kind returns the kind of an object of nodeaudit, and empty for anything else.
func (d *document) kind() string {
	var head struct {
		APIVersion string `yaml:"apiVersion"`
		Kind       string `yaml:"kind"`
	}
	at := start(d.root, d.lines, d.first)
	ours := v1alpha1.GroupVersion.String()
	if err := d.root.Decode(&head); err != nil || head.APIVersion == "" || head.Kind == "" {
		d.tell(isError, at, "begin with apiVersion: "+ours+" and kind: AuditPolicy", "this is no Kubernetes object: apiVersion or kind is missing")
		return ""
	}
	group, _, _ := strings.Cut(head.APIVersion, "/")
	switch {
	case group != v1alpha1.GroupVersion.Group:
		d.tell(isWarning, at, "if it is a policy, write apiVersion: "+ours, "%s of %s is left out", head.Kind, head.APIVersion)
	case head.APIVersion != ours:
		d.tell(isError, d.field("apiVersion"), "write "+ours, "apiVersion %q is not known", head.APIVersion)
	case slices.Contains(kinds, head.Kind):
		return head.Kind
	case head.Kind == "NodeAuditStatus":
		d.tell(isWarning, at, "leave it out", "NodeAuditStatus is written by agents only")
	default:
		d.tell(isError, d.field("kind"), "write "+either(kinds), "kind %q is not known", head.Kind)
	}
	return ""
}

// decode fills an object as the API server does, and more strictly: fields that are not known, which it would drop, are errors.
func (d *document) decode(converted []byte, object any) bool {
	unknown, err := json.UnmarshalStrict(converted, object)
	if err != nil {
		d.tell(isError, start(d.root, d.lines, d.first), "", "%s", strings.TrimPrefix(err.Error(), "json: "))
		return false
	}
	for _, e := range unknown {
		at, path := start(d.root, d.lines, d.first), ""
		if field, ok := e.(json.FieldError); ok { //nolint:errorlint // a field error is never wrapped
			path = field.FieldPath()
			at = d.field(path)
		}
		d.tell(isError, at, "correct its name or remove it", "%s", e)
	}
	return true
}

// policy makes an input of a policy that was read.
func (d *document) policy(policy *v1alpha1.AuditPolicy) *input {
	i := &input{file: d.file, policy: policy, at: start(d.root, d.lines, d.first)}
	if policy.Name == "" {
		d.found = append(d.found, i.finding(isError, i.at, "the policy has no name", "write metadata: {name: …}"))
	}
	d.checkWords(policy.Spec)
	if node := d.value("spec.rules"); node != nil {
		i.locate = inScalar(node, d.lines, d.first)
		i.at = start(node, d.lines, d.first)
	}
	d.found = append(d.found, i.parse(policy.Spec.Rules)...)
	i.wrong = count(d.found, isError) > 0
	return i
}

// checkWords tells values that are none of the few that a field takes. The API server refuses them.
func (d *document) checkWords(spec v1alpha1.AuditPolicySpec) {
	for _, field := range []struct {
		path, value string
		known       []string
	}{
		{"spec.mode", string(spec.Mode), []string{string(v1alpha1.ModeEnforce), string(v1alpha1.ModeObserve)}},
		{"spec.unmanagedRules", string(spec.UnmanagedRules), []string{string(v1alpha1.UnmanagedRulesKeep), string(v1alpha1.UnmanagedRulesRemove)}},
		{"spec.collect", string(spec.Collect), []string{
			string(v1alpha1.CollectAuto), string(v1alpha1.CollectMulticast), string(v1alpha1.CollectUnicast), string(v1alpha1.CollectOff),
		}},
		{"spec.kernel.failureMode", string(spec.Kernel.FailureMode), []string{
			string(v1alpha1.FailureModeSilent), string(v1alpha1.FailureModePrintk), string(v1alpha1.FailureModePanic),
		}},
	} {
		if field.value != "" && !slices.Contains(field.known, field.value) {
			d.tell(isError, d.field(field.path), "write "+either(field.known), "%s is %q, which is not known", field.path, field.value)
		}
	}
	for n, name := range spec.Packs {
		if !slices.Contains(packs.Names, string(name)) {
			d.tell(isError, d.field(fmt.Sprintf("spec.packs[%d]", n)), "write "+either(packs.Names), "pack %q is not known", string(name))
		}
	}
}

var lineInMessage = regexp.MustCompile(`line (\d+): `)

// broken tells an error of a YAML library, which counts lines from the beginning of the document.
func (d *document) broken(err error) {
	message := strings.TrimPrefix(err.Error(), "yaml: ")
	at := place{d.first + 1, 0}
	if found := lineInMessage.FindStringSubmatchIndex(message); found != nil {
		n, _ := strconv.Atoi(message[found[2]:found[3]])
		at.line = d.first + min(n, len(d.lines))
		message = message[found[1]:]
	}
	d.tell(isError, at, "", "this is not YAML: %s", strings.Join(strings.Fields(message), " "))
}
