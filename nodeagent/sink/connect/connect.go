// Package connect makes destinations of what an AuditSink says.
//
// The spec of a sink and a folder of secrets come in; an export.Opener goes out, which reads the secrets anew whenever they have changed. It is the only
// place where a destination's package, the API and secrets meet. Nothing here connects before there is something to send.
package connect

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"hash"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/nodeaudit/nodeaudit/api/v1alpha1"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/dial"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/export"
	"github.com/nodeaudit/nodeaudit/nodeagent/sink/secret"
)

// Surroundings are what destinations need of their node.
type Surroundings struct {
	// Node is the node's name.
	Node string
	// HostRoot is where the node's root directory is.
	HostRoot string
	// Secrets is where secrets are.
	Secrets secret.Source
	// Dial makes connections over the network. Nil: any may be made.
	Dial dial.Func
	// Tenant says that the spec is a tenant's: types that reach the node itself, or use its rights, are not opened.
	Tenant bool
}

// secrets are none where there is nobody to ask.
func (s Surroundings) secrets() secret.Source {
	if s.Secrets == nil {
		return secret.Dir{}
	}
	return s.Secrets
}

// Elsewhere says whether sinks of the type have a destination that this package opens.
func Elsewhere(kind v1alpha1.SinkType) bool {
	_, known := kinds[kind]
	return known
}

// kinds are the destinations.
var kinds = map[v1alpha1.SinkType]func(*opening, context.Context) (export.Destination, error){
	v1alpha1.SinkTypeSyslog:        (*opening).syslog,
	v1alpha1.SinkTypeJournald:      (*opening).journald,
	v1alpha1.SinkTypeGELF:          (*opening).gelf,
	v1alpha1.SinkTypeFluentd:       (*opening).fluentd,
	v1alpha1.SinkTypeSplunk:        (*opening).splunk,
	v1alpha1.SinkTypeOTLP:          (*opening).otlp,
	v1alpha1.SinkTypeLoki:          (*opening).loki,
	v1alpha1.SinkTypeElasticsearch: (*opening).elasticsearch,
	v1alpha1.SinkTypeOpenSearch:    (*opening).opensearch,
	v1alpha1.SinkTypeWebhook:       (*opening).webhook,
	v1alpha1.SinkTypeKafka:         (*opening).kafka,
	v1alpha1.SinkTypeS3:            (*opening).s3,
	v1alpha1.SinkTypeCloudWatch:    (*opening).cloudwatch,
	v1alpha1.SinkTypeGoogleCloud:   (*opening).googleCloud,
	v1alpha1.SinkTypeAlertmanager:  (*opening).alertmanager,
}

// Opener opens the destination of one spec.
type Opener struct {
	spec         v1alpha1.AuditSinkSpec
	surroundings Surroundings

	mu      sync.Mutex
	refs    []secret.Ref
	secrets []string
	looked  time.Time
	version string
}

// New returns an opener. What is wrong with the spec, Open says.
func New(spec v1alpha1.AuditSinkSpec, surroundings Surroundings) *Opener {
	return &Opener{spec: spec, surroundings: surroundings}
}

// Open is export.Opener.Open.
func (o *Opener) Open(ctx context.Context) (export.Destination, error) {
	open, known := kinds[o.spec.Type]
	if o.surroundings.Tenant && (!v1alpha1.ForTenants(o.spec.Type) || o.surroundings.Dial == nil) {
		return nil, fmt.Errorf("sinks of type %s are not for tenants", o.spec.Type)
	}
	if !known {
		return nil, fmt.Errorf("this agent knows no sink of type %q: update the agent", o.spec.Type)
	}
	r := &opening{Surroundings: o.surroundings, spec: &o.spec, read: sha256.New()}
	destination, err := open(r, ctx)
	o.keep(r)
	if r.err == nil {
		return destination, err
	}
	if err == nil {
		_ = destination.Close() // it has not been used
	}
	return nil, r.err
}

// keep remembers which secrets were read, and their values as long as errors may speak of them.
func (o *Opener) keep(r *opening) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.refs, o.secrets = r.refs, slices.Concat(r.values, last(o.secrets, 32))
	// The fingerprint is of what was read: what has changed since makes another.
	o.version, o.looked = hex.EncodeToString(r.read.Sum(nil)), time.Now()
}

func last(list []string, n int) []string { return list[:min(len(list), n)] }

// lookEvery is how often files of secrets are read to see whether they have changed.
const lookEvery = 2 * time.Second

// Version is export.Opener.Version.
func (o *Opener) Version() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.refs) > 0 && time.Since(o.looked) > lookEvery {
		o.version, o.looked = secret.Version(o.surroundings.secrets(), o.refs), time.Now()
	}
	return o.version
}

// Failed is export.Failer.Failed: it may be for secrets that are new by now.
func (o *Opener) Failed() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.refs) > 0 {
		o.surroundings.secrets().Doubt(o.refs)
	}
}

// Redact is export.Opener.Redact.
func (o *Opener) Redact(text string) string {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, value := range o.secrets {
		text = strings.ReplaceAll(text, value, "[secret]")
	}
	return text
}

// opening reads what one Open needs. Its first error is kept, so that each kind reads like a list.
type opening struct {
	Surroundings

	spec   *v1alpha1.AuditSinkSpec
	refs   []secret.Ref
	read   hash.Hash
	values []string
	err    error
}

// secret returns the value, or nothing for no reference.
func (r *opening) secret(ref *v1alpha1.SecretKey) []byte {
	if ref == nil || ref.Name == "" {
		return nil
	}
	value := r.file(ref.Name, ref.Key)
	r.hide(value)
	return value
}

// hide keeps a value, and the forms in which it travels, out of what people are told.
func (r *opening) hide(value []byte) {
	if len(value) < 4 { // of which a text may be full without meaning the secret
		return
	}
	r.values = append(r.values, string(value), base64.StdEncoding.EncodeToString(value))
}

func (r *opening) file(name, key string) []byte {
	ref := secret.Ref{Name: name, Key: key}
	r.refs = append(r.refs, ref)
	value, err := r.secrets().Get(ref)
	secret.Mark(r.read, ref, value, err)
	if err != nil && r.err == nil {
		r.err = err
	}
	return value
}

// tls reads what TLS needs. A private key is hidden by its lines, for no error would quote it whole.
func (r *opening) tls(spec *v1alpha1.SinkTLS) dial.TLS {
	if spec == nil {
		spec = &v1alpha1.SinkTLS{}
	}
	t := dial.TLS{CA: []byte(spec.CA), ServerName: spec.ServerName, InsecureSkipVerify: spec.InsecureSkipVerify}
	if spec.CASecretRef != nil {
		t.CA = r.file(spec.CASecretRef.Name, spec.CASecretRef.Key)
	}
	if len(t.CA) == 0 && !spec.InsecureSkipVerify {
		t.CA = r.trusted()
	}
	if spec.CertSecretRef != nil {
		t.Cert, t.Key = r.file(spec.CertSecretRef.Name, "tls.crt"), r.file(spec.CertSecretRef.Name, "tls.key")
		r.hideLines(t.Key)
	}
	return t
}

func (r *opening) hideLines(key []byte) {
	for line := range strings.Lines(string(key)) {
		if line = strings.TrimSpace(line); !strings.HasPrefix(line, "-----") {
			r.hide([]byte(line))
		}
	}
}

// Silent says what a person can conclude from a push without an error to a receiver that answers nothing. Empty: it would have answered.
func Silent(spec *v1alpha1.AuditSinkSpec) string {
	const stream, packet = "it was sent, and this protocol has no answer: look for it there", "it was sent in a packet, to which nobody answers: look for it there"
	protocol := v1alpha1.WireProtocol("")
	switch {
	case spec.Syslog != nil:
		protocol = cmp.Or(spec.Syslog.Protocol, v1alpha1.WireTCP)
	case spec.GELF != nil:
		protocol = cmp.Or(spec.GELF.Protocol, v1alpha1.WireUDP)
	case spec.Fluentd != nil && spec.Fluentd.WithoutAck:
		protocol = v1alpha1.WireTCP
	}
	switch protocol {
	case "":
		return ""
	case v1alpha1.WireUDP:
		return packet
	default:
		return stream
	}
}
