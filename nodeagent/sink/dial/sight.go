package dial

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http/httptrace"
	"strings"
	"sync"
	"time"
)

// Sight is what a push has shown of the receiver, for a person who asks how a sink is.
type Sight struct {
	// Address is where the connection went, with the number that the name stands for. Empty: there was none.
	Address string
	// TLS is nil where there was no TLS, or none that came as far as the receiver's certificate.
	TLS *Certificate
	// Answers are the receiver's words, the first ones.
	Answers []string
}

// Certificate is what TLS has shown.
type Certificate struct {
	// Version is that of TLS. Empty: the certificate was refused before there was one.
	Version string
	// Subject and Issuer are whose certificate it is, and who says so.
	Subject, Issuer string
	// Names are those for which it holds.
	Names []string
	// NotAfter is when it ends.
	NotAfter time.Time
}

// Watcher notes what pushes with its context show. It is safe for concurrent use.
type Watcher struct {
	mu    sync.Mutex
	sight Sight
}

type watcherKey struct{}

// Watch returns a context for a push, and what notes what that shows.
func Watch(ctx context.Context) (context.Context, *Watcher) {
	w := &Watcher{}
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:          func(info httptrace.GotConnInfo) { w.connected(info.Conn.RemoteAddr().String()) },
		ConnectDone:      func(_, address string, err error) { w.tried(address, err) },
		TLSHandshakeDone: func(state tls.ConnectionState, err error) { w.shaken(state, err) },
	})
	return context.WithValue(ctx, watcherKey{}, w), w
}

// Sight returns what was seen until now.
func (w *Watcher) Sight() Sight {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.sight
}

// Watched says whether somebody looks at what this context's push shows.
func Watched(ctx context.Context) bool { return watcher(ctx) != nil }

func watcher(ctx context.Context) *Watcher {
	w, _ := ctx.Value(watcherKey{}).(*Watcher)
	return w
}

const (
	// mostAnswers and mostWords bound what a receiver can have us tell.
	mostAnswers = 3
	mostWords   = 300
)

// Answered notes the receiver's words, where somebody looks.
func Answered(ctx context.Context, words string) {
	w := watcher(ctx)
	if w == nil {
		return
	}
	words = strings.Join(strings.Fields(strings.ToValidUTF8(words[:min(len(words), mostWords)], "")), " ")
	w.mu.Lock()
	defer w.mu.Unlock()
	if words != "" && len(w.sight.Answers) < mostAnswers {
		w.sight.Answers = append(w.sight.Answers, words)
	}
}

func (w *Watcher) connected(address string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sight.Address = address
}

// tried notes an address that refused only as long as there is none that did not.
func (w *Watcher) tried(address string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err == nil || w.sight.Address == "" {
		w.sight.Address = address
	}
}

// shaken notes a certificate, also one that was refused.
func (w *Watcher) shaken(state tls.ConnectionState, err error) {
	certificates := state.PeerCertificates
	version := ""
	var refused *tls.CertificateVerificationError
	switch {
	case errors.As(err, &refused):
		certificates = refused.UnverifiedCertificates
	case err == nil:
		version = tls.VersionName(state.Version)
	}
	if len(certificates) == 0 {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sight.TLS = certificate(version, certificates[0])
}

func certificate(version string, c *x509.Certificate) *Certificate {
	names := append([]string{}, c.DNSNames...)
	for _, address := range c.IPAddresses {
		names = append(names, address.String())
	}
	return &Certificate{Version: version, Subject: c.Subject.String(), Issuer: c.Issuer.String(), Names: names, NotAfter: c.NotAfter}
}
